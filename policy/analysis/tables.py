"""First-match tables on the grid: for each row, is there an order that falls through all rows above it and fits?

A row that is unknown stops a table as well, so it stands in the way wherever it is not false. Rows whose condition is
in too many pieces count as in nobody's way and as reachable: then nothing is claimed about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from policy.analysis.axes import Grid
from policy.analysis.boxes import Box, Effort, Shelf, TooHardError, bits, meet, uncovered
from policy.analysis.conditions import EVERYWHERE, Conditions, Region
from policy.analysis.witness import witness
from policy.meaning import Checked
from policy.problems import Where
from policy.program import Const, Fact, First, Program

JOINT_MAX = 20_000  # pairs of rows of two tables that are looked at together


@dataclass(slots=True)
class Table:
    """A first-match table: its rows' places in the file, where each is true, and where each is not false."""

    name: str
    node: First
    places: tuple[Where, ...]
    true: list[Region]
    loose: list[Region]  # true or unknown
    open_end: bool  # no last row "otherwise"
    shelf: Shelf
    live: list[bool] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The number of the row "otherwise", or of rows where there is none."""
        return len(self.node.rows) - (not self.open_end)


class Tables:
    """Every first-match section and value table of a policy, on one grid."""

    def __init__(self, program: Program, checked: Checked) -> None:
        self.program, self.checked, self.together = program, checked, checked.vocabulary.together
        self.grid = Grid(program)
        self.axes = self.grid.axes
        self.conditions = Conditions(self.grid)
        of_tiers = (number for number, axis in enumerate(self.axes)
                    if isinstance(axis.node, Fact) and axis.node.scope == "tiers")  # fmt: skip
        self._tier_axis = next(of_tiers, None)
        self.effort = Effort()
        self.of: dict[str, Table] = {}
        for name, places in _places(checked).items():
            if name in program.tables:
                node = program.nodes[program.tables[name]]
                assert isinstance(node, First)
                self.of[name] = self._table(name, node, places)

    def _table(self, name: str, node: First, places: tuple[Where, ...]) -> Table:
        true = [self.conditions.true(row.condition) for row in node.rows]
        loose = [self.conditions.not_false(row.condition) for row in node.rows]
        shelf = Shelf(self.axes)
        for number, region in enumerate(loose):
            shelf.add(number, region or ())
        shelf.close()
        return Table(name, node, places, true, loose, true[-1] != EVERYWHERE, shelf)

    def escape(self, box: Box, *before: tuple[Table, int]) -> Box | None:
        """A part of the box that every table lets through up to before the row named with it, None where there is none.

        Raises TooHardError where that would take too long to find out.
        """
        target = _shrunk(box, before)
        if target is None:
            return None
        blockers = [blocker for table, row in before for blocker in table.shelf.remaining(target, row)]
        return uncovered(target, blockers, self.axes, self.effort)

    def escapes(self, box: Box, *before: tuple[Table, int], without: int = 0) -> bool:
        """Whether `escape` finds anything, also outside the boxes `without` (bits) of the first table.

        Raises TooHardError where that would take too long to find out.
        """
        target = _shrunk(box, before)
        if target is None or not all(cells & self.axes[axis].full for axis, cells in target.items()):
            return False
        piles = [(table.shelf, table.shelf.in_the_way(target, row)) for table, row in before]
        piles[0] = (piles[0][0], piles[0][1] | without)
        if any(shelf.covers(target, numbers) for shelf, numbers in piles):
            return False
        if witness(target, piles, self.axes, self.effort) is not None:
            return True
        blockers = [shelf.boxes[number] for shelf, numbers in piles for number in bits(numbers)]
        return uncovered(target, blockers, self.axes, self.effort) is not None

    def reached(self, table: Table, row: int) -> bool:
        """Whether `reaching` finds any orders.

        Raises TooHardError where that would take too long to find out, or the row is in too many pieces.
        """
        region = table.true[row]
        if region is None:
            raise TooHardError
        return any(self.escapes(box, (table, row)) for box in region)

    def reaching(self, table: Table, row: int, inside: Box | None = None) -> Box | None:
        """Orders that reach a row and fit it, of those inside a box; None where there are none.

        Raises TooHardError where that would take too long to find out, or the row is in too many pieces.
        """
        region = table.true[row]
        if region is None:
            raise TooHardError
        for box in region:
            target = box if inside is None else meet(box, inside)
            if target is None:
                continue
            found = self.escape(target, (table, row))
            if found is not None:
                return found
        return None

    def is_live(self, table: Table, row: int) -> bool:
        """Whether some order may be decided by a row; true also where that is too hard to tell."""
        try:
            live = self.reached(table, row)
        except TooHardError:
            return True
        if not live and table.true[row] == table.loose[row]:
            table.shelf.set_aside(row)
        return live

    def outputs(self, table: Table, row: int) -> tuple[int, ...]:
        """What a row gives; equal numbers are equal formulas."""
        return table.node.rows[row].outputs

    def tier_of(self, row: int) -> str:
        """The tier that a row of the tiers gives."""
        found = self.program.nodes[self.of["tiers"].node.rows[row].outputs[0]]
        assert isinstance(found, Const)
        return str(found.value)

    def tier_axis(self) -> int | None:
        """The axis of the tier, None where nothing asks for it."""
        return self._tier_axis

    def tier_rows(self, box: Box) -> Iterator[tuple[int, Box]]:
        """For each row of the tiers whose tier the box allows: its number, and the box with that tier alone."""
        number = self.tier_axis()
        if number is None or number not in box or "tiers" not in self.of:
            return
        for row in range(len(self.of["tiers"].node.rows)):
            cell = self.axes[number].points((self.tier_of(row),)) & box[number]
            if cell:
                yield row, {**box, number: cell}

    def with_tier(self, box: Box) -> Box | None:
        """The box with facts that lead to a tier it allows; itself where it asks for none."""
        number = self.tier_axis()
        if number is None or number not in box or "tiers" not in self.of:
            return box
        for row, narrowed in self.tier_rows(box):
            found = self.reaching(self.of["tiers"], row, narrowed)
            if found is not None:
                return found
        return None


def _shrunk(box: Box, before: Sequence[tuple[Table, int]]) -> Box | None:
    """The box without what rows with one axis only take of it, None where nothing is left."""
    found: Box | None = box
    for table, row in before:
        found = None if found is None else table.shelf.shrunk(found, row)
    return found


def _places(checked: Checked) -> dict[str, tuple[Where, ...]]:
    policy = checked.policy
    found = {name: tuple(row.at for row in rows) for name, rows in policy.rows.items()}
    for table in policy.tables:
        by_row = table.down is None  # rows of lines, each with one value
        cells = [cell.at for line in table.values for cell in line]
        found[table.name.text] = tuple(test.at for test in table.down_tests) if by_row else tuple(cells)
    return found
