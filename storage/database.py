"""A database of the firm, whichever kind it is: the only two ways into it are `read()` and `write()`.

A failure takes everything back, and leaves under a name that says what is known. How the transactions are begun, and
who waits for whom, is the business of each kind: `storage.sqlite_database` and `storage.postgres`.
"""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from sqlalchemy import Connection, Engine, QueuePool, RootTransaction

from storage.failures import Unavailable, named, named_at_commit
from storage.policy_timeline import keep_together
from storage.unit_of_work import Work


class Database(ABC):
    """One database of the firm; safe to share between threads, and to inherit over a fork between transactions."""

    def __init__(self, name: str, engines: tuple[Engine, ...]) -> None:
        """Keep the name that people read, without any password, and the engines; nothing is opened before its use."""
        self.name = name
        self._engines = engines
        keep_together(engines)
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

    @abstractmethod
    def alone(self) -> AbstractContextManager[Connection]:
        """A bare write transaction, for `write()`."""

    @abstractmethod
    def migrating(self) -> AbstractContextManager[Connection]:
        """A write transaction in which the tables may be changed; one at a time over all processes."""

    @abstractmethod
    def looking(self) -> AbstractContextManager[Connection]:
        """A bare read transaction, for `read()` and the check of the tables' version."""

    @abstractmethod
    def exists(self) -> bool:
        """Say whether there is anything to open; a server's database is made by its operator, so it always is."""

    @abstractmethod
    def checkpoint(self) -> None:
        """Bring everything that was committed into the main file, where the kind of database leaves that to us."""

    @abstractmethod
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know about this installation, in sentences."""

    @abstractmethod
    def unwritable(self) -> str:
        """Why nothing could be written now, in words to the operator; nothing where it could."""

    def dispose(self) -> None:
        """Close everything that is open; the next use opens it again."""
        for engine in self._engines:
            engine.dispose()

    def prepare_fork(self) -> None:
        """Before a fork: close what is idle, and note whether somebody is in the middle of a transaction."""
        self._torn = self._connections() > 0
        for engine in self._engines:
            engine.dispose()

    def end_fork(self, in_child: bool) -> None:
        """After a fork: go on in the parent, and in a child that inherited no open connection."""
        self._torn = in_child and (self._torn or self._connections(idle=True) > 0)

    def _connections(self, idle: bool = False) -> int:
        total = 0
        for engine in self._engines:
            pool = engine.pool
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


@contextmanager
def begun(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction of its own; whoever uses it ends it."""
    with engine.connect() as connection:
        connection.begin()
        yield connection


@contextmanager
def committed(begun: AbstractContextManager[Connection]) -> Iterator[Connection]:
    """A transaction that is committed when the block ends, and taken back when it raises."""
    with begun as connection:
        transaction = connection.get_transaction()
        assert transaction is not None
        try:
            yield connection
        except BaseException:
            take_back(connection, transaction)
            raise
        commit(connection, transaction)


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
