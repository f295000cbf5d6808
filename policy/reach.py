"""How far back a figure asks: a list that holds only the last days cannot answer for more, and must say so."""

from __future__ import annotations

from policy.problems import Problem
from policy.syntax import Binary, Comparison, FigureOf, Name, Number
from policy.vocabulary import ListDeclaration

DAYS = {"days": 1, "months": 31, "years": 366}


def beyond_reach(figure: FigureOf, listing: ListDeclaration) -> Problem | None:
    """The finding for a `where` line that asks for items older than the list holds, None where it can answer."""
    for line in figure.where if listing.days else ():
        if isinstance(line, Comparison) and line.op in (">", ">=") and _is(line.left, listing.dated_by):
            asked = _days_before_as_of(line)
            if asked > listing.days:
                message = f"'{listing.name}' holds the last {listing.days} days, this figure asks for {asked}"
                return Problem("range", line.right.at, message, f"ask for at most as_of - {listing.days} days")
    return None


def _days_before_as_of(line: Comparison) -> int:
    """The days of `as_of - N days`, 0 for anything else; months count with their longest."""
    back = line.right
    if isinstance(back, Binary) and back.op == "-" and _is(back.left, "as_of") and isinstance(back.right, Number):
        return int(back.right.value * DAYS.get(back.right.unit, 0))
    return 0


def _is(expr: object, name: str) -> bool:
    return isinstance(expr, Name) and expr.text == name
