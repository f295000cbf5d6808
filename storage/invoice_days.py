"""Days of an invoice that ladders count from and no invoice says itself: when it was delivered, when it came onto one.

Each is told by somebody and never changed; the one told last counts, so a wrong day is told again. Each is an event,
and so a leaf of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from storage.clock import database_now, read_instant
from storage.events import Event, Events
from storage.failures import Refused
from storage.invoice_day_tables import invoice_day
from storage.invoice_rows import Invoice
from storage.tables import account, invoice

MOST_TOLD = 100  # of one invoice


@dataclass(frozen=True, slots=True)
class DayTold:
    """A day of an invoice as it was told: "delivered" or "entered", by whom, and when."""

    anchor: str
    day: date
    by: str
    client: str = ""
    at: datetime | None = None


class InvoiceDays:
    """The told days of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection; each day is an event."""
        self._connection = connection
        self._events = events

    def tell(self, customer_id: str, invoice_id: str, told: DayTold) -> bool:
        """Tell a day of an invoice; False for an unknown one. A run of escalation in work is waited for.

        Raises: Refused where too many were told.
        """
        locking = select(account.c.account_id).where(account.c.customer_id == customer_id).with_for_update()
        self._connection.execute(locking).first()
        which = (invoice.c.customer_id == customer_id) & (invoice.c.invoice_id == invoice_id)
        if self._connection.execute(select(invoice.c.invoiced_on).where(which)).first() is None:
            return False
        mine = (invoice_day.c.customer_id == customer_id) & (invoice_day.c.invoice_id == invoice_id)
        place = self._connection.execute(select(func.count()).where(mine)).scalar_one() + 1
        if place > MOST_TOLD:
            raise Refused(f"{MOST_TOLD} days were told of this invoice; no more are kept")
        self._connection.execute(insert(invoice_day).values(
            customer_id=customer_id, invoice_id=invoice_id, place=place, anchor=told.anchor,
            day=told.day.isoformat(), told_by=told.by, client=told.client, at=database_now(),
        ))  # fmt: skip
        details = {"invoice_id": invoice_id, "what": told.anchor, "day": told.day.isoformat()}
        self._events.record(Event("invoice_day_told", f"customer:{customer_id}", told.by, details))
        return True

    def of_invoice(self, customer_id: str, invoice_id: str) -> Sequence[DayTold]:
        """Every day that was told of an invoice, the one told first first."""
        mine = (invoice_day.c.customer_id == customer_id) & (invoice_day.c.invoice_id == invoice_id)
        rows = self._connection.execute(select(invoice_day).where(mine).order_by(invoice_day.c.place))
        return tuple(DayTold(row.anchor, date.fromisoformat(row.day), row.told_by, row.client, read_instant(row.at))
                     for row in rows)  # fmt: skip


def tell_once(days: InvoiceDays, items: Iterable[Invoice], told: DayTold) -> None:
    """Tell a day of each of some invoices, unless the same teller told it last: what others corrected since stays."""
    for one in items:
        every = days.of_invoice(one.customer_id, one.invoice_id)
        known = [day for day in every if (day.anchor, day.by) == (told.anchor, told.by)]
        if not known or known[-1].day != told.day:
            days.tell(one.customer_id, one.invoice_id, told)


def days_of(whose: Any) -> Select[Any]:
    """The told days of some customers' invoices, those told last at the end."""
    day = invoice_day.c
    return select(day.customer_id, day.invoice_id, day.anchor, day.day).where(whose).order_by(day.place)
