"""The outbox: letters, tasks and proposals, written with the steps that they stand for, each delivered under one key.

Who delivers takes a message on a lease by the database's clock. A lease that ran out may be taken by another, with the
next fence; then the first one's word no longer counts. So a message may reach its receiver twice, when somebody dies
between sending and saying so, but always under the same `message_id`: a receiver that remembers keys acts on it once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.escalation_tables import delivery, outbox, outbox_lease
from storage.failures import Refused
from storage.log_entries import LogEntries


@dataclass(frozen=True, slots=True)
class Message:
    """One letter by a channel, task for a role or proposal to a role (`kind`, `what`, `who`), about invoices."""

    message_id: str
    customer_id: str
    kind: str
    what: str
    who: str
    step: str
    invoices: tuple[str, ...]
    as_of: date
    policy_digest: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that somebody may deliver until the lease ends; `attempt` counts from 1."""

    message: Message
    fence: int
    attempt: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one attempt: "sent" and "failed" are for good, "tried" comes again; `proof` is what shows it."""

    outcome: str
    day: date
    by: str
    proof: str = ""


class Outbox:
    """The outbox of one transaction."""

    def __init__(self, connection: Connection, log: LogEntries) -> None:
        """Read and write over the transaction's connection; each message and each end of one is an entry of the log."""
        self._connection = connection
        self._log = log

    def put(self, message: Message) -> None:
        """Write a message that is to be delivered, in the transaction of its steps."""
        values = {"message_id": message.message_id, "customer_id": message.customer_id, "kind": message.kind,
                  "what": message.what, "who": message.who, "step": message.step, "as_of": message.as_of.isoformat(),
                  "invoices": json.dumps(message.invoices), "policy_digest": message.policy_digest}  # fmt: skip
        self._connection.execute(insert(outbox).values(at=database_now(), **values))
        self._connection.execute(insert(outbox_lease).values(
            message_id=message.message_id, fence=0, attempts=0, next_at=database_now()))  # fmt: skip
        told = {"kind": "message_written", "what": f"{message.kind} {message.what}", "who": message.who,
                "customer_id": message.customer_id, "invoices": list(message.invoices),
                "as_of": message.as_of.isoformat()}  # fmt: skip
        self._log.add(f"message-{message.message_id}", told, read_clock(self._connection))

    def lease(self, most: int, seconds: float, kinds: Sequence[str] = ("letter",)) -> tuple[Leased, ...]:
        """Take messages that nobody holds, the longest waiting first; nobody else gets them while the lease lasts."""
        now = read_clock(self._connection)
        until = now + timedelta(seconds=seconds)
        free = (
            select(outbox_lease.c.message_id)
            .join(outbox, outbox.c.message_id == outbox_lease.c.message_id)
            .where(outbox_lease.c.done_at.is_(None), outbox_lease.c.next_at <= write_instant(now))
            .where(outbox.c.kind.in_(kinds))
            .order_by(outbox_lease.c.next_at, outbox_lease.c.message_id)
            .limit(most)
            .with_for_update(skip_locked=True, of=outbox_lease)
        )
        wanted = [row.message_id for row in self._connection.execute(free)]
        if not wanted:
            return ()
        taking = (
            update(outbox_lease)
            .where(outbox_lease.c.message_id.in_(wanted))
            .values(fence=outbox_lease.c.fence + 1, attempts=outbox_lease.c.attempts + 1, next_at=write_instant(until))
            .returning(outbox_lease.c.message_id, outbox_lease.c.fence, outbox_lease.c.attempts)
        )
        taken = {row.message_id: row for row in self._connection.execute(taking)}
        rows = self._connection.execute(select(outbox).where(outbox.c.message_id.in_(taken)))
        found = {row.message_id: read_message(row) for row in rows}
        return tuple(Leased(found[one], taken[one].fence, taken[one].attempts, until) for one in wanted)

    def record(self, leased: Leased, done: Delivery, again_in: float = 0.0) -> bool:
        """Write what became of an attempt; False where the lease was taken over, and nothing is written.

        `again_in` are the seconds after which what was only tried may be taken again.
        """
        now = read_clock(self._connection)
        final = done.outcome != "tried"
        mine = (
            update(outbox_lease)
            .where(outbox_lease.c.message_id == leased.message.message_id, outbox_lease.c.fence == leased.fence)
            .where(outbox_lease.c.done_at.is_(None))
            .values(next_at=write_instant(now + timedelta(seconds=again_in)),
                    done_at=write_instant(now) if final else None)
        )  # fmt: skip
        if self._connection.execute(mine).rowcount != 1:
            return False
        self._connection.execute(insert(delivery).values(
            message_id=leased.message.message_id, attempt=leased.attempt, outcome=done.outcome,
            day=done.day.isoformat(), proof=done.proof, done_by=done.by, at=database_now()))  # fmt: skip
        if final:
            told = {"kind": f"message_{done.outcome}", "message_id": leased.message.message_id,
                    "day": done.day.isoformat(), "by": done.by, "proof": done.proof}  # fmt: skip
            self._log.add(f"delivery-{leased.message.message_id}-{leased.attempt}", told, now)
        return True

    def deliver(self, message_id: str, done: Delivery) -> bool:
        """Write that a person did a task, or delivered a letter by hand; False for an unknown message.

        Raises: Refused for one that was delivered, or given up, before.
        """
        row = self._connection.execute(
            select(outbox_lease).where(outbox_lease.c.message_id == message_id).with_for_update()).first()  # fmt: skip
        if row is None:
            return False
        taken = update(outbox_lease).where(outbox_lease.c.message_id == message_id, outbox_lease.c.done_at.is_(None))
        taken = taken.values(fence=outbox_lease.c.fence + 1, attempts=outbox_lease.c.attempts + 1)
        found = self._connection.execute(taken.returning(outbox_lease.c.fence, outbox_lease.c.attempts)).first()
        if found is None:
            raise Refused("it was delivered, or given up, before; see its deliveries")
        message = self.get(message_id)
        assert message is not None, "a lease belongs to a message"
        return self.record(Leased(message, found.fence, found.attempts, read_clock(self._connection)), done)

    def get(self, message_id: str) -> Message | None:
        """One message, None for an unknown one."""
        row = self._connection.execute(select(outbox).where(outbox.c.message_id == message_id)).first()
        return None if row is None else read_message(row)

    def deliveries(self, message_id: str) -> tuple[Delivery, ...]:
        """What became of each attempt, the first first."""
        wanted = select(delivery).where(delivery.c.message_id == message_id).order_by(delivery.c.attempt)
        rows = self._connection.execute(wanted)
        return tuple(Delivery(row.outcome, date.fromisoformat(row.day), row.done_by, row.proof) for row in rows)

    def waiting(self) -> int:
        """How many messages nobody has delivered or given up."""
        waiting = select(func.count()).select_from(outbox_lease).where(outbox_lease.c.done_at.is_(None))
        return int(self._connection.execute(waiting).scalar_one())


def read_message(row: Row[Any]) -> Message:
    """A message from its row."""
    return Message(row.message_id, row.customer_id, row.kind, row.what, row.who, row.step,
                   tuple(json.loads(row.invoices)), date.fromisoformat(row.as_of), row.policy_digest,
                   read_instant(row.at))  # fmt: skip
