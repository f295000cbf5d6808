"""The ageing and the days of sales of a real book, brought in through the door of imports, are the published ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.commands import cli
from api.operations.show_open_items import days_of_sales
from credit.allocation import Part
from credit.money import Money
from storage.engine import Database, open_database
from storage.open_items import BookAgeing
from storage.settlements import NewSettlement
from tests.migrated import bring_up

FILE = "ibm_accounts_receivable.csv"
KNOWN = {  # open, not due, 1-30 days, sales of 90 days, days of sales; what is open lies in no later bucket
    date(2012, 12, 31): (99, "5725.06", "4936.32", "788.74", "19196.81", "26.841"),
    date(2013, 6, 30): (84, "5119.85", "4284.29", "835.56", "19903.70", "23.151"),
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Iterator[Database]:
    """The whole book, brought in on the day after its last payment."""
    if not (real_data / FILE).exists():
        pytest.skip(f"{FILE} is absent")
    path = str(tmp_path_factory.mktemp("book") / "aval.db")
    opened = open_database(path)
    bring_up(opened)
    options = ["--mapping", "ibm_accounts_receivable", "--as-of", "2014-06-30", "--database", path]
    told = CliRunner().invoke(cli, ["import", "invoices", str(real_data / FILE), *options])
    assert told.exit_code == 0 and "2,466  (2,466 new" in told.output, told.output
    yield opened
    opened.dispose()


def on(book: Database, day: date, customer_id: str | None = None) -> BookAgeing:
    """The ageing of a day."""
    with book.read() as work:
        [found] = work.open_items.ageing(day, customer_id)
    return found


def figures(found: BookAgeing) -> tuple[int, str, str, str, str, str | None]:
    """The figures that are published of a day."""
    aged = found.ageing
    assert aged.total == aged.not_due + aged.days_1_30, "nothing is later than 30 days"
    return (aged.open_invoices, aged.total.amount, aged.not_due.amount, aged.days_1_30.amount, found.sales.amount,
            days_of_sales(found))  # fmt: skip


@pytest.mark.parametrize("day", KNOWN)
def test_the_book_is_to_the_cent_what_was_published(book: Database, day: date) -> None:
    assert figures(on(book, day)) == KNOWN[day]
    assert figures(on(book, day - timedelta(1))) != KNOWN[day], "another day has other figures"


@pytest.mark.parametrize("day", KNOWN)
def test_its_customers_add_up_to_the_book(book: Database, day: date) -> None:
    with book.read() as work:
        names = [one.customer_id for one in work.customers.list(None, 200).items]
        found = [one for name in names for one in work.open_items.ageing(day, name)]
    assert len(names) == 100
    assert sum(one.ageing.total.minor for one in found) == on(book, day).ageing.total.minor
    assert sum(one.sales.minor for one in found) == on(book, day).sales.minor


def test_a_payment_that_is_entered_later_changes_what_was_open_then(book: Database) -> None:
    day = date(2013, 6, 30)
    with book.read() as work:
        names = [one.customer_id for one in work.customers.list(None, 200).items]
        one = next(one for name in names for one in work.invoices.for_customer(name, day) if one.open_on(day) > 1)
    before = on(book, day).ageing.total.minor
    new = NewSettlement("payment", "P-1", one.customer_id, Money(1, one.currency), day, "a cent", "operator:ann",
                        stated=(Part(one.invoice_id, 1),))  # fmt: skip
    with book.write() as work:
        entered = work.settlements.enter(new, day)
    assert entered.unmet == () and on(book, day).ageing.total.minor == before - 1
    assert on(book, day - timedelta(1)).ageing.open_invoices > 0
