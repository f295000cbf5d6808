"""Who has nothing due is told without a lock; who has is asked again under it; a page and a lot are bounded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

import pytest

from api.operations.escalate import STEADY, Pace, begin_run, in_lots, planned, run_escalation
from api.operations.plan_escalation import Day, Done, Looked, Unread, look_over
from storage.exposure_ledger import Accounts
from storage.failures import Busy, Unavailable
from storage.unit_of_work import Work
from tests.api.operations.test_escalate import PER_INVOICE, STRICT, owe, run, steps, written
from tests.api.service import Service, publish, start_real_service

DUE = date(2026, 1, 1)
REMINDED = DUE + timedelta(3)
TWO_LADDERS = """tiers:
  - {tier: large, when: account.open_amount >= 1_000, ladder: strict}
  - {tier: small, otherwise: true, ladder: soft}
escalation:
  soft:
    - {step: reminder, at: due + 10 days, do: send written_reminder by letter}
  strict:
    - {step: reminder, at: due + 3 days, do: send written_reminder by letter}
"""


@pytest.fixture
def real(location: str) -> Service:
    """C-1 to C-5, of whom C-2 and C-4 owe since the first of January, under ladder (b)."""
    service = start_real_service(location)
    publish(service, "collecting.yaml", written(STRICT, PER_INVOICE))
    for number in range(2, 6):
        service.put_customer(f"C-{number}", country="CN")
        owe(service, f"I-{number}", DUE + timedelta(30 * (number % 2)), customer_id=f"C-{number}")
    return service


def broken_off(service: Service, as_of: date, done: int) -> Iterator[Done]:
    """A run of one customer at a time that has looked at everybody and done some."""
    database = service.held.database
    running = run_escalation(database, begin_run(database, as_of, "tests"), Pace(customers=1))
    for _ in range(done):
        next(running)
    return running


def test_nobody_is_locked_but_those_who_have_something_due(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    locked: list[str] = []
    lock = Accounts.lock_customers

    def told(self: Accounts, customer_ids: Collection[str]) -> Mapping[str, int]:
        locked.extend(customer_ids)
        return lock(self, customer_ids)

    monkeypatch.setattr(Accounts, "lock_customers", told)
    assert [one.plan.customer_id for one in run(real, REMINDED - timedelta(1))] == ["C-1", "C-2", "C-3", "C-4", "C-5"]
    assert locked == [], "the day before"
    run(real, REMINDED)
    assert locked == ["C-2", "C-4"]


def test_what_is_paid_between_the_look_and_the_lock_is_not_taken(real: Service) -> None:
    running = broken_off(real, REMINDED, done=2)
    assert steps(real, "C-2") == [("I-2", "reminder", 3)]
    owe(real, "I-4", DUE, settled_on=REMINDED, customer_id="C-4")
    rest = list(running)
    assert [(one.plan.customer_id, one.plan.steps) for one in rest] == [("C-3", ()), ("C-4", ()), ("C-5", ())]
    assert steps(real, "C-4") == []


def test_a_policy_that_comes_between_the_look_and_the_lock_decides(real: Service) -> None:
    running = broken_off(real, REMINDED, done=2)
    publish(real, "collecting.yaml", written(STRICT.replace("step: reminder", "step: first_word"), PER_INVOICE))
    list(running)
    assert (steps(real, "C-2"), steps(real, "C-4")) == ([("I-2", "reminder", 3)], [("I-4", "first_word", 3)])


def test_no_policy_is_read_while_accounts_are_locked(real: Service) -> None:
    day = Day(real.held.database, REMINDED)
    with real.held.database.read() as work, pytest.raises(Unread):
        day.known_of(work, ["C-2"])
    known = day.writing(lambda work: day.known_of(work, ["C-2"]))
    assert [one.step.name for one in known.plan("C-2").plan.steps] == ["reminder"]


def test_a_customer_with_more_invoices_than_a_page_is_taken_whole(real: Service) -> None:
    for number in range(7):
        owe(real, f"I-{number}", DUE, customer_id="C-3")
    database = real.held.database
    done = list(run_escalation(database, begin_run(database, REMINDED, "tests"), Pace(looked_over=3)))
    assert [(one.plan.customer_id, len(one.plan.steps)) for one in done] == [
        ("C-1", 0), ("C-2", 1), ("C-3", 7), ("C-4", 1), ("C-5", 0)]  # fmt: skip


def test_the_ladder_of_the_tier_decides_and_not_the_earliest_day_of_any(real: Service) -> None:
    publish(real, "collecting.yaml", written(TWO_LADDERS, PER_INVOICE))
    before = [one.plan for one in planned(real.held.database, REMINDED)]
    assert [len(one.steps) for one in before] == [0, 0, 0, 0, 0], "all owe little, so all are on the soft ladder"
    assert [one.plan for one in run(real, REMINDED)] == before
    done = {one.plan.customer_id: one.plan.steps for one in run(real, DUE + timedelta(10))}
    assert [name for name, taken in done.items() if taken] == ["C-2", "C-4"]


def test_a_look_tells_days_conditions_and_holds_apart(real: Service) -> None:
    day = Day(real.held.database, REMINDED)
    sure = {one.customer_id: (one.acts, one.done is None) for one in look_over(day, "", sure=True)}
    assert sure["C-1"] == sure["C-3"] == (False, False), "no day has come"
    assert sure["C-2"] == (True, False), "a step of the ladder has a condition: the whole of it was planned"


@pytest.mark.parametrize(("acting", "lots"), [(20, [20]), (21, [20, 1]), (19, [19])])
def test_a_lot_has_twenty_customers_with_something_due(acting: int, lots: list[int]) -> None:
    page = [Looked(f"C-{number}", True, 1) for number in range(acting)]
    assert [len(lot) for lot in in_lots(page, STEADY)] == lots


@pytest.mark.parametrize(("invoices", "lots"), [((100, 100), [2]), ((100, 101), [1, 1]), ((900,), [1])])
def test_a_lot_has_two_hundred_open_invoices_or_one_customer(invoices: tuple[int, ...], lots: list[int]) -> None:
    page = [Looked(f"C-{number}", True, count) for number, count in enumerate(invoices)]
    assert [len(lot) for lot in in_lots(page, STEADY)] == lots


def test_those_with_nothing_due_go_with_the_lot_before_them() -> None:
    page = [Looked(f"C-{number}", number in (2, 5), 1_000) for number in range(7)]
    assert [[one.customer_id for one in lot] for lot in in_lots(page, STEADY)] == [
        ["C-0", "C-1", "C-2", "C-3", "C-4"], ["C-5", "C-6"]]  # fmt: skip
    assert list(in_lots([], STEADY)) == []


@pytest.mark.parametrize(("failures", "goes_on"), [(2, True), (3, False)])
def test_a_transaction_in_which_nothing_was_written_is_tried_three_times(
    real: Service, failures: int, goes_on: bool
) -> None:
    day, left = Day(real.held.database, REMINDED), [Unavailable("cut off")] * failures

    def act(work: Work) -> str:
        if left:
            raise left.pop()
        return "done"

    for within in (day.reading, day.writing):
        left[:] = [Unavailable("cut off")] * failures
        if goes_on:
            assert within(act) == "done"
        else:
            with pytest.raises(Unavailable):
                within(act)


def test_who_waited_for_a_lock_in_vain_is_told_at_once(real: Service) -> None:
    tried: list[int] = []

    def act(work: Work) -> None:
        tried.append(1)
        raise Busy("held")

    with pytest.raises(Busy):
        Day(real.held.database, REMINDED).writing(act)
    assert len(tried) == 1
