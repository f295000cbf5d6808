"""Customers of a run in pages, with no more than what tells whether a day of a ladder may have come for them.

A nightly run looks at every open invoice and takes a step for few. So a page is a bounded number of open invoices, read
in the order of their key with the steps that were taken of them, by a handful of statements for all of its customers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, or_, select

from credit.blocks import Block
from storage.clock import database_now, read_instant
from storage.escalation_tables import NOT_SENT, delivery, escalation_step
from storage.hold_tables import order_hold, order_hold_end
from storage.invoice_day_tables import invoice_day
from storage.invoice_days import days_of
from storage.listed import is_one_of
from storage.policy_timeline import Timeline, Whose, read_timeline
from storage.tables import account, customer, invoice
from storage.told_facts import TOLD_FACTS, country_of_day, read_facts_told

INVOICES_AT_ONCE = 2_000
ENDS = ("sent", *NOT_SENT)


@dataclass(frozen=True, slots=True)
class Past:
    """What happened to one invoice on its ladder: days by step, of each step, of letters that left or came back.

    `blocks` are what stops its steps for some days; a page leaves them out, as it only says what may be due.
    """

    done: Mapping[str, date]
    sent: Mapping[str, date]
    failed: Mapping[str, date]
    blocks: tuple[Block, ...] = ()
    dates: Mapping[str, date] = field(default_factory=dict)  # told days: delivered, entered


NOTHING = Past({}, {}, {})


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice that is open on the day of a run: its days as stored text, and its past on the ladder."""

    invoice_id: str
    invoiced_on: str
    due_on: str
    past: Past = NOTHING


@dataclass(frozen=True, slots=True)
class Concerned:
    """A customer of a run: what it is under, its open invoices, and whether a hold of a ladder lasts.

    `cut` says that there are more open invoices than a page holds, so that these are not all.
    """

    customer_id: str
    currency: str
    policy_digest: str | None
    invoices: Sequence[OpenInvoice]
    held: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page as they were read: nothing is made of them before the transaction is over."""

    invoices: Sequence[Any]
    steps: Sequence[Row[Any]]
    days: Sequence[Row[Any]]
    lasting: frozenset[str]
    accounts: Sequence[Row[Any]]
    above: Mapping[int, Row[Any]]
    timeline: Timeline
    cut: str | None  # the customer of whom there are more invoices

    def customers(self) -> tuple[Concerned, ...]:
        """The customers by id."""
        pasts = read_pasts(self.steps, self.days)
        open_now = {name: [OpenInvoice(row.invoice_id, row.invoiced_on, row.due_on,
                                       pasts.get((name, row.invoice_id), NOTHING)) for row in own]
                    for name, own in groupby(self.invoices, key=lambda row: row.customer_id)}  # fmt: skip
        found = [self._customer(row, open_now.get(row.customer_id, ())) for row in self.accounts]
        return tuple(sorted(found, key=lambda one: one.customer_id))

    def _customer(self, row: Row[Any], invoices: Sequence[OpenInvoice]) -> Concerned:
        country = country_of_day(row.country, read_facts_told(row.told), read_instant(row.now).date())
        whose = Whose(row.customer_id, tuple(names_above(self.above, row.parent_id)), country)
        return Concerned(row.customer_id, row.currency, self.timeline.digest_for(whose, row.now), invoices,
                         row.customer_id in self.lasting, row.customer_id == self.cut)  # fmt: skip


def read_page(connection: Connection, as_of: date, after: str, most: int = INVOICES_AT_ONCE) -> Page:
    """The next customers by id with an open invoice or a lasting hold of a ladder; none behind the last one."""
    day = as_of.isoformat()
    columns = (invoice.c.customer_id, invoice.c.invoice_id, invoice.c.invoiced_on, invoice.c.due_on)
    reading = select(*columns).where(invoice.c.customer_id > after, open_on(day)).order_by(*columns[:2]).limit(most)
    rows = connection.execute(reading).all()
    last, cut = None, None
    if len(rows) == most:  # the last customer may have more; it waits for the next page, unless it is alone
        final = rows[-1].customer_id
        cut = final if rows[0].customer_id == final else None
        last = cut or last_before(rows)
        rows = [row for row in rows if row.customer_id <= last]
    span = Span(after, last)
    lasting = frozenset(connection.execute(with_holds().where(span.holds(account.c.customer_id))).scalars())
    steps = connection.execute(steps_of(span.holds(escalation_step.c.customer_id), open_on(day))).all()
    days = connection.execute(days_of(span.holds(invoice_day.c.customer_id))).all()
    accounts = governed(connection, {row.customer_id for row in rows} | lasting)
    above = groups_above(connection, {row.parent_id for row in accounts})
    return Page(rows, steps, days, lasting, accounts, above, read_timeline(connection), cut)


@dataclass(frozen=True, slots=True)
class Span:
    """The customers behind one and up to another, who is None where there are no more."""

    after: str
    last: str | None

    def holds(self, column: Any) -> Any:
        """Whether a customer's id lies in it."""
        return column > self.after if self.last is None else and_(column > self.after, column <= self.last)


