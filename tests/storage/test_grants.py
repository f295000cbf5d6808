"""A grant raises the ceiling of one order, until it ends or is withdrawn, and the database itself holds it to that."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.decisions import DecidedOrder, Hold
from storage.engine import Database
from storage.exposure_ledger import AccountState
from storage.failures import OverLimit, Refused
from storage.grants import Grant, NewGrant
from storage.unit_of_work import Work
from tests.storage.records import a_customer, a_decision

LIMIT = 1_000


def give(work: Work, grant_id: str = "G-1", amount: int = 500, hours: float = 1.0, **changes: Any) -> Grant:
    """A grant for the order SO-1 of C-1."""
    state = work.accounts.look("C-1")
    assert state is not None
    values = {"account_id": state.account_id, "order_id": "SO-1", "amount": amount, "currency": "CNY",
              "until": work.now() + timedelta(hours=hours), "by": "A. Example", "reason": "known project"}  # fmt: skip
    return work.grants.add(NewGrant(grant_id, **values | changes))


def hold(work: Work, amount: int, order_id: str = "SO-1", granted: int | None = None) -> AccountState:
    """Approve an order under limit and grants, or under what a wrong caller claims was granted."""
    locked = work.accounts.lock("C-1", order_id=order_id)
    assert locked is not None
    added = locked.granted if granted is None else granted
    held = Hold(f"R-{locked.version}", amount, LIMIT + added, locked.now + timedelta(hours=1), added)
    order = DecidedOrder(order_id, amount, amount, locked.now.date())
    work.decisions.record(locked, a_decision(locked, str(locked.version), amount, hold=held, order=order))
    return locked


def granted(database: Database, order_id: str = "SO-1", customer_id: str = "C-1") -> int:
    """What is granted for an order now."""
    with database.read() as work:
        state = work.accounts.look(customer_id, order_id=order_id)
        assert state is not None
        return state.granted


def test_a_grant_raises_the_ceiling_of_its_order_to_the_unit(database: Database) -> None:
    with database.write() as work:
        given = give(work)
    assert (given.amount, given.account_version, given.withdrawn) == (500, 1, None)
    with pytest.raises(OverLimit), database.write() as work:
        hold(work, LIMIT + 501)
    with database.write() as work:
        locked = hold(work, LIMIT + 500)
        moved = work.accounts.movements(locked.account_id)[-1]
    assert (locked.granted, moved.ceiling, moved.granted, moved.balance_after) == (500, 1_500, 500, 1_500)


def test_no_other_order_and_no_other_customer_gains_by_it(database: Database) -> None:
    with database.write() as work:
        work.customers.put(a_customer("C-2"))
        give(work)
    assert (granted(database), granted(database, "SO-2"), granted(database, ""), granted(database, "SO-1", "C-2")) == (
        500, 0, 0, 0,
    )  # fmt: skip
    with database.write() as work:
        for customer_id, order_id in (("C-2", "SO-1"), ("C-1", "SO-2"), ("C-2", "SO-2")):
            locked = work.accounts.lock(customer_id, order_id=order_id)
            assert locked is not None and locked.granted == 0
            work.decisions.record(locked, a_decision(locked, f"{customer_id}-{order_id}"))
    with pytest.raises(OverLimit), database.write() as work:
        hold(work, LIMIT + 1, "SO-2")


def test_another_withdrawn_grant_takes_nothing_away(database: Database) -> None:
    with database.write() as work:
        give(work)
        give(work, "G-2", 30)
        work.grants.withdraw("G-2", "B. Example", "a slip")
        locked = hold(work, LIMIT + 500)
    assert locked.granted == 500


def test_after_it_was_used_others_wait_until_the_balance_falls(database: Database) -> None:
    with database.write() as work:
        give(work)
        hold(work, LIMIT + 500)
    with pytest.raises(OverLimit), database.write() as work:
        hold(work, 1, "SO-2")


def test_several_grants_add_up(database: Database) -> None:
    with database.write() as work:
        give(work)
        give(work, "G-2", 30)
    assert granted(database) == 530


def test_an_expired_grant_raises_nothing(database: Database) -> None:
    with database.write() as work:
        give(work, hours=0.2 / 3_600)
    time.sleep(0.25)
    assert granted(database) == 0
    with pytest.raises(OverLimit), database.write() as work:
        hold(work, LIMIT + 1)


def test_a_withdrawn_grant_raises_nothing_and_keeps_what_was_held(database: Database) -> None:
    with database.write() as work:
        give(work)
        locked = hold(work, LIMIT + 100)
        taken = work.grants.withdraw("G-1", "B. Example", "the project was cancelled", "desk")
    assert taken is not None and taken.withdrawn is not None
    assert (taken.withdrawn.by, taken.withdrawn.account_version) == ("B. Example", locked.version + 1)
    assert [taken.was_valid_at(version, locked.now) for version in (1, 2, 3)] == [False, True, False]
    assert granted(database) == 0
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None and state.balance == LIMIT + 100
        assert work.grants.of_account(state.account_id) == (taken,)
        kinds = [one.kind for one in work.accounts.movements(state.account_id)]
    assert kinds == ["granted", "hold", "withdrawn"]
    with pytest.raises(Refused, match="before"), database.write() as work:
        work.grants.withdraw("G-1", "B. Example", "again")
    with database.write() as work:
        assert work.grants.withdraw("G-404", "B. Example", "never was") is None


@pytest.mark.parametrize("changes", [
    {"currency": "USD"}, {"amount": 0}, {"amount": 10**15 + 1}, {"order_id": ""}, {"hours": -1.0},
])  # fmt: skip
def test_what_cannot_be_granted_is_refused(database: Database, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused), database.write() as work:
        give(work, **changes)
    assert granted(database) == 0


@pytest.mark.parametrize(("order_id", "claimed"), [("SO-1", 501), ("SO-2", 1), ("SO-2", 500)])
def test_the_database_refuses_a_ceiling_with_more_than_was_granted(
    database: Database, order_id: str, claimed: int
) -> None:
    with database.write() as work:
        give(work)
    with pytest.raises(IntegrityError, match="valid grants alone"), database.write() as work:
        hold(work, 10, order_id, claimed)


@pytest.mark.parametrize("table", ["limit_grant", "withdrawn_grant"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET reason = 'other'"])
def test_a_grant_and_its_withdrawal_are_never_changed(database: Database, table: str, change: str) -> None:
    with database.write() as work:
        give(work)
        work.grants.withdraw("G-1", "B. Example", "a slip")
    with pytest.raises(IntegrityError, match=f"{table} is only added to"), database.alone() as connection:
        connection.execute(text(change.format(table)))
