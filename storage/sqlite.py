"""How SQLite is spoken to: the measured recipe behind the engines of writers and readers.

SQLAlchemy's default transactions on SQLite over-commit a limit without an error, as the driver begins them too late. So
the begin is ours: BEGIN IMMEDIATE for writers, a plain one for readers, who cannot write at all. Every commit is synced
to the disk before anybody is told of it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from storage.failures import Unavailable
from storage.prepared import Command

READERS_AT_ONCE = 32
WAL_RESET_FIXED = (3, 51, 3)
EVERY_CONNECTION = ("foreign_keys = ON", "trusted_schema = OFF")


def writing_engine(path: Path, wait_seconds: float) -> Engine:
    """The engine of writers: one connection in each process, synced at each commit, locked from the first statement."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": wait_seconds}, poolclass=QueuePool, pool_size=1, max_overflow=0,
        pool_timeout=wait_seconds,
    )  # fmt: skip
    prepare(engine, ("journal_mode = WAL", "synchronous = FULL", *EVERY_CONNECTION), "BEGIN IMMEDIATE")
    return engine


def reading_engine(path: Path, wait_seconds: float) -> Engine:
    """The engine of readers, which SQLite itself keeps from writing."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": wait_seconds}, poolclass=QueuePool, pool_size=READERS_AT_ONCE, max_overflow=0,
        pool_timeout=wait_seconds,
    )  # fmt: skip
    prepare(engine, (*EVERY_CONNECTION, "query_only = ON"), "BEGIN")
    return engine


def prepare(engine: Engine, pragmas: tuple[str, ...], begin: str) -> None:
    """Give every connection its pragmas, and leave the begin of a transaction to us alone."""

    command = Command(begin)

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, record: object) -> None:
        connection.isolation_level = None  # else the driver begins a deferred transaction of its own, too late
        for pragma in pragmas:
            answer = connection.execute(f"PRAGMA {pragma}").fetchone()
            if pragma == "journal_mode = WAL" and answer != ("wal",):
                raise Unavailable("the database cannot keep a write-ahead log; put it on a local disk")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        command.run(connection)


def library_warnings() -> tuple[str, ...]:
    """What an operator should know about the SQLite library that is installed."""
    if sqlite3.sqlite_version_info >= WAL_RESET_FIXED:
        return ()
    return (
        f"SQLite {sqlite3.sqlite_version} can corrupt a write-ahead log that two connections reset at once "
        "(fixed in 3.51.3); aval's write lock keeps writers apart, so let no other program write to the database",
    )
