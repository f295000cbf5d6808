"""What is open of the whole book on a day, added up by the database where nothing but the invoice matters.

Invoices that a settlement took something from, and those in another currency than their account's, are read one by one:
there are few of them among those that are open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from credit.money import Money
from credit.receivables import BUCKETS, Ageing, bucket
from storage.invoice_rows import INVOICES, read_invoice
from storage.reduction_texts import reduced_after
from storage.tables import account, invoice

SALES_DAYS = 90


@dataclass(frozen=True, slots=True)
class BookAgeing:
    """What is open in one currency on a day, and what was invoiced in the days before, for the days of sales."""

    currency: str
    customers: int
    ageing: Ageing
    sales: Money


@dataclass(slots=True)
class _Sum:
    minor: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))
    items: int = 0
    customers: set[str] = field(default_factory=set)


class OpenItems:
    """What is open, over all customers or for one."""

    def __init__(self, connection: Connection) -> None:
        """Read over the transaction's connection."""
        self._connection = connection

    def ageing(self, as_of: date, customer_id: str | None = None) -> tuple[BookAgeing, ...]:
        """What is open on a day by how long it is overdue, for each currency in which accounts are kept."""
        sums: dict[str, _Sum] = defaultdict(_Sum)
        found = chain(self._plain(as_of, customer_id), self._others(as_of, customer_id))
        for currency, name, owner, minor, items in found:
            one = sums[currency]
            one.minor[name] += minor
            one.items += items
            one.customers.add(owner)
        sales = self._sales(as_of, customer_id)
        return tuple(
            BookAgeing(currency, len(sums[currency].customers), _ageing(sums[currency], currency),
                       Money(sales.get(currency, 0), currency))
            for currency in sorted({*sums, *sales})
        )  # fmt: skip

    def _plain(self, as_of: date, customer_id: str | None) -> Iterator[tuple[str, str, str, int, int]]:
        """Currency, bucket, customer, minor units and how many, of invoices from which nothing was taken."""
        named = _bucket_of(as_of)
        columns = (invoice.c.currency, named.label("bucket"), invoice.c.customer_id)
        sums = select(*columns, func.sum(invoice.c.amount).label("minor"), func.count().label("items"))
        wanted = sums.where(_open(as_of, customer_id), invoice.c.carrying_amount.is_(None), ~reduced_after(""))
        for row in self._connection.execute(wanted.group_by(*columns)):
            yield row.currency, row.bucket, row.customer_id, int(row.minor), int(row.items)

    def _others(self, as_of: date, customer_id: str | None) -> Iterator[tuple[str, str, str, int, int]]:
        kept_in = account.c.currency.label("kept_in")
        wanted = INVOICES.add_columns(kept_in).join(account, account.c.customer_id == invoice.c.customer_id)
        apart = or_(invoice.c.carrying_amount.is_not(None), reduced_after(""))
        for row in self._connection.execute(wanted.where(_open(as_of, customer_id), apart)):
            one = read_invoice(row)
            if one.open_on(as_of):
                named = bucket((as_of - one.due_on).days)
                yield row.kept_in, named, one.customer_id, one.counted_on(as_of), 1

    def _sales(self, as_of: date, customer_id: str | None) -> Mapping[str, int]:
        """What was invoiced in the last days up to a day, by currency."""
        first = (as_of - timedelta(days=SALES_DAYS)).isoformat()
        counted = func.sum(func.coalesce(invoice.c.carrying_amount, invoice.c.amount)).label("minor")
        wanted = (
            select(account.c.currency, counted)
            .join(account, account.c.customer_id == invoice.c.customer_id)
            .where(invoice.c.invoiced_on > first, invoice.c.invoiced_on <= as_of.isoformat(), _of(customer_id))
            .where(invoice.c.charge_of.is_(None))  # late charges are no sales
            .group_by(account.c.currency)
        )
        return {row.currency: int(row.minor) for row in self._connection.execute(wanted)}


def _of(customer_id: str | None) -> Any:
    return invoice.c.customer_id.is_not(None) if customer_id is None else invoice.c.customer_id == customer_id


def _open(as_of: date, customer_id: str | None) -> Any:
    """Which invoices may be open on a day: invoiced by it and not settled by it."""
    day = as_of.isoformat()
    return and_(_of(customer_id), invoice.c.invoiced_on <= day,
                or_(invoice.c.settled_on.is_(None), invoice.c.settled_on > day))  # fmt: skip


def _bucket_of(as_of: date) -> Any:
    """The name of an invoice's bucket on a day: 30 days overdue are still 1–30."""
    last_days = {name: (as_of - timedelta(days=30 * place)).isoformat() for place, name in enumerate(BUCKETS[:-1])}
    return case(*((invoice.c.due_on >= day, name) for name, day in last_days.items()), else_=BUCKETS[-1])


def _ageing(found: _Sum, currency: str) -> Ageing:
    return Ageing(**{name: Money(minor, currency) for name, minor in found.minor.items()}, open_invoices=found.items)
