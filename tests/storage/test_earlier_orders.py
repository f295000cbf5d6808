"""Earlier orders that are carried on are those that reading all of them gives, whatever happened in between."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from storage.earlier_orders import MOST_CARRIED, MOST_EARLIER_ORDERS, EarlierOrder, EarlierOrders, Seen, with_later
from storage.engine import Database
from storage.exposure_ledger import LOADED_DAYS, AccountState, seen_after
from tests.benchmarks.http_parts import statements
from tests.storage.conftest import Fresh
from tests.storage.records import a_database, a_decision, an_invoice

TODAY = date(2026, 11, 23)


def an_order(day: date, number: int = 1) -> EarlierOrder:
    return EarlierOrder(f"D-{number}", f"SO-{number}", "approve", 10, 10, day, day)


def decide(database: Database, key: str, amount: int, seen: Seen | None = None) -> tuple[AccountState, Seen | None]:
    """One decision that knows what was `seen`, and what it leaves for the next; always what reading all would give."""
    with database.write() as work:
        locked = work.accounts.lock("C-1", seen=seen)
        assert locked is not None
        since = locked.now.date() - timedelta(days=LOADED_DAYS)
        assert locked.earlier_orders == work.accounts.earlier_orders("C-1", since)
        new = a_decision(locked, key, amount)
        work.decisions.record(locked, new)
    order = new.order
    own = EarlierOrder(new.decision_id, order.order_id, new.verdict, order.amount, order.unsecured_amount,
                       order.placed_on, new.as_of)  # fmt: skip
    return locked, seen_after(locked, own)


def change(database: Database, key: str, how: str) -> None:
    """Let go of, or invoice a part of, what an order holds; nothing where it holds nothing any more."""
    with database.write() as work:
        found = work.reservations.get(f"R-{key}")
        if found is None or not found.remaining:
            return
        taken = work.accounts.take(found.account_id)
        work.reservations.take(taken, found, how, 1 if how == "converted" else found.remaining, client="shop")


def test_what_is_carried_on_is_what_is_read(fresh: Fresh) -> None:
    database = a_database(fresh(), limit=None)
    chance, seen, keys = random.Random(7), {0: None, 1: None}, []
    for step in range(60):
        key, who = f"{step}", chance.randrange(2)
        keys.append(key)
        seen[who] = decide(database, key, chance.choice((0, 10, 20)), seen[who])[1]  # type: ignore[assignment]
        if chance.random() < 0.2:
            change(database, chance.choice(keys), chance.choice(("voided", "expired", "converted")))
        if chance.random() < 0.1:
            with database.write() as work:
                work.invoices.add_many([an_invoice(f"I-{step}")], date(2026, 2, 1))
    database.dispose()


def test_what_was_seen_last_is_not_read_again_and_what_others_decided_is_read_alone(database: Database) -> None:
    _, seen = decide(database, "a", 10)
    counted = []
    for known in (None, seen):
        with statements() as told, database.write() as work:
            locked = work.accounts.lock("C-1", seen=known)
            assert locked is not None and locked.carried is (known is not None)
            work.decisions.record(locked, a_decision(locked, f"b-{known is None}", 10))
        counted.append(len(told))
    # the second one did not know what the first decided
    assert counted[1] == counted[0]
    _, seen = decide(database, "c", 10, seen)
    with statements() as told, database.write() as work:
        locked = work.accounts.lock("C-1", seen=seen)
        assert locked is not None and len(locked.earlier_orders.orders) == 4
        work.decisions.record(locked, a_decision(locked, "d", 10))
    assert len(told) == counted[0] - 1


@pytest.mark.parametrize("changed", [{"mark": "D-other"}, {"version": 99}, {"version": 0}])
def test_what_is_no_part_of_this_past_is_read_anew(database: Database, changed: dict[str, object]) -> None:
    """As after a server that lost commits: another movement bears the number."""
    _, seen = decide(database, "a", 10)
    assert seen is not None
    strange = replace(seen, **changed, earlier=EarlierOrders((), seen.earlier.since, complete=True))
    locked, _ = decide(database, "b", 10, strange)
    assert [one.order_id for one in locked.earlier_orders.orders] == ["SO-a"]


def test_more_versions_than_are_worth_it_are_read_anew(database: Database) -> None:
    _, seen = decide(database, "a", 10)
    for number in range(MOST_CARRIED + 1):
        decide(database, f"n-{number}", 0)
    locked, _ = decide(database, "b", 10, seen)
    assert not locked.carried


def test_orders_leave_with_their_days_and_more_than_the_most_say_so() -> None:
    days = [TODAY - timedelta(days=number) for number in range(MOST_EARLIER_ORDERS)]
    full = EarlierOrders(tuple(an_order(day) for day in days), days[-1], complete=True)
    more = full.with_newer([an_order(TODAY, 2)])
    assert (len(more.orders), more.complete) == (MOST_EARLIER_ORDERS, False)
    assert more.since_day(days[-2]) == replace(more, since=days[-2])  # the oldest that is left is of that day
    later = more.since_day(days[-3])
    assert later.complete and len(later.orders) == MOST_EARLIER_ORDERS - 1


def test_days_that_do_not_follow_are_read_anew() -> None:
    earlier = EarlierOrders((an_order(TODAY),), TODAY, complete=True)
    assert with_later(earlier, [an_order(TODAY - timedelta(days=1))], TODAY) is None
    assert with_later(earlier, [an_order(TODAY, 2)], TODAY) == earlier.with_newer([an_order(TODAY, 2)])
