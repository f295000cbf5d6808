"""What a ladder wants of one customer on one day: the steps that are due, their letters, tasks and holds. Nothing acts.

The policy is the one in effect for the customer, its tier that of the day, the invoices those that are open on it. A
step keeps its record by its name, so a policy that changes in the middle of a ladder goes on with the steps that are
not taken yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

from api.known import gathered, invoices_of
from api.situation import Situation
from credit.blocks import is_blocked
from credit.escalation import History, LetterLine, StepState, letters_by_customer, step_states, steps_due
from credit.receivables import Invoice
from policy.program import Program
from policy.receivables import Action, Ladder, Step
from rules.figures import with_figures
from rules.ladders import Situation as ItemSituation
from rules.ladders import acts_of, is_business_day, ladder_for, states_on, tier_on
from rules.ledger_facts import invoice_items
from rules.states import Recorded, recorded_facts, roles_from
from storage.escalation_pages import NOTHING, OpenInvoice, Past
from storage.outbox import Message


@dataclass(frozen=True, slots=True)
class StepDue:
    """A step to be taken today of one invoice; `message_id` is the letter that it sends, None for none."""

    invoice_id: str
    ladder: str
    step: Step
    planned_on: date
    message_id: str | None = None

    def hold_id(self, customer_id: str) -> str:
        """What a hold of this step is called, the same however often it is asked."""
        return key_of("hold", customer_id, self.invoice_id, self.step.name)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is due for a customer on a day; `unknown` are steps whose condition, or the tier, cannot be told."""

    customer_id: str
    policy_digest: str = ""
    steps: tuple[StepDue, ...] = ()
    messages: tuple[Message, ...] = ()
    unknown: tuple[str, ...] = ()


def key_of(*parts: str) -> str:
    """A short name made of others: the same for the same, and no other."""
    return sha256("\n".join(parts).encode()).hexdigest()[:40]


def plan_for(program: Program, situation: Situation, pasts: Mapping[tuple[str, str], Past]) -> Plan:
    """What is due for one customer on the day of the situation, by a policy in its currency."""
    customer_id = situation.account.customer.customer_id
    facts = facts_of(program, situation) if reads_facts(program) else {}
    tier = tier_on(program, facts) if program.ladder_of else None
    ladder = ladder_for(program, tier)
    if ladder is None or not ladder.steps:
        return Plan(customer_id, unknown=("the tier",) if program.ladder_of and tier is None else ())
    blocked = {name for (owner, name), past in pasts.items()
               if owner == customer_id and is_blocked(past.blocks, situation.as_of)}  # fmt: skip
    open_now = {one.invoice_id: one for one in invoices_of(situation)
                if one.is_open(situation.as_of) and one.invoice_id not in blocked}  # fmt: skip
    items = {str(one["invoice_id"]): one for one in invoice_items(open_now.values(), situation.as_of)}
    acts = act_days(program, ladder, situation.recorded)
    due: list[StepDue] = []
    unknown: list[str] = []
    for invoice_id, one in open_now.items():
        history = history_of(one, pasts.get((customer_id, invoice_id), NOTHING), acts)
        states = states_on(program, ladder, history, situation.as_of, ItemSituation(items[invoice_id], facts))
        due += steps_of(ladder, invoice_id, states)
        unknown += [f"{invoice_id}: {state.name}" for state in states if state.status == "missing"]
    writer = Writer(program, situation)
    messages = writer.letters(ladder, due, open_now)
    steps = tuple(writer.linked(one, messages) for one in due)
    return Plan(customer_id, situation.policy.digest, steps, (*messages, *writer.others(due)), tuple(unknown))


def histories(
    program: Program, situation: Situation, pasts: Mapping[tuple[str, str], Past]
) -> Iterator[tuple[Ladder, History, Past]]:
    """The ladder and what happened so far, for each open invoice of a customer; nothing where none is on a ladder."""
    ladder = ladder_for(program, tier_on(program, facts_of(program, situation)) if program.ladder_of else None)
    if ladder is None:
        return
    acts = act_days(program, ladder, situation.recorded)
    for one in invoices_of(situation):
        if one.is_open(situation.as_of):
            past = pasts.get((one.customer_id, one.invoice_id), NOTHING)
            yield ladder, history_of(one, past, acts), past


def history_of(one: Invoice, past: Past, acts: Mapping[str, date]) -> History:
    """What happened to an invoice so far."""
    dates = {"due": one.due_on, "invoiced": one.invoiced_on, **past.dates}
    return History(dates, past.done, past.sent, past.failed, acts)


def reads_facts(program: Program) -> bool:
    """Whether a policy's ladders ask for anything but the days of an invoice: a tier, or a condition of a step."""
    return bool(program.ladder_of) or any(step.when is not None for one in program.ladders for step in one.steps)


