"""Holds stop orders from a day on, are ended once, and every lock of the account brings them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from credit.holds import Hold
from storage.engine import Database
from storage.exposure_ledger import AccountState
from storage.failures import Refused
from storage.holds import NewHold, Release
from storage.unit_of_work import Work
from tests.storage.records import a_customer

BEGUN, ENDED = date(2026, 11, 10), date(2026, 11, 20)


@pytest.fixture(autouse=True)
def customers(database: Database) -> None:
    """Two customers, so that nobody's hold is another's."""
    with database.write() as work:
        work.customers.put(a_customer("C-1"))
        work.customers.put(a_customer("C-2"))


def account_of(work: Work, customer_id: str = "C-1") -> int:
    """The account of a customer."""
    state = work.accounts.look(customer_id)
    assert state is not None
    return state.account_id


def place(work: Work, hold_id: str = "H-1", scope: str = "orders", **changes: Any) -> bool:
    """Place a hold on C-1 from BEGUN on."""
    values = {"reason": "overdue", "by": "person:ann"} | changes
    return work.holds.place(NewHold(hold_id, account_of(work), Hold(scope, BEGUN), **values))


class Undone(Exception):
    """Takes a transaction back: a lock wants a movement, and none is written here."""


def locked_and_undone(database: Database, customer_id: str) -> AccountState | None:
    """An account as a lock brings it."""
    state = None
    with suppress(Undone), database.write() as work:
        state = work.accounts.lock(customer_id)
        raise Undone
    return state


def test_a_lock_brings_the_holds_of_its_own_account(database: Database) -> None:
    with database.write() as work:
        assert place(work)
        assert place(work, "H-2", "account", invoice_id="I-1", step="demand")
    for customer_id, wanted in (("C-1", (Hold("account", BEGUN), Hold("orders", BEGUN))), ("C-2", ())):
        with database.read() as work:
            looked = work.accounts.look(customer_id)
        locked = locked_and_undone(database, customer_id)
        assert looked is not None and locked is not None
        assert looked.holds == locked.holds == wanted


def test_placing_the_same_hold_again_changes_nothing(database: Database) -> None:
    with database.write() as work:
        assert place(work)
    with database.write() as work:
        assert not place(work)
        assert len(work.holds.of_customer("C-1")) == 1
        assert [one.kind for one in work.events.list(subject="customer:C-1").items] == ["hold_placed"]


def test_a_hold_is_ended_once_and_not_before_it_began(database: Database) -> None:
    with database.write() as work:
        place(work, invoice_id="I-1", step="demand")
    with pytest.raises(Refused, match="begins on 2026-11-10"), database.write() as work:
        work.holds.end("H-1", Release(date(2026, 11, 9), "paid", "person:ann"))
    with database.write() as work:
        ended = work.holds.end("H-1", Release(ENDED, "paid", "person:ann"))
    assert ended is not None and ended.release is not None
    assert (ended.hold, ended.release.reason, ended.invoice_id) == (Hold("orders", BEGUN, ENDED), "paid", "I-1")
    with pytest.raises(Refused, match="ended already, on 2026-11-20, by person:ann"), database.write() as work:
        work.holds.end("H-1", Release(ENDED, "again", "person:bob"))
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None and state.holds == (Hold("orders", BEGUN, ENDED),)
        assert work.holds.of_invoice("C-1", "I-1") == work.holds.of_customer("C-1") == (ended,)
        assert work.holds.of_invoice("C-1", "I-2") == work.holds.of_customer("C-2") == ()
        assert [one.kind for one in work.events.list(subject="customer:C-1").items] == ["hold_ended", "hold_placed"]


def test_an_unknown_hold_cannot_be_ended(database: Database) -> None:
    with database.write() as work:
        assert work.holds.end("H-9", Release(ENDED, "paid", "person:ann")) is None


def test_placing_and_ending_tell_a_decision_in_work_that_its_facts_moved(database: Database) -> None:
    counts = []
    for change in (lambda work: None, place, lambda work: work.holds.end("H-1", Release(ENDED, "paid", "person:ann"))):
        with database.write() as work:
            change(work)
            state = work.accounts.look("C-1")
            assert state is not None
            counts.append(state.facts_version)
    assert counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE order_hold SET placed_on = '2027-01-01'",
        "DELETE FROM order_hold",
        "UPDATE order_hold_end SET reason = 'x'",
        "DELETE FROM order_hold_end",
    ],
)
def test_nobody_changes_a_hold(database: Database, change: str) -> None:
    with database.write() as work:
        place(work)
        work.holds.end("H-1", Release(ENDED, "paid", "person:ann"))
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("changes", [{"scope": "everything"}, {"reason": ""}, {"invoice_id": "I-1"}])
def test_what_is_no_hold_is_refused_by_the_database(database: Database, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), database.write() as work:
        place(work, **changes)
