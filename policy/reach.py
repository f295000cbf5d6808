"""How far back a figure asks: a list that holds only the last days cannot answer for more, and must say so."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from policy.document import Let
from policy.problems import Problem
from policy.syntax import Binary, Comparison, DateLiteral, Expr, FigureOf, Name, Number, Window
from policy.vocabulary import ListDeclaration

DAYS = {"days": 1, "months": 31, "years": 366}


def beyond_reach(figure: FigureOf, listing: ListDeclaration, lets: Mapping[str, Let]) -> Problem | None:
    """The finding for a line or window that asks for items older than the list holds, None where it can answer."""
    if listing.days and figure.window is not None and _reaches_back(figure.window) > listing.days:
        asked = "all there ever were" if figure.window.unit == "ever" else "older ones"
        message = f"'{listing.name}' holds the last {listing.days} days, this figure asks for {asked}"
        return Problem("range", figure.window.at, message, f"ask for at most in last {listing.days} days")
    for line in figure.where if listing.days else ():
        if isinstance(line, Comparison) and line.op in (">", ">=") and _is(line.left, listing.dated_by):
            since = _formula(line.right, lets)
            asked = "all since a fixed day" if isinstance(since, DateLiteral) else f"{_days_before_as_of(since)}"
            if isinstance(since, DateLiteral) or _days_before_as_of(since) > listing.days:
                message = f"'{listing.name}' holds the last {listing.days} days, this figure asks for {asked}"
                return Problem("range", line.right.at, message, f"ask for at most as_of - {listing.days} days")
    return None


def undated(figure: FigureOf, listing: ListDeclaration) -> Problem | None:
    """The finding for a window over a list whose items have no day."""
    if figure.window is None or figure.window.unit == "ever" or listing.dated_by:
        return None
    return Problem("range", figure.window.at, f"the items of '{listing.name}' have no day that a window could look at",
                   "declare which date it is: add 'dated_by: FIELD' to the list")  # fmt: skip


def _reaches_back(window: Window) -> int:
    """The days before as_of that a window may look at; months count with their longest."""
    longest = {"days": window.size, "months": 31 * window.size, "calendar": 62 * window.size}
    return longest.get(window.unit, sys.maxsize)


def _formula(expr: Expr, lets: Mapping[str, Let]) -> Expr:
    """The formula behind a name, through figures that are only another name for it."""
    seen: set[str] = set()
    while isinstance(expr, Name) and expr.text in lets and expr.text not in seen:
        seen.add(expr.text)
        expr = lets[expr.text].formula
    return expr


def _days_before_as_of(back: Expr) -> int:
    """The days of `as_of - N days`, 0 for anything else; months count with their longest."""
    if isinstance(back, Binary) and back.op == "-" and _is(back.left, "as_of") and isinstance(back.right, Number):
        return int(back.right.value * DAYS.get(back.right.unit, 0))
    return 0


def _is(expr: object, name: str) -> bool:
    return isinstance(expr, Name) and expr.text == name
