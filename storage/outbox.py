"""The outbox: letters, tasks and proposals, written with the steps that they stand for, each delivered under one key.

Who delivers takes a message on a lease by the database's clock. A lease that ran out may be taken by another, with the
next fence; then the first one's word no longer counts. So a message may reach its receiver twice, when somebody dies
between sending and saying so, but always under the same `message_id`: a receiver that remembers keys acts on it once.

A message's state says what it waits for (the sender, a person, an address), or what became of it for good.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from credit.escalation import CARRIED
from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.escalation_tables import NOT_SENT, WAITING, delivery, outbox, outbox_lease
from storage.events import Event, Events
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
    """A message that somebody may deliver until the lease ends.

    `attempt` counts from 1, `tries` since the message was queued for the last time.
    """

    message: Message
    fence: int
    attempt: int
    until: datetime
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one attempt; all outcomes but "tried", which comes again, are for good.

    `proof` is what shows it, in words; `edition` the letter that was sent, None where a person delivered.
    """

    outcome: str
    day: date
    by: str
    proof: str = ""
    edition: int | None = None


class Outbox:
    """The outbox of one transaction."""

    def __init__(self, connection: Connection, log: LogEntries, events: Events) -> None:
        """Read and write over the transaction's connection; each message is an entry of the log, each end an event."""
        self._connection = connection
        self._log = log
        self._events = events

    def put(self, *messages: Message) -> None:
        """Write messages that are to be delivered, in the transaction of their steps."""
        if not messages:
            return
        now = read_clock(self._connection)
        at = write_instant(now)
        self._connection.execute(insert(outbox), [{**message_row(one), "at": at} for one in messages])
        self._connection.execute(insert(outbox_lease), [
            {"message_id": one.message_id, "state": first_state(one), "reason": "", "fence": 0, "attempts": 0,
             "counted_from": 0, "next_at": at} for one in messages])  # fmt: skip
        self._log.add_many([(entry_of(one.message_id), told_of(one)) for one in messages], now)

    def lease(self, most: int, seconds: float) -> tuple[Leased, ...]:
        """Take queued messages that nobody holds, the longest waiting first; nobody else gets them meanwhile.

        What waits for people or addresses is not looked through, however much that is.
        """
        now = read_clock(self._connection)
        until = now + timedelta(seconds=seconds)
        free = (
            select(outbox_lease.c.message_id)
            .where(outbox_lease.c.state == "queued", outbox_lease.c.next_at <= write_instant(now))
            .order_by(outbox_lease.c.next_at, outbox_lease.c.message_id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        wanted = [row.message_id for row in self._connection.execute(free)]
        if not wanted:
            return ()
        taking = (
            update(outbox_lease)
            .where(outbox_lease.c.message_id.in_(wanted))
            .values(fence=outbox_lease.c.fence + 1, attempts=outbox_lease.c.attempts + 1, next_at=write_instant(until),
                    reason="")
            .returning(*outbox_lease.c)
        )
        taken = {row.message_id: row for row in self._connection.execute(taking)}
        rows = self._connection.execute(select(outbox).where(outbox.c.message_id.in_(taken)))
        found = {row.message_id: read_message(row) for row in rows}
        return tuple(Leased(found[one], taken[one].fence, taken[one].attempts, until,
                            taken[one].attempts - taken[one].counted_from) for one in wanted)  # fmt: skip

    def record(self, leased: Leased, done: Delivery, again_in: float = 0.0) -> bool:
        """Write what became of an attempt; False where the lease was taken over, and nothing is written.

        `again_in` are the seconds after which what was only tried may be taken again.
        """
        now = read_clock(self._connection)
        final = done.outcome != "tried"
        if final:
            values = {"next_at": write_instant(now), "done_at": write_instant(now), "state": done.outcome, "reason": ""}
        else:
            values = {"next_at": write_instant(now + timedelta(seconds=again_in)), "reason": done.proof}
        if not self._change(leased, **values):
            return False
        self._connection.execute(insert(delivery).values(
            message_id=leased.message.message_id, attempt=leased.attempt, outcome=done.outcome,
            day=done.day.isoformat(), proof=done.proof, edition=done.edition, done_by=done.by,
            at=database_now()))  # fmt: skip
        if final:
            message = leased.message
            told = {"customer_id": message.customer_id, "what": message.what, "who": message.who, "step": message.step,
                    "day": done.day.isoformat(), "attempt": leased.attempt, "edition": done.edition}  # fmt: skip
            hidden = {"proof": done.proof.encode()} if done.proof else None
            self._events.record(Event(f"message_{done.outcome}", subject_of(message.message_id), done.by, told), hidden)
        return True

    def postpone(self, leased: Leased, reason: str, again_in: float, state: str = "queued") -> bool:
        """Give a message back that was not tried, and say why; False where the lease was taken over."""
        now = read_clock(self._connection)
        return self._change(leased, next_at=write_instant(now + timedelta(seconds=again_in)), state=state,
                            reason=reason, attempts=outbox_lease.c.attempts - 1)  # fmt: skip

    def _change(self, leased: Leased, **values: Any) -> bool:
        """Change a lease that is still held."""
        mine = (
            update(outbox_lease)
            .where(outbox_lease.c.message_id == leased.message.message_id, outbox_lease.c.fence == leased.fence)
            .where(outbox_lease.c.done_at.is_(None))
        )
        return self._connection.execute(mine.values(**values)).rowcount == 1

    def deliver(self, message_id: str, done: Delivery) -> bool:
        """Write that a person did a task, or delivered a letter by hand; False for an unknown message.

        What the sender gave up, or the receiver refused, may be delivered by hand.
        Raises: Refused for one that was sent, or is not needed any more.
        """
        row = self._connection.execute(
            select(outbox_lease).where(outbox_lease.c.message_id == message_id).with_for_update()).first()  # fmt: skip
        if row is None:
            return False
        open_yet = or_(outbox_lease.c.done_at.is_(None), outbox_lease.c.state.in_(NOT_SENT))
        taken = update(outbox_lease).where(outbox_lease.c.message_id == message_id, open_yet)
        taken = taken.values(fence=outbox_lease.c.fence + 1, attempts=outbox_lease.c.attempts + 1, done_at=None,
                             state="for_a_person")  # fmt: skip
        found = self._connection.execute(taken.returning(outbox_lease.c.fence, outbox_lease.c.attempts)).first()
        if found is None:
            raise Refused("it was sent, or is not needed any more; see its deliveries")
        message = self.get(message_id)
        assert message is not None, "a lease belongs to a message"
        return self.record(Leased(message, found.fence, found.attempts, read_clock(self._connection)), done)

    def queue_again(self, message_id: str, by: str, reason: str = "") -> bool:
        """Let the sender try now what failed, was given up, or waits for its next attempt; False for another."""
        message = self.get(message_id)
        if message is None or not is_carried(message):
            return False
        mine = outbox_lease.c.message_id == message_id
        again = {"state": "queued", "reason": "", "next_at": database_now(), "done_at": None,
                 "counted_from": outbox_lease.c.attempts}  # fmt: skip
        # what somebody holds has no reason, so that it is not taken from them
        waits = mine & or_(outbox_lease.c.state.in_(NOT_SENT), and_(
            outbox_lease.c.state == "queued", outbox_lease.c.reason != ""))  # fmt: skip
        if self._connection.execute(update(outbox_lease).where(waits).values(**again)).rowcount != 1:
            return False
        told = {"reason": reason} if reason else {}
        self._events.record(Event("message_queued_again", subject_of(message_id), by, told))
        return True

    def get(self, message_id: str) -> Message | None:
        """One message, None for an unknown one."""
        row = self._connection.execute(select(outbox).where(outbox.c.message_id == message_id)).first()
        return None if row is None else read_message(row)

    def of_customer(self, customer_id: str) -> tuple[Message, ...]:
        """Every message about a customer, in the order of the days."""
        mine = select(outbox).where(outbox.c.customer_id == customer_id)
        ordered = mine.order_by(outbox.c.as_of, outbox.c.at, outbox.c.message_id)
        return tuple(read_message(row) for row in self._connection.execute(ordered))

    def deliveries(self, message_id: str) -> tuple[Delivery, ...]:
        """What became of each attempt, the first first."""
        wanted = select(delivery).where(delivery.c.message_id == message_id).order_by(delivery.c.attempt)
        rows = self._connection.execute(wanted)
        return tuple(Delivery(row.outcome, date.fromisoformat(row.day), row.done_by, row.proof, row.edition)
                     for row in rows)  # fmt: skip

    def waiting(self) -> int:
        """How many messages nobody has delivered or given up."""
        waiting = select(func.count()).select_from(outbox_lease).where(outbox_lease.c.state.in_(WAITING))
        return int(self._connection.execute(waiting).scalar_one())


def is_carried(message: Message) -> bool:
    """Whether a message leaves by a sender, and by no person."""
    return message.kind == "letter" and message.who in CARRIED


def entry_of(message_id: str) -> str:
    """The name of a message's entry in the log."""
    return f"message-{message_id}"


def subject_of(message_id: str) -> str:
    """How events name a message."""
    return f"message:{message_id}"


def first_state(one: Message) -> str:
    """What a new message waits for: the sender, or a person."""
    return "queued" if is_carried(one) else "for_a_person"


def message_row(one: Message) -> dict[str, Any]:
    """A message as the columns of its row, but for its time."""
    return {"message_id": one.message_id, "customer_id": one.customer_id, "kind": one.kind, "what": one.what,
            "who": one.who, "step": one.step, "as_of": one.as_of.isoformat(), "invoices": json.dumps(one.invoices),
            "policy_digest": one.policy_digest}  # fmt: skip


def told_of(one: Message) -> dict[str, Any]:
    """What the log tells of a message."""
    return {"kind": "message_written", "what": f"{one.kind} {one.what}", "who": one.who,
            "customer_id": one.customer_id, "invoices": list(one.invoices), "as_of": one.as_of.isoformat()}  # fmt: skip


def read_message(row: Row[Any]) -> Message:
    """A message from its row."""
    return Message(row.message_id, row.customer_id, row.kind, row.what, row.who, row.step,
                   tuple(json.loads(row.invoices)), date.fromisoformat(row.as_of), row.policy_digest,
                   read_instant(row.at))  # fmt: skip
