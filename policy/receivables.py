"""What a Program says about an invoice after the decision: ladders, charges, fees, and what a release allows.

These are entries of their own, beside the nodes that decide an order. Dates are formulas that count from something that
happens; conditions of steps are little programs over the fields of one invoice, as those of figures are.
Source: docs/policy-language.md, "escalation" and "late_charge"
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.program import Node


@dataclass(frozen=True, slots=True)
class DateRule:
    """A date formula. `op`: anchor (`name` is due, invoiced, delivered or entered), sent and failed (of the step
    `name`), act (`name` as written), add_days, add_months, add_business_days (`number`), month_end, earliest, latest.
    """

    op: str
    name: str = ""
    number: int = 0
    parts: tuple[DateRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """What a step does: send `what` (a letter) by `who` (a channel), hold orders or account, release hold, task `what`
    for `who` (a role, or "" for whoever works the ladder), propose `what` to `who`.
    """

    verb: str
    what: str
    who: str = ""

    def __str__(self) -> str:
        join = {"send": "by", "task": "for", "propose": "to"}.get(self.verb, "")
        return f"{self.verb} {self.what}" + (f" {join} {self.who}" if self.who else "")


@dataclass(frozen=True, slots=True)
class ItemTest:
    """A condition on one invoice: nodes over its fields ("item") and over facts, and the index of the condition."""

    nodes: tuple[Node, ...]
    condition: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder, on the first run on or after `at`, up to the day `until`, while `when` holds."""

    name: str
    at: DateRule
    does: tuple[Action, ...]
    until: DateRule | None = None
    when: ItemTest | None = None
    text: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ladder:
    """A named ladder; one without steps leaves its customers in peace."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Letters:
    """How letters of one run are put together: one for each customer, or one for each invoice."""

    per: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of interest per day, month or year (1.5 % is 3/200); first and last day as ordinal day numbers."""

    share: Fraction
    per: str
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Interest (`rates`), or an amount (`minor`, or `share` of the open principal) on `start` and every so often."""

    start: DateRule
    rates: tuple[Rate, ...] = ()
    minor: int = 0
    share: Fraction | None = None
    every_days: int = 0
    every_months: int = 0
    grace_days: int = 0
    cap: Fraction | None = None
    count_days: str = ""
    compound_monthly: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Fee:
    """An amount for an event: "payment returned", or "STEP sent"."""

    name: str
    event: str
    minor: int


@dataclass(frozen=True, slots=True)
class Release:
    """How long a released referral counts, and up to what share of the released amount."""

    days: int
    months: int
    up_to: Fraction
