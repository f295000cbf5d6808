"""Imported payments go where their rows say, once, and what could go nowhere is told by its row or counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.import_rows import PaymentRow
from api.import_table import Line, Rejected
from api.operations.import_ledger import Tally, import_invoices
from api.operations.import_payments import (
    INVOICE_OF_ANOTHER,
    INVOICE_OF_SEVERAL,
    LEFT_OVER,
    OTHER_CURRENCY,
    UNKNOWN_INVOICE,
    import_payments,
)
from credit.money import Money
from storage.engine import Database, open_database
from tests.api.operations.test_import_ledger import balance, invoice_row
from tests.migrated import bring_up

TODAY = date(2026, 11, 23)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """C-1 owes I-2 and I-3, of which I-3 is due first; C-2 owes an I-3 too; each is of 1.00."""
    found = open_database(tmp_path / "aval.db")
    bring_up(found)
    rows = [invoice_row(2), invoice_row(3, due_on=date(2026, 11, 30)), invoice_row(3, customer_id="C-2")]
    import_invoices(found, rows, TODAY, lambda row: None)
    yield found
    found.dispose()


def payment_row(number: int, **fields: object) -> PaymentRow:
    """Row `number` of a file: 1.00 for I-2 of whoever has it."""
    row = PaymentRow(Line(number, ("x",)), f"P-{number}", None, "I-2", Money(100, "CNY"), TODAY, "transfer")
    return replace(row, **fields)


def imported(database: Database, *rows: PaymentRow | Rejected) -> tuple[Tally, list[Rejected]]:
    """What one import counted, and what it left out."""
    told: list[Rejected] = []
    return import_payments(database, rows, TODAY, told.append), told


def open_of(database: Database, customer_id: str = "C-1") -> dict[str, int]:
    """What is open of each invoice of a customer."""
    with database.read() as work:
        return {one.invoice_id: one.open_on(TODAY) for one in work.invoices.for_customer(customer_id, TODAY)}


def test_a_payment_goes_to_the_invoice_of_its_row_though_another_is_older(database: Database) -> None:
    tally, _ = imported(database, payment_row(2, amount=Money(60, "CNY")))
    assert (tally.added, tally.rejected.total(), +tally.noted) == (1, 0, {})
    assert open_of(database) == {"I-2": 40, "I-3": 100} and balance(database) == 140


def test_a_payment_without_an_invoice_goes_to_the_oldest(database: Database) -> None:
    imported(database, payment_row(2, invoice_id=None, customer_id="C-1", amount=Money(150, "CNY")))
    assert open_of(database) == {"I-2": 50, "I-3": 0} and balance(database) == 50


def test_what_an_invoice_has_no_room_for_is_kept_and_counted(database: Database) -> None:
    tally, _ = imported(database, payment_row(2, amount=Money(101, "CNY")), payment_row(3))
    assert (tally.added, tally.noted[LEFT_OVER]) == (2, 2)
    assert open_of(database) == {"I-2": 0, "I-3": 100}
    with database.read() as work:
        assert [one.unallocated for one in work.settlements.of_customer("C-1")] == [1, 100]


@pytest.mark.parametrize(("fields", "reason"), [
    ({"invoice_id": "I-9"}, UNKNOWN_INVOICE), ({"customer_id": "C-2"}, INVOICE_OF_ANOTHER),
    ({"invoice_id": "I-3"}, INVOICE_OF_SEVERAL), ({"amount": Money(100, "USD")}, OTHER_CURRENCY),
    ({"invoice_id": None, "customer_id": "C-9"}, "no customer 'C-9'; put the customer before its payments"),
    ({"received_on": TODAY + timedelta(1)}, "2026-11-24 is a day to come; today is 2026-11-23"),
])  # fmt: skip
def test_a_payment_that_belongs_nowhere_is_rejected_and_the_rest_is_entered(
    database: Database, fields: dict[str, object], reason: str
) -> None:
    tally, told = imported(database, payment_row(2, **fields), payment_row(3, amount=Money(1, "CNY")))
    assert (tally.added, [(row.line.number, row.reason) for row in told]) == (1, [(2, reason)])
    assert open_of(database) == {"I-2": 99, "I-3": 100}


def test_a_named_customer_tells_which_of_several_invoices_of_a_number_is_meant(database: Database) -> None:
    imported(database, payment_row(2, invoice_id="I-3", customer_id="C-2"))
    assert open_of(database, "C-2") == {"I-3": 0} and open_of(database)["I-3"] == 100


def test_the_same_file_again_changes_nothing_and_another_content_is_rejected(database: Database) -> None:
    imported(database, payment_row(2))
    tally, _ = imported(database, payment_row(2))
    assert (tally.added, tally.unchanged) == (0, 1)
    tally, told = imported(database, payment_row(2, amount=Money(99, "CNY")))
    assert (tally.added, tally.unchanged) == (0, 0) and "is known with another content" in told[0].reason
    assert balance(database) == 100


def test_a_payment_that_stands_twice_in_a_file_is_entered_once(database: Database) -> None:
    tally, told = imported(database, payment_row(2), replace(payment_row(2), line=Line(9, ())))
    assert tally.added == 1 and told[0].reason == "the payment stands on an earlier line with the same values"
