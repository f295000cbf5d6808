"""A fresh database for each storage test, closed when the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.engine import Database
from tests.storage.records import a_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A migrated database with customer C-1, whose limit is 1,000, and an effective policy."""
    opened = a_database(tmp_path / "aval.db", wait_seconds=2.0)
    yield opened
    opened.dispose()
