"""A Program's ladders and charges on the dates of one invoice: the policy's records meet the business's arithmetic.

Nothing here sends or writes: what is due on a day is an answer, and a run that takes the steps is somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from credit.dates import IsBusinessDay
from credit.escalation import History, StepState, day_of, step_states
from credit.late_charges import (
    DatedRate,
    FixedCharge,
    FixedRule,
    Interest,
    InterestRule,
    Payment,
    fixed_charges,
    interest,
)
from credit.release import ReleaseTerms
from policy.kinds import Value
from policy.program import First, Program
from policy.receivables import Charge, DateRule, ItemTest, Ladder, Rate
from rules.calendars import business_calendar
from rules.fold import Tables
from rules.outcome import Missing
from rules.reference import Evaluation

KEPT_ANCHORS = frozenset({"due", "invoiced"})


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of one invoice on the day of a run: its own fields, and the facts of its account and customer.

    `facts` also holds every figure that a condition reads (`rules/figures.py`); `as_of` is the day of the run.
    """

    item: Mapping[str, Value | None]
    facts: Mapping[str, Any] = field(default_factory=dict)


def ladder_named(program: Program, name: str) -> Ladder | None:
    """A ladder by its name; None for none."""
    return next((ladder for ladder in program.ladders if ladder.name == name), None)


def ladder_for(program: Program, tier: str | None) -> Ladder | None:
    """The ladder of a tier; without tiers the only ladder there is. A customer without a known tier has none."""
    if not program.ladder_of:
        return program.ladders[0] if program.ladders else None
    return ladder_named(program, dict(program.ladder_of).get(tier or "", ""))


def tier_on(program: Program, facts: Mapping[str, Any]) -> str | None:
    """The tier of a customer by a policy's own rows, figures among the facts; None where it cannot be told."""
    tables: Tables = Evaluation(program.nodes, program.tables, facts).value(program.fold)
    outputs, _ = tables.outputs(tables.node.tiers)
    tier = outputs.get("tier")
    return None if tier is None else str(tier)


def acts_of(ladder: Ladder) -> frozenset[str]:
    """The acts, "agency chosen by credit_manager", that days of a ladder count from."""
    return frozenset(rule.name for rule in _rules(ladder) if rule.op == "act")


def days_to_be_told(ladder: Ladder) -> frozenset[str]:
    """The anchors of a ladder's days that no invoice says itself; somebody has to tell them."""
    return frozenset(rule.name for rule in _rules(ladder) if rule.op == "anchor") - KEPT_ANCHORS


def _rules(ladder: Ladder) -> Iterator[DateRule]:
    todo = [day for step in ladder.steps for day in (step.at, step.until) if day is not None]
    while todo:
        rule = todo.pop()
        yield rule
        todo += rule.parts


def is_business_day(program: Program) -> IsBusinessDay:
    """The business days of a policy's calendar."""
    return business_calendar(program.calendar).is_business_day


def states_on(
    program: Program, ladder: Ladder, history: History, today: date, situation: Situation
) -> tuple[StepState, ...]:
    """Where each step of a ladder stands on the day of a run."""
    conditions = {step.name: step.when for step in ladder.steps}
    facts = {**situation.facts, "as_of": today.toordinal()}

    def holds(name: str) -> bool | None:
        when = conditions[name]
        return True if when is None else holds_for(when, Situation(situation.item, facts))

    return step_states(ladder.steps, history, today, holds, is_business_day(program))


def holds_for(test: ItemTest, situation: Situation) -> bool | None:
    """Whether a step's condition is true of an invoice, None where it cannot be told."""
    tables = {node.name: index for index, node in enumerate(test.nodes) if isinstance(node, First)}
    evaluation = Evaluation(test.nodes, tables, situation.facts)
    evaluation.item = situation.item
    found = evaluation.value(test.condition)
    return None if isinstance(found, Missing) else bool(found)


@dataclass(frozen=True, slots=True)
class Charged:
    """What one row of late charges comes to: interest, or amounts on their days; `minor` is None where no rate is."""

    line: int
    interest: Interest | None = None
    fixed: tuple[FixedCharge, ...] = ()

    @property
    def minor(self) -> int | None:
        """The sum in minor units."""
        return sum(one.minor for one in self.fixed) if self.interest is None else self.interest.minor


def charges_on(
    program: Program, principal: int, dates: Mapping[str, date], payments: Sequence[Payment], as_of: date
) -> tuple[Charged, ...]:
    """Every late charge of an invoice, or of one instalment, up to a day; they add up.

    `principal` in minor units; `dates` by anchor. A charge that counts from a date which is not known is left out.
    """
    found = []
    for charge in program.charges:
        first = day_of(charge.start, History(dates), is_business_day(program))
        if first is not None:
            found.append(_charged(charge, principal, first, payments, as_of))
    return tuple(found)


def _charged(charge: Charge, principal: int, first: date, payments: Sequence[Payment], as_of: date) -> Charged:
    if charge.rates:
        return Charged(charge.line, interest(interest_rule(charge), principal, first, payments, as_of))
    rule = FixedRule(charge.minor, charge.share, charge.every_days, charge.every_months, charge.grace_days)
    return Charged(charge.line, None, fixed_charges(rule, principal, first, payments, as_of))


def interest_rule(charge: Charge) -> InterestRule:
    """A policy's interest in the business's own record."""
    rates = tuple(_dated(rate) for rate in charge.rates)
    return InterestRule(rates, charge.count_days, charge.grace_days, charge.cap, charge.compound_monthly)


def _dated(rate: Rate) -> DatedRate:
    since, until = (None if day is None else date.fromordinal(day) for day in (rate.since, rate.until))
    return DatedRate(Fraction(rate.share), rate.per, since, until)


def fees_for(program: Program, events: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """The fees for what happened, each event once for each time: name and minor units."""
    return tuple((fee.name, fee.minor) for event in events for fee in program.fees if fee.event == event)


def release_terms(program: Program) -> ReleaseTerms | None:
    """What a released referral allows under a policy; None where the policy does not say."""
    release = program.release
    return None if release is None else ReleaseTerms(release.days, release.months, release.up_to)
