"""What came in another currency than the account's: the order as it was sent, and what each item counts as.

An order's own amounts stand beside its decision, with the rate that was used. Every movement of such an item has a row
with its original amount, the rate and what it came to, written once: what is held, what became an invoice, and what a
revaluation made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from credit.money import Money
from storage.rate_tables import conversion, foreign_order
from storage.rates import Rate, Rates


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """An order in its own currency; `rate` is None where none could be used, and then nothing is approved."""

    amount: Money
    prepaid: Money
    rate: Rate | None

    @property
    def unsecured(self) -> Money:
        """What of it adds to the risk."""
        return self.amount - self.prepaid


@dataclass(frozen=True, slots=True)
class Converted:
    """One item at one version of its account: the original amount, and what it counts as in the account's currency.

    Of a hold (`reservation_id`), or of an invoice.
    """

    original: Money
    rate_id: str
    amount: int
    reservation_id: str | None = None
    invoice_id: str | None = None


class Conversions:
    """The orders and items of one transaction that came in another currency."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def keep_order(self, decision_id: str, order: ForeignOrder) -> None:
        """Keep an order as it was sent, beside its decision."""
        self._connection.execute(insert(foreign_order).values(
            decision_id=decision_id, currency=order.amount.currency, amount=order.amount.minor,
            prepaid=order.prepaid.minor, rate_id=None if order.rate is None else order.rate.rate_id,
        ))  # fmt: skip

    def order_of(self, decision_id: str) -> ForeignOrder | None:
        """The order of a decision as it was sent; None for one in the account's own currency."""
        row = self._connection.execute(select(foreign_order).where(foreign_order.c.decision_id == decision_id)).first()
        if row is None:
            return None
        rate = None if row.rate_id is None else Rates(self._connection).get(row.rate_id)
        return ForeignOrder(Money(row.amount, row.currency), Money(row.prepaid, row.currency), rate)

    def keep(self, account_id: int, version: int, items: Sequence[Converted]) -> None:
        """Keep what items counted as when a version of their account was moved."""
        rows = [
            {"account_id": account_id, "account_ver": version, "place": place, "reservation_id": one.reservation_id,
             "invoice_id": one.invoice_id, "currency": one.original.currency, "original_amount": one.original.minor,
             "rate_id": one.rate_id, "amount": one.amount}
            for place, one in enumerate(items, start=1)
        ]  # fmt: skip
        if rows:
            self._connection.execute(insert(conversion), rows)

    def at(self, account_id: int, version: int) -> tuple[Converted, ...]:
        """The items that were converted with one movement."""
        of_it = (conversion.c.account_id == account_id) & (conversion.c.account_ver == version)
        rows = self._connection.execute(select(conversion).where(of_it).order_by(conversion.c.place))
        return tuple(read_converted(row) for row in rows)

    def of_reservation(self, reservation_id: str) -> tuple[Converted, ...]:
        """What was held at first, and what parts of it became invoices, in this order."""
        of_it = conversion.c.reservation_id == reservation_id
        rows = self._connection.execute(select(conversion).where(of_it).order_by(conversion.c.account_ver))
        return tuple(read_converted(row) for row in rows)


def read_converted(row: Row[Any]) -> Converted:
    """An item from its row."""
    original = Money(row.original_amount, row.currency)
    return Converted(original, row.rate_id, row.amount, row.reservation_id, row.invoice_id)
