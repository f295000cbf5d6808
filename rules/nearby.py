"""Orders beside an order: one fact moved to where a test of the policy turns, to the last unit below, at and above it.

A test of a formula is reached by moving any fact that the formula reads: the way is measured, not guessed, and taken
again from there, so that it also ends well where a formula bends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

from policy.kinds import COUNT_MAX, MONEY_MAX, NO_LIMIT, NUMERIC, UNLIMITED, Value
from policy.program import Check, Collect, First, In, Logic, Program
from rules.facts import computed_facts
from rules.figures import Item, with_figures
from rules.formula_text import is_mark
from rules.outcome import Missing
from rules.reference import Evaluation
from rules.thresholds import Threshold, thresholds_of

Facts = Mapping[str, Value | None]
POINT = Fraction(1, 100)
WHOLE = ("money", "count", "days", "hours", "months", "date", "limit")
TRIES = 3
PROBE = {"money": 1_000, "limit": 1_000}
MOST = {"money": MONEY_MAX, "limit": MONEY_MAX, "date": 3_000_000}
PAID = "order.prepaid"
SENT = {"order.amount": "money", PAID: "money", "order.requested_terms": "terms"}  # read by the end of a decision


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One order as given: facts, and lists that figures are worked out from; `figures` stand for what a list gives."""

    facts: Facts
    lists: Mapping[str, Sequence[Item]] = field(default_factory=dict)
    figures: Mapping[str, Value | None] = field(default_factory=dict)

    def whole(self, program: Program) -> dict[str, Any]:
        """All that the policy reads of the order."""
        return with_figures(program, computed_facts(self.facts), self.lists) | dict(self.figures)

    def moved(self, program: Program, name: str, value: Value) -> OrderFacts:
        """The order with one other value."""
        if any(figure.name == name for figure in program.figures):
            return replace(self, figures={**self.figures, name: value})
        return replace(self, facts={**self.facts, name: value})


class Nearby:
    """The tests of one Program, and the values of facts at which they turn."""

    def __init__(self, program: Program) -> None:
        self.program = program
        found: dict[tuple[object, ...], Threshold] = {}
        for index, line in _conditions(program):
            for one in thresholds_of(program, index, line):
                found.setdefault(one.key, one)
        self.thresholds = tuple(found.values())

    def movable(self, order: OrderFacts) -> dict[str, str]:
        """The given facts and figures of an order that the policy reads, with their kinds."""
        declared = {name: fact.kind for name, fact in self.program.facts.items()}
        names = dict.fromkeys((*declared, *SENT))
        known = self.read(order)
        found = {name: declared.get(name, SENT.get(name, "money")) for name in names if self._is_given(order, name)}
        found |= {one.name: one.kind for one in self.program.figures if not isinstance(known.get(one.name), Missing)}
        return found

    def _is_given(self, order: OrderFacts, name: str) -> bool:
        return order.facts.get(name) is not None or (name == PAID and order.facts.get("order.amount") is not None)

    def read(self, order: OrderFacts) -> dict[str, Any]:
        """The facts of an order as engines read them."""
        return order.whole(self.program)

    def beside(self, order: OrderFacts, only: Iterable[Threshold] | None = None) -> Iterator[tuple[str, OrderFacts]]:
        """Each order with one fact at, or a unit beside, a test of the policy, with the name of that fact."""
        for name, kind in self.movable(order).items():
            for value in self.turning(order, name, kind, only):
                yield name, order.moved(self.program, name, value)

    def turning(
        self, order: OrderFacts, name: str, kind: str, only: Iterable[Threshold] | None = None
    ) -> tuple[Value, ...]:
        """The values of one fact, all else equal, at which a test turns, and the units beside them, rising."""
        if kind == "flag":
            return (True, False)
        if kind == "terms":
            return tuple(self.program.terms)
        if kind in ("choice", "text"):
            return tuple(dict.fromkeys(self._words(name)))
        if kind not in (*NUMERIC, "date"):
            return ()
        start = self.read(order).get(name)
        start = 0 if start is None or is_mark(start, kind) else start
        found: set[Value] = {NO_LIMIT, UNLIMITED} if kind == "limit" else set()
        amount = order.facts.get("order.amount")
        if name == PAID and isinstance(amount, int):
            found.add(amount)
        for one in self.thresholds if only is None else only:
            if one.unit and (edge := self._reached(order, name, kind, one, Fraction(start))) is not None:
                found.update(value for value in _around(edge, kind) if _can_be(value, kind))
        return tuple(sorted(found, key=lambda value: Fraction(value)))  # type: ignore[arg-type]

    def _words(self, name: str) -> Iterator[Value]:
        declared = self.program.facts.get(name)
        yield from declared.choices if declared is not None else ()
        for one in self.thresholds:
            node = self.program.nodes[one.test]
            if isinstance(node, In) and getattr(self.program.nodes[one.subject], "name", "") == name:
                yield from node.points

    def _reached(self, order: OrderFacts, name: str, kind: str, one: Threshold, start: Fraction) -> Fraction | None:
        """The value of a fact at which a test turns; None where it does not depend on it."""
        step = Fraction(PROBE.get(kind, 1)) if kind in WHOLE else POINT
        here = start
        for _ in range(TRIES):
            away = self._distance(order, name, kind, one, here)
            if away is None or away == 0:
                return None if away is None else here
            further = self._distance(order, name, kind, one, here + step)
            if further is None or further == away:
                return None
            here -= away * step / (further - away)
            if kind in WHOLE and here.denominator != 1:
                return here
        return here if self._distance(order, name, kind, one, here) == 0 else None

    def _distance(self, order: OrderFacts, name: str, kind: str, one: Threshold, at: Fraction) -> Fraction | None:
        value = at.numerator if at.denominator == 1 else at
        if not _can_be(value, kind):
            return None
        moved = order.moved(self.program, name, value)
        evaluation = Evaluation(self.program.nodes, self.program.tables, self.read(moved))
        subject: Any = evaluation.value(one.subject)
        edge: Any = one.edge if one.other < 0 else evaluation.value(one.other)
        if isinstance(subject, Missing) or isinstance(edge, Missing) or UNLIMITED in (subject, edge):
            return None
        return Fraction(subject) - Fraction(edge)


def _around(edge: Fraction, kind: str) -> tuple[Value, ...]:
    if kind in WHOLE:
        low, high = floor(edge), ceil(edge)
        return tuple(dict.fromkeys((low - 1, low, high, high + 1)))
    return tuple(value.numerator if value.denominator == 1 else value for value in (edge - POINT, edge, edge + POINT))


def _can_be(value: Value, kind: str) -> bool:
    most = MOST.get(kind, COUNT_MAX)
    return isinstance(value, (int, Fraction)) and (1 if kind == "date" else 0) <= value <= most


def _conditions(program: Program) -> Iterator[tuple[int, int]]:
    """Every condition of the Program that decides something, and its line."""
    for node in program.nodes:
        if isinstance(node, First):
            yield from ((row.condition, row.line) for row in node.rows if not _is_always(program, row.condition))
        elif isinstance(node, Collect):
            yield from (one for row in node.rows for one in _of_check(row))


def _of_check(row: Check) -> Iterator[tuple[int, int]]:
    yield row.fails, row.line
    yield from ((lift.condition, lift.line) for lift in row.lifts)
    if row.applies >= 0:
        yield row.applies, row.line


def _is_always(program: Program, index: int) -> bool:
    node = program.nodes[index]
    return isinstance(node, Logic) and node.op == "and" and not node.args
