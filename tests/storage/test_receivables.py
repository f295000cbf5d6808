"""Invoices and their imports, and how they move an account."""

from __future__ import annotations

from datetime import date

import pytest

from storage.engine import Database
from storage.exposure_ledger import AccountState
from storage.failures import Refused
from storage.imports import ImportRun
from storage.receivables import Invoice, InvoiceCounts
from storage.unit_of_work import Work
from tests.storage.records import a_customer, an_invoice, approve

AS_OF = date(2026, 1, 15)


def account_of(work: Work, customer_id: str = "C-1") -> AccountState:
    """An account that is there."""
    state = work.accounts.look(customer_id)
    assert state is not None
    return state


def test_what_is_open_on_the_day_moves_the_account_once(database: Database) -> None:
    with database.write() as work:
        counts = work.invoices.add_many(
            [
                an_invoice("open", 100),
                an_invoice("settled on the day", 20, settled_on=AS_OF),
                an_invoice("settled later", 3, settled_on=date(2026, 1, 16)),
                an_invoice("invoiced on the day", 400, invoiced_on=AS_OF),
                an_invoice("invoiced later", 5_000, invoiced_on=date(2026, 1, 16)),
                an_invoice("credit note", -50),
            ],
            AS_OF,
        )
        state = account_of(work)
        moved = work.accounts.movements(state.account_id)
    assert counts == InvoiceCounts(added=6)
    assert [(one.version, one.kind, one.amount) for one in moved] == [(1, "invoice", 453)]
    assert (state.balance, state.open_receivables, state.reserved, state.facts_version) == (453, 453, 0, 1)


def test_a_later_import_moves_the_difference(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10)
        work.invoices.add_many([an_invoice("a", 100), an_invoice("b", 50)], AS_OF)
        settled = an_invoice("a", 100, settled_on=AS_OF)
        counts = work.invoices.add_many([settled, an_invoice("b", 50), an_invoice("c", 7)], AS_OF)
        state = account_of(work)
        moved = work.accounts.movements(state.account_id)
        assert settled in work.invoices.for_customer("C-1")
    assert counts == InvoiceCounts(added=1, changed=1, unchanged=1)
    assert [one.amount for one in moved] == [10, 150, -93]
    assert (state.balance, state.open_receivables, state.reserved) == (67, 57, 10)


def test_the_same_invoices_again_move_nothing(database: Database) -> None:
    with database.write() as work:
        work.invoices.add_many([an_invoice()], AS_OF)
        assert work.invoices.add_many([an_invoice()], AS_OF) == InvoiceCounts(unchanged=1)
        assert account_of(work).version == account_of(work).facts_version == 1


def test_a_later_day_alone_can_move_the_account(database: Database) -> None:
    later = an_invoice(settled_on=date(2026, 2, 1))
    with database.write() as work:
        work.invoices.add_many([later], AS_OF)
        work.invoices.add_many([later], date(2026, 2, 1))
        state = account_of(work)
    assert (state.version, state.balance) == (2, 0)


def test_many_customers_at_once_are_all_stored(database: Database) -> None:
    names = [f"M-{number:04}" for number in range(1_003)]
    with database.write() as work:
        for name in names:
            work.customers.put(a_customer(name))
        invoices = [an_invoice(customer_id=name, amount=number) for number, name in enumerate(names)]
        assert work.invoices.add_many(invoices, AS_OF) == InvoiceCounts(added=1_003)
        assert [account_of(work, name).balance for name in names] == list(range(1_003))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (an_invoice("x", customer_id="C-404"), "no customer 'C-404'"),
        (an_invoice("x", currency="EUR"), "in 'EUR'"),
        (an_invoice("good"), "2 times"),
    ],
)
def test_a_wrong_invoice_refuses_the_whole_import(database: Database, wrong: Invoice, told: str) -> None:
    with pytest.raises(Refused, match=told), database.write() as work:
        work.invoices.add_many([an_invoice("good"), wrong], AS_OF)
    with database.read() as work:
        assert work.invoices.for_customer("C-1") == ()
        assert account_of(work).version == 0


def test_a_reader_on_a_day_knows_nothing_later(database: Database) -> None:
    given = (
        an_invoice("a", invoiced_on=date(2026, 1, 1), settled_on=date(2026, 1, 15), disputed=True),
        an_invoice("b", invoiced_on=date(2026, 1, 2), settled_on=date(2026, 1, 16), disputed=False),
        an_invoice("c", invoiced_on=date(2026, 1, 16)),
    )
    with database.write() as work:
        work.invoices.add_many(given, AS_OF)
        assert work.invoices.for_customer("C-1") == given
        known = work.invoices.for_customer("C-1", AS_OF)
        assert work.invoices.for_customer("C-404") == ()
    assert [(one.invoice_id, one.settled_on) for one in known] == [("a", AS_OF), ("b", None)]


def test_an_import_is_remembered(database: Database) -> None:
    with database.write() as work:
        work.imports.add(ImportRun("one", "invoices", "book.csv", {"added": 3, "rejected": 1}, "officer"))
        (run,) = work.imports.list()
    assert (run.kind, run.file_name, run.counts, run.imported_by) == (
        "invoices", "book.csv", {"added": 3, "rejected": 1}, "officer",
    )  # fmt: skip
    assert run.imported_at is not None
