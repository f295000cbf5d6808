"""One fresh service for each test that asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.service import Service, start_service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service with the fake policy, a key for each role and the customer C-1 with a limit of 1,000.00."""
    found = start_service(tmp_path)
    assert found.put_customer().status_code == 201
    return found
