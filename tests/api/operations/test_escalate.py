"""A book under its ladders: each step once, letters per customer, holds that stop orders and end when all is paid."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from api.operations import escalate
from api.operations.escalate import Pace, begin_run, coming, escalate_customers, planned, run_escalation
from api.operations.plan_escalation import Day, Done
from api.operations.tell_limit import policy_day
from credit.blocks import Block
from credit.money import Money
from storage.blocks import BlockEnd, NewBlock
from storage.escalation import LeaseLost
from storage.outbox import Delivery
from storage.receivables import Invoice
from storage.settlements import Change, NewSettlement
from storage.unit_of_work import Work
from tests.api.service import Service, an_order, publish, start_real_service

HEAD = "aval: 1\npolicy: collecting\ntitle: {en: Collecting, zh: 催收}\ncurrency: CNY\ntimezone: Asia/Shanghai\n"
LIMITS = "limits:\n  - {otherwise: true, limit: 1_000_000}\n"
ROLES = "roles: {rising: [credit_analyst, credit_manager], also: [collector]}\n"
STRICT = """escalation:
  strict:
    - {step: reminder, at: due + 3 days, do: send written_reminder by letter}
    - {step: call, at: due + 3 days, when: invoice.open_amount > 1_000, do: task phone_call for collector}
    - step: demand
      at: due + 15 days
      do: [send formal_demand by registered_mail, hold orders]
    - {step: legal, at: due + 30 days, do: propose legal to credit_manager}
