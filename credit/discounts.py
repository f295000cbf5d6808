"""Early-payment discounts: fixed when an invoice is entered, earned when the whole is paid in time, and never in parts.

What counts is the day on which money came, not the day on which somebody entered it. Credit notes of the discount's
days lower the discount in proportion, whichever of the two came in first. Amounts are whole minor units of the
invoice's currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from credit.allocation import Reduction, share_of
from credit.money import Money, round_fraction
from credit.terms import PaymentTerms


@dataclass(frozen=True, slots=True)
class EarlyDiscount:
    """What may be taken off an invoice whose whole is paid by a day, that day included."""

    until: date
    minor: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an invoice stands to its discount: what it comes to, what payments in time still lack, what was taken of it.

    `lacking` is zero or less where it is earned.
    """

    worth: int
    lacking: int
    taken: int

    def may_take(self, open_minor: int) -> int:
        """What of the open amount need not be paid when the rest is paid in time."""
        return max(0, min(self.worth - self.taken, open_minor - max(0, self.lacking)))

    def earned(self, open_minor: int) -> int:
        """What is to be taken off now: never more than is open, nothing while payments lack something."""
        return self.may_take(open_minor) if self.lacking <= 0 else 0


def discount_of(
    terms: PaymentTerms, invoiced_on: date, amount: Money, delivered_on: date | None = None
) -> EarlyDiscount | None:
    """What terms take off an invoice that is paid in time, rounded half to even once; None where that is nothing.

    Raises: ValueError where terms from delivery have no delivery date.
    """
    until = terms.discount_until(invoiced_on, delivered_on)
    if until is None or terms.discount is None:
        return None
    minor = min(round_fraction(terms.discount.share * amount.minor), amount.minor - 1)
    return EarlyDiscount(until, minor) if minor > 0 else None


def standing(minor: int, early: EarlyDiscount, settled: Iterable[Reduction]) -> Standing:
    """How an invoice of an amount stands to its discount after what settled it, each by the settlement's own day.

    What credit notes took up to the last day is not asked for, so the discount is its share of what is left, rounded
    half to even.
    """
    known = tuple(settled)
    in_time = tuple(one for one in known if one.on <= early.until)
    left = minor - _sum(in_time, "credit_note")
    worth = max(0, min(share_of(early.minor, minor, left), left - 1))
    return Standing(worth, left - worth - _sum(in_time, "payment"), _sum(known, "discount"))


def _sum(reductions: Iterable[Reduction], kind: str) -> int:
    return sum(one.minor for one in reductions if one.kind == kind)
