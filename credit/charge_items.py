"""Late charges that are billed: an item of its own for one invoice up to a day, so that it can be owed and paid.

What is billed is what the charges came to by that day, less what was billed of the same invoice before. Where that is
below zero, as after a payment with an earlier day, the rest is a proposal for a credit note: money is given back by a
person, never by the next bill. A credit note that names the charge gives back what was billed too much, wherever its
money went; whatever else is credited is a waiver, and final: it is never billed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from credit.receivables import Invoice

DUE_DAYS = 14  # from the day of the bill, where nobody says another day
LONGEST_NUMBER = 64
MARK_DIGITS = 8


@dataclass(frozen=True, slots=True)
class ChargeState:
    """One invoice with what its charges came to by a day, and the items that billed some of it; minor units.

    `accrued` is None where a date or a rate is missing. `accrued_then` is what they came to by the last day that was
    billed, by all that is known now; `credited` what credit notes that name one of the items gave back.
    """

    invoice: Invoice
    accrued: int | None
    items: tuple[Invoice, ...]
    accrued_then: int | None = None
    credited: int = 0

    @property
    def billed(self) -> int:
        """What was billed, less what of it was billed too much and given back; what was waived or lost stays billed."""
        together = sum(item.amount.minor for item in self.items)
        too_much = 0 if self.accrued_then is None else max(0, together - self.accrued_then)
        return together - min(self.credited, too_much)

    @property
    def billed_until(self) -> date | None:
        """The last day that was billed."""
        return last_billed(self.items)

    def unbilled(self, until: date) -> int | None:
        """What is to be billed up to a day; below zero what was billed too much. None where it cannot be told.

        Nothing more is billed up to a day that was billed, and nothing is said of days before one.
        """
        last = self.billed_until
        if self.accrued is None:
            return None
        if last is not None and last > until:
            return 0
        left = self.accrued - self.billed
        return min(left, 0) if last == until else left

    def too_much(self, until: date) -> int:
        """What was billed and is charged no more; 0 where nothing was."""
        return max(0, -(self.unbilled(until) or 0))


def last_billed(items: Iterable[Invoice]) -> date | None:
    """The last day that was billed by these items; None without any."""
    return max((one.charged_until for one in items if one.charged_until is not None), default=None)


def charges_by_invoice(invoices: Iterable[Invoice]) -> Mapping[str, tuple[Invoice, ...]]:
    """The items that bill charges, by the invoice that bore them, the first billed first."""
    found: dict[str, list[Invoice]] = {}
    for one in sorted(invoices, key=lambda one: (one.charged_until or date.min, one.invoice_id)):
        if one.charge_of is not None:
            found.setdefault(one.charge_of, []).append(one)
    return {invoice_id: tuple(items) for invoice_id, items in found.items()}


def charge_number(invoice_id: str, until: date) -> str:
    """The number of a charge: `INV-7-charge-2026-03-31`.

    The ending is of letters, digits and hyphens, so that it reads the same on a letter and in an address, and has the
    day, as a month may be billed twice. A number that leaves no room is cut and marked, so that no two are alike.
    """
    ending = f"-charge-{until.isoformat()}"
    room = LONGEST_NUMBER - len(ending)
    if len(invoice_id) > room:
        mark = sha256(invoice_id.encode()).hexdigest()[:MARK_DIGITS]
        invoice_id = f"{invoice_id[: room - MARK_DIGITS - 1]}~{mark}"
    return invoice_id + ending
