"""The escalation ladder of one invoice: which steps are due on the day of a run, each once, and what its days will be.

A step happens on the first run on or after its date. A run that finds its condition false looks again the next day,
until the step's last day or the payment. Ladders come from a policy; here only their shape is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Protocol

from credit.dates import IsBusinessDay, add_business_days, add_months, is_weekday, month_end

ANCHORS = ("due", "invoiced", "delivered", "entered")
PROOFS = {
    "email": "none", "text_message": "none", "phone": "call note", "letter": "none", "courier": "signed receipt",
    "registered_mail": "postal receipt", "notarised_email": "notary's record",
}  # fmt: skip
CHANNELS = tuple(PROOFS)  # how a letter may be sent, and what then proves it
CARRIED = ("email",)  # the channels of letters that leave by themselves; people see to the others
STATUSES = ("done", "due", "later", "waits", "not_now", "missing", "over", "paid")


class DateRule(Protocol):
    """One date formula. `op`: anchor (one of ANCHORS), sent, failed (of the step `name`), act (`name` as written),
    add_days, add_months, add_business_days (`number`, of the one part), month_end, earliest, latest (of the parts).
    """

    @property
    def op(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def parts(self) -> Sequence[DateRule]: ...


class StepRule(Protocol):
    """One step of a ladder: when it happens, and the last day on which it still may."""

    @property
    def name(self) -> str: ...
    @property
    def at(self) -> DateRule: ...
    @property
    def until(self) -> DateRule | None: ...


@dataclass(frozen=True, slots=True)
class History:
    """What happened to one invoice so far: its own dates (by anchor), and each step and recorded act with its day.

    `done` holds every step taken, `sent` those whose letter really left, `failed` those whose letter came back.
    """

    dates: Mapping[str, date]
    done: Mapping[str, date] = field(default_factory=dict)
    sent: Mapping[str, date] = field(default_factory=dict)
    failed: Mapping[str, date] = field(default_factory=dict)
    acts: Mapping[str, date] = field(default_factory=dict)
    paid_on: date | None = None


@dataclass(frozen=True, slots=True)
class StepState:
    """A step on the day of a run: its date (None: not known yet) and where it stands (one of STATUSES).

    "waits": its date hangs on something that has not happened; "not_now": its condition is false today; "missing": its
    condition cannot be told; "over": its last day has passed.
    """

    name: str
    on: date | None
    status: str


def day_of(rule: DateRule, history: History, is_business_day: IsBusinessDay = is_weekday) -> date | None:
    """The date of a formula, None while what it counts from has not happened.

    The earliest of several leaves out what has not happened; the latest waits for all.
    """
    match rule.op:
        case "anchor":
            return history.dates.get(rule.name)
        case "sent":
            return history.sent.get(rule.name)
        case "failed":
            return history.failed.get(rule.name)
        case "act":
            return history.acts.get(rule.name)
    days = [day_of(part, history, is_business_day) for part in rule.parts]
    known = [day for day in days if day is not None]
    if rule.op == "earliest":
        return min(known, default=None)
    if not known or len(known) < len(days):
        return None
    match rule.op:
        case "latest":
            return max(known)
        case "month_end":
            return month_end(known[0])
        case "add_days":
            return known[0] + timedelta(rule.number)
        case "add_months":
            return add_months(known[0], rule.number)
        case "add_business_days":
            return add_business_days(known[0], rule.number, is_business_day)
    raise ValueError(f"no date formula '{rule.op}'")


def step_states(
    ladder: Sequence[StepRule],
    history: History,
    today: date,
    holds: Callable[[str], bool | None] = lambda step: True,
    is_business_day: IsBusinessDay = is_weekday,
) -> tuple[StepState, ...]:
    """Where each step of a ladder stands on the day of a run, in the order of the file.

    `holds` tells whether a step's condition is true today, None where it cannot be told; it is asked only of steps
    whose day has come.
    """
    return tuple(_state(step, history, today, holds, is_business_day) for step in ladder)


def _state(
    step: StepRule, history: History, today: date, holds: Callable[[str], bool | None], is_business_day: IsBusinessDay
) -> StepState:
    if step.name in history.done:
        return StepState(step.name, history.done[step.name], "done")
    on = day_of(step.at, history, is_business_day)
    if history.paid_on is not None and history.paid_on <= today:
        return StepState(step.name, on, "paid")
    last = None if step.until is None else day_of(step.until, history, is_business_day)
    if last is not None and last < today:
        return StepState(step.name, on, "over")
    if on is None or on > today:
        return StepState(step.name, on, "waits" if on is None else "later")
    met = holds(step.name)
    return StepState(step.name, on, "missing" if met is None else "due" if met else "not_now")


def steps_due(states: Iterable[StepState]) -> tuple[str, ...]:
    """The steps to take in this run, the earliest date first, steps of one date in the order of the file."""
    due = [state for state in states if state.status == "due"]
    return tuple(state.name for state in sorted(due, key=lambda state: state.on or date.min))


def planned_days(
    ladder: Sequence[StepRule], history: History, is_business_day: IsBusinessDay = is_weekday
) -> tuple[tuple[str, date | None], ...]:
    """The day of each step where every run is on time and every letter leaves on its day; None: it hangs on an act."""
    found: list[tuple[str, date | None]] = []
    for step in ladder:
        on = history.done.get(step.name) or day_of(step.at, history, is_business_day)
        found.append((step.name, on))
        if on is not None and step.name not in history.sent:
            history = replace(history, sent={**history.sent, step.name: on})
    return tuple(found)


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One due item of a customer; `level` is the place of the step that sends a letter for it today, -1 for none."""

    customer: str
    invoice: str
    level: int = -1
    letter: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one customer, with every invoice that it names."""

    customer: str
    letter: str
    channel: str
    invoices: tuple[str, ...]


def letters_by_customer(lines: Iterable[LetterLine]) -> tuple[Letter, ...]:
    """One letter for each customer who gets any today: the highest level of the lines, naming every due item."""
    by_customer: dict[str, list[LetterLine]] = {}
    for line in lines:
        by_customer.setdefault(line.customer, []).append(line)
    found = []
    for customer, own in by_customer.items():
        highest = max(own, key=lambda line: line.level)
        if highest.level >= 0:
            invoices = tuple(line.invoice for line in own)
            found.append(Letter(customer, highest.letter, highest.channel, tuple(dict.fromkeys(invoices))))
    return tuple(found)
