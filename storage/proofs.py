"""What shows that a message reached its receiver, or that a task was done: a receipt's number, a time, a file.

A proof is a row of its own, added when it is there, often days after the letter left. Receipt, note and file may tell
of a person: the log commits to them under a salt, and an erasure lets them go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, Row, func, insert, select

from storage.clock import database_now, read_instant, write_instant
from storage.escalation_tables import outbox_lease
from storage.events import Event, Events
from storage.failures import Refused
from storage.outbox import subject_of
from storage.sending_tables import delivery_proof

MOST = 20  # of one message


@dataclass(frozen=True, slots=True)
class NewProof:
    """A proof that somebody adds; without a file its name and content are empty, `received_at` None is not known."""

    message_id: str
    by: str
    receipt: str = ""
    note: str = ""
    received_at: datetime | None = None
    file_name: str = ""
    media_type: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as it is stored, without its file; `digest` is the file's SHA-256, empty without one."""

    message_id: str
    place: int
    receipt: str
    note: str
    received_at: datetime | None
    file_name: str
    media_type: str
    digest: str
    by: str
    at: datetime


COLUMNS = tuple(one for one in delivery_proof.c if one.name != "content")


class Proofs:
    """The proofs of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection; each proof is an event."""
        self._connection = connection
        self._events = events

    def add(self, new: NewProof) -> Proof:
        """Add a proof to a known message. Raises: Refused where it has too many."""
        lease = select(outbox_lease.c.message_id).where(outbox_lease.c.message_id == new.message_id)
        self._connection.execute(lease.with_for_update()).one()  # one after another, so that places have no gap
        mine = delivery_proof.c.message_id == new.message_id
        place = int(self._connection.execute(select(func.count()).select_from(delivery_proof).where(mine)).scalar_one())
        if place >= MOST:
            raise Refused(f"a message has at most {MOST} proofs")
        digest = sha256(new.content).hexdigest() if new.content else ""
        self._connection.execute(insert(delivery_proof).values(
            message_id=new.message_id, place=place + 1, receipt=new.receipt, note=new.note,
            received_at="" if new.received_at is None else write_instant(new.received_at), file_name=new.file_name,
            media_type=new.media_type, content=new.content, digest=digest, added_by=new.by,
            at=database_now()))  # fmt: skip
        hidden = {"receipt": new.receipt.encode(), "note": new.note.encode(), "file": new.content}
        told = {"place": place + 1, "media_type": new.media_type}
        self._events.record(Event("proof_added", subject_of(new.message_id), new.by, told),
                            {name: held for name, held in hidden.items() if held})  # fmt: skip
        return self.of_message(new.message_id)[-1]

    def of_message(self, message_id: str) -> tuple[Proof, ...]:
        """Every proof of a message, the one added first first."""
        wanted = select(*COLUMNS).where(delivery_proof.c.message_id == message_id).order_by(delivery_proof.c.place)
        return tuple(read_proof(row) for row in self._connection.execute(wanted))

    def file(self, message_id: str, place: int) -> tuple[Proof, bytes] | None:
        """A proof with its file; None where there is none, or no file."""
        wanted = select(delivery_proof).where(delivery_proof.c.message_id == message_id)
        row = self._connection.execute(wanted.where(delivery_proof.c.place == place)).first()
        return None if row is None or not row.content else (read_proof(row), bytes(row.content))


def read_proof(row: Row[tuple[object, ...]]) -> Proof:
    """A proof from its row."""
    received = read_instant(row.received_at) if row.received_at else None
    return Proof(row.message_id, row.place, row.receipt, row.note, received, row.file_name, row.media_type, row.digest,
                 row.added_by, read_instant(row.at))  # fmt: skip
