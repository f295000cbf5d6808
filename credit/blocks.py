"""Blocks of an invoice: while it is disputed, or somebody promised to pay it, its ladder takes no step.

An invoice is disputed on the days of such a block, whatever an import said of it; a promise to pay disputes nothing.

A block has a last day, so that none is forgotten; from the day after it, or from the day on which somebody ends it, the
ladder goes on where it stood. What was done before, such as a hold, stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

KINDS = ("dispute", "promise")
DISPUTE = KINDS[0]


@dataclass(frozen=True, slots=True)
class Block:
    """A block from its first to its last day, both with it; `ended_on` is the day from which on it no longer lasts.

    Raises: ValueError for a kind that is none of KINDS, and a last day before the first.
    """

    kind: str
    begins_on: date
    until: date
    ended_on: date | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a block is one of {', '.join(KINDS)}")
        if self.until < self.begins_on:
            raise ValueError(f"the block would end on {self.until}, before it begins on {self.begins_on}")

    @property
    def free_from(self) -> date:
        """The first day on which it no longer lasts."""
        after = self.until + timedelta(1)
        return after if self.ended_on is None else min(after, max(self.ended_on, self.begins_on))

    def lasts(self, day: date) -> bool:
        """Whether it stops the steps of a day."""
        return self.begins_on <= day < self.free_from


def is_blocked(blocks: Iterable[Block], day: date) -> bool:
    """Whether any of an invoice's blocks lasts on a day."""
    return any(block.lasts(day) for block in blocks)


def is_disputed(told: bool | None, blocks: Iterable[Block], day: date) -> bool | None:
    """Whether an invoice is disputed on a day: by a block that lasts, else as an import told; None where none did."""
    return is_blocked((one for one in blocks if one.kind == DISPUTE), day) or told


def first_free_day(blocks: Iterable[Block], day: date) -> date:
    """The first day from a day on, on which none of an invoice's blocks lasts."""
    known = tuple(blocks)
    while is_blocked(known, day):
        day = max(block.free_from for block in known if block.lasts(day))
    return day
