"""Conditions as boxes: where each is true, and where it is not false, by three-valued logic over the threshold grid."""

from __future__ import annotations

from fractions import Fraction

from policy.analysis.axes import SIGNS, TURNED, Axis, Grid
from policy.analysis.boxes import Box, meet
from policy.program import Compare, Const, In, Logic

BOXES_MAX = 128
Region = tuple[Box, ...] | None  # None: in too many pieces to be told apart
EVERYWHERE: Region = ({},)
NOWHERE: Region = ()


class Conditions:
    """The regions of a grid's conditions, each worked out once."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._known: dict[tuple[int, bool, bool], Region] = {}

    def true(self, index: int) -> Region:
        """Where a condition is true."""
        return self.region(index, True, False)

    def not_false(self, index: int) -> Region:
        """Where a condition is true or unknown."""
        return self.region(index, True, True)

    def region(self, index: int, wanted: bool, or_unknown: bool) -> Region:
        """Where a condition has a truth value, or also where it is unknown."""
        key = (index, wanted, or_unknown)
        if key not in self._known:
            self._known[key] = self._region(index, wanted, or_unknown)
        return self._known[key]

    def _region(self, index: int, wanted: bool, or_unknown: bool) -> Region:
        node = self.grid.nodes[index]
        match node:
            case Logic(op="not"):
                return self.region(node.args[0], not wanted, or_unknown)
            case Logic():
                parts = [self.region(arg, wanted, or_unknown) for arg in node.args]
                return _all_of(parts) if (node.op == "and") is wanted else self._any_of(parts)
            case Compare():
                return self._comparison(node, wanted, or_unknown)
            case In():
                return self._membership(node, wanted, or_unknown)
        raise AssertionError(node)

    def _comparison(self, node: Compare, wanted: bool, or_unknown: bool) -> Region:
        nodes = self.grid.nodes
        left, right, op = nodes[node.left], nodes[node.right], node.op
        if isinstance(left, Const) and isinstance(right, Const):
            return EVERYWHERE if _holds(left.value, op, right.value) is wanted else NOWHERE
        if isinstance(right, Const) or isinstance(left, Const):
            subject, constant = (node.left, right) if isinstance(right, Const) else (node.right, left)
            number = self.grid.axis((subject, -1))
            axis = self.grid.axes[number]
            assert isinstance(constant, Const) and constant.value is not None
            if axis.words:
                same = axis.points((constant.value,))
                cells = same if op == "=" else axis.full & ~axis.missing & ~same
            else:
                assert isinstance(constant.value, int) or not isinstance(constant.value, (str, tuple))
                cells = axis.compared(op if isinstance(right, Const) else TURNED[op], constant.value)
        else:
            number = self.grid.axis((min(node.left, node.right), max(node.left, node.right)))
            axis = self.grid.axes[number]
            cells = SIGNS[op if node.left <= node.right else TURNED[op]] & axis.full
        return self._cells(number, axis, cells, wanted, or_unknown)

    def _membership(self, node: In, wanted: bool, or_unknown: bool) -> Region:
        number = self.grid.axis((node.arg, -1))
        axis = self.grid.axes[number]
        if node.missing:
            cells = axis.full & ~axis.missing if node.negated is wanted else axis.missing
            return _one(number, axis, cells)
        cells = axis.points(node.points)
        for span in node.spans:
            cells |= axis.span(span.low, span.low_closed, span.high, span.high_closed) & ~axis.missing
        return self._cells(number, axis, cells, wanted is not node.negated, or_unknown)

    def _cells(self, number: int, axis: Axis, cells: int, wanted: bool, or_unknown: bool) -> Region:
        known = axis.full & ~axis.missing
        found = cells & known if wanted else known & ~cells
        return _one(number, axis, found | axis.missing if or_unknown else found)

    def _any_of(self, parts: list[Region]) -> Region:
        single: dict[int, int] = {}
        several: list[Box] = []
        for part in parts:
            if part is None:
                return None
            for box in part:
                if not box:
                    return EVERYWHERE
                if len(box) == 1:
                    (axis, cells), = box.items()
                    single[axis] = single.get(axis, 0) | cells
                elif box not in several:
                    several.append(box)
        found: list[Box] = []
        for axis, cells in single.items():
            if cells == self.grid.axes[axis].full:
                return EVERYWHERE
            found.append({axis: cells})
        found += several
        return tuple(found) if len(found) <= BOXES_MAX else None


def _all_of(parts: list[Region]) -> Region:
    found: list[Box] = [{}]
    if any(part == NOWHERE for part in parts):
        return NOWHERE
    for part in parts:
        if part is None:
            return None
        found = [both for one in found for other in part if (both := meet(one, other)) is not None]
        if len(found) > BOXES_MAX:
            return None
    return tuple(found)


def _one(number: int, axis: Axis, cells: int) -> Region:
    if not cells:
        return NOWHERE
    return EVERYWHERE if cells == axis.full else ({number: cells},)


def _holds(left: object, op: str, right: object) -> bool:
    if op in ("=", "!="):
        return (left == right) is (op == "=")
    assert isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction))
    sign = 2 if left > right else 0 if left < right else 1
    return bool(SIGNS[op] >> sign & 1)
