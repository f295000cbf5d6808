"""Holds and checks a day apart: a ladder holds a customer's orders from day 15, a check fails from day 16.

On the day between, orders are held though the check passes them, and hardly ever on purpose. Only steps that count
calendar days from the due date are looked at, for those days are the ones that `days_overdue` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policy.analysis.edges import Edge, edges_of
from policy.day_formula import Mention
from policy.ladders import StepWritten
from policy.meaning import Checked
from policy.problems import Problem
from policy.receivables import DateRule
from policy.step_days import resolved
from policy.syntax import Number

DAYS_OVERDUE = ("days_overdue of invoices", "account.oldest_overdue_days")
DAY_EARLIER = {">": ">=", "<=": "<"}
Settings = Callable[[Mention], tuple[str, int] | None]


def step_edges(checked: Checked) -> Iterator[Problem]:
    """A finding for each step that holds orders one day before the file's own test of days overdue."""
    edges = [edge for edge in edges_of(checked) if edge.subject in DAYS_OVERDUE] if checked.policy.ladders else []
    for ladder in checked.policy.ladders:
        for step in ladder.steps:
            day = _day(checked, step)
            if day is None or not any(action.verb == "hold" for action in step.does):
                continue
            onward = [edge for edge in edges if edge.value == day]
            if onward and all(edge.above for edge in onward):
                yield _problem(step, day, onward[0])


def _day(checked: Checked, step: StepWritten) -> int | None:
    """The day overdue on which a step begins; None where that hangs on anything but calendar days after due."""
    settings = [one for one in step.day.mentions if one.op == "setting"]
    if step.when is not None or any(_setting(checked, one) is None for one in settings):
        return None
    rule = resolved(step.day, lambda one: _setting(checked, one))
    number = 0
    while rule.op == "add_days" and len(rule.parts) == 1:
        number += rule.number
        rule = rule.parts[0]
    return number if rule == DateRule("anchor", "due") else None


def _setting(checked: Checked, one: Mention) -> tuple[str, int] | None:
    """A setting of the file that holds one number of days."""
    written = next((s for s in checked.policy.settings if f"settings.{s.name.text}" == one.name), None)
    if written is None or len(written.values) != 1:
        return None
    only = written.values[0].value
    value = checked.meanings.numbers.get(only) if isinstance(only, Number) else None
    return ("add_days", value) if isinstance(value, int) else None


def _problem(step: StepWritten, day: int, edge: Edge) -> Problem:
    message = (f"'{step.name.text}' holds orders from day {day}, but {edge.section}, line {edge.at.line}, tests "
               f"'{edge.subject}' with {edge.written} {day}, which turns on day {day + 1}: on day {day} orders are "
               "held, but pass that test")  # fmt: skip
    return Problem("off-by-one", step.day.at, message, f"write 'due + {day + 1} days' here, or test with "
                   f"{DAY_EARLIER[edge.written]} {day} there", "warning", ((edge.subject, str(day)),))  # fmt: skip
