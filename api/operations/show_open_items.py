"""What customers owe on a day: their invoices, their statements, and the ageing of one customer or of the whole book.

Everything of a past day is as a reader of that day knew it, by the days of invoices and of what settled them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from api.errors import Refused
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.services import Services
from credit.allocation import reduced_by
from credit.decision import canonical_json
from credit.money import Money, round_fraction
from credit.receivables import BUCKETS, bucket
from credit.statement import Entry, statement
from storage.engine import Database
from storage.invoice_rows import Invoice
from storage.open_items import SALES_DAYS, BookAgeing
from storage.origins import Origin
from storage.settlement_rows import StoredSettlement

STATEMENT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day of a statement; None: 90 days before, and today."""

    since: date | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """What is known of a customer's debts on a day; `origins` are the orders that invoices are for."""

    as_of: date
    invoices: Sequence[Invoice]
    settlements: Sequence[StoredSettlement]
    origins: Mapping[str, Sequence[Origin]] = field(default_factory=dict)


def list_invoices(held: Services, asked: Mapping[str, Any]) -> bytes:
    """The invoices of a customer on a day, by number, a page at a time. Raises: Refused for no such customer."""
    customer_id, size = asked["customer_id"], asked["limit"] or held.settings.page_size
    day = asked["as_of"] or policy_day(held.database, CUSTOMER, customer_id)
    with held.database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        known, origins = work.invoices.for_customer(customer_id, day), work.origins.of_customer(customer_id)
    found = sorted((one for one in known if one.open_on(day) or not asked["open"]), key=lambda one: one.invoice_id)
    page = [one for one in found if asked["cursor"] is None or one.invoice_id > asked["cursor"]]
    following = page[size - 1].invoice_id if len(page) > size else None
    items = [invoice_dict(one, day, origins.get(one.invoice_id, ())) for one in page[:size]]
    return canonical_json({"as_of": day.isoformat(), "items": items, "next": following})


def show_statement(held: Services, customer_id: str, days: Days) -> bytes:
    """A customer's statement of account. Raises: Refused for no such customer, and days in no order."""
    return canonical_json(statement_on(held.database, customer_id, days))


def show_ageing(held: Services, customer_id: str | None, as_of: date | None) -> bytes:
    """What is open by how long it is overdue, of a customer or of the book. Raises: Refused for no such customer."""
    return canonical_json(ageing_on(held.database, customer_id, as_of))


def statement_on(database: Database, customer_id: str, days: Days) -> dict[str, object]:
    """A customer's statement of account, for each currency. Raises: Refused for no such customer, days in no order."""
    day = days.as_of or policy_day(database, CUSTOMER, customer_id)
    first = days.since or day - timedelta(days=STATEMENT_DAYS)
    if first > day:
        raise Refused("invalid-field", f"the statement would begin on {first} and end on {day}; mend one of the days")
    with database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        known = Owed(day, work.invoices.for_customer(customer_id), work.settlements.of_customer(customer_id),
                     work.origins.of_customer(customer_id))  # fmt: skip
    return statement_dict(customer_id, known, first)


def ageing_on(database: Database, customer_id: str | None, as_of: date | None) -> dict[str, object]:
    """What is open on a day by how long it is overdue. Raises: Refused for no such customer."""
    day = as_of or policy_day(database, "" if customer_id is None else CUSTOMER, customer_id or "")
    with database.read() as work:
        if customer_id is not None:
            owner_of(work, CUSTOMER, customer_id)
        found = work.open_items.ageing(day, customer_id)
    return {"as_of": day.isoformat(), "items": [ageing_dict(one) for one in found]}


def ageing_dict(one: BookAgeing) -> dict[str, object]:
    """An ageing as it is shown; `dso` are the days of sales outstanding, rounded half-even to three digits."""
    days = days_of_sales(one)
    return {
        "currency": one.currency, "customers": one.customers, "invoices": one.ageing.open_invoices,
        "open": one.ageing.total.amount, **{name: getattr(one.ageing, name).amount for name in BUCKETS},
        "sales_days": SALES_DAYS, "sales": one.sales.amount, "dso": days,
    }  # fmt: skip


def days_of_sales(one: BookAgeing) -> str | None:
    """How many days of sales are open, to three digits; None where nothing was invoiced in the days before."""
    if not one.sales.minor:
        return None
    thousandths = round_fraction(Fraction(one.ageing.total.minor * SALES_DAYS * 1_000, one.sales.minor))
    return str(Decimal(thousandths).scaleb(-3))


