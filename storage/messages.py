"""The outbox as people look at it: each message with what it waits for or what became of it, by pages and in counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, func, select

from storage.clock import read_clock, read_instant, write_instant
from storage.escalation_tables import KINDS, OUTCOMES, WAITING, outbox, outbox_lease
from storage.outbox import Message, read_message
from storage.page import LARGEST_PAGE, Page

STATES = (*WAITING, *(one for one in OUTCOMES if one != "tried"))


@dataclass(frozen=True, slots=True)
class Standing:
    """A message and how it stands: its state, why it waits, how often it was tried, and when it is tried again."""

    message: Message
    state: str
    reason: str
    attempts: int
    next_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages a list is to have; None asks for all. `who` is a channel of letters, or a role."""

    state: str | None = None
    kind: str | None = None
    customer_id: str | None = None
    who: str | None = None

    def __post_init__(self) -> None:
        assert self.state in (None, *STATES) and self.kind in (None, *KINDS)


class Messages:
    """The messages of one transaction, to be read."""

    def __init__(self, connection: Connection) -> None:
        """Read over the transaction's connection."""
        self._connection = connection

    def get(self, message_id: str) -> Standing | None:
        """One message, None for an unknown one."""
        row = self._connection.execute(joined().where(outbox.c.message_id == message_id)).first()
        return None if row is None else read_standing(row)

    def list(self, wanted: Wanted, cursor: str | None = None, limit: int = 50) -> Page[Standing]:
        """Messages by their name, behind the cursor; at most 500."""
        size = min(limit, LARGEST_PAGE)
        found = joined().order_by(outbox_lease.c.message_id).limit(size + 1)
        if cursor is not None:
            found = found.where(outbox_lease.c.message_id > cursor)
        for column, value in ((outbox_lease.c.state, wanted.state), (outbox.c.kind, wanted.kind),
                              (outbox.c.customer_id, wanted.customer_id), (outbox.c.who, wanted.who)):  # fmt: skip
            if value is not None:
                found = found.where(column == value)
        rows = [read_standing(row) for row in self._connection.execute(found)]
        return Page(tuple(rows[:size]), rows[size - 1].message.message_id if len(rows) > size else None)

    def due(self, cursor: str = "", limit: int = 50) -> tuple[Standing, ...]:
        """What a sender would take now, by name behind the cursor."""
        now = write_instant(read_clock(self._connection))
        found = joined().where(outbox_lease.c.state == "queued", outbox_lease.c.next_at <= now)
        found = found.where(outbox_lease.c.message_id > cursor).order_by(outbox_lease.c.message_id).limit(limit)
        return tuple(read_standing(row) for row in self._connection.execute(found))

    def count_due(self) -> int:
        """How many messages a sender would take now."""
        now = write_instant(read_clock(self._connection))
        due = select(func.count()).where(outbox_lease.c.state == "queued", outbox_lease.c.next_at <= now)
        return int(self._connection.execute(due).scalar_one())

    def counts(self) -> Mapping[str, int]:
        """How many messages are in each state."""
        counted = select(outbox_lease.c.state, func.count()).group_by(outbox_lease.c.state)
        return dict.fromkeys(STATES, 0) | {state: int(count) for state, count in self._connection.execute(counted)}

    def reasons(self, most: int = 50) -> tuple[Standing, ...]:
        """Queued letters that could not be written or sent so far, with the reason; those next to be tried first."""
        waits = joined().where(outbox_lease.c.state == "queued", outbox_lease.c.reason != "")
        rows = self._connection.execute(waits.order_by(outbox_lease.c.next_at).limit(most))
        return tuple(read_standing(row) for row in rows)


def joined() -> Select[tuple[object, ...]]:
    """Every message with its lease."""
    lease = (outbox_lease.c.state, outbox_lease.c.reason, outbox_lease.c.attempts, outbox_lease.c.next_at,
             outbox_lease.c.done_at)  # fmt: skip
    return select(*outbox.c, *lease).join(outbox_lease, outbox_lease.c.message_id == outbox.c.message_id)


def read_standing(row: Row[tuple[object, ...]]) -> Standing:
    """A message with its state from its row."""
    ended = None if row.done_at is None else read_instant(row.done_at)
    return Standing(read_message(row), row.state, row.reason, row.attempts, read_instant(row.next_at), ended)
