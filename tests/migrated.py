"""A database that was brought to this version once in each process, for tests to copy.

The steps cost more than most tests. What they do is tested where they are run (`tests/storage/test_schema.py`); a copy
is byte for byte what they left.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from storage.database import Database
from storage.engine import open_database
from storage.schema import is_current, upgrade
from storage.sqlite_database import SqliteDatabase


@cache
def migrated_file() -> Path:
    """The file, with nothing in its tables."""
    folder = Path(tempfile.mkdtemp(prefix="aval-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    opened = open_database(folder / "aval.db")
    upgrade(opened)
    opened.checkpoint()
    opened.dispose()
    return folder / "aval.db"


def bring_up(database: Database) -> None:
    """Bring a database to this version: a file that is not there by a copy, all others by the steps they need."""
    if isinstance(database, SqliteDatabase) and not database.exists():
        shutil.copyfile(migrated_file(), database.path)
    elif not is_current(database):
        upgrade(database)
