"""The recipe: what each connection is set to, and what an operator is warned of."""

from __future__ import annotations

import sqlite3

import pytest

from storage.failures import Unavailable
from storage.sqlite_database import SqliteDatabase
from tests.storage.records import a_customer


def pragma(file_database: SqliteDatabase, name: str) -> object:
    """What the writing connection answers to a pragma."""
    with file_database.alone() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_writers_are_synced_and_keep_foreign_keys(file_database: SqliteDatabase) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0, "query_only": 0}
    assert {name: pragma(file_database, name) for name in wanted} == wanted


def test_a_reader_cannot_write(file_database: SqliteDatabase) -> None:
    with pytest.raises(Unavailable), file_database.read() as work:
        work.customers.put(a_customer("C-2"))
    with file_database.read() as work:
        assert work.customers.get("C-2") is None


def test_an_old_library_is_warned_of(file_database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    assert "write-ahead log" in file_database.warnings()[0]
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    assert file_database.warnings() == ()