"""
PER_CUSTOMER = "letters: {per: customer, lines: every due item, level: highest of the lines}\n"
PER_INVOICE = "letters: {per: invoice}\n"


def written(*parts: str) -> bytes:
    """A policy of these parts."""
    return "".join((HEAD, ROLES, LIMITS, *parts)).encode()


@pytest.fixture
def real(location: str) -> Service:
    """C-1 owes nothing yet, under ladder (b), on each kind of database."""
    service = start_real_service(location)
    publish(service, "collecting.yaml", written(STRICT, PER_INVOICE))
    return service


def owe(service: Service, invoice_id: str, due_on: date, amount: int = 500_00, settled_on: date | None = None,
        customer_id: str = "C-1") -> None:  # fmt: skip
    """Store an invoice, or its payment."""
    one = Invoice(customer_id, invoice_id, amount, "CNY", due_on - timedelta(30), due_on, settled_on)
    with service.held.database.write() as work:
        work.invoices.add_many([one], policy_day(service.held.database))


def run(service: Service, as_of: date) -> list[Done]:
    """The run of a day."""
    database = service.held.database
    return list(run_escalation(database, begin_run(database, as_of, "tests")))


def steps(service: Service, customer_id: str = "C-1") -> list[tuple[str, str, int]]:
    """Invoice, step and day of the year 2026 of every step taken."""
    with service.held.database.read() as work:
        taken = work.escalation.steps(customer_id)
    return [(one.invoice_id, one.step, (one.as_of - date(2026, 1, 1)).days) for one in taken]


def decided(service: Service, key: str) -> str:
    """The verdict on an order."""
    answer = service.decide(an_order("1000.00", id=f"SO-{key}", prepaid="0.00"), key)
    assert answer.status_code == 201, answer.data
    return str(json.loads(answer.data)["decision"]["verdict"])


def test_sixty_days_take_each_step_once_on_its_day(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    owe(real, "I-2", date(2026, 1, 11), amount=1_000_01)
    owe(real, "I-3", date(2026, 1, 1), settled_on=date(2026, 1, 10))
    for day in range(60):
        run(real, date(2026, 1, 1) + timedelta(day))
    assert steps(real) == [
        ("I-1", "reminder", 3), ("I-3", "reminder", 3), ("I-2", "call", 13), ("I-2", "reminder", 13),
        ("I-1", "demand", 15), ("I-2", "demand", 25), ("I-1", "legal", 30), ("I-2", "legal", 40),
    ]  # fmt: skip


def test_a_day_that_was_missed_is_made_up_for_on_the_next_run(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    run(real, date(2026, 1, 20))
    assert steps(real) == [("I-1", "reminder", 19), ("I-1", "demand", 19)], "the earlier day first"
    with real.held.database.read() as work:
        assert [one.planned_on for one in work.escalation.steps("C-1")] == [date(2026, 1, 4), date(2026, 1, 16)]


def test_the_same_day_again_does_nothing(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    assert [len(one.plan.steps) for one in run(real, date(2026, 1, 20))] == [2]
    assert run(real, date(2026, 1, 20)) == []
    with real.held.database.read() as work:
        waiting = work.outbox.waiting()
    day = Day(real.held.database, date(2026, 1, 20))
    [done] = day.writing(lambda work: escalate_customers(work, day, ["C-1"]))
    assert done.plan.steps == (), "also where nobody asked the run"
    with real.held.database.read() as work:
        assert work.outbox.waiting() == waiting == 2


def test_a_dry_run_tells_the_same_and_writes_nothing(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    dry = [one.plan for one in planned(real.held.database, date(2026, 1, 20))]
    assert steps(real) == []
    assert [one.plan for one in run(real, date(2026, 1, 20))] == dry
    assert [message.what for message in dry[0].messages] == ["written_reminder", "formal_demand"]


def settle(service: Service, payment_id: str, minor: int, day: date) -> None:
    """Enter a payment of C-1."""
    new = NewSettlement("payment", payment_id, "C-1", Money(minor, "CNY"), day, "transfer", "person:ann")
    with service.held.database.write() as work:
        work.settlements.enter(new, policy_day(service.held.database))


def test_a_payment_in_part_goes_on_with_what_is_open_and_one_that_bounces_as_if_it_had_not_been(real: Service) -> None:
    due = date(2026, 1, 1)
    owe(real, "I-1", due, amount=1_500_00)
    settle(real, "P-1", 500_00, date(2026, 1, 2))
    run(real, date(2026, 1, 4))
    assert steps(real) == [("I-1", "reminder", 3)], "1,000.00 are open, and the call is for more"
    settle(real, "P-2", 1_000_00, date(2026, 1, 10))
    run(real, date(2026, 1, 16))
    assert len(steps(real)) == 1, "all is paid"
    with real.held.database.write() as work:
        today = policy_day(real.held.database)
        change = Change(today, "person:ann", "no funds")
        work.settlements.reverse("payment", "P-2", change, date(2026, 1, 17))
        work.settlements.reverse("payment", "P-1", change, date(2026, 1, 17))
    run(real, date(2026, 1, 18))
    assert steps(real)[1:] == [("I-1", "call", 17), ("I-1", "demand", 17)]


def block(service: Service, invoice_id: str, first: date, until: date) -> str:
    """Block an invoice of C-1 for some days."""
    new = NewBlock(f"B-{invoice_id}", "C-1", invoice_id, Block("promise", first, until), "pays then", "person:ann")
    with service.held.database.write() as work:
        assert work.blocks.place(new)
    return new.block_id


def test_a_blocked_invoice_takes_no_step_until_the_day_after_and_then_all_that_are_due(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    owe(real, "I-2", date(2026, 1, 1))
    run(real, date(2026, 1, 5))
    block(real, "I-1", date(2026, 1, 6), date(2026, 1, 31))
    for day in range(6, 33):
        run(real, date(2026, 1, 1) + timedelta(day - 1))
    taken = [one for one in steps(real) if one[0] == "I-1"]
    assert taken == [("I-1", "reminder", 4), ("I-1", "demand", 31), ("I-1", "legal", 31)]
    assert [one for one in steps(real) if one[0] == "I-2"] == [
        ("I-2", "reminder", 4), ("I-2", "demand", 15), ("I-2", "legal", 30),
    ]  # fmt: skip


def test_a_block_that_is_ended_lets_the_ladder_go_on_that_day(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    block_id = block(real, "I-1", date(2026, 1, 2), date(2026, 1, 31))
    run(real, date(2026, 1, 9))
    with real.held.database.write() as work:
        work.blocks.end(block_id, BlockEnd(date(2026, 1, 11), "they paid nothing", "person:ann"))
    run(real, date(2026, 1, 10))
    assert steps(real) == []
    run(real, date(2026, 1, 11))
    assert steps(real) == [("I-1", "reminder", 10)]


def test_a_calendar_moves_the_steps_of_a_blocked_invoice_behind_its_block(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    first, last = date(2026, 1, 2), date(2026, 1, 20)
    before = coming(real.held.database, first, last)
    block(real, "I-1", date(2026, 1, 2), date(2026, 1, 9))
    after = coming(real.held.database, first, last)
    assert before[date(2026, 1, 4)]["strict: reminder"] == after[date(2026, 1, 10)]["strict: reminder"] == 1
    assert after[date(2026, 1, 4)]["strict: reminder"] == 0
    assert before[date(2026, 1, 16)]["strict: demand"] == after[date(2026, 1, 16)]["strict: demand"] == 1


def test_a_payment_in_full_lifts_the_hold_and_one_in_part_does_not(real: Service) -> None:
    today = policy_day(real.held.database)
    owe(real, "I-1", today - timedelta(16))
    assert [(one.placed, one.ended) for one in run(real, today - timedelta(1))] == [(1, 0)]
    settle(real, "P-1", 499_99, today)
    assert [(one.placed, one.ended) for one in run(real, today)] == [(0, 0)]
    assert decided(real, "held") == "deny"
    settle(real, "P-2", 1, today)
    assert [(one.placed, one.ended) for one in run(real, today + timedelta(1))] == [(0, 1)]


def test_a_hold_stops_orders_until_the_first_run_after_the_payment(real: Service) -> None:
    today = policy_day(real.held.database)
    due = today - timedelta(16)
    owe(real, "I-1", due)
    assert decided(real, "before") == "approve"
    assert [(one.placed, one.ended) for one in run(real, today - timedelta(1))] == [(1, 0)]
    assert decided(real, "held") == "deny"
    owe(real, "I-1", due, settled_on=today)
    assert [(one.placed, one.ended) for one in run(real, today)] == [(0, 1)]
    assert decided(real, "paid") == "approve"
    with real.held.database.read() as work:
        [hold] = work.holds.of_customer("C-1")
    assert (hold.by, hold.step, hold.invoice_id) == ("ladder", "demand", "I-1")
    assert hold.policy_digest is not None, "it names the text by which it was placed"
    assert hold.release is not None and hold.release.reason == "invoice 'I-1' is paid"


def test_the_next_decision_knows_how_far_dunning_has_come(real: Service) -> None:
    tasks = """escalation:
  mild:
    - {step: early, at: due - 3 days, do: task call for collector}
    - {step: first, at: due + 3 days, do: task call for collector}
    - {step: second, at: due + 10 days, do: task call for collector}