class Days:
    """Whether the day of any step of a policy's ladders has come for an invoice, whatever its tier and conditions.

    Most invoices of a book have their days in common with many others, so what was found is kept.
    """

    def __init__(self, program: Program, as_of: date) -> None:
        """Look at the day of a run. Days that hang on a recorded act may be any."""
        self._ladders, self._as_of = [one.steps for one in program.ladders if one.steps], as_of
        self._is_business_day = is_business_day(program)
        self._any_day = any(acts_of(one) for one in program.ladders)
        self._kept: dict[tuple[Any, ...], bool] = {}

    def may_come(self, one: OpenInvoice) -> bool:
        """Whether a step may be due today."""
        same: tuple[Any, ...] = (one.invoiced_on, one.due_on)
        if one.past is not NOTHING:
            same += (*one.past.done.items(), "sent", *one.past.sent.items(), "failed", *one.past.failed.items(),
                     "told", *one.past.dates.items())  # fmt: skip
        known = self._kept.get(same)
        if known is None:
            known = self._kept[same] = self._any_day or self._come(one)
        return known

    def _come(self, one: OpenInvoice) -> bool:
        dates = {"due": date.fromisoformat(one.due_on), "invoiced": date.fromisoformat(one.invoiced_on),
                 **one.past.dates}  # fmt: skip
        history = History(dates, one.past.done, one.past.sent, one.past.failed)
        return any(
            state.status == "missing"  # its day has come, and nobody asked for the condition
            for steps in self._ladders
            for state in step_states(steps, history, self._as_of, lambda _: None, self._is_business_day)
        )


def facts_of(program: Program, situation: Situation) -> dict[str, Any]:
    """Every fact and figure of a customer on a day, without an order."""
    given, lists = gathered(situation, frozenset(figure.list_name for figure in program.figures))
    remembered, entries = recorded_facts(program, situation.recorded)
    return with_figures(program, {**given, **remembered}, {**lists, **entries}, situation.memo)


def act_days(program: Program, ladder: Ladder, recorded: Recorded) -> dict[str, date]:
    """The day on which each act that a ladder waits for was last recorded, by a person of its role or one above it."""
    found: dict[str, date] = {}
    for line in acts_of(ladder):
        act, _, role = line.rpartition(" by ")
        for done in recorded.acts:
            if done.day is not None and done.act == act and done.role in roles_from(program, role):
                found[line] = done.day
    return found


def steps_of(ladder: Ladder, invoice_id: str, states: Sequence[StepState]) -> Iterator[StepDue]:
    """The steps that are due, in the order in which they are taken."""
    days = {state.name: state.on for state in states}
    steps = {step.name: step for step in ladder.steps}
    for name in steps_due(states):
        on = days[name]
        assert on is not None, "a step without a day waits"
        yield StepDue(invoice_id, ladder.name, steps[name], on)


class Writer:
    """Puts the letters, tasks and proposals of one customer's steps into messages."""

    def __init__(self, program: Program, situation: Situation) -> None:
        self._per_customer = program.letters is not None and program.letters.per == "customer"
        self._digest, self._as_of = situation.policy.digest, situation.as_of
        self._customer = situation.account.customer.customer_id

    def letters(self, ladder: Ladder, due: Sequence[StepDue], open_now: Mapping[str, Invoice]) -> tuple[Message, ...]:
        """The letters of a day: one for each step that sends one, or one for the customer with every due item."""
        if not self._per_customer:
            return tuple(self._message("letter", action, one) for one in due for action in sends(one.step))
        place = {step.name: number for number, step in enumerate(ladder.steps)}
        lines = [LetterLine(self._customer, one.invoice_id, place[one.step.name], action.what, action.who)
                 for one in due for action in sends(one.step)]  # fmt: skip
        if not lines:
            return ()
        named = {line.invoice for line in lines}
        lines += [LetterLine(self._customer, one.invoice_id) for one in open_now.values()
                  if one.due_on <= self._as_of and one.invoice_id not in named]  # fmt: skip
        highest = max(due, key=lambda one: place[one.step.name] if sends(one.step) else -1).step.name
        return tuple(
            Message(key_of("letter", self._customer, self._as_of.isoformat(), one.letter, one.channel), self._customer,
                    "letter", one.letter, one.channel, highest, tuple(sorted(one.invoices)), self._as_of, self._digest)
            for one in letters_by_customer(lines)
        )  # fmt: skip

    def linked(self, one: StepDue, letters: Sequence[Message]) -> StepDue:
        """The step with the letter that stands for what it sends."""
        if not sends(one.step):
            return one
        mine = [letter for letter in letters if one.invoice_id in letter.invoices
                and (self._per_customer or letter.step == one.step.name)]  # fmt: skip
        return replace(one, message_id=mine[-1].message_id)

    def others(self, due: Sequence[StepDue]) -> Iterator[Message]:
        """The tasks and proposals of a day."""
        for one in due:
            for action in one.step.does:
                if action.verb in ("task", "propose"):
                    yield self._message("task" if action.verb == "task" else "proposal", action, one)

    def _message(self, kind: str, action: Action, one: StepDue) -> Message:
        key = key_of(kind, self._customer, one.invoice_id, one.step.name, action.what, action.who)
        return Message(key, self._customer, kind, action.what, action.who, one.step.name, (one.invoice_id,),
                       self._as_of, self._digest)  # fmt: skip


def sends(step: Step) -> tuple[Action, ...]:
    """The letters that a step sends."""
    return tuple(action for action in step.does if action.verb == "send")
