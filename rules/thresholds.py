"""The thresholds of a condition: every edge at which an answer may turn, and on which side of it a value lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from credit.money import Money
from policy.kinds import NUMERIC, Value
from policy.program import Compare, Const, Fact, Figure, In, Logic, Program
from rules.formula_text import FormulaText, is_mark
from rules.outcome import Missing
from rules.reference import Evaluation

POINT, BASIS_POINT = Fraction(1, 100), Fraction(1, 10_000)
UNITS = {"percent": POINT, "ratio": POINT, "number": POINT, "rate": BASIS_POINT}
ONE = Fraction(1)  # of all other kinds: a minor unit, a day, a month, an hour, one counted thing
NAMED = {"days": "one day", "date": "one day", "months": "one month", "hours": "one hour", "count": "one"}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One edge: the node of the test, what is compared with what, how wide one unit is, and what is wanted of tests.

    `edge` is None where two figures are compared (then `other` is the second) and where only the truth counts (then
    `unit` is 0). `sides` maps below, at and above, or true and false, to words. `figure` names the figure over a list
    whose items are tested, empty for the policy's own conditions.
    """

    test: int
    subject: int
    other: int
    edge: Value | None
    unit: Fraction
    sides: Mapping[str, str]
    line: int
    figure: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two thresholds one, in whichever rows they stand and whichever way they are compared."""
        return (self.figure, self.subject, self.other, self.edge, -1 if self.unit else self.test)


def thresholds_of(program: Program, index: int, line: int, figure: Figure | None = None) -> Iterator[Threshold]:
    """Every threshold under a condition of the Program, or of the lines `where` of a figure."""
    reader = _Reader(program, figure, line)
    yield from reader.under(index)


def side_of(evaluation: Evaluation, one: Threshold) -> str:
    """On which side of a threshold the values lie; empty where one is missing or further away than a unit."""
    if not one.unit:
        truth = evaluation.value(one.test)
        return "" if isinstance(truth, Missing) else "true" if truth else "false"
    value = evaluation.value(one.subject)
    edge: Any = one.edge if one.other < 0 else evaluation.value(one.other)
    if isinstance(value, Missing) or isinstance(edge, Missing):
        return ""
    for index, found in ((one.subject, value), (one.other, edge)):
        if index >= 0 and is_mark(found, str(getattr(evaluation.nodes[index], "kind", ""))):
            return ""
    distance = Fraction(value) - Fraction(edge)
    if distance == 0:
        return "at"
    return "" if abs(distance) > one.unit else "below" if distance < 0 else "above"


class _Reader:
    """The thresholds of one tuple of nodes, in words."""

    def __init__(self, program: Program, figure: Figure | None, line: int) -> None:
        self.program, self.line = program, line
        self.nodes = program.nodes if figure is None else figure.nodes
        self.text = FormulaText(program, None if figure is None else figure.nodes)
        self.figure = "" if figure is None else figure.name
        self.where = "" if figure is None else f"an item of {figure.name} with "

    def under(self, index: int) -> Iterator[Threshold]:
        node = self.nodes[index]
        if isinstance(node, Logic):
            for arg in node.args:
                yield from self.under(arg)
        elif isinstance(node, Compare):
            yield from self._compared(index, node)
        elif isinstance(node, In):
            yield from self._within(index, node)
        elif isinstance(node, Fact):
            yield self._truth(index, index)

    def _compared(self, index: int, node: Compare) -> Iterator[Threshold]:
        left, right = self.nodes[node.left], self.nodes[node.right]
        if isinstance(left, Const) and isinstance(right, Const):
            return
        subject, other = (node.right, node.left) if isinstance(left, Const) else (node.left, node.right)
        against = self.nodes[other]
        if not isinstance(against, Const):
            numeric = self.text.kind(subject) in (*NUMERIC, "date")
            yield self._between(index, node) if numeric else self._truth(index, subject)
        elif self._is_number(against.value, subject):
            yield self._edge(index, subject, against.value)
        else:
            yield self._truth(index, subject)

    def _within(self, index: int, node: In) -> Iterator[Threshold]:
        ends = [end for span in node.spans for end in (span.low, span.high) if end is not None]
        edges = [edge for edge in dict.fromkeys((*node.points, *ends)) if self._is_number(edge, node.arg)]
        for edge in () if node.missing else edges:
            yield self._edge(index, node.arg, edge)
        if node.missing or not edges:
            yield self._truth(index, node.arg)

    def _is_number(self, value: Value | None, subject: int) -> bool:
        kind = self.text.kind(subject)
        counted = kind in (*NUMERIC, "date") or kind.startswith("rating:")
        return counted and not is_mark(value, kind) and isinstance(value, (int, Fraction))

    def _edge(self, index: int, subject: int, edge: Value | None) -> Threshold:
        assert isinstance(edge, (int, Fraction))
        kind = self._kind(index, subject)
        if kind.startswith("rating:"):
            return self._rating(index, subject, int(edge), kind)
        unit = UNITS.get(kind, ONE)
        name, shown = self.where + self.text.formula(subject), self.text.value(edge, kind)
        near = {side: self.text.value(_whole(edge + step), kind) for side, step in (("below", -unit), ("above", unit))}
        sides = {"at": f"{name} exactly {shown}"}
        sides |= {side: f"{name} just {side} {shown} ({value})" for side, value in near.items()}
        if edge - unit < 0 and self._never_negative(subject):
            del sides["below"]
        return Threshold(index, subject, -1, edge, unit, sides, self.line, self.figure)

    def _rating(self, index: int, subject: int, rank: int, kind: str) -> Threshold:
        """A rating at its edge, and the next better and the next worse word of the scale, as far as there are any."""
        name, last = self.where + self.text.formula(subject), len(self.program.wording.scales[kind[7:]])
        edge, near = self.text.value(rank, kind), {"at": rank, "below": rank - 1, "above": rank + 1}
        sides = {side: f"{name} is {self.text.value(one, kind)}" + (f", next to {edge}" if one != rank else "")
                 for side, one in near.items() if 1 <= one <= last}  # fmt: skip
        return Threshold(index, subject, -1, rank, ONE, sides, self.line, self.figure)

    def _kind(self, index: int, subject: int) -> str:
        """The kind of the tested figure; a ratio compared with a percentage is shown as one."""
        node = self.nodes[index]
        sides = (node.left, node.right) if isinstance(node, Compare) else (subject,)
        return "percent" if "percent" in {self.text.kind(side) for side in sides} else self.text.kind(subject)

    def _between(self, index: int, node: Compare) -> Threshold:
        kind = self._kind(index, node.left)
        left, right = self.where + self.text.formula(node.left), self.text.formula(node.right)
        unit = UNITS.get(kind, ONE)
        step = Money(1, self.program.currency).display() if kind in ("money", "limit") else (
            NAMED.get(kind) or self.text.value(_whole(unit), kind))  # fmt: skip
        sides = {"at": f"{left} equal to {right}", "below": f"{left} below {right} by {step}",
                 "above": f"{left} above {right} by {step}"}  # fmt: skip
        return Threshold(index, node.left, node.right, None, unit, sides, self.line, self.figure)

    def _truth(self, index: int, subject: int) -> Threshold:
        words = f"{self.where}{self.text.condition(index)}"
        sides = {"true": f"{words}: true", "false": f"{words}: false"}
        return Threshold(index, subject, -1, None, Fraction(0), sides, self.line, self.figure)

    def _never_negative(self, subject: int) -> bool:
        """Whether a figure is recorded or counted, and so is never below zero."""
        node = self.nodes[subject]
        if not isinstance(node, Fact):
            return False
        declared = self.program.facts.get(node.name) if node.scope == "fact" else None
        return declared is None or declared.source != "computed"


def _whole(value: Fraction | int) -> Fraction | int:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value
