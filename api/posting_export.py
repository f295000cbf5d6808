"""The postings of some days as a CSV file for the general ledger, with the account names of the firm.

Customers are read in pages, so that the book may be of any size. The lines of each document come to nothing together,
which is looked at before a page is written.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import IO

from credit.money import Money
from credit.postings import ACCOUNTS, BROUGHT_BY, Moved, Posting, in_days, unbalanced
from storage.engine import Database
from storage.receivables import Invoice
from storage.settlement_rows import StoredSettlement

COLUMNS = ("day", "customer_id", "what", "document", "version", "account", "name", "currency", "debit", "credit")
CUSTOMERS_AT_ONCE = 200


class BadMapping(ValueError):
    """A file of account names that cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The firm's numbers and names of our accounts."""

    numbers: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def of(self, account: str) -> tuple[str, str]:
        """Number and name of an account; our own word and name where the firm said none."""
        return self.numbers.get(account, account), self.names.get(account, ACCOUNTS[account])


@dataclass(slots=True)
class Written:
    """What was written: lines, and the sum of debits by currency, which is that of credits."""

    lines: int = 0
    sums: dict[str, Money] = field(default_factory=dict)


def read_chart(file: Iterable[str], name: str) -> Chart:
    """A file with the columns `account`, `number` and `name`, one line for each account.

    Raises: BadMapping for a column, an account or a line that cannot be.
    """
    rows = csv.DictReader(file)
    if rows.fieldnames is None or set(rows.fieldnames) != {"account", "number", "name"}:
        raise BadMapping(f"{name}:1: the columns are not account, number and name; write them in the first line")
    numbers: dict[str, str] = {}
    names: dict[str, str] = {}
    for row in rows:
        at, account = f"{name}:{rows.line_num}", (row["account"] or "").strip()
        number, called = (row["number"] or "").strip(), (row["name"] or "").strip()
        if account not in ACCOUNTS:
            raise BadMapping(f"{at}: there is no account '{account}'; one of: {', '.join(ACCOUNTS)}")
        if account in numbers:
            raise BadMapping(f"{at}: the account '{account}' stands twice; take one out")
        if not number or not called:
            raise BadMapping(f"{at}: the account '{account}' has no number or no name; write both")
        numbers[account], names[account] = number, called
    return Chart(numbers, names)


def write_postings(database: Database, days: tuple[date, date], chart: Chart, out: IO[str]) -> Written:
    """Write the postings of some days, by customer; what was written."""
    writer, done = csv.writer(out, lineterminator="\n"), Written()
    writer.writerow(COLUMNS)
    for page in pages(database, days):
        wrong = unbalanced(page)
        assert not wrong, f"the lines of a document do not come to nothing: {wrong}"
        for one in page:
            writer.writerow(row_of(one, chart))
            currency = one.debit.currency
            done.sums[currency] = done.sums.get(currency, Money.zero(currency)) + one.debit
        done.lines += len(page)
    return done


def pages(database: Database, days: tuple[date, date]) -> Iterator[list[Posting]]:
    """The postings of some days, some customers at a time."""
    first, last = days
    after: str | None = None
    while True:
        with database.read() as work:
            page = work.customers.list(after, CUSTOMERS_AT_ONCE)
            names = [one.customer_id for one in page.items]
            invoices = work.invoices.of_customers(names, last)
            found = [posting for name in names for posting in sorted(in_days(
                of_customer(invoices.get(name, ()), work.settlements.of_customer(name)), first, last),
                key=lambda one: (one.day, one.what, one.document))]  # fmt: skip
        yield found
        after = page.next_cursor
        if after is None:
            return


def of_customer(invoices: Iterable[Invoice], settlements: Iterable[StoredSettlement]) -> Iterator[Posting]:
    """Everything that a customer's documents moved, ever."""
    for one in invoices:
        yield from of_invoice(one)
    for settled in settlements:
        yield from of_settlement(settled)


def of_invoice(one: Invoice) -> Iterator[Posting]:
    """An invoice, or a late charge, and what an import told as settled without a payment."""
    what, earned = ("invoice", "revenue") if one.charge_of is None else ("late_charge", "late_charges")
    owed = Moved(one.invoiced_on, one.customer_id, one.invoice_id, what, Money(one.amount, one.currency))
    yield from owed.between("receivables", earned)
    rest = one.amount - sum(taken.minor for taken in one.reductions)
    if one.settled_on is not None and rest:
        told = Moved(one.settled_on, one.customer_id, one.invoice_id, "settled", Money(rest, one.currency))
        yield from told.between("settled_elsewhere", "receivables")


def of_settlement(one: StoredSettlement) -> Iterator[Posting]:
    """A payment, credit note or write-off with its allocations, and its reversal."""
    brought = BROUGHT_BY[one.kind]
    entered = Moved(one.day, one.customer_id, one.settlement_id, one.kind, one.amount)
    yield from entered.between(brought, "unallocated")
    for part in one.allocations:
        moved = Moved(part.day, one.customer_id, one.settlement_id, one.kind, Money(part.minor, one.amount.currency),
                      part.version)  # fmt: skip
        yield from moved.between("unallocated", "receivables")
    if one.reversal is not None:
        back = Moved(one.reversal.reversed_on, one.customer_id, one.settlement_id, one.kind, one.amount)
        yield from back.between("unallocated", brought)


def row_of(one: Posting, chart: Chart) -> tuple[object, ...]:
    """A line of the file; an empty version is that of a document without a movement of its own."""
    number, name = chart.of(one.account)
    version = "" if one.version is None else one.version
    return (one.day, one.customer_id, one.what, one.document, version, number, name, one.debit.currency,
            one.debit.amount, one.credit.amount)  # fmt: skip
