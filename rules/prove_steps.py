"""Large tables that the fact in question reaches: which row may follow which when that fact alone gets better.

The rows are looked at as boxes on the threshold grid, so that a thousand of them take no solver. From one cell of the
fact to the next only rows that begin or end between the two can change what decides; each such row is held against the
rows that decide beside it. What is found is never too little: a pair that cannot happen may stay, none that can is left
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from policy.analysis.axes import Grid
from policy.analysis.boxes import Box, Effort, Shelf, TooHardError, bits, meet, uncovered
from policy.analysis.conditions import EVERYWHERE, Conditions
from policy.analysis.witness import witness
from policy.program import Fact, First, Program
from rules.prove_values import Value

Pair = tuple[int, int]  # the rows that decide before and after
STEPS = 2_000_000  # boxes looked at for one table
FEW = 24  # values of a table that are told apart
GIVEN = ("fact", "figure")


@dataclass(frozen=True, slots=True)
class Place:
    """Orders in which one row decides before and another after: the other facts, and the fact's two cells."""

    others: Box
    axis: int
    before: int
    after: int


Pairs = Mapping[Pair, Place]


@dataclass(frozen=True, slots=True)
class Moved:
    """What moves: the facts that go the same way, every node that may change with them, and which way is better."""

    names: frozenset[str]
    nodes: frozenset[int]
    upward: bool


class Steps:
    """The pairs of rows of a Program's tables, on one grid."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.grid = Grid(program)
        self.conditions = Conditions(self.grid)

    def pairs(self, table: First, moved: Moved) -> Pairs | None:
        """The rows that may change places when the facts get better; None where that cannot be told.

        It can be told of tables that give every order a row, by facts alone, of which one moves.
        """
        regions = [self.conditions.true(row.condition) for row in table.rows]
        sure = regions == [self.conditions.not_false(row.condition) for row in table.rows]
        if not sure or None in regions or regions[-1] != EVERYWHERE:
            return None
        if any(output in moved.nodes for row in table.rows for output in row.outputs):
            return None
        boxes = [[dict(box) for box in region or ()] for region in regions]
        axis = self._axis(boxes, moved)
        if axis is None:
            return None
        try:
            return dict(_Change(self.grid, boxes, axis).pairs(moved.upward))
        except TooHardError:
            return None

    def _axis(self, boxes: list[list[Box]], moved: Moved) -> int | None:
        """The one axis that moves; None where there is another, or one of what may be missing."""
        named = {axis for region in boxes for box in region for axis in box}
        nodes = {axis: self.grid.axes[axis].node for axis in named}
        if not all(isinstance(node, Fact) and node.scope in GIVEN and node.kind != "terms" for node in nodes.values()):
            return None
        if any(self.grid.axes[axis].key[1] >= 0 or self.grid.axes[axis].missing for axis in named):
            return None
        moving = [axis for axis in named if self.grid.axes[axis].key[0] in moved.nodes]
        fits = len(moving) == 1 and self.grid.axes[moving[0]].is_number
        return moving[0] if fits and getattr(nodes[moving[0]], "name", "") in moved.names else None


class _Change:
    """One table and the axis that moves along it."""

    def __init__(self, grid: Grid, boxes: list[list[Box]], axis: int) -> None:
        self.axes, self.axis = grid.axes, axis
        self.whole, self.flat = Shelf(grid.axes), Shelf(grid.axes)  # with the axis that moves, and without it
        for row, region in enumerate(boxes):
            self.whole.add(row, region)
            self.flat.add(row, [{one: cells for one, cells in box.items() if one != axis} for box in region])
        self.whole.close()
        self.flat.close()
        self.rows, self.all = len(boxes), (1 << len(self.flat.boxes)) - 1
        self.effort = Effort(steps=STEPS)

    def pairs(self, upward: bool) -> Iterator[tuple[Pair, Place]]:
        """Every pair of rows of which the second may decide where the first did, one cell on."""
        cells = list(bits(self.axes[self.axis].full))[:: 1 if upward else -1]
        for before, after in zip(cells, cells[1:], strict=False):
            here, there = self._at(before), self._at(after)
            for row, later, others in self._beside(there & ~here, there, here):
                yield (later, row), Place(others, self.axis, before, after)
            for row, later, others in self._beside(here & ~there, here, there):
                yield (row, later), Place(others, self.axis, before, after)

    def _at(self, cell: int) -> int:
        return self.whole.holding(self.axis, cell) & self.all

    def _beside(self, changed: int, own: int, other: int) -> Iterator[tuple[int, int, Box]]:
        """Rows of the changed boxes, the later rows that may decide on the other side, and where."""
        for number in bits(changed):
            row, box = self.flat.rows[number], self.flat.boxes[number]
            above = own & self._first(row)
            for one in bits(self.flat.near(box, row + 1, self.rows) & other):
                later, shared = self.flat.rows[one], meet(box, self.flat.boxes[one])
                if shared is None:
                    continue
                found = self._open(shared, above | other & self._first(later))
                if found is not None:
                    yield row, later, found
                if shared == box:
                    break

    def _first(self, row: int) -> int:
        return (1 << self.flat.first_of[row]) - 1

    def _open(self, box: Box, blockers: int) -> Box | None:
        """A part of the box outside all blockers, None where there is none.

        Raises TooHardError where that would take too long to find out.
        """
        blockers &= self.flat.near(box, 0, self.rows)
        if self.flat.covers(box, blockers):
            return None
        found = witness(box, [(self.flat, blockers)], self.axes, self.effort)
        return found or uncovered(box, [self.flat.boxes[one] for one in bits(blockers)], self.axes, self.effort)


def relation(given: Sequence[Value], pairs: Pairs) -> str:
    """How what a table gives after compares with before, over all pairs of rows: "=", "<=" (never less), ">=" or ""."""
    found = {compare(given[one], given[other]) for one, other in pairs} - {"="}
    return "=" if not found else {"<": "<=", ">": ">="}.get(found.pop(), "") if len(found) == 1 else ""


def followers(given: Sequence[Value], pairs: Pairs) -> Mapping[int, set[int]] | None:
    """For each of a few whole numbers or words that a table gives, those that may follow it; else None."""
    values = {value.top for value in given}
    if len(values) > FEW or not all(_is_plain(value) for value in given):
        return None
    found = {value: {value} for value in values}
    for one, other in pairs:
        found[given[one].top].add(given[other].top)
    for between in values:
        for value in values:
            if between in found[value]:
                found[value] |= found[between]
    return found


def _is_plain(value: Value) -> bool:
    return type(value.top) is int and value.under == 1 and value.known is True


def compare(one: Value, other: Value) -> str:
    """How one value stands to another, "" where that depends on the order."""
    if one is other:
        return "="
    parts = (one.top, one.under, other.top, other.under)
    if not all(isinstance(part, int) and not isinstance(part, bool) for part in parts):
        return ""
    if one.known is not True or other.known is not True:
        return ""
    before, after = Fraction(one.top, one.under), Fraction(other.top, other.under)
    return "<" if before < after else ">" if before > after else "="


def large_tables(steps: Steps, moved: Moved, rows: int) -> Mapping[int, Pairs]:
    """The pairs of every table of more than so many rows that moves and of which they can be told, by its place."""
    found: dict[int, Pairs] = {}
    for index, node in enumerate(steps.program.nodes):
        if index in moved.nodes and isinstance(node, First) and len(node.rows) > rows:
            pairs = steps.pairs(node, moved)
            found |= {} if pairs is None else {index: pairs}
    return found
