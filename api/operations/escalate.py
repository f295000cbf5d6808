"""Escalate: take the steps of ladders that are due on a day, customer by customer, each step once whatever happens.

Everything of a customer is one transaction: the records of its steps, letters, tasks and holds. A run that breaks off
goes on after the last customer; a run of a day that is done does nothing. Who leads a run holds a lease
(`storage/escalation.py`). A customer that cannot be handled is told and left to the next run; the others go on.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from api.build import load_version
from api.escalating import Plan, StepDue, histories, plan_for
from api.operations.customer_states import recorded_of
from api.operations.evaluate import master_facts
from api.operations.preview_decision import facts_ever_told
from api.situation import Situation
from credit.decision import PolicyReference
from credit.escalation import planned_days
from credit.holds import Hold
from policy.program import Program
from rules.facts import trade_vocabulary
from rules.ladders import days_nobody_keeps, is_business_day
from storage.engine import Database
from storage.escalation import LeaseLost, Run, StepTaken
from storage.exposure_ledger import AccountState
from storage.failures import Busy, StorageFailure
from storage.holds import NewHold, Release
from storage.policies import PolicyVersion
from storage.unit_of_work import Work

log = logging.getLogger("aval.escalate")
LADDER = "ladder"  # who places and ends holds without a person
LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did for one customer, or would do: steps, messages, holds; `told` says what is left out and why.

    `fault` says that nothing could be done for it, as something is wrong on our side.
    """

    plan: Plan
    placed: int = 0
    ended: int = 0
    told: str = ""
    fault: str = ""


def begin_run(database: Database, as_of: date, holder: str, lease: float = LEASE_SECONDS) -> Run:
    """Lead the run of a day; one that is done comes back finished. Raises: Busy while another one leads it."""
    with database.write() as work:
        return work.escalation.lead(as_of, holder, lease)


def run_escalation(database: Database, run: Run, lease: float = LEASE_SECONDS) -> Iterator[Done]:
    """Take what is due for each customer after the last one that the run did, and finish it.

    With a customer that could not be handled it is not finished: the next run of the day looks at all of them again.
    Raises: LeaseLost where another one leads the run by now; storage's failures. What is done stays done.
    """
    faults = 0
    while run.finished_at is None:
        with database.read() as work:
            customers = work.escalation.customers(run.as_of, run.after)
        for customer_id in customers:
            run, done = _one(database, run, lease, customer_id)
            faults += bool(done.fault)
            yield done
        if not customers:
            with database.write() as work:
                run = work.escalation.begin_again(run) if faults else work.escalation.finish(run)
            if faults:
                return


def _one(database: Database, run: Run, lease: float, customer_id: str) -> tuple[Run, Done]:
    """Take what is due for one customer; where that fails, go on behind it."""
    try:
        with database.write() as work:
            done = escalate_customer(work, customer_id, run.as_of)
            return work.escalation.advance(run, lease, customer_id, customers=1, steps=len(done.plan.steps),
                                           messages=len(done.plan.messages), holds=done.placed), done  # fmt: skip
    except Busy:
        fault = "others held it too long"
    except (LeaseLost, StorageFailure):
        raise
    except Exception:
        log.exception("escalate", extra={"customer_id": customer_id})
        fault = "it could not be handled; see the log"
    with database.write() as work:
        return work.escalation.advance(run, lease, customer_id, customers=1), Done(Plan(customer_id), fault=fault)


def planned(database: Database, as_of: date) -> Iterator[Done]:
    """What a run of a day would do for each customer; nothing is written."""
    for work, customer_id in _looked_at(database, as_of):
        yield plan_of(work, customer_id, as_of)


def _looked_at(database: Database, as_of: date) -> Iterator[tuple[Work, str]]:
    """Every customer that a run of a day looks at, each page in a transaction that reads."""
    after = ""
    while True:
        with database.read() as work:
            customers = work.escalation.customers(as_of, after)
            for customer_id in customers:
                yield work, customer_id
        if not customers:
            return
        after = customers[-1]


def escalate_customer(work: Work, customer_id: str, as_of: date) -> Done:
    """Take what is due for one customer: its steps with everything that they do, in this transaction."""
    account = _account(work, customer_id)
    work.accounts.lock_in_order([account.account_id])
    done = plan_of(work, customer_id, as_of)
    plan = done.plan
    for message in plan.messages:
        work.outbox.put(message)
    if work.escalation.take([_taken(plan, one, as_of) for one in plan.steps]) != len(plan.steps):
        raise LeaseLost(f"steps of '{customer_id}' were taken by another run at this moment")
    ended = _end_paid(work, customer_id, as_of)
    placed = 0
    for one in plan.steps:
        for action in one.step.does:
            if action.verb == "hold":
                placed += _place(work, account, plan, one, Hold(action.what, as_of))
            elif action.verb == "release":
                ended += _release(work, customer_id, one, as_of)
    return Done(plan, placed, ended, done.told)


