"""An import that meets a bill or a payment: what is owed stays what the movements say, and no row is lost."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

import pytest

from api.import_rows import InvoiceRow
from api.import_table import Line
from api.operations.import_ledger import import_invoices
from credit.money import Money
from storage.database import Database
from storage.receivables import Invoice, Invoices
from storage.settlements import Entered, NewSettlement
from tests.postgres import Server
from tests.storage.records import a_database, an_invoice

DAY = date(2026, 2, 14)
CHARGE = Invoice("C-1", "a-charge-2026-02-14", 7_00, "CNY", DAY, DAY, charge_of="a", charged_until=DAY)


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """C-1 owes 100.00; SQLite has one writer at a time, so there is nothing to meet."""
    location = server.migrated()
    found = a_database(location)
    with found.write() as work:
        work.invoices.add_many([an_invoice("a", 100_00)], DAY)
    yield found
    found.dispose()
    server.drop(location)


def bill(database: Database) -> None:
    """A late charge of 7.00."""
    with database.write() as work:
        account = work.accounts.look("C-1", None)
        assert account is not None
        work.accounts.lock_in_order([account.account_id])
        work.late_charges.bill(account.account_id, [CHARGE], "person:ann")


def pay(database: Database, told: list[Entered]) -> None:
    """A payment of 90.00, the oldest first."""
    with database.write() as work:
        paid = NewSettlement("payment", "P-1", "C-1", Money(90_00, "CNY"), DAY, "transfer", "person:ann")
        told.append(work.settlements.enter(paid, DAY))


@pytest.mark.postgres
def test_a_payment_waits_for_an_import_that_has_looked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    told, look = list[Entered](), Invoices.bound
    paying = threading.Thread(target=pay, args=(database, told))

    def slow(invoices: Invoices, customers: Collection[str]) -> Mapping[tuple[str, str], Invoice]:
        found = look(invoices, customers)
        paying.start()
        paying.join(1.0)
        assert told == [], "it paid what the import is about to change"
        return found

    monkeypatch.setattr(Invoices, "bound", slow)
    tally = import_invoices(database, [InvoiceRow(Line(1, ("x",)), (an_invoice("a", 80_00),), None)], DAY, print)
    paying.join(20)
    assert (tally.changed, tally.rejected.total()) == (1, 0)
    assert told[0].settlement.unallocated == 10_00
    with database.read() as work:
        assert [one.open_on(DAY) for one in work.invoices.for_customer("C-1")] == [0]


@pytest.mark.postgres
def test_a_bill_between_reading_and_locking_is_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    read, billed, open_amounts = threading.Event(), threading.Event(), Invoices._open_amounts

    def slow(invoices: Invoices, customers: Sequence[str], as_of: date) -> Mapping[str, int]:
        found = open_amounts(invoices, customers, as_of)
        if not read.is_set():
            read.set()
            assert billed.wait(20)
        return found

    def bring() -> None:
        with database.write() as work:
            work.invoices.add_many([an_invoice("b", 50_00)], DAY)

    monkeypatch.setattr(Invoices, "_open_amounts", slow)
    importing = threading.Thread(target=bring)
    importing.start()
    assert read.wait(20)
    bill(database)
    billed.set()
    importing.join(20)
    with database.read() as work:
        owed = sum(one.open_on(DAY) for one in work.invoices.for_customer("C-1"))
        account = work.accounts.look("C-1", None)
        assert account is not None
        moved = sum(one.amount for one in work.accounts.movements(account.account_id))
    assert (owed, account.open_receivables, account.balance, moved) == (157_00,) * 4
