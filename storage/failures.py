"""The named ways in which the database can fail, so that a door never mistakes a fault for a decision.

A driver's exception says what SQLite or PostgreSQL felt; these say what the caller may believe: nothing happened and it
may be tried again (`Unavailable`, `Busy`), it is unknown whether it happened (`InDoubt`), or the ledger refused a wrong
hold (`OverLimit`). INVARIANT: an error at COMMIT is never reported as a denial.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StorageFailure(Exception):
    """Something stood between the caller and a stored answer."""


class Unavailable(StorageFailure):
    """Nothing was written: the disk is full, broken or cannot be reached; the same request may be tried again."""


class Busy(Unavailable):
    """Nothing was written: others held the database for longer than the bounded wait; try again shortly."""


class InDoubt(StorageFailure):
    """Whether the transaction was committed is unknown: retry with the same idempotency key to learn it."""


class OverLimit(StorageFailure):
    """The ledger refused a hold above its ceiling: the caller's figures were wrong, nothing was written."""


class Refused(ValueError):
    """The wish itself cannot be stored, such as an invoice in another currency than its account."""


class NotAllowed(Refused):
    """A step of a policy's life that is refused: `name` is the kind of refusal, the text says what to do."""

    def __init__(self, name: str, told: str) -> None:
        super().__init__(told)
        self.name = name


class NotInTime(NotAllowed):
    """An instant at which a policy cannot begin: it has passed, or another one begins then."""


BUSY_CODES = ("SQLITE_BUSY", "SQLITE_LOCKED")
# a full disk or a busy file is told before SQLite lets go of the transaction, so nothing of it can survive
SURELY_NOT_COMMITTED = (*BUSY_CODES, "SQLITE_FULL", "SQLITE_CONSTRAINT", "SQLITE_READONLY")
FAULT_CODES = (
    "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_NOTADB", "SQLITE_CORRUPT",
    "SQLITE_PROTOCOL", "SQLITE_NOMEM", "SQLITE_PERM", "SQLITE_AUTH",
)  # fmt: skip


# PostgreSQL tells five characters, of which the first two are a class
BUSY_STATES = ("55P03", "57014", "40", "53300")  # a lock or a statement took too long, a deadlock, all seats taken
FAULT_STATES = ("08", "25006", "25P02", "25P03", "28", "3D", "42501", "53", "54", "57", "58", "XX")
# the server was asked to commit what it had taken back already; a class 57 may also come after the commit
NEVER_COMMITTED_STATES = ("23", "25", "40")


# the two places where a key is claimed by being written
SAME_KEY = ("decision_client_idempotency_key_once", "answered_request_key")
OTHER_TABLES = ("no such table", "no such column", "has no column named")


def code_of(error: BaseException) -> str:
    """SQLite's own name of a failure, such as "SQLITE_FULL", or "" where there is none."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return getattr(origin, "sqlite_errorname", None) or ""


def state_of(error: BaseException) -> str | None:
    """PostgreSQL's own name of a failure, "" where it could not be heard, None for a failure of another database."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return (getattr(origin, "sqlstate", None) or "") if hasattr(origin, "sqlstate") else None


def named(error: Exception, during: str) -> Exception:
    """What a failed statement means to the caller; an error that is no fault of the database comes back as it is."""
    state = state_of(error)
    if state is not None:
        return named_by_state(error, state, during)
    code = code_of(error)
    if isinstance(error, PoolTimeout) or code.startswith(BUSY_CODES):
        return Busy(f"the database is busy while {during}; try again")
    if code.startswith(FAULT_CODES):
        return Unavailable(f"the database failed while {during} ({code}); nothing was written, try again")
    if isinstance(error, DBAPIError) and any(told in str(error.orig) for told in OTHER_TABLES):
        return Unavailable("the database has not the tables of this version; run 'aval db upgrade'")
    if isinstance(error, IntegrityError) and "hold_within_ceiling" in str(error.orig):
        return OverLimit("a hold would exceed its ceiling; nothing was written")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unavailable(f"the connection was lost while {during}; nothing was written, try again")
    return error


def named_by_state(error: Exception, state: str, during: str) -> Exception:
    """What a failure of PostgreSQL means to the caller."""
    told = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    if state.startswith(BUSY_STATES):
        return Busy(f"the database is busy while {during} ({state}); nothing was written, try again")
    if state in ("42P01", "42703"):
        return Unavailable("the database has not the tables of this version; run 'aval db upgrade'")
    if state.startswith("23") and "hold_within_ceiling" in told:
        return OverLimit("a hold would exceed its ceiling; nothing was written")
    if state == "23505" and any(name in told for name in SAME_KEY):
        return Busy("the same idempotency key was decided at this moment; try again for its answer")
    if state == "" and isinstance(error, DataError) and "NUL" in told:
        return Refused("a text holds a NUL byte, which no database keeps; take it out")
    if state.startswith(FAULT_STATES) or (state == "" and isinstance(error, OperationalError)):
        why = state or "no connection"
        return Unavailable(f"the database failed while {during} ({why}); nothing was written, try again")
    return error


def named_at_commit(error: Exception) -> Exception:
    """What a failed COMMIT means: surely nothing, or unknown; never a denial."""
    state = state_of(error)
    if state and state.startswith(NEVER_COMMITTED_STATES):
        return named(error, "committing")
    if not isinstance(error, (DBAPIError, sqlite3.Error, OSError)):
        return error
    if code_of(error).startswith(SURELY_NOT_COMMITTED):
        return named(error, "committing")
    return InDoubt("the outcome of the commit is unknown; retry with the same idempotency key")
