"""What the database itself refuses, whatever the program above it believes."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

from storage.engine import Database
from storage.failures import OverLimit
from storage.postgres import PostgresDatabase
from storage.triggers import ONLY_ADDED
from tests.storage.records import approve

MOVE = "INSERT INTO movement VALUES (1, 1, 'hold', {amount}, {after}, {ceiling}, NULL, '2026-01-01T00:00:00.000Z', 0)"


def refused(database: Database, statement: str) -> str:
    """Run a statement that must fail, and give the reason."""
    with pytest.raises(IntegrityError) as failure, database.alone() as connection:
        connection.execute(text(statement))
    return str(failure.value.orig)


def test_text_in_a_number_column_is_refused(database: Database) -> None:
    with pytest.raises((IntegrityError, DataError)) as failure, database.alone() as connection:
        connection.execute(text("UPDATE customer SET limit_minor = 'unlimited'"))
    assert re.search("cannot store TEXT value in INTEGER|invalid input syntax for type bigint", str(failure.value))


def test_a_fraction_of_a_minor_unit_is_never_stored(database: Database, kind: str) -> None:
    with pytest.raises(IntegrityError) if kind == "sqlite" else nullcontext(), database.alone() as connection:
        connection.execute(text("UPDATE account SET balance = 0.5"))
    with database.looking() as connection:
        assert connection.execute(text("SELECT balance FROM account")).scalar() in (0, 1)  # PostgreSQL rounds it


@pytest.mark.parametrize("table", ONLY_ADDED)
def test_a_table_that_is_only_added_to_cannot_be_emptied(server_database: PostgresDatabase, table: str) -> None:
    with pytest.raises(IntegrityError, match="only added to"), server_database.alone() as connection:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))


def test_a_balance_past_all_amounts_is_refused(database: Database) -> None:
    assert "account_balance_in_range" in refused(database, "UPDATE account SET balance = 1000000000000001")


def test_a_movement_needs_its_account_locked_for_its_version(database: Database) -> None:
    assert "must follow" in refused(database, MOVE.format(amount=10, after=10, ceiling=1000))


def test_a_hold_above_its_ceiling_is_refused_whoever_writes_it(database: Database) -> None:
    def hold(amount: int, ceiling: int | str) -> None:
        with database.alone() as connection:
            connection.execute(text("UPDATE account SET ver = 1"))
            connection.execute(text(MOVE.format(amount=amount, after=amount, ceiling=ceiling)))

    for amount, ceiling in ((1001, 1000), (0, 1000), (-1, "NULL")):
        with pytest.raises(OverLimit):
            hold(amount, ceiling)
    hold(1000, 1000)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customer SET limit_state = 'plenty'",
        "UPDATE customer SET limit_state = 'unlimited'",
        "UPDATE customer SET limit_minor = NULL",
        "UPDATE customer SET limit_minor = -1",
        "DELETE FROM customer",
        "INSERT INTO policy_effective VALUES (9, 'sha256:policy', 'standard', '2020-01-01T00:00:00.000Z',"
        " '2021-01-01T00:00:00.000Z', 'officer', NULL, 'default', 'begins')",
    ],
)
def test_rows_that_contradict_themselves_are_refused(database: Database, statement: str) -> None:
    assert refused(database, statement)


def test_a_failure_is_never_kept_as_the_answer_to_a_key(database: Database) -> None:
    with pytest.raises(IntegrityError, match="decision_only_answers"), database.write() as work:
        approve(work, "k", 10, status=500)