def last_before(rows: Sequence[Any]) -> str:
    """The customer before the last one of a page."""
    final = rows[-1].customer_id
    return next(str(row.customer_id) for row in reversed(rows) if row.customer_id != final)


def governed(connection: Connection, names: Collection[str]) -> Sequence[Row[Any]]:
    """The accounts of some customers, with all that says which policy is in effect for each now."""
    return connection.execute(
        select(account.c.customer_id, account.c.currency, account.c.parent_id, customer.c.country,
               TOLD_FACTS.label("told"), database_now().label("now"))
        .join(customer, customer.c.customer_id == account.c.customer_id)
        .where(is_one_of(account.c.customer_id, names))
    ).all()  # fmt: skip


def groups_above(connection: Connection, wanted: set[int | None]) -> Mapping[int, Row[Any]]:
    """The accounts of the groups with these ids, and of all groups above them."""
    found: dict[int, Row[Any]] = {}
    while missing := [one for one in wanted if one is not None and one not in found]:
        reading = select(account.c.account_id, account.c.group_id, account.c.parent_id)
        found |= {row.account_id: row for row in connection.execute(reading.where(account.c.account_id.in_(missing)))}
        wanted = {found[one].parent_id for one in missing}
    return found


def names_above(above: Mapping[int, Row[Any]], parent: int | None) -> Iterator[str]:
    """The groups above an account, the nearest first."""
    while parent is not None:
        yield above[parent].group_id
        parent = above[parent].parent_id


def steps_of(whose: Any, which: Any) -> Select[Any]:
    """The steps taken of some customers' invoices, each with the day on which its letter left or came back."""
    ended = and_(delivery.c.message_id == escalation_step.c.message_id, delivery.c.outcome.in_(ENDS))
    step = escalation_step.c
    same = and_(invoice.c.customer_id == step.customer_id, invoice.c.invoice_id == step.invoice_id)
    return (
        select(step.customer_id, step.invoice_id, step.step, step.as_of, delivery.c.outcome, delivery.c.day)
        .join(invoice, same)
        .outerjoin(delivery, ended)
        .where(whose, which)
    )


def read_pasts(rows: Iterable[Row[Any]], told_days: Iterable[Row[Any]] = ()) -> dict[tuple[str, str], Past]:
    """What happened to each invoice, by customer and invoice."""
    found: dict[tuple[str, str], Past] = {}
    for row in told_days:
        dates = dict(found[row.customer_id, row.invoice_id].dates) if (row.customer_id, row.invoice_id) in found else {}
        dates[row.anchor] = date.fromisoformat(row.day)  # the one told last counts
        found[row.customer_id, row.invoice_id] = Past({}, {}, {}, dates=dates)
    for row in rows:
        past = found.setdefault((row.customer_id, row.invoice_id), Past({}, {}, {}))
        told: tuple[tuple[Any, str | None], ...] = (
            (past.done, row.as_of), (past.sent, row.day if row.outcome == "sent" else None),
            (past.failed, row.day if row.outcome in NOT_SENT else None),
        )  # fmt: skip
        for days, day in told:
            if day is not None:
                days[row.step] = date.fromisoformat(day)
    return found


def with_invoices(as_of: date) -> Select[Any]:
    """The customers with an invoice that is open on a day."""
    return select(invoice.c.customer_id).where(open_on(as_of.isoformat())).distinct()


def with_holds() -> Select[Any]:
    """The customers with a hold of a ladder that lasts."""
    return (
        select(account.c.customer_id)
        .join(order_hold, order_hold.c.account_id == account.c.account_id)
        .outerjoin(order_hold_end, order_hold_end.c.hold_id == order_hold.c.hold_id)
        .where(order_hold.c.step.is_not(None), order_hold_end.c.hold_id.is_(None))
        .distinct()
    )


def open_on(day: str) -> Any:
    """Whether an invoice is open on a day."""
    return and_(invoice.c.invoiced_on <= day, or_(invoice.c.settled_on.is_(None), invoice.c.settled_on > day))
