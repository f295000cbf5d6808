"""One fresh service for each test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.service import Service, start_service
from tests.postgres import Server


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service with the fake policy, a key for each role and the customer C-1 with a limit of 1,000.00."""
    found = start_service(tmp_path)
    assert found.put_customer().status_code == 201
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database, once of each kind: a file, or a database of the tests' own server."""
    if request.param == "sqlite":
        yield str(tmp_path / "aval.db")
        return
    server: Server = request.getfixturevalue("server")
    found = server.migrated()
    yield found
    server.drop(found)
