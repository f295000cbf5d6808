"""Escalate: take the steps of ladders that are due on a day, each step once whatever happens.

A page of customers is looked over without a lock, as most have nothing due; those who have are locked, a few in one
transaction, and what is due is found again under the lock and taken: the records of steps, letters, tasks and holds. A
run that breaks off goes on after the last customer; a run of a day that is done does nothing. Who leads a run holds a
lease (`storage/escalation.py`). A customer that cannot be handled is told and left to the next run; the others go on.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from api.escalating import Plan, StepDue, histories, key_of
from api.operations.plan_escalation import FAULT, Day, Done, Known, Looked, look_over
from credit.blocks import first_free_day
from credit.escalation import planned_days
from credit.holds import Hold
from rules.ladders import is_business_day
from storage.engine import Database
from storage.escalation import LeaseLost, Run, StepTaken
from storage.escalation_pages import INVOICES_AT_ONCE
from storage.failures import Busy, StorageFailure
from storage.holds import NewHold, Release
from storage.legal_cases import Joining
from storage.unit_of_work import Work

log = logging.getLogger("aval.escalate")
LADDER = "ladder"  # who places and ends holds without a person
LEGAL = ("propose", "legal")  # the action that brings an invoice to law
LEASE_SECONDS = 60.0
CALENDAR_INVOICES = 500  # of one look: all that is known of their customers is read


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run goes: the seconds of its lease, and how much it takes at once.

    The lease has to outlast a look and a transaction: else another one leads before this one has taken a step.
    `looked_over` are open invoices of one look without a lock. One transaction takes the steps of up to so many
    `customers` with up to so many open `invoices`, of one customer however many it has: their decisions wait so long.
    """

    lease: float = LEASE_SECONDS
    looked_over: int = INVOICES_AT_ONCE
    customers: int = 20
    invoices: int = 200


STEADY = Pace()


def begin_run(database: Database, as_of: date, holder: str, lease: float = LEASE_SECONDS) -> Run:
    """Lead the run of a day; one that is done comes back finished. Raises: Busy while another one leads it."""
    with database.write() as work:
        return work.escalation.lead(as_of, holder, lease)


def run_escalation(database: Database, run: Run, pace: Pace = STEADY) -> Iterator[Done]:
    """Take what is due for each customer after the last one that the run did, and finish it.

    With a customer that could not be handled it is not finished: the next run of the day looks at all of them again.
    Raises: LeaseLost where another one leads the run by now; storage's failures. What is done stays done.
    """
    day, faults = Day(database, run.as_of), 0
    while run.finished_at is None:
        page = look_over(day, run.after, sure=True, most=pace.looked_over)
        for lot in in_lots(page, pace):
            for led, done in _in_turn(day, run, lot, pace):
                run, faults = led, faults + sum(bool(one.fault) for one in done)
                yield from done
        if not page:
            with database.write() as work:
                run = work.escalation.begin_again(run) if faults else work.escalation.finish(run)
            if faults:
                return


def _in_turn(day: Day, run: Run, lot: Sequence[Looked], pace: Pace) -> Iterator[tuple[Run, list[Done]]]:
    """Take a lot at once; where that fails, each customer by itself, and go on behind one that cannot be handled."""
    acting = [one.customer_id for one in lot if one.acts]
    try:
        found = day.writing(partial(_take_all, day, run, lot, pace.lease))
    except Busy:
        fault = "others held it too long"
    except (LeaseLost, StorageFailure):
        raise
    except Exception:
        log.exception("escalate", extra={"customer_id": ", ".join(acting)})
        fault = FAULT
    else:
        yield found
        return
    if len(acting) > 1:
        for less in in_lots(lot, replace(pace, customers=1)):
            for led, done in _in_turn(day, run, less, pace):
                run = led
                yield run, done
    else:
        yield day.writing(partial(_pass_over, run, lot, pace.lease, fault))


def _pass_over(run: Run, lot: Sequence[Looked], lease: float, fault: str, work: Work) -> tuple[Run, list[Done]]:
    """Go on behind a customer that could not be handled."""
    run = work.escalation.advance(run, lease, lot[-1].customer_id, customers=len(lot))
    return run, [one.done if not one.acts and one.done else Done(Plan(one.customer_id), fault=fault) for one in lot]


def in_lots(page: Iterable[Looked], pace: Pace) -> Iterator[list[Looked]]:
    """Customers in lots of one transaction, those who have nothing due before and between those who have."""
    lot: list[Looked] = []
    acting: list[Looked] = []
    for one in page:
        heavy = sum(other.invoices for other in acting) + one.invoices > pace.invoices
        if one.acts and acting and (heavy or len(acting) == pace.customers):
            yield lot
            lot, acting = [], []
        lot.append(one)
        acting += [one] if one.acts else []
    if lot:
        yield lot


def _take_all(day: Day, run: Run, several: Sequence[Looked], lease: float, work: Work) -> tuple[Run, list[Done]]:
    """Take what is due for a lot of customers, and write how far the run came, in one transaction."""
    acting = [one.customer_id for one in several if one.acts]
    taken = dict(zip(acting, escalate_customers(work, day, acting), strict=True)) if acting else {}
    done = [taken[one.customer_id] if one.acts else one.done for one in several]
    found = [one for one in done if one is not None]
    run = work.escalation.advance(
        run, lease, several[-1].customer_id, customers=len(several), steps=sum(len(one.plan.steps) for one in found),
        messages=sum(len(one.plan.messages) for one in found), holds=sum(one.placed for one in found),
    )  # fmt: skip
    return run, found


