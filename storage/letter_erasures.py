"""Erasing what was written to a customer: addresses, letters and what proves that they came, with their commitments.

A letter, its address and its proofs tell of the customer as much as its record does, so they go with it. That a
message was written, by which step, and what became of it stays, and so does every entry of the log.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, cast, delete, func, insert, literal, or_, select, update

from storage.clock import database_now
from storage.escalation_tables import delivery, outbox, outbox_lease
from storage.letters import entry_of
from storage.log_tables import erasure, log_entry
from storage.outbox import subject_of
from storage.sending_tables import customer_contact, delivery_proof, letter
from storage.tables import TEXT, event

EMPTIED = (
    (letter, {"address": "", "subject": "", "content": b""}),
    (delivery, {"proof": ""}),
    (delivery_proof, {"receipt": "", "note": "", "file_name": "", "digest": "", "content": b""}),
)


class LetterErasures:
    """The erasures of letters in one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def open_messages(self, customer_id: str) -> int:
        """How many messages to a customer wait to be delivered."""
        waiting = select(func.count()).select_from(outbox_lease).join(
            outbox, outbox.c.message_id == outbox_lease.c.message_id
        )  # fmt: skip
        of_customer = (outbox.c.customer_id == customer_id) & outbox_lease.c.done_at.is_(None)
        return int(self._connection.execute(waiting.where(of_customer)).scalar_one())

    def erase(self, customer_id: str, by: str, reason: str) -> None:
        """Erase the address of a customer and every letter and proof to it; what was erased before stays so."""
        self._connection.execute(delete(customer_contact).where(customer_contact.c.customer_id == customer_id))
        mine = select(outbox.c.message_id).where(outbox.c.customer_id == customer_id)
        messages = list(self._connection.execute(mine).scalars())
        self._name([f"message-{one}" for one in messages], by, reason)
        for table, values in EMPTIED:
            full = or_(*(table.c[name] != value for name, value in values.items()))
            self._connection.execute(update(table).where(table.c.message_id.in_(mine), full).values(**values))
        salted = self._salted(customer_id, messages)
        self._name(salted, by, reason)
        self._connection.execute(update(log_entry).where(log_entry.c.entry_id.in_(salted)).values(salt=b""))

    def _salted(self, customer_id: str, messages: Sequence[str]) -> list[str]:
        """The entries that commit to anything of these."""
        subjects = [f"customer:{customer_id}", *map(subject_of, messages)]
        told = select(literal("event-").concat(cast(event.c.seq, TEXT)))
        told = told.where(event.c.subject.in_(subjects))
        kept = select(letter.c.message_id, letter.c.edition).where(letter.c.message_id.in_(messages))
        letters = [entry_of(row.message_id, row.edition) for row in self._connection.execute(kept)]
        wanted = select(log_entry.c.entry_id).where(log_entry.c.salt != b"")
        found = wanted.where(or_(log_entry.c.entry_id.in_(letters), log_entry.c.entry_id.in_(told)))
        return list(self._connection.execute(found).scalars())

    def _name(self, entries: Sequence[str], by: str, reason: str) -> None:
        """Write the erasures of these entries, without which the database lets nothing go."""
        known = select(erasure.c.entry_id).where(erasure.c.entry_id.in_(entries))
        new = set(entries) - set(self._connection.execute(known).scalars())
        if new:
            rows = [{"entry_id": one, "done_by": by, "reason": reason} for one in sorted(new)]
            self._connection.execute(insert(erasure).values(at=database_now()), rows)
