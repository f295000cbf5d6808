"""Blocks of invoices: placed with a reason and a last day, ended once, and never changed.

Placing or ending one takes the next count of the account's facts, so it waits for a run that plans the customer's
steps, and the next one sees it. Each is an event, and so a leaf of the log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from credit.blocks import Block
from storage.account_facts import FACTS_MOVED
from storage.block_tables import invoice_block, invoice_block_end
from storage.clock import database_now, read_instant
from storage.events import Event, Events
from storage.failures import NotAllowed, Refused
from storage.listed import is_one_of
from storage.tables import account, invoice


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A block to be placed; `block_id` names it for good."""

    block_id: str
    customer_id: str
    invoice_id: str
    block: Block
    reason: str
    by: str
    client: str = ""


@dataclass(frozen=True, slots=True)
class BlockEnd:
    """Who ended a block before its last day, from which day on, and why."""

    ended_on: date
    reason: str
    by: str
    client: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block as it was placed, with its end where there is one."""

    block_id: str
    customer_id: str
    invoice_id: str
    block: Block
    reason: str
    by: str
    at: datetime
    end: BlockEnd | None = None


ENDED = (
    invoice_block_end.c.ended_on, invoice_block_end.c.reason.label("why_ended"), invoice_block_end.c.ended_by,
    invoice_block_end.c.client.label("ended_with"), invoice_block_end.c.at.label("ended_at"),
)  # fmt: skip
READ = (
    select(invoice_block, *ENDED)
    .outerjoin(invoice_block_end, invoice_block_end.c.block_id == invoice_block.c.block_id)
    .order_by(invoice_block.c.begins_on, invoice_block.c.block_id)
)


class Blocks:
    """The blocks of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection; each change is an event."""
        self._connection = connection
        self._events = events

    def place(self, new: NewBlock) -> bool:
        """Stop the steps of an invoice's ladder up to a day; False where this very block was placed before.

        Raises: Refused for an invoice that nobody knows.
        """
        self._take(new.customer_id)
        if self.get(new.block_id) is not None:
            return False
        one = (invoice.c.customer_id == new.customer_id) & (invoice.c.invoice_id == new.invoice_id)
        if self._connection.execute(select(invoice.c.invoice_id).where(one)).first() is None:
            raise Refused(f"'{new.customer_id}' has no invoice '{new.invoice_id}'")
        days = {"begins_on": new.block.begins_on.isoformat(), "until": new.block.until.isoformat()}
        self._connection.execute(insert(invoice_block).values(
            block_id=new.block_id, customer_id=new.customer_id, invoice_id=new.invoice_id, kind=new.block.kind,
            reason=new.reason, placed_by=new.by, client=new.client, at=database_now(), **days,
        ))  # fmt: skip
        told = {"block_id": new.block_id, "invoice_id": new.invoice_id, "block": new.block.kind, "reason": new.reason}
        self._events.record(Event("block_placed", f"customer:{new.customer_id}", new.by, told | days))
        return True

    def end(self, block_id: str, end: BlockEnd) -> StoredBlock | None:
        """End a block before its last day; None for an unknown one. Raises: NotAllowed for one that is over."""
        known = self.get(block_id)
        if known is None:
            return None
        self._take(known.customer_id)
        found = self.get(block_id)  # as it stands under the lock
        assert found is not None
        if found.end is not None or found.block.until < end.ended_on:
            over = found.block.until if found.end is None else found.end.ended_on
            raise NotAllowed("block-ended", f"the block is over since {over}")
        self._connection.execute(insert(invoice_block_end).values(
            block_id=block_id, ended_on=end.ended_on.isoformat(), reason=end.reason, ended_by=end.by,
            client=end.client, at=database_now(),
        ))  # fmt: skip
        told = {"block_id": block_id, "ended_on": end.ended_on.isoformat(), "reason": end.reason}
        self._events.record(Event("block_ended", f"customer:{found.customer_id}", end.by, told))
        return self.get(block_id)

    def get(self, block_id: str) -> StoredBlock | None:
        """One block by its id, None for an unknown one."""
        return next(iter(self._found(READ.where(invoice_block.c.block_id == block_id))), None)

    def of_customer(self, customer_id: str) -> Sequence[StoredBlock]:
        """All blocks of a customer's invoices, the one that begins first first, those that are over too."""
        return self._found(READ.where(invoice_block.c.customer_id == customer_id))

    def _found(self, wanted: Select[Any]) -> Sequence[StoredBlock]:
        return tuple(read_block(row) for row in self._connection.execute(wanted))

    def _take(self, customer_id: str) -> None:
        """Take the next count of an account's facts, which waits for whoever plans its steps."""
        self._connection.execute(FACTS_MOVED.where(account.c.customer_id == customer_id))


def read_blocks(connection: Connection, customer_ids: Collection[str]) -> Mapping[tuple[str, str], Sequence[Block]]:
    """The blocks of some customers' invoices, by customer and invoice."""
    found: dict[tuple[str, str], list[Block]] = defaultdict(list)
    for one in map(read_block, connection.execute(READ.where(is_one_of(invoice_block.c.customer_id, customer_ids)))):
        found[one.customer_id, one.invoice_id].append(one.block)
    return found


def read_block(row: Row[Any]) -> StoredBlock:
    """A block from its row."""
    ended = None if row.ended_on is None else date.fromisoformat(row.ended_on)
    end = None if ended is None else BlockEnd(ended, row.why_ended, row.ended_by, row.ended_with,
                                              read_instant(row.ended_at))  # fmt: skip
    block = Block(row.kind, date.fromisoformat(row.begins_on), date.fromisoformat(row.until), ended)
    return StoredBlock(row.block_id, row.customer_id, row.invoice_id, block, row.reason, row.placed_by,
                       read_instant(row.at), end)  # fmt: skip
