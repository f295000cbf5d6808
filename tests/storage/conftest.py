"""A fresh database for each storage test, closed when the test ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.engine import Database, open_database
from tests.storage.records import a_database


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that was migrated once, for tests to copy."""
    path = tmp_path_factory.mktemp("prepared") / "aval.db"
    opened = a_database(path)
    opened.checkpoint()
    opened.dispose()
    return path


@pytest.fixture
def database(tmp_path: Path, prepared: Path) -> Iterator[Database]:
    """A migrated database with customer C-1, whose limit is 1,000, and an effective policy."""
    shutil.copy(prepared, tmp_path / "aval.db")
    opened = open_database(tmp_path / "aval.db", wait_seconds=5.0)
    yield opened
    opened.dispose()
