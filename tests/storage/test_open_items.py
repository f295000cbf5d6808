"""The ageing of a book is the same, whether the database adds it up or each invoice is looked at by itself."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest

from api.operations.show_open_items import Owed, days_of_sales, entries_of
from credit.allocation import Part
from credit.instalments import Bill, items_of
from credit.money import Money
from credit.rates import ExchangeRate
from credit.receivables import Invoice as Known
from credit.receivables import ageing, days_sales_outstanding
from credit.statement import statement
from credit.terms import parse_terms
from storage.engine import Database
from storage.failures import Refused
from storage.instalments import stored_items
from storage.open_items import BookAgeing
from storage.rates import NewRate
from storage.receivables import Invoice
from storage.settlements import Change, NewSettlement
from tests.storage.records import a_customer, an_invoice

TODAY = date(2026, 6, 30)
CUSTOMERS = ("C-1", "C-2", "C-3")
DAYS = [TODAY - timedelta(days) for days in (0, 1, 7, 29, 30, 31, 60, 90, 91, 120, 200)]


def fill(database: Database, seed: int) -> None:
    """A random book of three customers: settled by a file, paid in part, paid back, in dollars, and open."""
    dice = random.Random(seed)
    with database.write() as work:
        work.rates.add(NewRate(ExchangeRate.parse("7.1", "USD", "CNY"), date(2026, 1, 1), "a bank", "operator:ann"))
        for name in CUSTOMERS:
            work.customers.put(a_customer(name, limit=None))
        invoices = [some_invoice(dice, number) for number in range(60)]
        invoices += [item for number in range(60, 70) for item in in_instalments(some_invoice(dice, number))]
        work.invoices.add_many(invoices, TODAY)
    for number in range(40):
        with suppress(Refused), database.write() as work:
            name, day = dice.choice(CUSTOMERS), TODAY - timedelta(dice.randrange(100))
            currency = dice.choice(("CNY", "CNY", "USD"))
            new = NewSettlement("payment", f"P-{number}", name, Money(dice.randrange(1, 90_00), currency), day, "x",
                                "person:ann")  # fmt: skip
            work.settlements.enter(new, TODAY)
            if number % 5 == 0:
                work.settlements.reverse("payment", f"P-{number}", Change(TODAY, "person:ann", "no funds"), TODAY)


def some_invoice(dice: random.Random, number: int) -> Invoice:
    """One invoice of the last 200 days."""
    invoiced = TODAY - timedelta(dice.randrange(200))
    due = invoiced + timedelta(dice.randrange(60))
    settled = invoiced + timedelta(dice.randrange(120)) if dice.random() < 0.4 else None
    return an_invoice(f"I-{number}", dice.randrange(1, 100_00), customer_id=dice.choice(CUSTOMERS),
                      currency=dice.choice(("CNY", "CNY", "USD")), invoiced_on=invoiced, due_on=due,
                      settled_on=settled)  # fmt: skip


def in_instalments(one: Invoice) -> tuple[Invoice, ...]:
    """The same invoice in three instalments, each with the day on which a file settled the whole."""
    agreed = parse_terms("3 instalments every 20 days")
    items = items_of(Bill(one.invoice_id, Money(one.amount + 3, one.currency), one.invoiced_on, terms=agreed))
    stored = stored_items(one.customer_id, one.invoiced_on, one.invoice_id, agreed, items)
    return tuple(replace(item, settled_on=one.settled_on) for item in stored)


def business(stored: Iterable[Invoice]) -> list[Known]:
    """Stored invoices as the business knows them, in the account's currency."""
    return [Known(one.invoice_id, one.customer_id, Money(one.counted, "CNY"), one.invoiced_on, one.due_on,
                  one.settled_on, None, one.counted_reductions) for one in stored]  # fmt: skip


def one_by_one(database: Database, day: date, names: Iterable[str]) -> tuple[object, object]:
    """The ageing and the days of sales of some customers, each invoice by itself."""
    with database.read() as work:
        known = [one for name in names for one in business(work.invoices.for_customer(name))]
    return ageing(known, day, "CNY"), days_sales_outstanding(known, day, "CNY")


@pytest.mark.parametrize("seed", range(3))
def test_the_database_adds_up_what_each_invoice_says(database: Database, seed: int) -> None:
    fill(database, seed)
    for day in DAYS:
        for names in (CUSTOMERS, ("C-2",)):
            with database.read() as work:
                [found] = work.open_items.ageing(day, None if names is CUSTOMERS else names[0]) or [nothing()]
            wanted, days = one_by_one(database, day, names)
            assert found.ageing == wanted
            assert (days_of_sales(found) is None) == (days is None)
            assert days is None or abs(float(days_of_sales(found) or 0) - float(days)) <= 0.0005  # type: ignore[arg-type]


def nothing() -> BookAgeing:
    """The ageing of a day on which nothing is there."""
    return BookAgeing("CNY", 0, ageing([], TODAY, "CNY"), Money.zero("CNY"))


@pytest.mark.parametrize("seed", range(3))
def test_a_statement_ends_with_what_is_open_less_what_is_left(database: Database, seed: int) -> None:
    fill(database, seed)
    seen = 0
    for name in CUSTOMERS:
        with database.read() as work:
            invoices, settlements = work.invoices.for_customer(name), work.settlements.of_customer(name)
        for day in DAYS:
            for currency in ("CNY", "USD"):
                entries = [one for kept_in, one in entries_of(Owed(day, invoices, settlements)) if kept_in == currency]
                owed = sum(one.open_on(day) for one in invoices if one.currency == currency)
                left = sum(one.unallocated_on(day) for one in settlements if one.amount.currency == currency)
                told = statement(entries, day - timedelta(30), day)
                assert told.closing == owed - left
                assert told.opening == told.closing - sum(line.entry.minor for line in told.lines)
                seen += bool(left)
    assert seen > 10, "money was left over on some days"


def test_a_part_stated_for_a_dollar_invoice_counts_in_the_currency_of_the_account(database: Database) -> None:
    with database.write() as work:
        work.rates.add(NewRate(ExchangeRate.parse("7.1", "USD", "CNY"), date(2026, 1, 1), "a bank", "operator:ann"))
        work.invoices.add_many([an_invoice("A", 100, currency="USD")], TODAY)
        new = NewSettlement("payment", "P-1", "C-1", Money(50, "USD"), TODAY, "x", "person:ann",
                            stated=(Part("A", 40),))  # fmt: skip
        work.settlements.enter(new, TODAY)
        [found] = work.open_items.ageing(TODAY)
        [before] = work.open_items.ageing(TODAY - timedelta(1))
    assert (found.ageing.total, before.ageing.total) == (Money(355, "CNY"), Money(710, "CNY"))
    assert found.customers == found.ageing.open_invoices == 1
