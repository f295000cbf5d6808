"""The days of a ladder's steps for every due date of four years: steps out of order, and steps that never happen.

Here a letter leaves on its day and business days are Monday to Friday; what hangs on an act or a failure is left out.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from policy.day_formula import DayWritten, Mention
from policy.ladders import LadderWritten, StepWritten
from policy.problems import Problem
from policy.receivables import DateRule

FIRST_DUE = date(2024, 1, 1)
DUE_DATES = 1461  # four years with a leap year among them
FLOATING_DAYS = 62  # due dates after which a month end stands where it stood
MOST_DAYS = 30_000  # parts of dates worked out for one ladder; of a longer one not every due date is tried
Settings = Callable[[Mention], tuple[str, int] | None]


def resolved(day: DayWritten, settings: Settings) -> DateRule:
    """A formula with the days of its settings put in."""
    found = {one.name: settings(one) for one in day.mentions if one.op == "setting"}
    return _resolved(day.rule, {name: value or ("add_days", 0) for name, value in found.items()})


def _resolved(rule: DateRule, settings: dict[str, tuple[str, int]]) -> DateRule:
    parts = tuple(_resolved(part, settings) for part in rule.parts)
    if rule.op != "add_setting":
        return DateRule(rule.op, rule.name, rule.number, parts)
    op, number = settings[rule.name]
    return DateRule(op, "", rule.number * number, parts)


def order_findings(ladder: LadderWritten, settings: Settings) -> Iterator[Problem]:
    """Steps out of order, two letters on one day, steps over before they begin, holds after legal action."""
    if any(one.op == "setting" and settings(one) is None for step in ladder.steps for one in step.day.mentions):
        return
    rules = [resolved(step.day, settings) for step in ladder.steps]
    lasts = [None if step.until is None else resolved(step.until, settings) for step in ladder.steps]
    told: set[int] = set()
    size = sum(1 + len(step.day.mentions) for step in ladder.steps)
    for number in range(0, DUE_DATES, 1 + DUE_DATES * size // MOST_DAYS):
        try:
            yield from _on(ladder, rules, lasts, FIRST_DUE + timedelta(number), told)
        except (OverflowError, ValueError):
            yield Problem("range", ladder.name.at, f"the ladder '{ladder.name.text}' goes on beyond the last year "
                          "of the calendar", "let it end earlier")  # fmt: skip
            return
        if len(told) == len(ladder.steps):
            break
    yield from _hold_after_legal(ladder)


def _on(
    ladder: LadderWritten, rules: list[DateRule], lasts: list[DateRule | None], due: date, told: set[int]
) -> Iterator[Problem]:
    days = _days(due)
    sent: dict[str, date] = {}
    before: tuple[StepWritten, date] | None = None
    for place, (step, rule, last) in enumerate(zip(ladder.steps, rules, lasts, strict=True)):
        on = day_of(rule, days, sent)
        if on is None:
            continue
        sent[step.name.text] = on
        end = None if last is None else day_of(last, days, sent)
        found = _faults(step, on, end, before, due)
        if found is not None and before is not None and on < before[1] and (end is None or on <= end):
            found = _floating(found, ladder, rules, (ladder.steps.index(before[0]), place))
        if found is not None and place not in told:
            told.add(place)
            yield found
        before = (step, on)


def _days(due: date) -> dict[str, date]:
    return {"due": due, "invoiced": due - timedelta(30), "delivered": due - timedelta(30)}


def _floating(found: Problem, ladder: LadderWritten, rules: list[DateRule], places: tuple[int, int]) -> Problem:
    """The finding of a step that comes too early; where it comes late enough for other due dates, no order helps."""
    above, step = (ladder.steps[place].day.text for place in places)
    for number in range(FLOATING_DAYS):
        before, on = (day_of(rules[place], _days(FIRST_DUE + timedelta(number)), {}) for place in places)
        if before is not None and on is not None and on >= before:
            return replace(found, help="their order changes with the due date; let this one come on the later day: "
                           f"at: {{latest: [{above}, {step}]}}")  # fmt: skip
    return found


def _faults(
    step: StepWritten, on: date, end: date | None, before: tuple[StepWritten, date] | None, due: date
) -> Problem | None:
    name, example = step.name.text, f"for an invoice due on {due}"
    if end is not None and end < on:
        return Problem("step-never", step.day.at, f"{example} the step '{name}' begins on {on}, after its last day "
                       f"{end}", "let 'until' be later")  # fmt: skip
    if before is None:
        return None
    above, day = before[0].name.text, before[1]
    if on < day:
        return Problem("step-order", step.day.at, f"{example} the step '{name}' comes on {on}, before '{above}' on "
                       f"{day}, which stands above it", "put the steps in the order of their dates", "warning")
    if on == day and _is_plain_letter(step) and _is_plain_letter(before[0]):
        return Problem("step-order", step.day.at, f"{example} the steps '{above}' and '{name}' both send a letter on "
                       f"{on}", "let one come later, or give it a condition", "warning")  # fmt: skip
    return None


def _is_plain_letter(step: StepWritten) -> bool:
    return step.when is None and any(action.verb == "send" for action in step.does)


def _hold_after_legal(ladder: LadderWritten) -> Iterator[Problem]:
    """Orders are stopped before a lawyer is asked, not after."""
    legal = ""
    for step in ladder.steps:
        for action in step.does:
            if action.verb == "hold" and legal:
                yield Problem("step-order", action.at, f"'hold {action.what}' comes after '{legal}' proposed legal "
                              "action: orders are taken meanwhile", "hold at an earlier step", "warning")  # fmt: skip
                return
        if any(action.verb == "propose" and action.what == "legal" for action in step.does):
            legal = step.name.text


def day_of(rule: DateRule, days: dict[str, date], sent: dict[str, date]) -> date | None:
    """The date of a formula where every letter leaves on its day; None where it hangs on something else."""
    match rule.op:
        case "anchor":
            return days.get(rule.name)
        case "sent":
            return sent.get(rule.name)
        case "failed" | "act":
            return None
    found = [day_of(part, days, sent) for part in rule.parts]
    known = [day for day in found if day is not None]
    if len(known) < len(found):
        return None
    match rule.op:
        case "earliest" | "latest":
            return min(known) if rule.op == "earliest" else max(known)
        case "month_end":
            return _in_month(known[0].year * 12 + known[0].month - 1, 31)
        case "add_months":
            return _in_month(known[0].year * 12 + known[0].month - 1 + rule.number, known[0].day)
        case "add_business_days":
            return _weekday(known[0], rule.number)
    return known[0] + timedelta(rule.number)


def _in_month(number: int, day: int) -> date:
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day, calendar.monthrange(year, month + 1)[1]))


def _weekday(day: date, number: int) -> date:
    step = timedelta(-1 if number < 0 else 1)
    while day.weekday() > 4:  # counting begins on the weekday before, but no days at all end on the one after
        day += -step if number else step
    weeks, rest = divmod(abs(number), 5)
    day += step * 7 * weeks
    while rest:
        day += step
        rest -= day.weekday() < 5
    return day