def plan_of(work: Work, customer_id: str, as_of: date) -> Done:
    """What is due for one customer on a day, and why nothing is where a policy cannot say."""
    found = _under(work, customer_id, as_of)
    if isinstance(found, str):
        return Done(Plan(customer_id), told=found)
    program, situation = found
    return Done(plan_for(program, situation, work.escalation.pasts(customer_id)), told=told_of(program))


def _under(work: Work, customer_id: str, as_of: date) -> tuple[Program, Situation] | str:
    """The policy that a customer is under and all that is known; why there is none that can say, "" for no ladder."""
    account = _account(work, customer_id)
    version = None if account.policy_digest is None else work.policies.get(account.policy_digest)
    program = None if version is None else load_version(version).program
    if version is None or program is None:
        return "no policy is in effect"
    if not program.ladders:
        return ""
    if program.currency != account.currency:
        return f"the policy decides in {program.currency}, not in {account.currency}"
    return program, situation_on(work, account, version, program, as_of)


def told_of(program: Program) -> str:
    """The days that steps of a policy wait for and no record has; empty where there are none."""
    waits = sorted(frozenset().union(*(days_nobody_keeps(ladder) for ladder in program.ladders)))
    return f"steps that count from {' or '.join(waits)} wait: no such day is recorded" if waits else ""


def situation_on(
    work: Work, account: AccountState, version: PolicyVersion, program: Program, as_of: date
) -> Situation:
    """All that is known of a customer on a day, without an order."""
    customer_id = account.customer.customer_id
    if as_of < account.now.date():  # a lock and a look bring what may count about now
        account = replace(account, told=facts_ever_told(work, account.account_id))
    account = account.on_day(as_of)
    recorded = recorded_of(work.states.history(account.account_id), program.timezone, as_of)
    return Situation(
        decision_id="", order=None, account=account,
        invoices=work.invoices.for_customer(customer_id, as_of), stated={},
        master=master_facts(trade_vocabulary(), program, account),
        policy=PolicyReference(version.name, version.version, version.digest, program.digest),
        decided_at=account.now, as_of=as_of, recorded=recorded,
    )  # fmt: skip


def _account(work: Work, customer_id: str) -> AccountState:
    account = work.accounts.look(customer_id)
    assert account is not None, "customers are never removed"
    return account


def _taken(plan: Plan, one: StepDue, as_of: date) -> StepTaken:
    does = ", ".join(str(action) for action in one.step.does)
    return StepTaken(plan.customer_id, one.invoice_id, one.step.name, one.ladder, as_of, one.planned_on, does,
                     plan.policy_digest, one.message_id)  # fmt: skip


def _place(work: Work, account: AccountState, plan: Plan, one: StepDue, hold: Hold) -> bool:
    """Place the hold of a step, from the day of the run on."""
    reason = f"step '{one.step.name}' of ladder '{one.ladder}' for invoice '{one.invoice_id}'"
    return work.holds.place(NewHold(
        one.hold_id(plan.customer_id), account.account_id, hold, reason, LADDER, invoice_id=one.invoice_id,
        step=one.step.name, policy_digest=plan.policy_digest,
    ))  # fmt: skip


def _release(work: Work, customer_id: str, one: StepDue, as_of: date) -> int:
    """End the holds that earlier steps placed for the same invoice."""
    reason = f"step '{one.step.name}' of ladder '{one.ladder}'"
    return _end(work, [hold.hold_id for hold in work.holds.of_invoice(customer_id, one.invoice_id)
                       if hold.release is None], reason, as_of)  # fmt: skip


def _end_paid(work: Work, customer_id: str, as_of: date) -> int:
    """End the holds of ladders whose invoice is open no longer."""
    lasting = [hold for hold in work.holds.of_customer(customer_id) if hold.release is None and hold.step is not None]
    if not lasting:
        return 0
    still_open = {one.invoice_id for one in work.escalation.open_invoices(customer_id, as_of)}
    return sum(_end(work, [hold.hold_id], f"invoice '{hold.invoice_id}' is paid", as_of)
               for hold in lasting if hold.invoice_id not in still_open and hold.hold.placed_on <= as_of)  # fmt: skip


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
    for work, customer_id in _looked_at(database, first):
        for ladder, step, day in _days_of(work, customer_id, first):
            if max(day, first) <= last:
                found[max(day, first)][f"{ladder}: {step}"] += 1
    return found


def _days_of(work: Work, customer_id: str, as_of: date) -> Iterator[tuple[str, str, date]]:
    """Ladder, step and day of each step to come of a customer's open invoices."""
    found = _under(work, customer_id, as_of)
    if isinstance(found, str):
        return
    program, situation = found
    pasts = work.escalation.pasts(customer_id)
    for ladder, history in histories(program, situation, pasts):
        for step, day in planned_days(ladder.steps, history, is_business_day(program)):
            if day is not None and step not in history.done:
                yield ladder.name, step, day
