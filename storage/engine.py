"""The database: how it is opened, and the only two ways into it, `read()` and `write()`.

Writers hold one lock shared by all threads and processes, and lock the database from their first statement; readers use
a second engine that cannot write. A failure takes everything back, and leaves under a name that says what is known.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, QueuePool, RootTransaction, make_url

from storage.failures import Unavailable, named, named_at_commit
from storage.sqlite import library_warnings, reading_engine, writing_engine
from storage.unit_of_work import Work
from storage.write_lock import WriteLock

BUSY_SECONDS = 5.0


class Database:
    """One database of the firm; safe to share between threads, and to inherit over a fork between transactions."""

    def __init__(self, path: Path, wait_seconds: float = BUSY_SECONDS) -> None:
        """Name the file; nothing is opened before the first use."""
        self.path = path
        self._lock = WriteLock(path, wait_seconds)
        self._writer = writing_engine(path, wait_seconds)
        self._reader = reading_engine(path, wait_seconds)
        self._paused = False
        self._torn = False
        OPENED.add(self)

    @contextmanager
    def write(self) -> Iterator[Work]:
        """One write transaction: committed when the block ends, taken back when it raises.

        Raises: Busy or Unavailable (nothing was written), InDoubt (unknown: retry with the same key), OverLimit.
        """
        with self.alone() as connection:
            work = Work(connection)
            yield work
            assert not work.accounts.unrecorded(), "a locked account needs its movement before the transaction ends"

    @contextmanager
    def read(self) -> Iterator[Work]:
        """One consistent view that cannot write and waits for no writer.

        Raises: Busy or Unavailable.
        """
        with self.looking() as connection:
            yield Work(connection)

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A bare write transaction under the lock, for `write()` and migrations."""
        self._refuse_torn()
        with self._lock.held(), told("writing"), self._writer.connect() as connection:
            transaction = connection.begin()
            try:
                yield connection
            except BaseException:
                take_back(connection, transaction)
                raise
            commit(connection, transaction)

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A bare read transaction, for `read()` and the check of the tables' version."""
        self._refuse_torn()
        with told("reading"), self._reader.connect() as connection, connection.begin():
            yield connection

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database file, alone under the write lock."""
        self._refuse_torn()
        with self._lock.held(), told("checkpointing"):
            raw = self._writer.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                raw.close()

    def warnings(self) -> tuple[str, ...]:
        """What an operator should know about this installation, in sentences."""
        return library_warnings()

    def dispose(self) -> None:
        """Close all connections and lock files; the next use opens them again."""
        self._writer.dispose()
        self._reader.dispose()
        self._lock.close()

    def prepare_fork(self) -> None:
        """Before a fork: close what is idle, and note whether somebody is in the middle of a transaction.

        SQLite keeps its locks in the memory of the process: a child that inherits an open connection believes that it
        holds locks which only its parent holds, and may lose commits of both.
        """
        self._paused = self._lock.pause()
        self._torn = not self._paused or self._connections() > 0
        self._writer.dispose()
        self._reader.dispose()

    def end_fork(self, in_child: bool) -> None:
        """After a fork: go on in the parent, and in a child that inherited no open connection."""
        if self._paused:
            self._lock.resume()
        self._torn = in_child and (self._torn or self._connections(idle=True) > 0)

    def _connections(self, idle: bool = False) -> int:
        total = 0
        for pool in (self._writer.pool, self._reader.pool):
            assert isinstance(pool, QueuePool)
            total += pool.checkedout() + (pool.checkedin() if idle else 0)
        return total

    def _refuse_torn(self) -> None:
        if self._torn:
            raise Unavailable("this process was forked in the middle of a transaction; start it anew")


OPENED: weakref.WeakSet[Database] = weakref.WeakSet()


def prepare_all() -> None:
    """Make every open database ready for a fork."""
    for database in tuple(OPENED):
        database.prepare_fork()


def end_all(in_child: bool) -> None:
    """Let every database go on after a fork."""
    for database in tuple(OPENED):
        database.end_fork(in_child)


os.register_at_fork(
    before=prepare_all, after_in_parent=partial(end_all, in_child=False), after_in_child=partial(end_all, in_child=True)
)


def open_database(location: str | Path, wait_seconds: float = BUSY_SECONDS) -> Database:
    """The database at a path or `sqlite:///PATH`; its folder is made, its tables by `storage.schema.upgrade`.

    Raises: ValueError for another kind of database; Unavailable where the folder cannot be made.
    """
    path = location if isinstance(location, Path) else read_location(location)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"cannot make the folder of the database ({error.strerror})") from error
    return Database(path.resolve(), wait_seconds)


def read_location(location: str) -> Path:
    """The path that a text names, given plainly or as an SQLite URL.

    Raises: ValueError for another database, or for one in memory, which would not survive a restart.
    """
    if "://" not in location and location not in ("", ":memory:"):
        return Path(location)
    url = make_url(location) if "://" in location else None
    if url is not None and url.get_backend_name() != "sqlite":
        raise ValueError(f"database '{url.get_backend_name()}' is not known; give a path or 'sqlite:///PATH'")
    if url is None or url.database in (None, "", ":memory:"):
        raise ValueError("a database in memory does not survive a restart; give a path or 'sqlite:///PATH'")
    return Path(str(url.database))


@contextmanager
def told(during: str) -> Iterator[None]:
    """Turn the driver's failures into the named ones; all other exceptions pass as they are."""
    try:
        yield
    except Exception as error:
        meaning = named(error, during)
        if meaning is error:
            raise
        raise meaning from error


def commit(connection: Connection, transaction: RootTransaction) -> None:
    """Commit, or give the connection up and say what is known of the outcome."""
    try:
        transaction.commit()
    except Exception as error:
        connection.invalidate()
        meaning = named_at_commit(error)
        if meaning is error:
            raise
        raise meaning from error


def take_back(connection: Connection, transaction: RootTransaction) -> None:
    """Roll back, or give the connection up where even that fails: closing it rolls back as well."""
    try:
        transaction.rollback()
    except Exception:
        connection.invalidate()
