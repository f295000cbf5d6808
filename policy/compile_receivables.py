"""Checked ladders, charges, fees and releases to their records in the Program.

A step's condition becomes a program of its own, as a figure's lines do; where it reads the tier, the rows of `tiers`
stand in it too, so that a run on any later day finds the tier of that day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from policy.charges import ChargeWritten, FeeWritten, ReleaseWritten
from policy.check_charges import dated_rates, per
from policy.check_ladders import NO_LADDER
from policy.day_formula import DayWritten, Mention
from policy.document import RowWritten, Setting, Word
from policy.ladders import LadderWritten, StepWritten
from policy.lower import Lowering
from policy.meaning import names_in
from policy.program import Program
from policy.receivables import Action, Charge, DateRule, Fee, ItemTest, Ladder, Letters, Rate, Release, Step
from policy.step_days import resolved
from policy.syntax import Condition, Expr

Section = Callable[[Lowering, str, tuple[RowWritten, ...]], int]


def with_receivables(program: Program, low: Lowering, section: Section) -> Program:
    """The Program with everything that comes after a decision."""
    policy = low.checked.policy
    return replace(
        program,
        calendar=policy.calendar.text if policy.calendar is not None else "",
        ladders=tuple(_ladder(low, ladder, section) for ladder in policy.ladders),
        ladder_of=_ladder_of(low),
        letters=None if policy.letters is None else Letters(policy.letters.per.text),
        charges=tuple(_charge(low, charge) for charge in policy.charges),
        fees=tuple(_fee(low, fee) for fee in policy.fees),
        release=None if policy.release is None else _release(low, policy.release),
    )


def _ladder_of(low: Lowering) -> tuple[tuple[str, str], ...]:
    """Each tier with its ladder; where there is only one ladder, a tier that names none has that."""
    policy = low.checked.policy
    only = policy.ladders[0].name.text if len(policy.ladders) == 1 else NO_LADDER
    found: dict[str, str] = {}
    for row in policy.rows.get("tiers", ()) if policy.ladders else ():
        tier, ladder = row.cells["tier"], row.cells.get("ladder")
        assert isinstance(tier, Word)
        if isinstance(ladder, Word):
            found[tier.text] = ladder.text
        else:
            found.setdefault(tier.text, only)
    return tuple(found.items())


def _ladder(low: Lowering, ladder: LadderWritten, section: Section) -> Ladder:
    return Ladder(ladder.name.text, tuple(_step(low, step, section) for step in ladder.steps))


def _step(low: Lowering, step: StepWritten, section: Section) -> Step:
    does = tuple(Action(one.verb, one.what, one.who) for one in step.does)
    until = None if step.until is None else day_rule(low, step.until)
    when = None if step.when is None else _item_test(low, step.when, section)
    return Step(step.name.text, day_rule(low, step.day), does, until, when, step.day.text, step.at.line)


def day_rule(low: Lowering, day: DayWritten) -> DateRule:
    """A date formula with the days of its settings put in."""
    return resolved(day, lambda mention: _setting_days(low, mention))


def _setting_days(low: Lowering, mention: Mention) -> tuple[str, int]:
    setting = _setting(low, mention.name)
    value = setting.values[0].value
    return f"add_{low.checked.meanings.sorts[value].kind}", int(Fraction(str(low.constant(value))))


def _setting(low: Lowering, name: str) -> Setting:
    return next(one for one in low.checked.policy.settings if f"settings.{one.name.text}" == name)


def _item_test(low: Lowering, condition: Condition, section: Section) -> ItemTest:
    inner = Lowering(low.checked)
    inner.figures = low.figures
    tiers = low.checked.policy.rows.get("tiers", ())
    if tiers and _reads_tier(low, condition, set()):
        section(inner, "tiers", tiers)
    index = inner.condition(condition)
    return ItemTest(tuple(inner.nodes), index)


def _reads_tier(low: Lowering, node: Expr | Condition, seen: set[str]) -> bool:
    for name in names_in(node):
        if name.text == "tier":
            return True
        let = low.checked.names.lets.get(name.text)
        if let is not None and name.text not in seen:
            seen.add(name.text)
            if _reads_tier(low, let.formula, seen):
                return True
    return False


def _charge(low: Lowering, charge: ChargeWritten) -> Charge:
    amount = None if charge.amount is None else _number(low, charge.amount)
    every = ("days", 0) if charge.then_every is None else _span(low, charge.then_every)
    return Charge(
        start=day_rule(low, charge.start),
        rates=() if charge.rate is None else _rates(low, charge.rate),
        minor=int(amount) if amount is not None and not charge.of_principal else 0,
        share=amount if charge.of_principal else None,
        every_days=every[1] if every[0] == "days" else 0,
        every_months=every[1] if every[0] == "months" else 0,
        grace_days=0 if charge.grace is None else _span(low, charge.grace)[1],
        cap=None if charge.cap is None else _rates(low, charge.cap)[0].share,
        count_days="" if charge.count_days is None else charge.count_days.text,
        compound_monthly=charge.compound is not None,
        line=charge.at.line,
    )


def _rates(low: Lowering, expr: Expr) -> tuple[Rate, ...]:
    found = []
    for number, dated in dated_rates(low.checked.policy, expr):
        since, until = (None, None) if dated is None else (dated.since, dated.until)
        found.append(Rate(number.value, per(number), since, until))
    return tuple(found)


def _number(low: Lowering, expr: Expr) -> Fraction:
    return Fraction(str(low.constant(expr)))


def _span(low: Lowering, expr: Expr) -> tuple[str, int]:
    return low.checked.meanings.sorts[expr].kind, int(_number(low, expr))


def _fee(low: Lowering, fee: FeeWritten) -> Fee:
    return Fee(fee.name.text, fee.event.text, int(_number(low, fee.amount)))


def _release(low: Lowering, release: ReleaseWritten) -> Release:
    kind, number = _span(low, release.valid_for)
    days, months = (number, 0) if kind == "days" else (0, number)
    return Release(days, months, _number(low, release.up_to))
