"""Which invoices a payment pays: as the remitter says, the rest oldest first, and what is left over belongs to none.

A credit note, a write-off and an earned discount settle invoices in the same way, so all are settlements here. What
each took from an invoice is a reduction with its day, below zero where it was taken back. An invoice is settled on the
day from which on nothing of it is open. Amounts are whole minor units of the invoice's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from credit.money import round_fraction

ENTERED = ("payment", "credit_note", "write_off")  # somebody enters these; a discount comes with what earned it
KINDS = (*ENTERED, "discount")


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a settlement took from an invoice on a day; below zero where it gave it back."""

    on: date
    minor: int
    kind: str = "payment"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice with what is open of it; `discount` is what of that need not be paid when the rest is paid now.

    Of an instalment `whole_id` is the number of the whole.
    """

    invoice_id: str
    due_on: date
    minor: int
    discount: int = 0
    whole_id: str | None = None

    @property
    def wanted(self) -> int:
        """What has to be paid, so that nothing is open."""
        return self.minor - self.discount


@dataclass(frozen=True, slots=True)
class Part:
    """What goes to one invoice."""

    invoice_id: str
    minor: int


@dataclass(frozen=True, slots=True)
class Unmet:
    """What a remitter wanted to go to an invoice and could not: nobody knows it, or less of it is wanted."""

    invoice_id: str
    minor: int
    why: str


@dataclass(frozen=True, slots=True)
class Allocated:
    """How an amount was shared out; INVARIANT: the parts and what is left are the amount."""

    parts: tuple[Part, ...]
    left: int
    unmet: tuple[Unmet, ...] = ()


def allocate(minor: int, items: Iterable[OpenItem], stated: Sequence[Part] = ()) -> Allocated:
    """Share out an amount: first what is stated, as far as it is open, then what nobody stated, oldest first.

    What is stated for an invoice in instalments goes to its instalments, oldest first, after what is stated for one of
    them. What was stated and could not be met stays unallocated, so that a person asks the remitter.
    Raises: ValueError for more stated than there is, a part of nothing, or an invoice that is stated twice.
    """
    _check(minor, stated)
    left = {item.invoice_id: item for item in sorted(items, key=lambda item: (item.due_on, item.invoice_id))}
    met, unmet = _as_stated(stated, left)
    rest = minor - sum(part.minor for part in stated)
    oldest = _oldest_first(rest, left.values())
    together: dict[str, int] = {}
    for part in (*met, *oldest):
        together[part.invoice_id] = together.get(part.invoice_id, 0) + part.minor
    parts = tuple(Part(invoice_id, amount) for invoice_id, amount in together.items())
    return Allocated(parts, minor - sum(together.values()), unmet)


def _check(minor: int, stated: Sequence[Part]) -> None:
    if minor <= 0 or any(part.minor <= 0 for part in stated):
        raise ValueError("an amount is above zero")
    if len({part.invoice_id for part in stated}) < len(stated):
        raise ValueError("an invoice is stated twice; state it once")
    if sum(part.minor for part in stated) > minor:
        raise ValueError("more is stated than the amount; mend one of them")


def _as_stated(stated: Sequence[Part], left: dict[str, OpenItem]) -> tuple[list[Part], tuple[Unmet, ...]]:
    """What of the stated parts can be met, taken off what is left of the items, and what cannot."""
    wholes: dict[str, list[str]] = {}
    for item in left.values():
        if item.whole_id is not None:
            wholes.setdefault(item.whole_id, []).append(item.invoice_id)
    met: list[Part] = []
    unmet: list[Unmet] = []
    for part in sorted(stated, key=lambda part: part.invoice_id in wholes):
        names = wholes.get(part.invoice_id, [part.invoice_id] if part.invoice_id in left else [])
        found = tuple(_oldest_first(part.minor, [left[name] for name in names]))
        for one in found:
            left[one.invoice_id] = replace(left[one.invoice_id], minor=left[one.invoice_id].minor - one.minor)
        met += found
        if (lacking := part.minor - sum(one.minor for one in found)) > 0:
            unmet.append(Unmet(part.invoice_id, lacking, _why([left[name] for name in names])))
    return met, tuple(unmet)


def _why(items: Sequence[OpenItem]) -> str:
    if not items:
        return "no such invoice is open"
    return "its discount was taken" if any(item.discount for item in items) else "less of it is open"


def _oldest_first(minor: int, items: Iterable[OpenItem]) -> Iterable[Part]:
    for item in items:
        taken = min(minor, item.wanted)
        if taken > 0:
            yield Part(item.invoice_id, taken)
            minor -= taken


def reduced_by(reductions: Iterable[Reduction], as_of: date | None = None) -> int:
    """What settlements took from an invoice up to a day, by default all that they ever took."""
    return sum(one.minor for one in reductions if as_of is None or one.on <= as_of)


def settled_on(minor: int, reductions: Sequence[Reduction]) -> date | None:
    """The day from which on nothing of an invoice is open; None where something still is."""
    if not reductions or reduced_by(reductions) < minor:
        return None
    found, left = None, minor
    for day in sorted({one.on for one in reductions}):
        before, left = left, minor - reduced_by(reductions, day)
        if left == 0 and before > 0:
            found = day
    return found


def share_of(counted: int, minor: int, part: int) -> int:
    """What a part of an invoice counts as where the whole counts as `counted`, rounded half to even.

    Nothing of it counts as nothing and all of it as the whole, so what is paid in full leaves no cent behind.
    """
    return counted if part == minor else round_fraction(Fraction(counted * part, minor))


def counted_reductions(counted: int, minor: int, reductions: Sequence[Reduction]) -> tuple[Reduction, ...]:
    """The same reductions in the currency in which the whole invoice counts as `counted`; they add up to it."""
    found: list[Reduction] = []
    left, worth = minor, counted
    for one in sorted(reductions, key=lambda one: one.on):
        left -= one.minor
        now = share_of(counted, minor, left)
        found.append(replace(one, minor=worth - now))
        worth = now
    return tuple(found)
