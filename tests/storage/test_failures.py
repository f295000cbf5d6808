"""What a driver's error means to the caller."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from storage.failures import Busy, InDoubt, OverLimit, Unavailable, named, named_at_commit


def an_error(code: str, kind: type[DBAPIError] = OperationalError, message: str = "it failed") -> DBAPIError:
    """An error of SQLAlchemy around one of SQLite with this code."""
    origin = sqlite3.OperationalError(message)
    origin.sqlite_errorname = code
    return kind("INSERT", {}, origin)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("SQLITE_BUSY", Busy), ("SQLITE_BUSY_SNAPSHOT", Busy), ("SQLITE_LOCKED", Busy), ("SQLITE_FULL", Unavailable),
        ("SQLITE_IOERR_WRITE", Unavailable), ("SQLITE_CANTOPEN", Unavailable), ("SQLITE_CORRUPT", Unavailable),
    ],
)  # fmt: skip
def test_a_fault_of_a_statement_wrote_nothing(code: str, meaning: type[Exception]) -> None:
    assert type(named(an_error(code), "writing")) is meaning


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("SQLITE_BUSY", Busy), ("SQLITE_FULL", Unavailable), ("SQLITE_IOERR_FSYNC", InDoubt), ("SQLITE_IOERR", InDoubt),
        ("SQLITE_NOMEM", InDoubt), ("", InDoubt),
    ],
)  # fmt: skip
def test_a_fault_of_a_commit_is_in_doubt_unless_it_surely_wrote_nothing(code: str, meaning: type[Exception]) -> None:
    assert type(named_at_commit(an_error(code))) is meaning


def test_a_hold_above_its_ceiling_has_its_own_name() -> None:
    told = "CHECK constraint failed: movement_hold_within_ceiling"
    assert type(named(an_error("SQLITE_CONSTRAINT_CHECK", IntegrityError, told), "writing")) is OverLimit


def test_what_is_no_fault_of_the_database_stays_what_it_is() -> None:
    for error in (ZeroDivisionError(), an_error("SQLITE_CONSTRAINT_UNIQUE", IntegrityError), an_error("SQLITE_ERROR")):
        assert named(error, "writing") is error
    stray = ZeroDivisionError()
    assert named_at_commit(stray) is stray


def test_busy_is_a_way_of_being_unavailable_and_doubt_is_not() -> None:
    assert issubclass(Busy, Unavailable)
    assert not issubclass(InDoubt, Unavailable)
