"""What a driver's error means to the caller."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from storage.failures import Busy, InDoubt, OverLimit, Refused, Unavailable, named, named_at_commit


def an_error(code: str, kind: type[DBAPIError] = OperationalError, message: str = "it failed") -> DBAPIError:
    """An error of SQLAlchemy around one of SQLite with this code."""
    origin = sqlite3.OperationalError(message)
    origin.sqlite_errorname = code
    return kind("INSERT", {}, origin)


class Told(Exception):
    """A failure of PostgreSQL's driver, which names it by its state."""

    def __init__(self, state: str | None, message: str = "it failed") -> None:
        super().__init__(message)
        self.sqlstate = state


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("55P03", Busy), ("57014", Busy), ("40P01", Busy), ("40001", Busy), ("53300", Busy), ("53100", Unavailable),
        ("25P03", Unavailable), ("57P01", Unavailable), ("08006", Unavailable), ("58030", Unavailable),
        ("25006", Unavailable), ("42P01", Unavailable), (None, Unavailable),
    ],
)  # fmt: skip
def test_a_fault_of_a_statement_on_a_server_wrote_nothing(state: str | None, meaning: type[Exception]) -> None:
    assert type(named(OperationalError("INSERT", {}, Told(state)), "writing")) is meaning


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("40001", Busy), ("25P03", Unavailable), ("23514", OverLimit), ("57P01", InDoubt), ("08006", InDoubt),
        ("57014", InDoubt), ("53100", InDoubt), ("XX000", InDoubt), (None, InDoubt),
    ],
)  # fmt: skip
def test_a_fault_of_a_commit_on_a_server_is_in_doubt_unless_it_came_before(
    state: str | None, meaning: type[Exception]
) -> None:
    error = OperationalError("COMMIT", {}, Told(state, "movement_hold_within_ceiling"))
    assert type(named_at_commit(error)) is meaning


def test_two_decisions_of_one_key_at_one_moment_are_told_to_try_again() -> None:
    twice = IntegrityError("INSERT", {}, Told("23505", "decision_client_idempotency_key_once"))
    assert type(named(twice, "writing")) is Busy
    other = IntegrityError("INSERT", {}, Told("23505", "api_key_key"))
    assert named(other, "writing") is other


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


def test_a_nul_that_no_text_can_hold_is_refused_and_no_fault_of_the_database() -> None:
    error = DataError("INSERT", {}, Told(None, "PostgreSQL text fields cannot contain NUL (0x00) bytes"))
    assert type(named(error, "writing")) is Refused
