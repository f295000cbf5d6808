"""Postings for the general ledger: what each document moves between accounts, in lines that come to nothing together.

An invoice is owed from its day on, and so are late charges that were billed, which are no revenue of a sale. A payment,
credit note, write-off or discount stands as money not yet allocated from its day, and leaves that for receivables with
each allocation, on the day of that; what is taken back comes again the other way. What an import told as settled,
without saying by what, has an account of its own, so that somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from credit.money import Money

ACCOUNTS: Mapping[str, str] = {
    "receivables": "Trade receivables", "revenue": "Revenue", "bank": "Bank", "credit_notes": "Credit notes",
    "discounts_allowed": "Discounts allowed", "bad_debts": "Bad debts written off",
    "unallocated": "Customers' money not allocated", "settled_elsewhere": "Settled, told by an import",
    "late_charges": "Late charges billed",
}  # fmt: skip
BROUGHT_BY = {"payment": "bank", "credit_note": "credit_notes", "write_off": "bad_debts",
              "discount": "discounts_allowed"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posting:
    """One line: what a document moves on one account on a day; `debit` and `credit` are never below zero.

    `version` is that of the customer's account at which the movement stands, None where it has none of its own.
    """

    day: date
    customer_id: str
    document: str
    what: str
    account: str
    debit: Money
    credit: Money
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a document moves on a day: an amount from one account to another; below zero it is the other way round."""

    day: date
    customer_id: str
    document: str
    what: str
    amount: Money
    version: int | None = None

    def between(self, debit: str, credit: str) -> Iterator[Posting]:
        """The two lines of it, none for nothing."""
        nothing, minor = Money.zero(self.amount.currency), self.amount.minor
        if minor < 0:
            debit, credit = credit, debit
        if minor:
            moved = Money(abs(minor), self.amount.currency)
            for account, left, right in ((debit, moved, nothing), (credit, nothing, moved)):
                yield Posting(self.day, self.customer_id, self.document, self.what, account, left, right, self.version)


def in_days(postings: Iterator[Posting], first: date, last: date) -> Iterator[Posting]:
    """Those of some days, both ends included."""
    return (one for one in postings if first <= one.day <= last)


def unbalanced(postings: list[Posting]) -> tuple[str, ...]:
    """The documents whose lines of a day do not come to nothing, by name; there are none but by a fault of ours."""
    sums: dict[tuple[str, str, str, date, str], int] = {}
    for one in postings:
        key = (one.customer_id, one.what, one.document, one.day, one.debit.currency)
        sums[key] = sums.get(key, 0) + one.debit.minor - one.credit.minor
    return tuple(f"{key[1]} {key[2]}" for key, left in sums.items() if left)
