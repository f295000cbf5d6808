"""Settlements as they were written, with what went to which invoice and how that was taken back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from credit.allocation import Part
from credit.money import Money
from storage.clock import read_instant
from storage.settlement_tables import allocation, settlement, settlement_reversal


@dataclass(frozen=True, slots=True)
class Allocation:
    """What of a settlement went to one invoice on a day; below zero where it was taken back.

    `counted` is the same in minor units of the account's currency, `version` the account's when it was written.
    """

    invoice_id: str
    minor: int
    counted: int
    day: date
    version: int


@dataclass(frozen=True, slots=True)
class Reversal:
    """Who took a settlement back for good, from which day on, and why."""

    reversed_on: date
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredSettlement:
    """A settlement with all that happened to it."""

    kind: str
    settlement_id: str
    account_id: int
    customer_id: str
    amount: Money
    day: date
    told: str
    stated: tuple[Part, ...]
    by: str
    client: str
    at: datetime
    allocations: tuple[Allocation, ...] = ()
    reversal: Reversal | None = None

    @property
    def by_invoice(self) -> Mapping[str, int]:
        """What of it stands at each invoice, in minor units."""
        found: dict[str, int] = defaultdict(int)
        for one in self.allocations:
            found[one.invoice_id] += one.minor
        return {name: minor for name, minor in found.items() if minor}

    @property
    def unallocated(self) -> int:
        """What of it went to no invoice, in minor units; nothing of one that was reversed."""
        return 0 if self.reversal is not None else self.amount.minor - sum(one.minor for one in self.allocations)

    def went_to(self, invoice_id: str) -> int:
        """What of it stands at one invoice, in minor units."""
        return self.by_invoice.get(invoice_id, 0)

    def unallocated_on(self, day: date) -> int:
        """What of it had gone to no invoice by a day, in minor units."""
        if self.day > day or (self.reversal is not None and self.reversal.reversed_on <= day):
            return 0
        return self.amount.minor - sum(one.minor for one in self.allocations if one.day <= day)


def read_settlements(connection: Connection, wanted: Any) -> Sequence[StoredSettlement]:
    """The settlements that a condition names, by their days."""
    of_it = (settlement_reversal.c.kind == settlement.c.kind) & (
        settlement_reversal.c.settlement_id == settlement.c.settlement_id
    )
    ended = (settlement_reversal.c.reversed_on, settlement_reversal.c.reason, settlement_reversal.c.reversed_by,
             settlement_reversal.c.at.label("reversed_at"))  # fmt: skip
    rows = connection.execute(
        select(settlement, *ended).outerjoin(settlement_reversal, of_it).where(wanted)
        .order_by(settlement.c.day, settlement.c.kind, settlement.c.settlement_id)
    ).all()  # fmt: skip
    parts: dict[tuple[str, str], list[Allocation]] = defaultdict(list)
    joined = (allocation.c.kind == settlement.c.kind) & (allocation.c.settlement_id == settlement.c.settlement_id)
    went = select(allocation).join(settlement, joined).where(wanted)
    for row in connection.execute(went.order_by(allocation.c.account_ver, allocation.c.place)) if rows else ():
        parts[row.kind, row.settlement_id].append(
            Allocation(row.invoice_id, row.amount, row.counted, date.fromisoformat(row.day), row.account_ver)
        )
    return tuple(read_settlement(row, parts[row.kind, row.settlement_id]) for row in rows)


def write_stated(stated: Sequence[Part]) -> str:
    """What a remitter stated, as it is stored."""
    return json.dumps([[part.invoice_id, part.minor] for part in stated], ensure_ascii=False)


def read_settlement(row: Row[Any], parts: Sequence[Allocation]) -> StoredSettlement:
    """A settlement from its row and those of its parts."""
    reversal = None if row.reversed_on is None else Reversal(
        date.fromisoformat(row.reversed_on), row.reason, row.reversed_by, read_instant(row.reversed_at)
    )  # fmt: skip
    stated = tuple(Part(invoice_id, minor) for invoice_id, minor in json.loads(row.stated))
    return StoredSettlement(
        row.kind, row.settlement_id, row.account_id, row.customer_id, Money(row.amount, row.currency),
        date.fromisoformat(row.day), row.told, stated, row.entered_by, row.client, read_instant(row.at), tuple(parts),
        reversal,
    )  # fmt: skip
