"""Invoices in instalments as they are stored: what may stand beside what is known, and what the whole counts as."""

from __future__ import annotations

from datetime import date

import pytest

from credit.allocation import Part
from credit.instalments import Bill, items_of
from credit.money import Money
from credit.terms import parse_terms
from storage.engine import Database
from storage.failures import NotAllowed, Refused
from storage.instalments import stored_items
from storage.invoice_rows import Invoice
from storage.receivables import InvoiceCounts, InvoiceOwner
from storage.settlements import NewSettlement
from storage.unit_of_work import Work
from tests.storage.records import an_invoice

TODAY = date(2026, 2, 15)
INVOICED = date(2026, 1, 1)
IN_THREE = "3 instalments every 30 days"


def whole(number: str = "a", amount: int = 100, terms: str = IN_THREE) -> tuple[Invoice, ...]:
    """An invoice of C-1 by its terms."""
    agreed = parse_terms(terms)
    items = items_of(Bill(number, Money(amount, "CNY"), INVOICED, terms=agreed))
    return stored_items("C-1", INVOICED, number, agreed, items)


def add(work: Work, *given: Invoice) -> InvoiceCounts:
    """Store what a file says."""
    return work.invoices.add_many(given, TODAY)


def pay(work: Work, amount: int, *stated: Part) -> None:
    """Enter a payment of today."""
    money = Money(amount, "CNY")
    new = NewSettlement("payment", f"P-{amount}", "C-1", money, TODAY, "x", "person:ann", stated=stated)
    work.settlements.enter(new, TODAY)


def numbers(database: Database) -> list[tuple[str, int]]:
    """What C-1 owes by number, as the rows say."""
    with database.read() as work:
        return [(one.invoice_id, one.open_amount) for one in work.invoices.for_customer("C-1")]


def test_a_whole_counts_once_and_the_same_again_changes_nothing(database: Database) -> None:
    with database.write() as work:
        assert add(work, *whole(), an_invoice("b", 50)) == InvoiceCounts(added=2)
        assert add(work, *whole(), an_invoice("b", 50)) == InvoiceCounts(unchanged=2)
        assert add(work, *whole(amount=103), an_invoice("b", 50)) == InvoiceCounts(changed=1, unchanged=1)
        assert work.invoices.numbered(["a", "a (2 of 3)", "c"]) == (
            InvoiceOwner("a", "C-1", "CNY"), InvoiceOwner("a (2 of 3)", "C-1", "CNY"))  # fmt: skip
        state = work.accounts.look("C-1")
    assert state is not None and state.open_receivables == 153
    assert numbers(database) == [("a (1 of 3)", 35), ("a (2 of 3)", 34), ("a (3 of 3)", 34), ("b", 50)]


def test_an_invoice_whose_terms_a_later_file_leaves_out_keeps_them(database: Database) -> None:
    (one,) = whole(terms="net 30")
    with database.write() as work:
        add(work, one)
        assert add(work, an_invoice("a", 100, due_on=one.due_on)) == InvoiceCounts(unchanged=1)
        assert [known.terms for known in work.invoices.for_customer("C-1")] == ["net 30"]


@pytest.mark.parametrize(("given", "told"), [
    (whole(terms="2 instalments every 30 days"), "invoice 'a' is known in 3 instalments, and not with 2 instalments"),
    ((an_invoice("a", 100),), "invoice 'a' is known in 3 instalments, and not with one due date"),
    ((an_invoice("a (2 of 3)", 33),), "'a (2 of 3)' is the number of an instalment of invoice 'a'"),
    (whole("b"), "'b' is known as an invoice of one due date"),
    (whole("c"), "'c (3 of 3)' is known as an invoice of one due date"),
    (whole("a (2 of 3)"), "'a (2 of 3)' is the number of an instalment of invoice 'a'"),
])  # fmt: skip
def test_a_number_is_one_invoice(database: Database, given: tuple[Invoice, ...], told: str) -> None:
    with database.write() as work:
        add(work, *whole(), an_invoice("b", 50), an_invoice("c (3 of 3)", 5))
    before = numbers(database)
    with pytest.raises(Refused) as caught, database.write() as work:
        add(work, *given)
    assert str(caught.value) == told
    assert numbers(database) == before


def test_two_of_a_kind_in_one_list_are_refused_too(database: Database) -> None:
    for given in ((an_invoice("a", 100), *whole()), (*whole(), *whole(terms="2 instalments every 30 days"))):
        with pytest.raises(Refused, match="is known"), database.write() as work:
            add(work, *given)
    assert numbers(database) == []


def test_what_is_settled_keeps_its_days_and_amounts(database: Database) -> None:
    with database.write() as work:
        add(work, *whole())
        pay(work, 10, Part("a", 10))
        assert add(work, *whole()) == InvoiceCounts(unchanged=1)
    for other in (whole(amount=103), whole(terms="3 instalments every 31 days")):
        with pytest.raises(Refused, match="its instalments keep their days and amounts"), database.write() as work:
            add(work, *other)
    assert numbers(database) == [("a (1 of 3)", 24), ("a (2 of 3)", 33), ("a (3 of 3)", 33)]


def test_an_instalment_named_for_itself_comes_before_the_whole(database: Database) -> None:
    with database.write() as work:
        add(work, *whole())
        pay(work, 60, Part("a", 40), Part("a (1 of 3)", 20))
    assert numbers(database) == [("a (1 of 3)", 0), ("a (2 of 3)", 7), ("a (3 of 3)", 33)]


def test_what_enters_for_an_order_is_known_by_the_number_of_the_whole(database: Database) -> None:
    with database.write() as work:
        add(work, an_invoice("c (3 of 3)", 5))
        state = work.accounts.look("C-1")
        assert state is not None
        assert work.invoices.enter(state.account_id, whole())
        assert not work.invoices.enter(state.account_id, whole())
        assert not work.invoices.enter(state.account_id, [an_invoice("a", 100)])
        with pytest.raises(Refused, match="invoice 'a' is known with another amount"):
            work.invoices.enter(state.account_id, whole(amount=99))
        with pytest.raises(NotAllowed, match="'c \\(3 of 3\\)' is known as an invoice of one due date"):
            work.invoices.enter(state.account_id, whole("c"))
        moved = work.accounts.movements(state.account_id)
    assert [one.amount for one in moved] == [5, 100]
