"""One place quickly found: a cell on each of a few axes, so chosen that no box of a shelf holds it.

Nearly every row of a table that people write is reached, mostly at one end of what it asks for. So that end is tried
first, all boxes at once as bits; only where no such place shows does the exact search look at box after box.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy.analysis.axes import Axis
from policy.analysis.boxes import Box, Effort, Shelf, bits

WORDS_MAX = 64  # cells of words that are tried
Pile = tuple[Shelf, int]  # boxes of a shelf, by number as bits


def witness(box: Box, piles: Sequence[Pile], axes: Sequence[Axis], effort: Effort) -> Box | None:
    """A part of the box outside all boxes of the piles; None where it is not easily found, which says nothing."""
    left = [numbers for _, numbers in piles]
    found = dict(box)
    for axis in sorted({axis for shelf, _ in piles for axis in shelf.named}):
        if not any(left):
            break
        effort.spend(1, effort.used)
        cells = _tried(box.get(axis, axes[axis].full), axes[axis])
        best, least, fewest = left, -1, sum(numbers.bit_count() for numbers in left) + 1
        for cell in cells:
            there = [numbers & shelf.holding(axis, cell) for (shelf, _), numbers in zip(piles, left, strict=True)]
            count = sum(numbers.bit_count() for numbers in there)
            if count < fewest:
                best, least, fewest = there, cell, count
        if best != left:
            left, found[axis] = best, 1 << least
    return None if any(left) else found


def _tried(cells: int, axis: Axis) -> list[int]:
    """The cells that are tried: both ends of numbers, every word."""
    if axis.is_number:
        return sorted({(cells & -cells).bit_length() - 1, cells.bit_length() - 1})
    return list(bits(cells))[:WORDS_MAX]
