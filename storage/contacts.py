"""Where a customer is written to about what is open: one address each, by e-mail or to a web address of its own.

An address is personal data. It stands in one row that is replaced, so an old one is gone; the event of each change
says who changed it and of which kind it is, and its entry in the log commits to the address under a salt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage.clock import database_now, read_instant
from storage.escalation_tables import outbox, outbox_lease
from storage.events import Event, Events
from storage.sending_tables import customer_contact
from storage.tables import customer

KINDS = ("email", "webhook")


@dataclass(frozen=True, slots=True)
class Contact:
    """An address of a kind, and the language of letters; None leaves the language to the policy."""

    customer_id: str
    kind: str
    address: str
    language: str | None = None
    by: str = ""
    at: datetime | None = None


class Contacts:
    """The contacts of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection; each change is an event."""
        self._connection = connection
        self._events = events

    def get(self, customer_id: str) -> Contact | None:
        """Where a customer is written to, None where nobody said."""
        mine = customer_contact.c.customer_id == customer_id
        row = self._connection.execute(select(customer_contact).where(mine)).first()
        return None if row is None else Contact(row.customer_id, row.kind, row.address, row.language, row.set_by,
                                                read_instant(row.at))  # fmt: skip

    def put(self, wanted: Contact) -> None:
        """Set where a known customer is written to; letters that waited for an address wait for the sender now."""
        self.hold(wanted.customer_id)
        before = self.get(wanted.customer_id)
        told = (wanted.kind, wanted.address, wanted.language)
        if before is not None and (before.kind, before.address, before.language) == told:
            return
        self._remove(wanted.customer_id)
        values = {"kind": wanted.kind, "address": wanted.address, "language": wanted.language, "set_by": wanted.by}
        self._connection.execute(insert(customer_contact).values(
            customer_id=wanted.customer_id, at=database_now(), **values))  # fmt: skip
        self._told(wanted.customer_id, wanted.by, wanted.kind, wanted.language, wanted.address)
        self._queue_again(wanted.customer_id)

    def remove(self, customer_id: str, by: str) -> None:
        """Forget where a customer is written to; nothing where nobody had said."""
        self.hold(customer_id)
        if self._remove(customer_id):
            self._told(customer_id, by, "none", None, "")

    def hold(self, customer_id: str) -> None:
        """Let nobody else change the contact, nor begin to wait for one, until the transaction ends."""
        mine = customer.c.customer_id == customer_id
        self._connection.execute(select(customer.c.customer_id).where(mine).with_for_update()).first()

    def _remove(self, customer_id: str) -> bool:
        mine = customer_contact.c.customer_id == customer_id
        return self._connection.execute(delete(customer_contact).where(mine)).rowcount > 0

    def _told(self, customer_id: str, by: str, kind: str, language: str | None, address: str) -> None:
        details = {"kind": kind, "language": language}
        hidden = {"address": address.encode()} if address else None
        self._events.record(Event("contact_set", f"customer:{customer_id}", by, details), hidden)

    def _queue_again(self, customer_id: str) -> None:
        of_customer = select(outbox.c.message_id).where(outbox.c.customer_id == customer_id)
        waits = (outbox_lease.c.state == "no_address") & outbox_lease.c.message_id.in_(of_customer)
        queued = {"state": "queued", "reason": "", "next_at": database_now()}
        self._connection.execute(update(outbox_lease).where(waits).values(**queued))