"""
    check = "checks:\n  - {check: dunned, measure: account.dunning_level, at_most: 1, verdict: refer}\n"
    publish(real, "mild.yaml", written(check, tasks))
    owe(real, "I-1", date(2026, 1, 1))
    for number, (day, verdict) in enumerate(((-3, "approve"), (3, "approve"), (9, "approve"), (10, "refer"))):
        run(real, date(2026, 1, 1) + timedelta(day))
        assert decided(real, f"far-{number}") == verdict, day
    owe(real, "I-1", date(2026, 1, 1), settled_on=date(2026, 2, 1))
    assert decided(real, "paid") == "approve"


def test_one_letter_names_every_due_item_of_a_customer(real: Service) -> None:
    publish(real, "collecting.yaml", written(STRICT, PER_CUSTOMER))
    owe(real, "I-1", date(2026, 1, 1))
    owe(real, "I-2", date(2026, 1, 13))
    owe(real, "I-3", date(2026, 1, 15))
    owe(real, "I-4", date(2026, 1, 18))
    [done] = run(real, date(2026, 1, 16))
    assert [(one.kind, one.what, one.who, one.invoices) for one in done.plan.messages] == [
        ("letter", "formal_demand", "registered_mail", ("I-1", "I-2", "I-3")),
    ]  # fmt: skip
    linked = {one.message_id for one in done.plan.steps}
    assert linked == {done.plan.messages[0].message_id}
    assert [(one.invoice_id, one.step.name) for one in done.plan.steps] == [
        ("I-1", "reminder"), ("I-1", "demand"), ("I-2", "reminder")]  # fmt: skip


def test_a_step_waits_for_the_letter_that_really_left(real: Service) -> None:
    ladder = """escalation:
  waiting:
    - {step: first, at: due + 3 days, do: send written_reminder by letter}
    - {step: second, at: first sent + 10 days, do: send formal_demand by letter}
    - {step: third, at: first failed + 1 days, do: task phone_call for collector}
