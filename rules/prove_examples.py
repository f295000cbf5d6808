"""Orders that break a promise, found where rows of a large table give less for a better value.

The grid names an order for each pair of rows that may follow each other; what the policy's first test gives fills in
the rest. Only an order whose harm the reference engine shows is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import Any

from policy.compile_promises import Question
from policy.kinds import UNLIMITED
from policy.program import Const, Fact, First, Program
from rules.facts import computed_facts
from rules.prove_steps import Moved, Pairs, Place, Steps, compare, large_tables
from rules.prove_values import Value
from rules.standing import decided, worse

TRIED = 40  # pairs of rows
SOME_DAY = 739_943
GRANTED = "limit.granted"
Orders = tuple[dict[str, Any], dict[str, Any]]


def broken_in_tables(
    steps: Steps, question: Question, moved: Moved, typical: Mapping[str, Any], rows: int
) -> tuple[tuple[str, ...], Orders] | None:
    """The parts that fare worse, and the two orders; None where no pair of rows of a large table shows any."""
    if moved.names != {question.fact} or question.fact.startswith("order."):
        return None  # other facts follow from these
    falls = (place for index, pairs in large_tables(steps, moved, rows).items()
             for place in _falls(steps.program, index, pairs))  # fmt: skip
    for place in islice(falls, TRIED):
        for orders in _orders(steps, place, typical):
            parts = _harm(steps.program, question, orders)
            if parts:
                return parts, orders
    return None


def _falls(program: Program, index: int, pairs: Pairs) -> Iterator[Place]:
    """Places where some number that a table gives gets smaller."""
    table = program.nodes[index]
    assert isinstance(table, First)
    given = [[_number(program.nodes[output]) for output in row.outputs] for row in table.rows]
    for (one, other), place in pairs.items():
        if any(compare(before, after) == ">" for before, after in zip(given[one], given[other], strict=True)):
            yield place


def _number(node: object) -> Value:
    value = node.value if isinstance(node, Const) else None
    whole = isinstance(value, int | Fraction) and not isinstance(value, bool)
    return Value(value.numerator, value.denominator) if whole else Value("")  # type: ignore[union-attr]


def _orders(steps: Steps, place: Place, typical: Mapping[str, Any]) -> Iterator[Orders]:
    """Two orders at a place, as a test gives them, and with a limit that stands in nobody's way."""
    axes = steps.grid.axes
    given = {axis: axes[axis].sample(cells.bit_length() - 1) for axis, cells in place.others.items()}
    moves = axes[place.axis].sample(place.before), axes[place.axis].sample(place.after)
    if None in given.values() or None in moves:
        return
    base = _whole(steps.program, typical) | {_name(steps, axis): value for axis, value in given.items()}
    name = _name(steps, place.axis)
    for more in ({}, {GRANTED: UNLIMITED} if GRANTED in base else {}):
        yield base | more | {name: moves[0]}, base | more | {name: moves[1]}


def _name(steps: Steps, axis: int) -> str:
    node = steps.grid.axes[axis].node
    assert isinstance(node, Fact)
    return node.name


def _whole(program: Program, typical: Mapping[str, Any]) -> dict[str, Any]:
    """Facts for everything that the policy reads: those of a test, those that follow, and else the plainest."""
    found = computed_facts(typical)
    for node in program.nodes:
        if isinstance(node, Fact) and node.scope in ("fact", "figure") and node.kind != "terms":
            declared = program.facts.get(node.name)
            word = declared.choices[0] if declared and declared.choices else "other"
            plain: dict[str, Any] = {"flag": False, "date": SOME_DAY, "text": "other", "choice": word}
            rank = 1 if declared and declared.scale else 0
            found.setdefault(node.name, plain.get(node.kind, rank))
    return found


def _harm(program: Program, question: Question, orders: Orders) -> tuple[str, ...]:
    try:
        before, after = (decided(program, facts)[1] for facts in orders)
    except (ArithmeticError, ValueError):  # such as a day after the last year of the calendar
        return ()
    return worse(before, after, question.aspects)