def planned(database: Database, as_of: date) -> Iterator[Done]:
    """What a run of a day would do for each customer; nothing is written."""
    day, after = Day(database, as_of), ""
    while page := look_over(day, after, sure=False):
        yield from (one.done for one in page if one.done is not None)
        after = page[-1].customer_id


def escalate_customers(work: Work, day: Day, customer_ids: Sequence[str]) -> list[Done]:
    """Take what is due for some customers: their steps with everything that these do, in this transaction."""
    accounts = work.accounts.lock_customers(customer_ids)
    known = day.known_of(work, customer_ids)
    plans = [known.plan(customer_id) for customer_id in customer_ids]
    work.outbox.put(*(message for one in plans for message in one.plan.messages))
    steps = [_taken(one.plan, step, day.as_of) for one in plans for step in one.plan.steps]
    if work.escalation.take(steps) != len(steps):
        raise LeaseLost("steps were taken by another run at this moment")
    found = []
    for done in plans:
        name = done.plan.customer_id
        paid = sum(_end(work, [hold_id], f"invoice '{invoice_id}' is paid", day.as_of)
                   for hold_id, invoice_id in known.ending.get(name, ()))  # fmt: skip
        placed, ended = _hold_and_release(work, done.plan, accounts[name], day.as_of)
        found.append(Done(done.plan, placed, paid + ended, done.told))
    return found


def _hold_and_release(work: Work, plan: Plan, account_id: int, as_of: date) -> tuple[int, int]:
    """Place and end the holds that the steps say, how many of each, and bring to law what they propose for it."""
    placed = ended = 0
    for one in plan.steps:
        for action in one.step.does:
            if action.verb == "hold":
                placed += _place(work, plan, account_id, one, Hold(action.what, as_of))
            elif action.verb == "release":
                ended += _release(work, plan.customer_id, one, as_of)
            elif (action.verb, action.what) == LEGAL:
                _bring_to_law(work, plan, one, as_of)
    return placed, ended


def _taken(plan: Plan, one: StepDue, as_of: date) -> StepTaken:
    does = ", ".join(str(action) for action in one.step.does)
    return StepTaken(plan.customer_id, one.invoice_id, one.step.name, one.ladder, as_of, one.planned_on, does,
                     plan.policy_digest, one.message_id)  # fmt: skip


def _place(work: Work, plan: Plan, account_id: int, one: StepDue, hold: Hold) -> bool:
    """Place the hold of a step, from the day of the run on."""
    reason = f"step '{one.step.name}' of ladder '{one.ladder}' for invoice '{one.invoice_id}'"
    return work.holds.place(NewHold(
        one.hold_id(plan.customer_id), account_id, hold, reason, LADDER, invoice_id=one.invoice_id, step=one.step.name,
        policy_digest=plan.policy_digest,
    ))  # fmt: skip


def _bring_to_law(work: Work, plan: Plan, one: StepDue, as_of: date) -> None:
    """Open the customer's legal case, or let the invoice join the one that is open."""
    joining = Joining(plan.customer_id, one.invoice_id, as_of, one.ladder, one.step.name, plan.policy_digest)
    work.legal_cases.bring(key_of("case", plan.customer_id, one.invoice_id, one.step.name), joining, LADDER)


def _release(work: Work, customer_id: str, one: StepDue, as_of: date) -> int:
    """End the holds that earlier steps placed for the same invoice."""
    reason = f"step '{one.step.name}' of ladder '{one.ladder}'"
    return _end(work, [hold.hold_id for hold in work.holds.of_invoice(customer_id, one.invoice_id)
                       if hold.release is None], reason, as_of)  # fmt: skip


def _end(work: Work, hold_ids: list[str], reason: str, as_of: date) -> int:
    for hold_id in hold_ids:
        work.holds.end(hold_id, Release(as_of, reason, LADDER))
    return len(hold_ids)


def coming(database: Database, first: date, last: date) -> Mapping[date, Counter[str]]:
    """How often each step of each ladder falls on each day, if every run is on time and nothing is paid meanwhile.

    Conditions are not asked: what they say on a day to come nobody knows yet. A step whose day has passed and that was
    not taken falls on the first day.
    """
    found: dict[date, Counter[str]] = defaultdict(Counter)
    day, after = Day(database, first), ""
    while page := day.page(after, CALENDAR_INVOICES):
        names = [one.customer_id for one in page]
        known = day.reading(partial(day.known_of, customer_ids=names))
        for ladder, step, on in _days_of(known, first):
            if on <= last:
                found[on][f"{ladder}: {step}"] += 1
        after = names[-1]
    return found


def _days_of(known: Known, first: date) -> Iterator[tuple[str, str, date]]:
    """Ladder, step and day of each step to come of some customers' open invoices, after the blocks of each."""
    for one in known.situations.values():
        if isinstance(one, str):
            continue
        under, situation = one
        for ladder, history, past in histories(under.program, situation, known.pasts):
            for step, on in planned_days(ladder.steps, history, is_business_day(under.program)):
                if on is not None and step not in history.done:
                    yield ladder.name, step, first_free_day(past.blocks, max(on, first))