def invoice_dict(one: Invoice, day: date, origins: Sequence[Origin]) -> dict[str, object]:
    """An invoice as it is shown on a day, with the orders that it is for."""
    open_now = one.open_on(day)
    settled = one.settled_on is not None and one.settled_on <= day
    return {
        "customer_id": one.customer_id, "invoice_id": one.invoice_id, "amount": Money(one.amount, one.currency).amount,
        "open_amount": Money(open_now, one.currency).amount, "currency": one.currency,
        "invoiced_on": one.invoiced_on.isoformat(), "due_on": one.due_on.isoformat(),
        "days_overdue": max(0, (day - one.due_on).days) if open_now else 0,
        "settled_on": one.settled_on.isoformat() if one.settled_on is not None and settled else None,
        "disputed": one.is_disputed(day), "form": one.form, "terms": one.terms, "whole_id": one.whole_id,
        "instalment": one.instalment, "instalments": one.instalments, "charge_of": one.charge_of,
        "charged_until": None if one.charged_until is None else one.charged_until.isoformat(),
        "orders": [{"order_id": order.order_id, "decision_id": order.decision_id,
                    "reservation_id": order.reservation_id} for order in origins],
        "discount_until": None if one.discount_until is None else one.discount_until.isoformat(),
        "discount": None if one.discount is None else Money(one.discount, one.currency).amount,
    }  # fmt: skip


def statement_dict(customer_id: str, known: Owed, since: date) -> dict[str, object]:
    """A statement as it is shown; a currency without anything in it has none."""
    day = known.as_of
    entries: dict[str, list[Entry]] = defaultdict(list)
    for currency, one in entries_of(known):
        entries[currency].append(one)
    items = [_of_currency(currency, entries[currency], known, since) for currency in sorted(entries)]
    return {"customer_id": customer_id, "since": since.isoformat(), "as_of": day.isoformat(), "items": items}


def entries_of(known: Owed) -> Iterator[tuple[str, Entry]]:
    """All that ever changed what a customer owes, with its currency."""
    for one in known.invoices:
        kind = "invoice" if one.charge_of is None else "late_charge"
        yield one.currency, Entry(one.invoiced_on, kind, one.invoice_id, one.amount, one.due_on)
        rest = one.amount - reduced_by(one.reductions)
        if one.settled_on is not None and rest:
            yield one.currency, Entry(one.settled_on, "settled_before", one.invoice_id, -rest)
    for each in known.settlements:
        currency = each.amount.currency
        yield currency, Entry(each.day, each.kind, each.settlement_id, -each.amount.minor)
        if each.reversal is not None:
            yield currency, Entry(each.reversal.reversed_on, "reversal", each.settlement_id, each.amount.minor)


def _of_currency(currency: str, entries: Sequence[Entry], known: Owed, since: date) -> dict[str, object]:
    day = known.as_of
    told = statement(entries, since, day)
    items = [one for one in known.invoices if one.currency == currency and one.open_on(day)]
    items.sort(key=lambda one: (one.due_on, one.invoice_id))
    left = [(one, one.unallocated_on(day)) for one in known.settlements if one.amount.currency == currency]
    owed, unallocated = sum(one.open_on(day) for one in items), sum(minor for _, minor in left)
    return {
        "currency": currency, "opening": _text(told.opening, currency), "closing": _text(told.closing, currency),
        "open": _text(owed, currency), "unallocated": _text(unallocated, currency),
        "overdue": _text(sum(one.open_on(day) for one in items if one.due_on < day), currency),
        "lines": [
            {"day": line.entry.day.isoformat(), "kind": line.entry.kind, "id": line.entry.name,
             "due_on": None if line.entry.due_on is None else line.entry.due_on.isoformat(),
             "amount": _text(line.entry.minor, currency), "balance": _text(line.balance, currency)}
            for line in told.lines
        ],
        "open_items": [
            {**invoice_dict(one, day, known.origins.get(one.invoice_id, ())),
             "bucket": bucket((day - one.due_on).days)} for one in items
        ],
        "unallocated_items": [
            {"kind": one.kind, "id": one.settlement_id, "day": one.day.isoformat(), "amount": one.amount.amount,
             "unallocated": _text(minor, currency)}
            for one, minor in left if minor
        ],
    }  # fmt: skip


def _text(minor: int, currency: str) -> str:
    return Money(minor, currency).amount
