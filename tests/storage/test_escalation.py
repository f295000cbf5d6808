"""A run has one leader at a time, goes on where it stood, and takes each step of an invoice once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from time import sleep
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from credit.holds import Hold
from storage.customers import GrantedLimit
from storage.earlier_orders import EarlierOrders
from storage.engine import Database
from storage.escalation import LeaseLost, Run, StepTaken
from storage.exposure_ledger import AccountState
from storage.failures import Busy
from storage.groups import Group
from storage.holds import NewHold
from storage.outbox import Delivery, Message
from storage.unit_of_work import Work
from tests.storage.records import DIGEST, a_customer, a_policy, an_invoice, let_decide

DAY = date(2026, 2, 15)
NOON = datetime(2026, 2, 15, 12, tzinfo=UTC)
NONE = EarlierOrders((), DAY, complete=False)


@pytest.fixture(autouse=True)
def book(database: Database) -> None:
    """C-1 owes two invoices and C-2 one; C-3 has paid."""
    with database.write() as work:
        work.policies.add(a_policy())
        for name in ("C-1", "C-2", "C-3"):
            work.customers.put(a_customer(name))
        work.invoices.add_many([
            an_invoice("I-1"), an_invoice("I-2"), an_invoice("I-3", customer_id="C-2"),
            an_invoice("I-4", customer_id="C-3", settled_on=date(2026, 2, 1)),
        ], DAY)  # fmt: skip


def a_step(step: str = "reminder", **changes: Any) -> StepTaken:
    """A step of I-1."""
    values = {"customer_id": "C-1", "invoice_id": "I-1", "step": step, "ladder": "strict", "as_of": DAY,
              "planned_on": DAY, "does": "send reminder by letter", "policy_digest": DIGEST}  # fmt: skip
    return StepTaken(**values | changes)


def lead(database: Database, holder: str = "one", seconds: float = 60.0, day: date = DAY) -> Run:
    """Lead the run of a day."""
    with database.write() as work:
        return work.escalation.lead(day, holder, seconds)


def advance(work: Work, run: Run, after: str) -> Run:
    """Write that one customer more is done."""
    return work.escalation.advance(run, 60.0, after, customers=1, steps=2)


def step_and_advance(work: Work, run: Run) -> None:
    """Take a step, and write how far the run came, as a run does."""
    work.escalation.take([a_step()])
    advance(work, run, "C-1")


def names(work: Work, as_of: date, after: str = "", most: int = 100) -> list[str]:
    """The customers of one page."""
    return [one.customer_id for one in work.escalation.page(as_of, after, most).customers()]


def test_a_step_is_taken_once_for_its_invoice(database: Database) -> None:
    with database.write() as work:
        assert work.escalation.take([a_step(), a_step("demand")]) == 2
    with database.write() as work:
        assert work.escalation.take([a_step("demand"), a_step("legal"), a_step(invoice_id="I-2")]) == 2
    with database.read() as work:
        taken = [(one.invoice_id, one.step) for one in work.escalation.steps("C-1")]
    assert sorted(taken) == [("I-1", "demand"), ("I-1", "legal"), ("I-1", "reminder"), ("I-2", "reminder")]


def test_nobody_leads_a_run_that_another_one_leads(database: Database) -> None:
    first = lead(database)
    with pytest.raises(Busy, match="is led by another one"):
        lead(database, "two")
    assert lead(database, "two", day=date(2026, 2, 16)).fence == 1, "another day is another run"
    assert lead(database).fence == first.fence + 1, "who leads it may begin again"


def test_a_run_goes_on_after_the_last_customer_that_was_done(database: Database) -> None:
    run = lead(database, seconds=0.05)
    with database.write() as work:
        advance(work, run, "C-1")
    with database.write() as work:  # the lease that was renewed has to end for the next one
        work.escalation.advance(run, 0.0, "C-1")
    taken_over = lead(database, "two")
    assert (taken_over.after, taken_over.customers, taken_over.steps) == ("C-1", 1, 2)
    with database.read() as work:
        assert names(work, DAY, taken_over.after) == ["C-2"]


def test_who_slept_past_the_lease_writes_nothing_more(database: Database) -> None:
    sleeper = lead(database, seconds=0.05)
    sleep(0.1)
    taken_over = lead(database, "two")
    with pytest.raises(LeaseLost), database.write() as work:
        step_and_advance(work, sleeper)
    with database.read() as work:
        assert work.escalation.steps("C-1") == (), "what went with the lost lease went back with it"
    with database.write() as work:
        advance(work, taken_over, "C-1")
    with pytest.raises(LeaseLost), database.write() as work:
        work.escalation.finish(sleeper)


def test_without_the_fence_the_sleeper_would_have_written(database: Database) -> None:
    """The control: the same steps in the same order, and nobody asks for the fence."""
    lead(database, seconds=0.05)
    sleep(0.1)
    lead(database, "two")
    with database.write() as work:
        work.escalation.take([a_step()])
    with database.read() as work:
        assert len(work.escalation.steps("C-1")) == 1


def test_a_run_that_is_done_stays_done(database: Database) -> None:
    run = lead(database)
    with database.write() as work:
        finished = work.escalation.finish(run)
    again = lead(database, "two")
    assert finished.finished_at is not None
    assert (again.finished_at, again.fence) == (finished.finished_at, finished.fence)
    with database.read() as work:
        assert [one.as_of for one in work.escalation.runs()] == [DAY]


def test_customers_with_something_open_or_a_hold_come_by_id(database: Database) -> None:
    with database.write() as work:
        assert names(work, DAY) == ["C-1", "C-2"]
        assert names(work, DAY, most=1) == ["C-1"]
        assert [work.escalation.count(DAY, after) for after in ("", "C-1", "C-2")] == [2, 1, 0]
        assert [one.invoice_id for one in work.escalation.open_invoices("C-1", DAY)] == ["I-1", "I-2"]
        state = work.accounts.look("C-3")
        assert state is not None
        work.holds.place(NewHold("H-1", state.account_id, Hold("orders", DAY), "overdue", "ladder", invoice_id="I-4",
                                 step="demand"))  # fmt: skip
        assert names(work, DAY) == ["C-1", "C-2", "C-3"], "a hold of a ladder waits for its end"
        assert names(work, date(2026, 1, 31), "C-2") == ["C-3"], "and it was open before it was paid"


def test_the_past_of_an_invoice_has_the_days_of_steps_and_letters(database: Database) -> None:
    with database.write() as work:
        for name in ("M-1", "M-2"):
            work.outbox.put(Message(name, "C-1", "letter", "reminder", "letter", "reminder", ("I-1",), DAY, DIGEST))
        work.escalation.take([a_step(message_id="M-1"), a_step("demand", message_id="M-2"), a_step("call")])
        work.outbox.deliver("M-1", Delivery("sent", date(2026, 2, 16), "person:ann"))
        work.outbox.deliver("M-2", Delivery("failed", date(2026, 2, 17), "person:ann", "came back"))
        past = work.escalation.pasts("C-1")["I-1"]
    assert past.done == {"reminder": DAY, "demand": DAY, "call": DAY}
    assert past.sent == {"reminder": date(2026, 2, 16)}
    assert past.failed == {"demand": date(2026, 2, 17)}


@pytest.mark.parametrize("table", ["escalation_step", "outbox", "delivery"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = 'x'", "DELETE FROM {}"])
def test_what_was_done_is_never_changed(database: Database, table: str, change: str) -> None:
    with database.write() as work:
        work.outbox.put(Message("M-1", "C-1", "letter", "reminder", "letter", "reminder", ("I-1",), DAY, DIGEST))
        work.escalation.take([a_step(message_id="M-1")])
        work.outbox.deliver("M-1", Delivery("sent", DAY, "person:ann"))
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change.format(table)))


def test_a_page_ends_with_the_last_customer_that_it_holds_whole(database: Database) -> None:
    with database.write() as work:
        work.invoices.add_many([an_invoice(f"I-{number}", customer_id="C-3") for number in range(5, 8)], DAY)
    with database.read() as work:
        assert names(work, DAY, most=4) == ["C-1", "C-2"], "of C-3 there would be one invoice of three"
        [whole] = work.escalation.page(DAY, "C-2", most=4).customers()
        [part] = work.escalation.page(DAY, "C-2", most=3).customers()
    assert ([one.invoice_id for one in whole.invoices], whole.cut) == (["I-5", "I-6", "I-7"], False)
    assert (len(part.invoices), part.cut) == (3, True), "a page that one customer fills may not hold all of it"


def test_a_page_tells_what_each_customer_is_under_and_what_was_taken(database: Database) -> None:
    with database.write() as work:
        let_decide(work, DIGEST)
        work.policies.add(a_policy(name="other", digest="sha256:other", program_digest="sha256:other"))
        work.groups.put(Group("TOP", "Top", "CNY"))
        work.groups.put(Group("LEFT", "Left", "CNY", parent_group="TOP"))
        assert work.groups.settle_customer("C-2", "LEFT")
        let_decide(work, "sha256:other", assignment="group:TOP")
        work.outbox.put(Message("M-1", "C-1", "letter", "reminder", "letter", "reminder", ("I-1",), DAY, DIGEST))
        work.escalation.take([a_step(message_id="M-1")])
        work.outbox.deliver("M-1", Delivery("sent", DAY, "person:ann"))
    with database.read() as work:
        first, second = work.escalation.page(DAY, "", 100).customers()
        looked = {one.customer.customer_id: one.policy_digest for one in work.accounts.look_at(["C-1", "C-2"])}
    assert looked == {one.customer_id: one.policy_digest for one in (first, second)}
    assert looked == {"C-1": DIGEST, "C-2": "sha256:other"}, "that of the group above the nearest one"
    assert [one.past.done for one in first.invoices] == [{"reminder": DAY}, {}]
    assert [one.past.sent for one in first.invoices] == [{"reminder": DAY}, {}]
    assert (first.currency, first.held) == ("CNY", False)


def timeless(one: AccountState) -> AccountState:
    """An account without what a look at many leaves out, and without the time of the look."""
    return replace(one, now=NOON, past=None, earlier_orders=NONE)


def test_many_accounts_are_seen_as_each_is_seen_alone(database: Database) -> None:
    with database.write() as work:
        work.groups.put(Group("TOP", "Top", "CNY", GrantedLimit("amount", 700)))
        assert work.groups.settle_customer("C-2", "TOP")
        state = work.accounts.look("C-1")
        assert state is not None
        work.holds.place(NewHold("H-1", state.account_id, Hold("orders", DAY), "a dispute", "person:ann"))
    with database.read() as work:
        together = {one.customer.customer_id: one for one in work.accounts.look_at(["C-3", "C-1", "C-2", "C-9"])}
        alone = {name: work.accounts.look(name, None) for name in ("C-1", "C-2", "C-3")}
        ids = {name: one.account_id for name, one in alone.items() if one is not None}
    assert {name: timeless(one) for name, one in together.items()} == {
        name: timeless(one) for name, one in alone.items() if one is not None}  # fmt: skip
    assert together["C-1"].holds and together["C-2"].groups, "there is something to be seen"
    with database.write() as work:
        assert work.accounts.lock_customers(["C-3", "C-1"]) == {"C-1": ids["C-1"], "C-3": ids["C-3"]}


def test_invoices_of_many_are_those_of_each(database: Database) -> None:
    with database.read() as work:
        for day in (DAY, date(2026, 1, 31), date(2025, 12, 31)):
            each = {name: work.invoices.for_customer(name, day) for name in ("C-1", "C-2", "C-3")}
            there = {name: own for name, own in each.items() if own}
            assert work.invoices.of_customers(["C-1", "C-2", "C-3"], day) == there
