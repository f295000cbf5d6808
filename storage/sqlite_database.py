"""The embedded database: one SQLite file on one machine.

Writers hold one lock shared by all threads and processes, and lock the database from their first statement; readers use
a second engine that cannot write.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Connection

from storage.database import Database, begun, committed, told
from storage.failures import Busy, StorageFailure
from storage.sqlite import library_warnings, reading_engine, writing_engine
from storage.write_lock import WriteLock

BUSY_SECONDS = 5.0
LEAST_FREE = 64_000_000  # bytes: the write-ahead log alone may grow to some of them between two checkpoints


class SqliteDatabase(Database):
    """A database in one file."""

    def __init__(self, path: Path, wait_seconds: float = BUSY_SECONDS) -> None:
        """Name the file; nothing is opened before the first use."""
        self.path = path
        self._lock = WriteLock(path, wait_seconds)
        self._writer = writing_engine(path, wait_seconds)
        self._reader = reading_engine(path, wait_seconds)
        self._paused = False
        super().__init__(str(path), (self._writer, self._reader))

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A bare write transaction under the lock."""
        self._refuse_torn()
        with self._lock.held(), told("writing"), committed(begun(self._writer)) as connection:
            yield connection

    def migrating(self) -> AbstractContextManager[Connection]:
        """A write transaction as any other: all of them are alone."""
        return self.alone()

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A bare read transaction, which SQLite itself keeps from writing."""
        self._refuse_torn()
        with told("reading"), self._reader.connect() as connection, connection.begin():
            yield connection

    def exists(self) -> bool:
        """Say whether the file is there."""
        return self.path.exists()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database file, alone under the write lock."""
        self._refuse_torn()
        with self._lock.held(), told("checkpointing"):
            raw = self._writer.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                raw.close()

    def unwritable(self) -> str:
        """Whether the disk takes writes and has room; others that write now are no fault."""
        try:
            with self.alone():
                pass
        except Busy:
            pass
        except StorageFailure:
            return "its file cannot be written; see that the disk is not mounted read-only and who owns the folder"
        free = shutil.disk_usage(self.path.parent).free
        return f"its disk has {free // 1_000_000} MB left; make room" if free < LEAST_FREE else ""

    def warnings(self) -> tuple[str, ...]:
        """What is known of the installed library."""
        return library_warnings()

    def dispose(self) -> None:
        """Close all connections and lock files."""
        super().dispose()
        self._lock.close()

    def prepare_fork(self) -> None:
        """Before a fork: let go of the lock files too.

        SQLite keeps its locks in the memory of the process: a child that inherits an open connection believes that it
        holds locks which only its parent holds, and may lose commits of both.
        """
        self._paused = self._lock.pause()
        super().prepare_fork()
        self._torn = self._torn or not self._paused

    def end_fork(self, in_child: bool) -> None:
        """After a fork: take the lock files up again."""
        if self._paused:
            self._lock.resume()
        super().end_fork(in_child)
