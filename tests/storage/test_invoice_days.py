"""Days of invoices are told by somebody, never changed, and the one told last counts."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage import invoice_days
from storage.engine import Database
from storage.failures import Refused
from storage.invoice_days import DayTold
from tests.storage.records import a_customer, an_invoice

DAY, LATER = date(2026, 3, 1), date(2026, 3, 5)


@pytest.fixture(autouse=True)
def invoices(database: Database) -> None:
    """A customer with two invoices."""
    with database.write() as work:
        work.customers.put(a_customer("C-1"))
        work.invoices.add_many([an_invoice("I-1"), an_invoice("I-2")], DAY)


def tell(database: Database, anchor: str, day: date, invoice_id: str = "I-1") -> bool:
    """Tell a day of an invoice."""
    with database.write() as work:
        return work.invoice_days.tell("C-1", invoice_id, DayTold(anchor, day, "person:ann"))


def test_the_day_told_last_counts_for_its_invoice_alone(database: Database) -> None:
    assert tell(database, "delivered", DAY) and tell(database, "entered", DAY) and tell(database, "delivered", LATER)
    with database.read() as work:
        pasts = work.escalation.pasts("C-1")
        assert {name: past.dates for name, past in pasts.items()} == {"I-1": {"delivered": LATER, "entered": DAY}}
        told = work.invoice_days.of_invoice("C-1", "I-1")
        assert [(one.anchor, one.day) for one in told] == [
            ("delivered", DAY), ("entered", DAY), ("delivered", LATER)]  # fmt: skip
        assert {one.by for one in told} == {"person:ann"}
        assert len(work.events.list(kind="invoice_day_told", subject="customer:C-1").items) == 3


def test_an_unknown_invoice_has_no_days(database: Database) -> None:
    assert not tell(database, "delivered", DAY, "I-9")
    with database.write() as work:
        assert not work.invoice_days.tell("C-9", "I-1", DayTold("delivered", DAY, "person:ann"))


def test_no_more_than_so_many_are_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoice_days, "MOST_TOLD", 1)
    tell(database, "delivered", DAY)
    with pytest.raises(Refused, match="no more are kept"):
        tell(database, "delivered", LATER)


@pytest.mark.parametrize("change", ["UPDATE invoice_day SET day = '2020-01-01'", "DELETE FROM invoice_day"])
def test_nobody_changes_a_day(database: Database, change: str) -> None:
    tell(database, "delivered", DAY)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))


def test_another_kind_of_day_is_refused_by_the_database(database: Database) -> None:
    with pytest.raises(IntegrityError):
        tell(database, "paid", DAY)
