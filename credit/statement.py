"""A statement of account: what happened between two days, each line with the balance after it, and where it ends.

The balance of a statement is what is open less the money that was received and goes to no invoice yet; it may be below
zero, when the customer has paid too much. It is counted twice, from the lines and from the items, and both must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

ENTRIES = ("invoice", "late_charge", "payment", "discount", "credit_note", "write_off", "reversal", "settled_before")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to what a customer owes, in minor units: above zero where it owes more.

    `kind` is one of ENTRIES; `settled_before` is what an import said was settled, without a payment here.
    """

    day: date
    kind: str
    name: str
    minor: int
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with the balance after it."""

    entry: Entry
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What was owed before the first day, what happened since, and what is owed at the end of the last."""

    opening: int
    lines: tuple[Line, ...]

    @property
    def closing(self) -> int:
        """What is owed at the end."""
        return self.lines[-1].balance if self.lines else self.opening


def statement(entries: Iterable[Entry], since: date, as_of: date) -> Statement:
    """The statement from one day to another, both with it; on one day invoices come first."""
    known = in_order(one for one in entries if one.day <= as_of)
    opening = sum(one.minor for one in known if one.day < since)
    lines: list[Line] = []
    balance = opening
    for one in known:
        if one.day >= since:
            balance += one.minor
            lines.append(Line(one, balance))
    return Statement(opening, tuple(lines))


def in_order(entries: Iterable[Entry]) -> Sequence[Entry]:
    """Entries by their days, on one day in the order of ENTRIES, then by name."""
    return sorted(entries, key=lambda one: (one.day, ENTRIES.index(one.kind), one.name))
