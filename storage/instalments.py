"""Which invoices can stand beside each other: a number is one invoice, of one date or in the instalments it came with.

The next file, or the next conversion, may say something else of a number. What nobody could match with the items that
are open, dunned and paid already is refused by name (decision 0029).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import Connection, select

from credit.instalments import Item
from credit.terms import PaymentTerms
from storage.invoice_rows import Invoice
from storage.tables import invoice


class Numbers:
    """Known invoices by all the numbers that they have: of a whole, and of an instalment."""

    def __init__(self, known: Iterable[Invoice] = ()) -> None:
        """Know these; more may be added."""
        self._by_number: dict[tuple[str, str], dict[str, Invoice]] = {}
        self.add(known)

    def add(self, known: Iterable[Invoice]) -> None:
        """Know these too, in place of what was known under the same numbers."""
        for one in known:
            for number in {one.invoice_id, one.number}:
                self._by_number.setdefault((one.customer_id, number), {})[one.invoice_id] = one

    def unfit(self, given: Sequence[Invoice]) -> str | None:
        """Why the items of one number cannot stand beside what is known; None where they can."""
        beside: dict[str, Invoice] = {}
        for number in {given[0].number, *(one.invoice_id for one in given)}:
            beside |= self._by_number.get((given[0].customer_id, number), {})
        return unfit(given, beside.values())


def items_named(connection: Connection, customer_id: str, number: str) -> Sequence[str]:
    """What a customer has under a number: the invoice itself, or the instalments of the whole; else nothing."""
    named = (invoice.c.invoice_id == number) | (invoice.c.whole_id == number)
    wanted = select(invoice.c.invoice_id).where(invoice.c.customer_id == customer_id, named)
    return connection.execute(wanted.order_by(invoice.c.invoice_id)).scalars().all()


def stored_items(customer_id: str, invoiced_on: date, number: str, terms: PaymentTerms | None,
                 items: Sequence[Item]) -> tuple[Invoice, ...]:  # fmt: skip
    """The items of one invoice as they are stored."""
    spelling, whole = None if terms is None else str(terms), number if len(items) > 1 else None
    return tuple(
        Invoice(customer_id, one.number, one.amount.minor, one.amount.currency, invoiced_on, one.due_on,
                terms=spelling, whole_id=whole, instalment=one.instalment, instalments=one.instalments,
                discount_until=None if one.discount is None else one.discount.until,
                discount=None if one.discount is None else one.discount.minor)
        for one in items
    )  # fmt: skip


def unfit(given: Sequence[Invoice], known: Iterable[Invoice]) -> str | None:
    """Why the items of one number cannot stand beside what is known of their customer; None where they can.

    `known` holds at least the invoices that share a number with one of the items, of a whole or of an instalment.
    """
    number, rows = given[0].number, {one.invoice_id: one for one in known}
    for one in given:
        stored = rows.get(one.invoice_id)
        if stored is not None and stored.whole_id != one.whole_id:
            return _taken(stored)
    if given[0].whole_id is not None and number in rows:
        return _taken(rows[number])
    mine = [one for one in rows.values() if one.whole_id == number]
    if not mine:
        return None
    if {one.invoice_id for one in mine} != {one.invoice_id for one in given}:
        told = "one due date" if given[0].whole_id is None else f"{len(given)} instalments"
        return f"invoice '{number}' is known in {len(mine)} instalments, and not with {told}"
    if any(one.reductions for one in mine) and _plan(mine) != _plan(given):
        return f"something of invoice '{number}' is settled; its instalments keep their days and amounts"
    return None


def by_number(invoices: Iterable[Invoice]) -> Iterable[Sequence[Invoice]]:
    """The items of each number of each customer together; those of two plans of one number are two."""

    def plan(one: Invoice) -> tuple[str, str, int]:
        return one.customer_id, one.number, one.instalments or 0

    return (tuple(own) for _, own in groupby(sorted(invoices, key=plan), key=plan))


def _taken(stored: Invoice) -> str:
    if stored.whole_id is None:
        return f"'{stored.invoice_id}' is known as an invoice of one due date"
    return f"'{stored.invoice_id}' is the number of an instalment of invoice '{stored.whole_id}'"


def _plan(items: Iterable[Invoice]) -> frozenset[tuple[object, ...]]:
    return frozenset((one.invoice_id, one.amount, one.currency, one.due_on) for one in items)
