"""Holds: new orders of a customer, or the whole account, stopped from a day on, each ended once and never changed.

Placing or ending one takes the next count of the account's facts, so it waits for a decision that is in work, and every
decision that begins afterwards sees it: the lock of an account brings its holds. Each is an event, and so a leaf of the
log.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from credit.holds import Hold
from storage.account_facts import FACTS_MOVED
from storage.clock import database_now, read_instant
from storage.events import Event, Events
from storage.failures import Refused
from storage.hold_tables import order_hold, order_hold_end
from storage.listed import is_one_of
from storage.tables import account


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold to be placed; `invoice_id`, `step` and `policy_digest` where a ladder places it.

    `hold_id` is given by the caller: what places the same hold again, names it the same and changes nothing.
    """

    hold_id: str
    account_id: int
    hold: Hold
    reason: str
    by: str
    client: str = ""
    invoice_id: str | None = None
    step: str | None = None
    policy_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Who ended a hold, from which day on, and why."""

    released_on: date
    reason: str
    by: str
    client: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredHold:
    """A hold as it was placed, with its end where there is one."""

    hold_id: str
    customer_id: str
    hold: Hold
    reason: str
    by: str
    client: str
    invoice_id: str | None
    step: str | None
    policy_digest: str | None
    at: datetime
    release: Release | None = None


ENDED = (
    order_hold_end.c.released_on, order_hold_end.c.reason.label("why_released"), order_hold_end.c.released_by,
    order_hold_end.c.client.label("released_with"), order_hold_end.c.at.label("released_at"),
)  # fmt: skip
READ = (
    select(order_hold, account.c.customer_id, *ENDED)
    .join(account, account.c.account_id == order_hold.c.account_id)
    .outerjoin(order_hold_end, order_hold_end.c.hold_id == order_hold.c.hold_id)
    .order_by(order_hold.c.account_id, order_hold.c.place, order_hold.c.hold_id)
)


class Holds:
    """The holds of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection; each change is an event."""
        self._connection = connection
        self._events = events

    def place(self, new: NewHold) -> bool:
        """Stop orders, or the account, from a day on; False where this very hold was placed before."""
        taken = self._take(new.account_id)
        known = select(order_hold.c.hold_id).where(order_hold.c.hold_id == new.hold_id)
        if self._connection.execute(known).first() is not None:
            return False
        self._connection.execute(insert(order_hold).values(
            hold_id=new.hold_id, account_id=new.account_id, place=taken.facts_ver, scope=new.hold.scope,
            placed_on=new.hold.placed_on.isoformat(), invoice_id=new.invoice_id, step=new.step,
            policy_digest=new.policy_digest, reason=new.reason, placed_by=new.by, client=new.client,
            at=database_now(),
        ))  # fmt: skip
        told = {"hold_id": new.hold_id, "scope": new.hold.scope, "placed_on": new.hold.placed_on.isoformat(),
                "invoice_id": new.invoice_id, "step": new.step, "reason": new.reason}  # fmt: skip
        self._events.record(Event("hold_placed", f"customer:{taken.customer_id}", new.by, told))
        return True

    def end(self, hold_id: str, release: Release) -> StoredHold | None:
        """End a hold from a day on; None for an unknown one.

        Raises: Refused for one that ended before, and for a day before the hold's own.
        """
        account_id = self._connection.scalar(select(order_hold.c.account_id).where(order_hold.c.hold_id == hold_id))
        if account_id is None:
            return None
        taken = self._take(account_id)
        found = self.get(hold_id)  # as it stands under the lock
        assert found is not None
        if found.release is not None:
            raise Refused(f"the hold ended already, on {found.release.released_on}, by {found.release.by}")
        if release.released_on < found.hold.placed_on:
            raise Refused(f"the hold begins on {found.hold.placed_on}; end it on that day or later")
        self._connection.execute(insert(order_hold_end).values(
            hold_id=hold_id, place=taken.facts_ver, released_on=release.released_on.isoformat(),
            reason=release.reason, released_by=release.by, client=release.client, at=database_now(),
        ))  # fmt: skip
        told = {"hold_id": hold_id, "released_on": release.released_on.isoformat(), "reason": release.reason}
        self._events.record(Event("hold_ended", f"customer:{found.customer_id}", release.by, told))
        return self.get(hold_id)

    def get(self, hold_id: str) -> StoredHold | None:
        """One hold by its id, None for an unknown one."""
        return next(iter(self._found(READ.where(order_hold.c.hold_id == hold_id))), None)

    def of_customer(self, customer_id: str) -> Sequence[StoredHold]:
        """All holds of a customer in the order in which they were placed, those that ended too."""
        return self._found(READ.where(account.c.customer_id == customer_id))

    def of_ladders(self, customer_ids: Collection[str]) -> Sequence[StoredHold]:
        """The holds of some customers that ladders placed and nobody ended."""
        lasting = order_hold.c.step.is_not(None) & order_hold_end.c.hold_id.is_(None)
        return self._found(READ.where(is_one_of(account.c.customer_id, customer_ids), lasting))

    def of_invoice(self, customer_id: str, invoice_id: str) -> Sequence[StoredHold]:
        """The holds that ladders placed for an invoice, those that ended too."""
        of_one = (account.c.customer_id == customer_id) & (order_hold.c.invoice_id == invoice_id)
        return self._found(READ.where(of_one))

    def _found(self, wanted: Select[Any]) -> Sequence[StoredHold]:
        return tuple(read_hold(row) for row in self._connection.execute(wanted))

    def _take(self, account_id: int) -> Row[Any]:
        """Take the next count of an account's facts, which waits for whoever decides on it."""
        taking = FACTS_MOVED.where(account.c.account_id == account_id)
        return self._connection.execute(taking.returning(account.c.facts_ver, account.c.customer_id)).one()


def read_hold(row: Row[Any]) -> StoredHold:
    """A hold from its row."""
    ended = None if row.released_on is None else date.fromisoformat(row.released_on)
    release = None if ended is None else Release(ended, row.why_released, row.released_by, row.released_with,
                                                 read_instant(row.released_at))  # fmt: skip
    hold = Hold(row.scope, date.fromisoformat(row.placed_on), ended)
    return StoredHold(row.hold_id, row.customer_id, hold, row.reason, row.placed_by, row.client, row.invoice_id,
                      row.step, row.policy_digest, read_instant(row.at), release)  # fmt: skip
