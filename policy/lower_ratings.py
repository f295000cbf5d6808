"""Ratings to Program nodes: steps on a scale, and the one of several ratings that counts."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from policy.program import Calc, Const, Fact, First, In, Logic, Row
from policy.syntax import Notches, Pick

if TYPE_CHECKING:
    from policy.lower import Lowering


def notches(low: Lowering, expr: Notches) -> int:
    """Steps down a scale, or up, never beyond its ends; a rating is its rank, 1 the best."""
    last = len(low.checked.meanings.sorts[expr].choices)
    moved = low.add(Calc("add", (low.formula(expr.value), low.add(Const("count", expr.steps))), "count"))
    op, end = ("min", last) if expr.steps > 0 else ("max", 1)
    return low.add(Calc(op, (moved, low.add(Const("count", end))), "count"))


def pick(low: Lowering, name: str, written: Pick) -> int:
    """The rating that counts, as a table of which of them are known; of none known, all are what is missing."""
    args = [low.formula(arg) for arg in written.args]
    every = low.add(Calc("max", tuple(args), "count"))
    rows = []
    for size in range(len(args), 0, -1):
        for some in combinations(args, size):
            known = [low.add(In(arg, negated=True, missing=True)) for arg in some]
            rows.append(Row(low.add(Logic("and", tuple(known))), (_counting(low, written, some),), written.at.line))
    rows.append(Row(low.add(Logic("and", ())), (every if written.none is None else low.formula(written.none),)))
    low.table(First(f"settings.pick.{name}", ("value",), tuple(rows)))
    found = low.add(Fact("value", "count", f"settings.pick.{name}"))
    low.kinds[found] = f"rating:{low.checked.meanings.sorts[written].scale}"
    return found


def _counting(low: Lowering, written: Pick, some: tuple[int, ...]) -> int:
    """Which of so many known ratings counts; the middle of three lies between the better two."""
    which = {1: "worse", 2: written.two, 3: written.three}[len(some)]
    if len(some) == 1:
        return some[0]
    if which != "middle":
        return low.add(Calc("max" if which == "worse" else "min", some, "count"))
    pairs = [low.add(Calc("max", pair, "count")) for pair in combinations(some, 2)]
    return low.add(Calc("min", tuple(pairs), "count"))
