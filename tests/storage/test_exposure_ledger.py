"""The ledger's promise, under contention, with a control that must break it in the same run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.decisions import DecidedOrder
from storage.earlier_orders import MOST_EARLIER_ORDERS
from storage.engine import Database
from storage.exposure_ledger import Movement
from storage.failures import OverLimit
from storage.tables import metadata
from tests.benchmarks.http_parts import statements
from tests.storage.conftest import Fresh
from tests.storage.order_system import ask_together, asking, decide, held_by_control, make_control
from tests.storage.records import a_customer, a_database, a_decision, an_invoice, approve, start

LIMIT = 500


def check_history(database: Database, orders: int) -> None:
    """Recompute every stored figure and verdict in the order of the versions."""
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        history = work.accounts.movements(state.account_id)
        decisions = {}
        page = work.decisions.list(limit=500)
        decisions = {one.account_version: one for one in page.items}
        parts = work.reservations.balance_parts(state.account_id)
    assert [one.version for one in history] == list(range(1, orders + 1))
    balance = 0
    for one in history:
        decided = decisions[one.version]
        assert decided.facts == {"before": balance}
        asked = decided.outcome["asked"]
        assert (decided.verdict == "approve") == decide(balance, asked, LIMIT)
        assert one.amount == (asked if decided.verdict == "approve" else 0)
        balance += one.amount
        assert one.balance_after == balance <= LIMIT
    assert state.balance == balance == parts.reserved
    assert balance > LIMIT - 13  # the limit was really reached, so that it had something to refuse


def run_processes(mode: str, location: str) -> None:
    """Two processes with 8 threads each, 6 orders a thread."""
    running = [start("order_system", mode, location, name, "8", "6") for name in ("left", "right")]
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.wait(timeout=60) for one in running] == [0, 0]


def test_sixteen_threads_never_exceed_the_limit_while_reading_before_writing_does(fresh: Fresh) -> None:
    location, control = fresh(), fresh()
    database = a_database(location, limit=LIMIT, wait_seconds=30.0)
    ask_together(asking("locked", location), "one", threads=16, orders=6)
    check_history(database, orders=96)
    make_control(control, LIMIT)
    ask_together(asking("read_then_write", control), "one", threads=16, orders=6)
    assert held_by_control(control) > LIMIT
    database.dispose()


def test_two_processes_never_exceed_the_limit_while_reading_before_writing_does(fresh: Fresh) -> None:
    location, control = fresh(), fresh()
    database = a_database(location, limit=LIMIT)
    run_processes("locked", location)
    check_history(database, orders=96)
    make_control(control, LIMIT)
    run_processes("read_then_write", control)
    assert held_by_control(control) > LIMIT
    database.dispose()


def test_a_decision_takes_six_statements_and_one_that_reads_the_earlier_orders(database: Database, kind: str) -> None:
    with statements() as told, database.write() as work:
        work.decisions.claim("shop", "k", b"body")
        approve(work, "k", 10)
    begin, *others = told
    assert begin == ("BEGIN IMMEDIATE" if kind == "sqlite" else "BEGIN")
    assert len(others) == 7


def test_the_lock_brings_balance_clock_policy_and_master_row(database: Database) -> None:
    before = datetime.now(UTC)
    with database.write() as work:
        locked = approve(work, "k", 300)
    assert (locked.version, locked.balance, locked.currency) == (1, 0, "CNY")
    assert locked.customer.name == "Vale Trading"
    assert locked.policy_digest == "sha256:policy"
    assert abs(locked.now - before) < timedelta(seconds=5)
    with database.read() as work:
        state = work.accounts.look("C-1")
    assert state is not None
    assert (state.version, state.balance, state.reserved) == (1, 300, 300)


def test_an_unknown_customer_locks_nothing(database: Database) -> None:
    with database.write() as work:
        assert work.accounts.lock("C-404") is None
        assert work.accounts.look("C-404") is None


def test_a_hold_up_to_the_ceiling_passes_and_one_unit_more_is_refused_by_the_database(database: Database) -> None:
    with database.write() as work:
        approve(work, "exact", 1_000)
    with pytest.raises(OverLimit), database.write() as work:
        approve(work, "above", 1)
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        assert (state.version, state.balance) == (1, 1_000)
        assert work.decisions.get("D-above") is None


def test_an_unlimited_customer_has_no_ceiling(fresh: Fresh) -> None:
    database = a_database(fresh(), limit=None)
    with database.write() as work:
        approve(work, "huge", 10**14)
    database.dispose()


def test_a_lock_without_its_movement_leaves_no_gap(database: Database) -> None:
    with pytest.raises(AssertionError, match="movement"), database.write() as work:
        work.accounts.lock("C-1")
    with database.read() as work:
        state = work.accounts.look("C-1")
    assert state is not None
    assert state.version == 0


def test_a_movement_that_does_not_follow_from_its_account_is_refused(database: Database) -> None:
    def move(version: int, balance_after: int) -> None:
        with database.write() as work:
            locked = work.accounts.lock("C-1")
            assert locked is not None
            account, now = locked.account_id, locked.now
            work.accounts.move(Movement(account, version, "invoice", 10, balance_after, None, None, now))

    for version, balance_after in ((2, 10), (1, 11)):
        with pytest.raises(IntegrityError, match="must follow"):
            move(version, balance_after)
    move(1, 10)


@pytest.mark.parametrize("table", ["movement", "reservation", "decision", "policy_version", "policy_effective"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_what_was_written_is_never_changed(database: Database, table: str, change: str) -> None:
    with database.write() as work:
        approve(work, "k", 10)
    column = metadata.tables[table].c[0].name
    with pytest.raises(IntegrityError, match=f"{table} is only added to"), database.alone() as connection:
        connection.execute(text(change.format(table, column, column)))


def test_a_refusal_writes_a_movement_of_nothing_and_holds_nothing(database: Database) -> None:
    with database.write() as work:
        locked = work.accounts.lock("C-1")
        assert locked is not None
        work.decisions.record(locked, a_decision(locked, "no"))
        (moved,) = work.accounts.movements(locked.account_id)
        assert (moved.version, moved.kind, moved.amount, moved.decision_id) == (1, "nothing_held", 0, "D-no")
        assert work.reservations.of_account(locked.account_id) == ()


def test_a_reservation_is_held_until_its_expiry(database: Database) -> None:
    with database.write() as work:
        locked = approve(work, "k", 10)
        (held,) = work.reservations.of_account(locked.account_id)
    assert (held.reservation_id, held.decision_id, held.amount, held.state) == ("R-k", "D-k", 10, "held")
    assert held.expires_at == locked.now + timedelta(hours=24)


def test_earlier_orders_are_those_approved_in_the_window_whatever_day_they_name(database: Database) -> None:
    with database.write() as work:
        today = work.now().date()
        for key, days, amount in (("old", 62, 10), ("edge", 61, 20), ("new", 0, 30)):
            locked = work.accounts.lock("C-1")
            assert locked is not None
            order = DecidedOrder(f"SO-{key}", amount + 1, amount, today - timedelta(days=100 - days))
            decided_on = today - timedelta(days=days)
            work.decisions.record(locked, a_decision(locked, key, amount, order=order, as_of=decided_on))
        locked = work.accounts.lock("C-1")
        assert locked is not None
        work.decisions.record(locked, a_decision(locked, "denied"))
        state = work.accounts.look("C-1")
        assert state is not None
        none = work.accounts.look("C-1", look_back_days=-1)
    earlier = state.earlier_orders
    assert [one.order_id for one in earlier.orders] == ["SO-new", "SO-edge"]
    assert [(one.order_amount, one.unsecured_amount) for one in earlier.orders] == [(31, 30), (21, 20)]
    assert earlier.complete
    assert none is not None
    assert none.earlier_orders.orders == ()


def test_too_many_earlier_orders_say_so(fresh: Fresh) -> None:
    database = a_database(fresh(), limit=None)
    with database.write() as work:
        for number in range(MOST_EARLIER_ORDERS):
            locked = work.accounts.lock("C-1", look_back_days=-1)
            assert locked is not None
            work.decisions.record(locked, a_decision(locked, str(number), 1))
        exact = work.accounts.earlier_orders("C-1", date(2000, 1, 1))
        approve(work, "one more", 1)
        more = work.accounts.earlier_orders("C-1", date(2000, 1, 1))
    assert exact.complete
    assert not more.complete
    assert len(more.orders) == MOST_EARLIER_ORDERS
    database.dispose()


def test_accounts_of_other_customers_are_left_alone(database: Database) -> None:
    with database.write() as work:
        work.customers.put(a_customer("C-2", limit=5))
        approve(work, "k", 10)
        other = work.accounts.look("C-2")
    assert other is not None
    assert (other.version, other.balance, other.earlier_orders.orders) == (0, 0, ())


def test_the_balance_is_the_sum_of_its_parts(database: Database) -> None:
    with database.write() as work:
        locked = approve(work, "k", 10)
        work.invoices.add_many([an_invoice(amount=2_000)], as_of=date(2026, 1, 2))
        parts = work.reservations.balance_parts(locked.account_id)
        state = work.accounts.look("C-1")
    assert state is not None
    assert (parts.reserved, parts.open_receivables) == (10, 2_000) == (state.reserved, state.open_receivables)
    assert state.balance == 2_010  # above the limit of 1,000: invoices are facts, and nothing refuses them
