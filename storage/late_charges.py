"""Late charges that are billed: items of a customer's account, each with an event of its own.

INVARIANT: an invoice is charged once up to a day (`invoice_charged_once`), whoever bills at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from credit.money import Money
from storage.events import Event, Events
from storage.invoice_rows import Invoice
from storage.receivables import Invoices


class LateCharges:
    """The billed charges of one transaction."""

    def __init__(self, connection: Connection, invoices: Invoices, events: Events) -> None:
        """Write over the transaction's connection; a bill moves its account once, and each charge is an event."""
        self._connection, self._invoices, self._events = connection, invoices, events

    def bill(self, account_id: int, items: Sequence[Invoice], by: str) -> None:
        """Enter charges of one customer, one for each invoice. Lock the account before they are worked out."""
        self._invoices.add_new(account_id, items)
        for one in items:
            assert one.charge_of is not None and one.charged_until is not None, "a charge says of what, and until when"
            details = {"invoice_id": one.invoice_id, "charge_of": one.charge_of, "currency": one.currency,
                       "amount": Money(one.amount, one.currency).amount, "until": one.charged_until.isoformat(),
                       "due_on": one.due_on.isoformat()}  # fmt: skip
            self._events.record(Event("late_charge_billed", f"customer:{one.customer_id}", by, details))
