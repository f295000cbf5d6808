"""The compiled form of a state that stays: which table says whether it is active, and its lines for people to read.

The lines are nodes of the Program, and the table is one of its tables, so none of this is a meaning of its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateLine:
    """One line of a state: the node of its condition, and its text."""

    node: int
    text: str


@dataclass(frozen=True, slots=True)
class StateRule:
    """One state: its lines, and `table`, the name of the First that decides whether it is active.

    Row 0 of the table: it was active and stays; row 1: it is entered now; row 2: it is not active.
    """

    name: str
    table: str
    enter: tuple[StateLine, ...]
    leave: tuple[StateLine, ...]


STAYS, ENTERED, INACTIVE = range(3)  # the rows of a state's table
