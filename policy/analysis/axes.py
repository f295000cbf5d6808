"""The threshold grid: what a policy's conditions ask, one axis for each thing asked about, cut where an answer changes.

An axis is a fact, a figure, a formula, or two formulas compared with each other. Between two neighbouring thresholds
every value gets the same answers, so one cell stands for all of them, and sets of cells are whole numbers read as bits.
Formulas over several facts count as free of each other: what never happens on this grid never happens at all.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from policy.kinds import NO_LIMIT, UNLIMITED, Value, plain
from policy.program import Compare, Const, Fact, First, In, Node, Program

Number = int | Fraction
WHOLE = ("money", "count", "days", "months", "hours", "date", "limit")
FREE = ("fact", "figure")
OTHER = ""  # a word that no condition names
SIGNS = {"<": 1, "=": 2, ">": 4, "<=": 3, ">=": 6, "!=": 5}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
Key = tuple[int, int]  # the node asked about and -1, or two nodes compared


@dataclass(slots=True)
class Axis:
    """One thing asked about: `cuts` are the thresholds of numbers, `words` the cells of anything else.

    Cell 2k of numbers is the stretch below threshold k, cell 2k + 1 the threshold itself. `full` holds the cells that
    can happen, `missing` the bit of the cell "missing", 0 where no condition asks for it.
    """

    key: Key
    node: Node
    cuts: list[Number] = field(default_factory=list)
    words: list[Value] = field(default_factory=list)
    full: int = 0
    missing: int = 0

    @property
    def is_number(self) -> bool:
        """Whether the values are ordered."""
        return bool(self.cuts)

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers happen."""
        return isinstance(self.node, Fact) and self.node.scope in FREE and self.node.kind in WHOLE

    @property
    def edges(self) -> int:
        """The cells that are thresholds themselves."""
        return ((1 << 2 * len(self.cuts)) - 1) // 3 << 1

    def span(self, low: Number | None, low_closed: bool, high: Number | None, high_closed: bool) -> int:
        """The cells between two thresholds."""
        first = 0 if low is None else 2 * self._place(low) + (1 if low_closed else 2)
        last = 2 * len(self.cuts) if high is None else 2 * self._place(high) + (1 if high_closed else 0)
        return ((1 << (last + 1)) - (1 << first) if last >= first else 0) & self.full

    def _place(self, cut: Number) -> int:
        return bisect_left(self.cuts, cut)

    def points(self, values: Sequence[Value]) -> int:
        """The cells of single values."""
        found = 0
        for value in values:
            if self.cuts:
                assert isinstance(value, (int, Fraction))
                found |= self.span(value, True, value, True)
            elif value in self.words:
                found |= 1 << self.words.index(value)
        return found & self.full

    def compared(self, op: str, value: Number) -> int:
        """The cells whose values stand so to a threshold."""
        below = self.span(None, True, value, op == "<=")
        at = self.span(value, True, value, True)
        known = self.full & ~self.missing
        above = known & ~below if op == ">=" else known & ~below & ~at
        return {"<": below, "<=": below, "=": at, "!=": known & ~at}.get(op, above)

    def sample(self, cell: int, upper: bool = True) -> Value | None:
        """A value of a cell, close to its upper (or lower) threshold; None where none can be named."""
        if not self.cuts:
            word = self.words[cell] if cell < len(self.words) else OTHER
            if word == OTHER:
                return "other" if getattr(self.node, "kind", "") == "text" else None
            return word
        if cell > 2 * len(self.cuts):
            return None
        if cell % 2:
            return self.cuts[cell // 2]
        low = self.cuts[cell // 2 - 1] if cell else None
        high = self.cuts[cell // 2] if cell // 2 < len(self.cuts) else None
        if not upper and self.is_whole and low is not None:
            high = math.floor(low) + 2
        return _between(low, high, self.is_whole)

    def cell_of(self, value: Value) -> int:
        """The cell in which a value lies, as a bit; 0 where there is none."""
        if not self.cuts:
            return self.points((value,))
        if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
            return 0
        place = bisect_left(self.cuts, value)
        hit = place < len(self.cuts) and self.cuts[place] == value
        return 1 << (2 * place + hit) & self.full


def _between(low: Number | None, high: Number | None, whole: bool) -> Number | None:
    if high is None or (high == UNLIMITED and low is not None):
        assert low is not None
        return math.floor(low) + 1
    if whole or low is None:
        near = math.ceil(high) - 1
        return near if low is None or near > low else None
    return plain(Fraction(low + high) / 2)


class Grid:
    """Every axis of a Program, found by what its conditions ask."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nodes = program.nodes
        self.places: dict[Key, int] = {}
        self.axes: list[Axis] = []
        self._asked: list[set[Value]] = []
        for node in program.nodes:
            if isinstance(node, Compare):
                self._comparison(node)
            elif isinstance(node, In):
                self._membership(node)
        for axis, values in zip(self.axes, self._asked, strict=True):
            self._cut(axis, values)
        for node in program.nodes:
            if isinstance(node, In) and node.missing:
                axis = self.axes[self.places[node.arg, -1]]
                axis.missing = axis.missing or 1 << max(axis.full.bit_length(), 2 * len(axis.cuts) + 1)
                axis.full |= axis.missing

    def axis(self, key: Key) -> int:
        """The number of the axis of a key."""
        found = self.places.get(key)
        if found is None:
            found = self.places[key] = len(self.axes)
            self.axes.append(Axis(key, self.nodes[key[0]]))
            self._asked.append(set())
        return found

    def _comparison(self, node: Compare) -> None:
        left, right = self.nodes[node.left], self.nodes[node.right]
        if isinstance(left, Const) and isinstance(right, Const):
            return
        if isinstance(right, Const) or isinstance(left, Const):
            subject, constant = (node.left, right) if isinstance(right, Const) else (node.right, left)
            assert isinstance(constant, Const) and constant.value is not None
            self._asked[self.axis((subject, -1))].add(constant.value)
        else:
            self.axis((min(node.left, node.right), max(node.left, node.right)))

    def _membership(self, node: In) -> None:
        ends = [end for span in node.spans for end in (span.low, span.high) if end is not None]
        self._asked[self.axis((node.arg, -1))].update([*node.points, *ends])

    def _cut(self, axis: Axis, values: set[Value]) -> None:
        if axis.key[1] >= 0:
            axis.words, axis.full = ["<", "=", ">"], 7 if axis.key[0] != axis.key[1] else SIGNS["="]
            return
        node = axis.node
        kind = getattr(node, "kind", "")
        if kind in ("choice", "text", "terms", "flag") or isinstance(node, Compare | In):
            axis.words = self._words(node, kind, values)
            axis.full = (1 << len(axis.words)) - 1
            return
        axis.cuts = sorted(value for value in values if isinstance(value, (int, Fraction)))
        axis.cuts = axis.cuts or [0]
        axis.full = self._possible(axis)

    def _words(self, node: Node, kind: str, values: set[Value]) -> list[Value]:
        if kind == "flag":
            return [True, False]
        given = outputs_of(self.program, node)
        if given is not None:
            return list(dict.fromkeys(given))
        declared = self.program.facts.get(node.name) if isinstance(node, Fact) and node.scope == "fact" else None
        named = sorted(str(value) for value in values)
        if kind == "choice" and declared is not None and declared.choices:
            return list(dict.fromkeys((*declared.choices, *named)))
        return [*named, OTHER]

    def _possible(self, axis: Axis) -> int:
        """The cells that hold a value which can happen."""
        known = outputs_of(self.program, axis.node)
        axis.full = (1 << (2 * len(axis.cuts) + 1)) - 1
        if known is not None and all(isinstance(value, (int, Fraction)) for value in known):
            found = 0
            for value in known:
                found |= axis.cell_of(value)
            return found
        if not axis.is_whole:
            return axis.full
        lowest, highest = _ends(self.program, axis.node)
        found = 0
        for cell in range(2 * len(axis.cuts) + 1):
            number = axis.sample(cell)
            if isinstance(number, int) and lowest <= number <= highest:
                found |= 1 << cell
        return found


def outputs_of(program: Program, node: Node) -> list[Value] | None:
    """The values that a table's output can have, where every row gives a constant."""
    if not isinstance(node, Fact) or node.scope not in program.tables:
        return None
    table = program.nodes[program.tables[node.scope]]
    assert isinstance(table, First)
    place = table.outputs.index(node.name)
    found = [program.nodes[row.outputs[place]] for row in table.rows]
    values = [one.value for one in found if isinstance(one, Const) and one.value is not None]
    return values if len(values) == len(found) else None


def _ends(program: Program, node: Node) -> tuple[int, int]:
    """The smallest and largest value of a fact: a count of items is never negative, a limit is none or an amount, a
    rating has the ranks of its scale.
    """
    assert isinstance(node, Fact)
    if node.kind == "limit":
        return NO_LIMIT, UNLIMITED
    declared = program.facts.get(node.name)
    if declared is not None and declared.scale:
        return 1, len(declared.choices)
    if declared is not None and declared.least is not None:
        return declared.least, UNLIMITED
    counts = {figure.name for figure in program.figures if figure.word == "count"}
    return (0 if node.scope == "figure" and node.name in counts else -UNLIMITED), UNLIMITED
