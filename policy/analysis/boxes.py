"""Boxes on the threshold grid, and the one question asked of them: is there a place inside that no other box covers?

A box says for some axes which cells are allowed; an axis that it does not name is free. The search never guesses: it
gives a place, or the certainty that there is none, or says that it would take too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from policy.analysis.axes import Axis

Box = dict[int, int]  # axis number -> allowed cells as bits


class TooHardError(Exception):
    """The search gave up; nothing may be claimed."""


@dataclass(slots=True)
class Effort:
    """How much work is left: one step is one box looked at. Counted, not timed, so that findings never vary."""

    steps: int = 4_000_000
    each: int = 200_000
    used: int = 0

    def spend(self, steps: int, start: int) -> None:
        """Take some steps. Raises TooHardError when there are none left for this search or for the file."""
        self.used += steps
        if self.used > self.steps or self.used - start > self.each:
            raise TooHardError


def meet(one: Box, other: Box) -> Box | None:
    """The common part of two boxes, None where there is none."""
    found = dict(one)
    for axis, cells in other.items():
        both = found.get(axis, cells) & cells
        if not both:
            return None
        found[axis] = both
    return found


def uncovered(box: Box, blockers: Iterable[Box], axes: Sequence[Axis], effort: Effort) -> Box | None:
    """A part of the box that no blocker touches, None where they cover all of it."""
    possible = {axis: cells & axes[axis].full for axis, cells in box.items()}
    if not all(possible.values()):
        return None
    return _search(possible, list(blockers), axes, effort, effort.used)


def _search(box: Box, blockers: list[Box], axes: Sequence[Axis], effort: Effort, start: int) -> Box | None:
    while True:
        effort.spend(len(blockers) + 1, start)
        rest, changed = [], False
        for blocker in blockers:
            open_axes = _open_axes(box, blocker, axes)
            if open_axes is None:
                continue
            if not open_axes:
                return None
            if len(open_axes) == 1:  # the only way out
                axis = open_axes[0]
                box[axis] = box.get(axis, axes[axis].full) & ~blocker[axis]
                changed = True
            else:
                rest.append((len(open_axes), blocker))
        blockers = [blocker for _, blocker in rest]
        if not blockers:
            return box
        if not changed:
            return _branch(box, min(rest, key=lambda one: one[0])[1], blockers, axes, effort, start)


def _open_axes(box: Box, blocker: Box, axes: Sequence[Axis]) -> list[int] | None:
    """The axes on which the box reaches beyond the blocker; None where the two do not meet."""
    found = []
    for axis, cells in blocker.items():
        own = box.get(axis)
        if own is None:
            own = axes[axis].full
        if not own & cells:
            return None
        if own & ~cells:
            found.append(axis)
    return found


def _branch(
    box: Box, blocker: Box, blockers: list[Box], axes: Sequence[Axis], effort: Effort, start: int
) -> Box | None:  # fmt: skip
    """Leave the blocker on one axis after the other; each try stays inside it on the axes tried before."""
    inside = dict(box)
    for axis, cells in blocker.items():
        own = inside.get(axis, axes[axis].full)
        if own & ~cells:
            found = _search({**inside, axis: own & ~cells}, list(blockers), axes, effort, start)
            if found is not None:
                return found
        inside[axis] = own & cells
    return None


@dataclass(slots=True)
class Shelf:
    """Boxes in order, each with the row it belongs to, laid out so that those that meet another are found quickly."""

    axes: Sequence[Axis]
    boxes: list[Box] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    first_of: list[int] = field(default_factory=list)  # for each row, the number of its first box
    idle: int = 0  # boxes that lie wholly behind others, as bits
    _thin: int = 0  # boxes that name one axis only, as bits
    _sums: dict[int, list[int]] = field(default_factory=dict)  # what those cover together, up to each row
    named: dict[int, int] = field(default_factory=dict)  # for each axis, the boxes that name it, as bits
    _begins: dict[int, list[int]] = field(default_factory=dict)
    _ends: dict[int, list[int]] = field(default_factory=dict)
    _torn: dict[int, int] = field(default_factory=dict)  # boxes whose cells on an axis are several stretches, as bits
    _holding: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, row: int, boxes: Iterable[Box]) -> None:
        """Put the boxes of the next row behind the others."""
        self.first_of.append(len(self.boxes))
        for box in boxes:
            self.boxes.append(box)
            self.rows.append(row)

    def close(self) -> None:
        """Lay the boxes out; after this nothing is added."""
        self.first_of.append(len(self.boxes))
        for number, box in enumerate(self.boxes):
            for axis, cells in box.items():
                if axis not in self.named:
                    length = self.axes[axis].full.bit_length()
                    self.named[axis] = 0
                    self._begins[axis], self._ends[axis] = [0] * length, [0] * length
                self.named[axis] |= 1 << number
                self._begins[axis][_lowest(cells)] |= 1 << number
                self._ends[axis][cells.bit_length() - 1] |= 1 << number
                if cells + (cells & -cells) & cells:
                    self._torn[axis] = self._torn.get(axis, 0) | 1 << number
        for axis in self.named:
            begins, ends = self._begins[axis], self._ends[axis]
            for cell in range(1, len(begins)):
                begins[cell] |= begins[cell - 1]
                ends[-1 - cell] |= ends[-cell]
        self._add_up()

    def _add_up(self) -> None:
        thin = [(number, *next(iter(box.items()))) for number, box in enumerate(self.boxes) if len(box) == 1]
        self._thin = sum(1 << number for number, _, _ in thin)
        for number, axis, cells in thin:
            row, sums = self.rows[number], self._sums.setdefault(axis, [])
            before = sums[-1] if sums else 0
            sums += [before] * (row + 2 - len(sums))  # sums[r]: what rows before r cover
            sums[row + 1] |= cells

    def set_aside(self, row: int) -> None:
        """Leave a row out of later searches, because the rows before it take all that it takes."""
        self.idle |= (1 << self.first_of[row + 1]) - (1 << self.first_of[row])

    def shrunk(self, box: Box, last_row: int) -> Box | None:
        """The box without what rows before `last_row` with one axis only take of it, None where nothing is left."""
        found = dict(box)
        for axis, sums in self._sums.items():
            taken = sums[min(last_row, len(sums) - 1)]
            left = found.get(axis, self.axes[axis].full) & ~taken
            if not left:
                return None
            if taken:
                found[axis] = left
        return found

    def remaining(self, box: Box, last_row: int) -> list[Box]:
        """The boxes of rows before `last_row` that may meet a box, but for those that `shrunk` has seen to."""
        return [self.boxes[number] for number in bits(self.in_the_way(box, last_row))]

    def in_the_way(self, box: Box, last_row: int) -> int:
        """What `remaining` gives, as bits."""
        return self.near(box, 0, last_row, self._thin | self.idle)

    def covers(self, box: Box, numbers: int) -> bool:
        """Whether one of these boxes alone holds all of a box."""
        for axis, named in self.named.items():
            cells = box.get(axis, self.axes[axis].full)
            numbers &= ~named | self._begins[axis][_lowest(cells)] & self._ends[axis][cells.bit_length() - 1]
        return any(_open_axes(box, self.boxes[number], self.axes) == [] for number in bits(numbers))

    def holding(self, axis: int, cell: int) -> int:
        """The boxes that hold a cell of an axis or do not name the axis, as bits."""
        found = self._holding.get((axis, cell))
        if found is None:
            found = -1
            if axis in self.named:
                near, torn = self._begins[axis][cell] & self._ends[axis][cell], self._torn.get(axis, 0)
                inside = (1 << number for number in bits(near & torn) if self.boxes[number][axis] >> cell & 1)
                found = ~self.named[axis] | near & ~torn | sum(inside)
            self._holding[axis, cell] = found
        return found

    def meeting(self, box: Box, first_row: int, last_row: int, skipped: int = 0) -> Iterator[int]:
        """The numbers of the boxes of rows from `first_row` to before `last_row` that may meet a box."""
        return bits(self.near(box, first_row, last_row, skipped))

    def near(self, box: Box, first_row: int, last_row: int, skipped: int = 0) -> int:
        """What `meeting` gives, as bits."""
        found = (1 << self.first_of[last_row]) - (1 << self.first_of[first_row]) & ~skipped
        for axis, cells in box.items():
            if axis in self.named:
                near = self._begins[axis][cells.bit_length() - 1] & self._ends[axis][_lowest(cells)]
                found &= ~self.named[axis] | near
        return found


def bits(cells: int) -> Iterator[int]:
    """The places of the bits that are set, lowest first."""
    while cells:
        bit = cells & -cells
        yield bit.bit_length() - 1
        cells ^= bit


def _lowest(cells: int) -> int:
    return (cells & -cells).bit_length() - 1
