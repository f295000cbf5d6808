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

from api.known import gathered, read_invoice
from api.situation import Situation
from credit.escalation import History, LetterLine, StepState, letters_by_customer, steps_due
from credit.receivables import Invoice
from policy.program import Program
from policy.receivables import Action, Ladder, Step
from rules.figures import with_figures
from rules.ladders import Situation as ItemSituation
from rules.ladders import acts_of, ladder_for, states_on, tier_on
from rules.ledger_facts import invoice_items
from rules.states import Recorded, recorded_facts, roles_from
from storage.escalation import Past
from storage.outbox import Message

NOTHING = Past({}, {}, {})


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


def plan_for(program: Program, situation: Situation, pasts: Mapping[str, Past]) -> Plan:
    """What is due for one customer on the day of the situation, by a policy in its currency."""
    customer_id = situation.account.customer.customer_id
    facts = facts_of(program, situation)
    tier = tier_on(program, facts)
    ladder = ladder_for(program, tier)
    if ladder is None or not ladder.steps:
        return Plan(customer_id, unknown=("the tier",) if program.ladder_of and tier is None else ())
    invoices = [read_invoice(one, situation.account.currency) for one in situation.invoices]
    open_now = {one.invoice_id: one for one in invoices if one.is_open(situation.as_of)}
    items = {str(one["invoice_id"]): one for one in invoice_items(open_now.values(), situation.as_of)}
    acts = act_days(program, ladder, situation.recorded)
    due: list[StepDue] = []
    unknown: list[str] = []
    for invoice_id, one in open_now.items():
        history = history_of(one, pasts.get(invoice_id, NOTHING), acts)
        states = states_on(program, ladder, history, situation.as_of, ItemSituation(items[invoice_id], facts))
        due += steps_of(ladder, invoice_id, states)
        unknown += [f"{invoice_id}: {state.name}" for state in states if state.status == "missing"]
    writer = Writer(program, situation)
    messages = writer.letters(ladder, due, open_now)
    steps = tuple(writer.linked(one, messages) for one in due)
    return Plan(customer_id, situation.policy.digest, steps, (*messages, *writer.others(due)), tuple(unknown))


def histories(
    program: Program, situation: Situation, pasts: Mapping[str, Past]
) -> Iterator[tuple[Ladder, History]]:
    """The ladder and what happened so far, for each open invoice of a customer; nothing where none is on a ladder."""
    ladder = ladder_for(program, tier_on(program, facts_of(program, situation)))
    if ladder is None:
        return
    acts = act_days(program, ladder, situation.recorded)
    for stored in situation.invoices:
        one = read_invoice(stored, situation.account.currency)
        if one.is_open(situation.as_of):
            yield ladder, history_of(one, pasts.get(one.invoice_id, NOTHING), acts)


def history_of(one: Invoice, past: Past, acts: Mapping[str, date]) -> History:
    """What happened to an invoice so far."""
    return History({"due": one.due_on, "invoiced": one.invoiced_on}, past.done, past.sent, past.failed, acts)


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