"""
    publish(real, "collecting.yaml", written(ladder))
    for name in ("I-1", "I-2"):
        owe(real, name, date(2026, 1, 1))
    messages = [one.message_id for one in run(real, date(2026, 1, 4))[0].plan.messages]
    run(real, date(2026, 1, 20))
    assert [name for _, name, _ in steps(real)] == ["first", "first"], "nothing has left yet"
    with real.held.database.write() as work:
        work.outbox.deliver(messages[0], Delivery("sent", date(2026, 1, 6), "person:ann"))
        work.outbox.deliver(messages[1], Delivery("failed", date(2026, 1, 6), "person:ann", "address unknown"))
    run(real, date(2026, 1, 21))
    assert sorted(steps(real)[2:]) == [("I-1", "second", 20), ("I-2", "third", 20)]


def test_a_policy_that_changes_in_the_middle_goes_on_with_the_steps_not_taken(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    run(real, date(2026, 1, 4))
    publish(real, "collecting.yaml", written(STRICT.replace("due + 15 days", "due + 10 days")))
    run(real, date(2026, 1, 10))
    assert [name for _, name, _ in steps(real)] == ["reminder"]
    run(real, date(2026, 1, 11))
    assert steps(real) == [("I-1", "reminder", 3), ("I-1", "demand", 10)]


def test_what_is_reopened_goes_on_where_it_stood(real: Service) -> None:
    owe(real, "I-1", date(2026, 1, 1))
    run(real, date(2026, 1, 4))
    owe(real, "I-1", date(2026, 1, 1), settled_on=date(2026, 1, 5))
    run(real, date(2026, 1, 20))
    owe(real, "I-1", date(2026, 1, 1))
    run(real, date(2026, 1, 21))
    assert steps(real) == [("I-1", "reminder", 3), ("I-1", "demand", 20)]


def test_a_run_that_broke_off_goes_on_with_the_next_customer(real: Service) -> None:
    for number in range(2, 6):
        real.put_customer(f"C-{number}", country="CN")
        owe(real, f"I-{number}", date(2026, 1, 1), customer_id=f"C-{number}")
    database, as_of = real.held.database, date(2026, 1, 4)
    broken = run_escalation(database, begin_run(database, as_of, "one", 0.0), Pace(0.0, customers=1))
    assert [next(broken).plan.customer_id for _ in range(2)] == ["C-1", "C-2"]
    rest = list(run_escalation(database, begin_run(database, as_of, "two")))
    assert [one.plan.customer_id for one in rest] == ["C-3", "C-4", "C-5"]
    with pytest.raises(LeaseLost):
        list(broken)
    with database.read() as work:
        [one] = work.escalation.runs()
    assert (one.customers, one.steps, one.messages, one.finished_at is not None) == (5, 4, 4, True)


def test_a_customer_whose_tier_nobody_can_tell_is_told(real: Service) -> None:
    tiers = "tiers:\n  - {tier: good, when: customer.score >= 50, ladder: strict}\n"
    publish(real, "collecting.yaml", written(tiers + "  - {tier: rest, otherwise: true, ladder: strict}\n", STRICT))
    real.put_customer("C-2", country="CN")
    owe(real, "I-2", date(2026, 1, 1), customer_id="C-2")
    owe(real, "I-1", date(2026, 1, 1))
    by_customer = {one.plan.customer_id: one.plan for one in run(real, date(2026, 1, 4))}
    assert (by_customer["C-2"].steps, by_customer["C-2"].unknown) == ((), ("the tier",))
    assert len(by_customer["C-1"].steps) == 1


def test_a_policy_without_a_ladder_leaves_everybody_in_peace(real: Service) -> None:
    publish(real, "collecting.yaml", written())
    owe(real, "I-1", date(2026, 1, 1))
    assert [(one.plan.steps, one.told) for one in run(real, date(2026, 3, 1))] == [((), "")]


def test_a_customer_that_cannot_be_handled_keeps_no_other_and_is_taken_by_the_next_run(
    real: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for customer_id in ("C-0", "C-2"):
        real.put_customer(customer_id, granted_limit="500000.00")
        owe(real, "INV-1", date(2026, 1, 1), customer_id=customer_id)
    owe(real, "INV-1", date(2026, 1, 1))
    take, broken = escalate.escalate_customers, {"C-1"}

    def failing(work: Work, day: Day, customer_ids: Sequence[str]) -> list[Done]:
        done = take(work, day, customer_ids)
        if broken & set(customer_ids):
            raise ZeroDivisionError("a fault of ours")
        return done

    monkeypatch.setattr(escalate, "escalate_customers", failing)
    first = run(real, date(2026, 1, 4))
    assert [(one.plan.customer_id, bool(one.fault)) for one in first] == [("C-0", False), ("C-1", True), ("C-2", False)]
    assert [len(steps(real, one)) for one in ("C-0", "C-1", "C-2")] == [1, 0, 1]
    broken.clear()
    again = run(real, date(2026, 1, 4))
    assert [len(steps(real, one)) for one in ("C-0", "C-1", "C-2")] == [1, 1, 1]
    assert [len(one.plan.steps) for one in again] == [0, 1, 0]
    with real.held.database.read() as work:
        [done] = work.escalation.runs()
    assert (done.finished_at is not None, done.customers, done.steps) == (True, 3, 3)


BY_FORM = """escalation:
  by_form:
    - {step: mail, at: due + 3 days, when: invoice.form is electronic, do: send written_reminder by email}
    - {step: letter, at: due + 3 days, when: invoice.form is paper, do: send written_reminder by letter}
"""


def test_a_ladder_asks_how_an_invoice_was_sent_and_waits_where_nobody_said(real: Service) -> None:
    publish(real, "collecting.yaml", written(BY_FORM, PER_INVOICE))
    day = date(2026, 1, 1)
    with real.held.database.write() as work:
        work.invoices.add_many([
            Invoice("C-1", f"I-{form}", 500_00, "CNY", day - timedelta(30), day, form=form)
            for form in ("electronic", "paper", None)
        ], day)  # fmt: skip
    run(real, day + timedelta(3))
    taken = {(invoice_id, step) for invoice_id, step, _ in steps(real)}
    assert taken == {("I-electronic", "mail"), ("I-paper", "letter")}
