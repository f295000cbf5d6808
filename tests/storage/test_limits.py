"""Which of the limits that were told counts on a day, also where the day is that of another timezone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.customers import PERMANENT, TEMPORARY, GrantedLimit, Told
from storage.engine import Database
from storage.groups import Group
from storage.limits import TimedLimit, limit_of_day
from storage.schema import downgrade, upgrade
from tests.benchmarks.http_parts import statements
from tests.storage.records import a_customer, a_decision

DAY = date(2026, 3, 10)
ANN = Told("person:ann", "the yearly review")


def amount(minor: int, first: int | None = None, last: int | None = None) -> GrantedLimit:
    """A limit with days counted from the day of these tests."""
    begin, end = (None if days is None else DAY + timedelta(days=days) for days in (first, last))
    return GrantedLimit("amount", minor, begin, end)


def told(*limits: tuple[str, GrantedLimit]) -> list[TimedLimit]:
    """Limits in the order in which they were told."""
    return [TimedLimit(place, kind, one) for place, (kind, one) in enumerate(limits, start=1)]


NONE = GrantedLimit()
CASES = {
    "nobody told one": ([], NONE),
    "one that always counts": ([(PERMANENT, amount(5))], amount(5)),
    "the last told counts": ([(PERMANENT, amount(5)), (PERMANENT, amount(4))], amount(4)),
    "one to come leaves the one of now": ([(PERMANENT, amount(5)), (PERMANENT, amount(9, 1))], amount(5)),
    "from its first day it counts": ([(PERMANENT, amount(5)), (PERMANENT, amount(9, 0))], amount(9, 0)),
    "one told later beats one that begins later": (
        [(PERMANENT, amount(5)), (PERMANENT, amount(9, -5)), (PERMANENT, amount(7, -9))], amount(7, -9)),
    "one that is over is missing, and none before it is back": (
        [(PERMANENT, amount(5)), (PERMANENT, amount(9, -9, -1))], None),
    "on its last day it counts": ([(PERMANENT, amount(5)), (PERMANENT, amount(9, -9, 0))], amount(9, -9, 0)),
    "only one to come": ([(PERMANENT, amount(9, 1))], None),
    "none is told": ([(PERMANENT, amount(5)), (PERMANENT, NONE)], NONE),
    "a temporary one in its place": ([(PERMANENT, amount(5)), (TEMPORARY, amount(8, -1, 1))], amount(8, -1, 1)),
    "also where it is lower": ([(PERMANENT, amount(5)), (TEMPORARY, amount(1, -1, 1))], amount(1, -1, 1)),
    "also where the permanent one was told after it": (
        [(TEMPORARY, amount(8, -1, 1)), (PERMANENT, amount(5))], amount(8, -1, 1)),
    "after it the permanent one is back": ([(PERMANENT, amount(5)), (TEMPORARY, amount(8, -9, -1))], amount(5)),
    "before it as well": ([(PERMANENT, amount(5)), (TEMPORARY, amount(8, 1, 9))], amount(5)),
    "over a permanent one that is over": (
        [(PERMANENT, amount(5, -9, -1)), (TEMPORARY, amount(8, 0, 0))], amount(8, 0, 0)),
    "after it a permanent one that is over stays so": (
        [(PERMANENT, amount(5, -9, -2)), (TEMPORARY, amount(8, -2, -1))], None),
    "of two temporary ones the last told": (
        [(PERMANENT, amount(5)), (TEMPORARY, amount(8, -1, 9)), (TEMPORARY, amount(7, 0, 1))], amount(7, 0, 1)),
    "and the other after it": (
        [(PERMANENT, amount(5)), (TEMPORARY, amount(8, -1, 9)), (TEMPORARY, amount(7, -3, -1))], amount(8, -1, 9)),
    "one that was taken back": (
        [(PERMANENT, amount(5)), (TEMPORARY, amount(8, -1, 9)),
         (TEMPORARY, GrantedLimit("none", None, None, DAY + timedelta(days=9)))], amount(5)),
    "a temporary one alone leaves none": ([(TEMPORARY, amount(8, -9, -1))], NONE),
    "zero is a limit": ([(PERMANENT, amount(5)), (TEMPORARY, GrantedLimit("zero", None, None, DAY))],
                        GrantedLimit("zero", None, None, DAY)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_limit_that_counts(name: str) -> None:
    limits, wanted = CASES[name]
    assert limit_of_day(told(*limits), DAY) == wanted


def rows_of(draw: st.DrawFn) -> list[tuple[str, GrantedLimit]]:
    """Limits of any kind and days."""
    found = []
    for _ in range(draw(st.integers(0, 7))):
        kind = draw(st.sampled_from([PERMANENT, TEMPORARY]))
        first = draw(st.one_of(st.none(), st.integers(-4, 4)))
        last = draw(st.integers(first if first is not None else -4, 6))
        ends = kind == TEMPORARY or draw(st.booleans())
        found.append((kind, amount(draw(st.integers(1, 9)), first, last if ends else None)))
    return found


@given(st.composite(rows_of)())
def test_what_is_left_out_before_a_lock_never_counts_about_that_day(limits: list[tuple[str, GrantedLimit]]) -> None:
    everything, before = told(*limits), DAY - timedelta(days=1)
    begun = max((one.place for one in everything if one.kind == PERMANENT
                 and (one.limit.valid_from is None or one.limit.valid_from <= before)), default=0)  # fmt: skip
    kept = [one for one in everything
            if (one.place >= begun if one.kind == PERMANENT else (one.limit.valid_until or DAY) >= before)]  # fmt: skip
    for days in (-1, 0, 1):
        assert limit_of_day(kept, DAY + timedelta(days=days)) == limit_of_day(everything, DAY + timedelta(days=days))


def test_a_lock_brings_what_may_count_and_the_history_has_everything(database: Database) -> None:
    with database.write() as work:
        today = work.now().date()
        [first] = work.limits.of_account(1)  # of the prepared customer
        for days, minor in ((-300, 1), (-200, 2), (-100, 3), (30, 4)):
            work.limits.add(1, PERMANENT, GrantedLimit("amount", minor, today + timedelta(days=days)), ANN)
        for days, minor in ((-50, 5), (2, 6)):
            until = today + timedelta(days=days)
            work.limits.add(1, TEMPORARY, GrantedLimit("amount", minor, None, until), ANN)
        looked = work.accounts.look("C-1")
        assert looked is not None and looked.limits is not None
        rows = work.limits.of_account(1)
        stored = work.customers.get("C-1")
    assert (first.timed.limit.minor, first.by) == (1_000, "service")
    assert sorted(one.limit.minor or 0 for one in looked.limits) == [3, 4, 6]
    assert [one.timed.limit.minor for one in rows] == [1_000, 1, 2, 3, 4, 5, 6]
    assert [one.timed.place for one in rows] == list(range(1, 8))
    assert (rows[-1].by, rows[-1].reason) == ("person:ann", "the yearly review")
    assert looked.limit is not None and looked.limit.minor == 6
    assert stored is not None and stored.limit.minor == 4  # the permanent one that was told last


def test_the_same_limit_again_is_no_new_row_and_another_is(database: Database) -> None:
    with database.write() as work:
        work.customers.put(a_customer())
        work.customers.put(a_customer(limit=7), ANN)
        work.groups.put(Group("G", "Group", "CNY", GrantedLimit("amount", 3)), ANN)
        work.groups.put(Group("G", "Renamed", "CNY", GrantedLimit("amount", 3)), ANN)
        group = work.groups.account_of("G")
        assert group is not None
        assert [one.timed.limit.minor for one in work.limits.of_account(1)] == [1_000, 7]
        assert [one.timed.limit.minor for one in work.limits.of_account(group.account_id)] == [3]
        stored = work.groups.get("G")
    assert stored is not None and (stored.name, stored.limit.minor) == ("Renamed", 3)


@pytest.mark.parametrize(("clock", "timezone", "minor"), [
    ("2026-03-09T15:59:59.999Z", "Asia/Shanghai", 1), ("2026-03-09T16:00:00.000Z", "Asia/Shanghai", 2),
    ("2026-03-10T06:59:59.999Z", "America/Los_Angeles", 1), ("2026-03-10T07:00:00.000Z", "America/Los_Angeles", 2),
    ("2026-03-10T00:00:00.000Z", "UTC", 2),
])  # fmt: skip
def test_a_day_is_one_of_the_policys_timezone(database: Database, clock: str, timezone: str, minor: int) -> None:
    with database.write() as work:
        work.groups.put(Group("G", "Group", "CNY", amount(1)))
        work.groups.settle_customer("C-1", "G")
    with database.read() as work:
        looked = work.accounts.look("C-1")
    assert looked is not None
    rows = tuple(told((PERMANENT, amount(1)), (PERMANENT, amount(2, 0))))
    at = datetime.fromisoformat(clock).astimezone(UTC)
    groups = tuple(type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"limits": rows})
                   for one in looked.groups)  # fmt: skip
    seen = type(looked)(**{name: getattr(looked, name) for name in looked.__slots__}
                        | {"limits": rows, "now": at, "groups": groups}).in_timezone(timezone)  # fmt: skip
    assert seen.limit is not None and seen.limit.minor == minor
    assert seen.groups[0].ceiling == minor


def test_a_hundred_limits_cost_a_decision_no_statement(database: Database, kind: str) -> None:
    def count(key: str) -> int:
        with statements() as seen, database.write() as work:
            locked = work.accounts.lock("C-1")
            assert locked is not None
            work.decisions.record(locked, a_decision(locked, key))
        return len(seen)

    before = count("a")
    with database.write() as work:
        for minor in range(1, 101):
            work.limits.add(1, PERMANENT, GrantedLimit("amount", minor), ANN)
    assert count("b") == before


@pytest.mark.parametrize("statement", ["UPDATE granted_limit SET minor = 9", "DELETE FROM granted_limit"])
def test_what_was_told_is_never_changed(database: Database, statement: str) -> None:
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(statement))


def test_limits_of_before_become_rows_and_going_back_keeps_the_last(database: Database) -> None:
    with database.write() as work:
        today = work.now().date()
        work.customers.put(a_customer("C-2", limit=None))
        work.customers.put(a_customer("C-3", limit=5))
        work.groups.put(Group("G", "Group", "CNY", GrantedLimit("zero")))
        account = work.accounts.look("C-3")
        assert account is not None
        work.limits.add(account.account_id, TEMPORARY, GrantedLimit("amount", 99, None, today), ANN)
    downgrade(database, "0016")
    with database.alone() as connection:
        rows = connection.execute(text("SELECT limit_state FROM customer ORDER BY customer_id")).scalars().all()
    assert rows == ["amount", "unlimited", "zero"]  # of a temporary one nobody can say any more that it ends
    upgrade(database)
    with database.read() as work:
        looked = [work.accounts.look(name) for name in ("C-1", "C-2", "C-3")]
        group = work.groups.account_of("G")
        assert group is not None
        assert [one.timed.limit for one in work.limits.of_account(group.account_id)] == [GrantedLimit("zero")]
    assert [one.limit for one in looked if one] == [GrantedLimit("amount", 1_000), GrantedLimit("unlimited"),
                                                    GrantedLimit("zero")]  # fmt: skip
