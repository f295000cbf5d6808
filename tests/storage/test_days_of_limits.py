"""A limit is in force from its first to its last day, by the database's clock at the lock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.customers import GrantedLimit
from storage.decisions import Hold
from storage.engine import Database
from storage.failures import OverLimit
from storage.groups import Group
from storage.schema import downgrade, upgrade
from storage.sqlite_database import SqliteDatabase
from tests.benchmarks.http_parts import statements
from tests.storage.records import a_customer, a_decision

DAY = timedelta(days=1)
# days from today to the first and to the last day, and whether the limit is in force
DAYS = [(1, 2, False), (0, 2, True), (-2, 0, True), (-2, -1, False), (0, 0, True), (None, None, True),
        (1, None, False), (0, None, True), (None, 0, True), (None, -1, False)]  # fmt: skip


def limited(today: date, first: int | None, last: int | None, minor: int = 500) -> GrantedLimit:
    """A limit with days counted from today."""
    begin, end = (None if days is None else today + days * DAY for days in (first, last))
    return GrantedLimit("amount", minor, begin, end)


@pytest.mark.parametrize(("first", "last", "in_force"), DAYS)
def test_a_customers_limit_is_missing_but_on_its_days(
    database: Database, first: int | None, last: int | None, in_force: bool
) -> None:
    with database.write() as work:
        granted = limited(work.now().date(), first, last)
        work.customers.put(replace(a_customer("C-2"), limit=granted))
        locked = work.accounts.lock("C-2")
        assert locked is not None
        assert locked.limit == (granted if in_force else None)
        assert locked.customer.limit == granted
        work.decisions.record(locked, a_decision(locked, "k"))
    with database.read() as work:
        looked = work.accounts.look("C-2")
        assert looked is not None and looked.limit == locked.limit


@pytest.mark.parametrize(("first", "last", "in_force"), DAYS)
def test_a_groups_limit_is_zero_but_on_its_days(
    database: Database, first: int | None, last: int | None, in_force: bool
) -> None:
    with database.write() as work:
        granted = limited(work.now().date(), first, last)
        work.groups.put(Group("G", "Group", "CNY", granted))
        work.groups.settle_customer("C-1", "G")
        stored = work.groups.get("G")
        assert stored is not None and stored.limit == granted
        locked = work.accounts.lock("C-1")
        assert locked is not None
        (group,) = locked.groups
        assert (group.limit, group.ceiling) == ((granted, 500) if in_force else (GrantedLimit("zero"), 0))
        work.decisions.record(locked, a_decision(locked, "k"))


def hold_one(database: Database) -> None:
    """Hold one more unit for C-1."""
    with database.write() as work:
        locked = work.accounts.lock("C-1")
        assert locked is not None
        work.decisions.record(locked, a_decision(locked, "m", 1, hold=Hold("R-m", 1, 1_000, locked.now)))


def test_a_hold_is_checked_against_the_groups_limit_in_force(database: Database) -> None:
    with database.write() as work:
        today = work.now().date()
        work.groups.put(Group("G", "Group", "CNY", limited(today, -2, 0)))
        work.groups.settle_customer("C-1", "G")
    with database.write() as work:
        locked = work.accounts.lock("C-1")
        assert locked is not None
        work.decisions.record(locked, a_decision(locked, "k", 500, hold=Hold("R-k", 500, 1_000, locked.now)))
        moved = work.accounts.movements(locked.groups[0].account_id)
    assert moved[-1].ceiling == 500
    with database.write() as work:
        work.groups.put(Group("G", "Group", "CNY", limited(today, -2, -1, 9_000)))
    with pytest.raises(OverLimit):
        hold_one(database)


def test_days_cost_a_decision_no_statement(database: Database) -> None:
    with database.write() as work:
        work.customers.put(replace(a_customer(), limit=limited(work.now().date(), 0, 9)))
    with statements() as told, database.write() as work:
        work.decisions.claim("shop", "k", b"body")
        locked = work.accounts.lock("C-1")
        assert locked is not None and locked.limit is not None
        work.decisions.record(locked, a_decision(locked, "k", 10))
    assert len([one for one in told if not one.startswith("BEGIN")]) == 7


@pytest.mark.parametrize(("clock", "in_force"), [
    ("2026-03-01T23:59:59.999Z", False), ("2026-03-02T00:00:00.000Z", True),
    ("2026-03-04T23:59:59.999Z", True), ("2026-03-05T00:00:00.000Z", False),
])  # fmt: skip
def test_a_day_begins_and_ends_at_midnight_of_utc(file_database: SqliteDatabase, clock: str, in_force: bool) -> None:
    granted = GrantedLimit("amount", 500, date(2026, 3, 2), date(2026, 3, 4))
    with file_database.write() as work:
        work.customers.put(replace(a_customer(), limit=granted))
    with file_database.read() as work:
        looked = work.accounts.look("C-1")
    assert looked is not None
    seen = replace(looked, now=datetime.fromisoformat(clock).astimezone(UTC))
    assert (seen.limit is not None) is in_force


@pytest.mark.parametrize("table", ["customer", "customer_group"])
def test_the_database_refuses_a_last_day_before_the_first(database: Database, table: str) -> None:
    with database.write() as work:
        work.groups.put(Group("G", "Group", "CNY"))
    turned = f"UPDATE {table} SET limit_valid_from = '2026-03-02', limit_valid_until = '2026-03-01'"
    with pytest.raises(IntegrityError), database.alone() as connection:
        connection.execute(text(turned))


def test_going_back_leaves_no_limit_in_force_that_was_over(database: Database) -> None:
    with database.write() as work:
        today = work.now().date()
        for name, first, last in (("C-1", -2, 0), ("C-2", -2, -1), ("C-3", 1, None)):
            work.customers.put(replace(a_customer(name), limit=limited(today, first, last)))
        work.groups.put(Group("G", "Group", "CNY", limited(today, None, -1)))
    downgrade(database, "0010")
    upgrade(database)
    with database.read() as work:
        states = [one.limit for one in work.customers.list().items]
        group = work.groups.get("G")
    assert states == [GrantedLimit("amount", 500), GrantedLimit("zero"), GrantedLimit("zero")]
    assert group is not None and group.limit == GrantedLimit("zero")
