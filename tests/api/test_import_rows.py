"""One row becomes an invoice or a customer exactly as it is written, or is rejected with the reason in plain words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from api.import_mapping import read_mapping
from api.import_rows import CustomerRow, InvoiceRow, RowReader, plain_number
from api.import_table import Line, Rejected, Table
from credit.exposure import Limit
from credit.money import Money
from rules.facts import trade_vocabulary
from storage.receivables import Invoice

INVOICES = """
rows: invoices
currency: CNY
dates: [year-month-day, day/month/year]
columns: {customer_id: customer, invoice_id: number, amount: amount, invoiced_on: date, due_on: due, settled_on: paid,
          disputed: dispute}
new_customers: {name: customer}
"""
CUSTOMERS = """
rows: customers
currency: CNY
columns: {customer_id: id, name: name, country: country, granted_limit: limit}
facts: {customer.score: score, customer.annual_revenue: revenue, customer.insolvent: insolvent, customer.type: type}
"""
INVOICE = {"customer": "C-1", "number": "I-1", "amount": "100.50", "date": "2026-01-02", "due": "2026-02-01",
           "paid": "", "dispute": ""}  # fmt: skip
CUSTOMER = {"id": "C-1", "name": "Vale", "country": "CN", "limit": "500", "score": "70", "revenue": "9000.5",
            "insolvent": "no", "type": "school"}  # fmt: skip


def read(mapping: str, cells: dict[str, str]) -> InvoiceRow | CustomerRow | Rejected:
    """One row, read by a mapping."""
    rows = "invoices" if "rows: invoices" in mapping else "customers"
    found, problems = read_mapping(mapping.encode(), "m.yaml", rows)
    assert found is not None, problems
    table = Table([",".join(cells)], found)
    vocabulary = trade_vocabulary()
    return RowReader(found, vocabulary, vocabulary.facts).read(table, Line(2, tuple(cells.values())))


def invoice(mapping: str = INVOICES, **cells: str) -> Invoice:
    """The invoice of a row with these cells changed."""
    found = read(mapping, INVOICE | cells)
    assert isinstance(found, InvoiceRow), found
    (one,) = found.items
    return one


def reason(mapping: str = INVOICES, **cells: str) -> str:
    """Why a row with these cells changed is rejected."""
    found = read(mapping, (INVOICE if "rows: invoices" in mapping else CUSTOMER) | cells)
    assert isinstance(found, Rejected), found
    return found.reason


def test_an_invoice_is_read_exactly() -> None:
    assert invoice(paid="5/2/2026", dispute="Yes") == Invoice(
        "C-1", "I-1", 10050, "CNY", date(2026, 1, 2), date(2026, 2, 1), date(2026, 2, 5), True
    )


DISCOUNTS = INVOICES.replace("disputed: dispute", "disputed: dispute, discount: off, discount_until: until")


@pytest.mark.parametrize(("off", "until", "wanted"), [
    ("2.01", "2026-01-12", (date(2026, 1, 12), 201)), ("0.00", "2026-01-12", (None, None)), ("0", "", (None, None)),
    ("", "", (None, None)), ("100.49", "2026-01-02", (date(2026, 1, 2), 10049)),
])  # fmt: skip
def test_a_discount_is_an_amount_and_its_last_day(off: str, until: str, wanted: tuple[date | None, int | None]) -> None:
    found = invoice(DISCOUNTS, off=off, until=until)
    assert (found.discount_until, found.discount) == wanted


OF_TERMS = DISCOUNTS.replace("due_on: due,", "due_on: due, terms: terms,")


@pytest.mark.parametrize(("terms", "off", "until", "wanted"), [
    ("2/10 net 30", "", "", (date(2026, 1, 12), 201)), ("2/10 net 30", "3", "2026-01-08", (date(2026, 1, 8), 300)),
    ("2/10 net 30", "0", "", (None, None)), ("net 30", "", "", (None, None)),
    ("2/10 net 30 end of month", "", "", (date(2026, 1, 12), 201)),
])  # fmt: skip
def test_terms_fix_a_discount_and_columns_of_its_own_win(
    terms: str, off: str, until: str, wanted: tuple[date | None, int | None]
) -> None:
    found = invoice(OF_TERMS, terms=terms, off=off, until=until, due="")
    assert (found.discount_until, found.discount) == wanted


def test_instalments_have_no_discount() -> None:
    told = reason(OF_TERMS, terms="3 instalments every 30 days", off="3", until="2026-01-08", due="")
    assert told == "a discount goes with one due date, and the terms are instalments"


@pytest.mark.parametrize(("off", "until", "told"), [
    ("2.01", "", "a discount needs its amount and its last day; one of them is blank"),
    ("", "2026-01-12", "a discount needs its amount and its last day; one of them is blank"),
    ("-1", "2026-01-12", "the discount is not above zero and below the amount"),
    ("100.50", "2026-01-12", "the discount is not above zero and below the amount"),
    ("2", "2026-01-01", "the last day of the discount lies before the date of the invoice"),
    ("2%", "2026-01-12", "'off' is no amount as the mapping writes them"),
    ("2", "soon", "'until' is no date written as year-month-day or day/month/year"),
])  # fmt: skip
def test_a_discount_that_cannot_be_one_rejects_the_row(off: str, until: str, told: str) -> None:
    assert reason(DISCOUNTS, off=off, until=until) == told


def test_blank_means_not_paid_and_nobody_said() -> None:
    assert invoice().settled_on is None
    assert invoice().disputed is None
    assert invoice(dispute="no").disputed is False


@pytest.mark.parametrize(("cells", "wanted"), [
    ({"amount": ""}, "'amount' is blank"),
    ({"amount": "-5"}, "the amount is not above zero; a credit note is no invoice"),
    ({"amount": "0.00"}, "the amount is not above zero; a credit note is no invoice"),
    ({"amount": "1e3"}, "'amount' is no amount as the mapping writes them"),
    ({"amount": "5,000"}, "'amount' is no amount as the mapping writes them"),
    ({"amount": "１２"}, "'amount' is no amount as the mapping writes them"),
    ({"amount": "1.005"}, "'amount' is no amount in CNY"),
    ({"date": ""}, "'date' is blank"),
    ({"date": "2026/01/02"}, "'date' is no date written as year-month-day or day/month/year"),
    ({"date": "31/2/2026"}, "'date' is no day of the calendar"),
    ({"due": "2026-01-01"}, "the due date lies before the date of the invoice"),
    ({"dispute": "perhaps"}, "'dispute' says neither yes nor no in the words of the mapping"),
    ({"customer": "C 1"}, "'customer' is no customer id: 1 to 64 letters A to Z, digits, '.', '_' or '-'"),
    ({"number": ""}, "'number' is blank"),
    ({"number": "9" * 65}, "'number' is no invoice number: 1 to 64 printable characters"),
])  # fmt: skip
def test_a_row_that_does_not_fit_is_rejected_for_its_reason(cells: dict[str, str], wanted: str) -> None:
    assert reason(**cells) == wanted


def test_a_default_stands_for_a_blank_cell_only() -> None:
    mapping = f"{INVOICES}defaults: {{due_on: 2026-03-01}}\n"
    assert invoice(mapping, due="").due_on == date(2026, 3, 1)
    assert invoice(mapping).due_on == date(2026, 2, 1)
    assert reason(mapping, due="soon").startswith("'due' is no date")


def test_only_rows_with_the_words_of_the_mapping_are_taken() -> None:
    mapping = f"{INVOICES}only: {{dispute: ['no']}}\n"
    assert invoice(mapping, dispute="no").invoice_id == "I-1"
    assert reason(mapping, dispute="yes") == "'dispute' is not no, which is all that the mapping takes"


def test_a_column_may_give_the_currency_and_a_blank_one_falls_back() -> None:
    mapping = INVOICES.replace("disputed: dispute", "currency: dispute")
    assert invoice(mapping, dispute="JPY", amount="100").currency == "JPY"
    assert invoice(mapping, dispute="").currency == "CNY"
    assert reason(mapping, dispute="XXX") == "'dispute' is no currency code of ISO 4217, such as CNY"


def test_a_customer_is_read_with_its_limit_and_facts_as_the_api_takes_them() -> None:
    found = read(CUSTOMERS, CUSTOMER)
    assert isinstance(found, CustomerRow)
    assert (found.customer_id, found.name, found.country) == ("C-1", "Vale", "CN")
    assert found.limit == Limit.of(Money(50000, "CNY"))
    assert found.facts == {"customer.score": 70, "customer.annual_revenue": "9000.50", "customer.insolvent": False,
                           "customer.type": "school"}  # fmt: skip


def test_blank_cells_of_a_customer_say_nothing() -> None:
    found = read(CUSTOMERS, dict.fromkeys(CUSTOMER, "") | {"id": "C-1"})
    assert isinstance(found, CustomerRow)
    assert (found.name, found.country, found.limit, found.facts) == (None, None, None, {})


@pytest.mark.parametrize(("text", "state"), [("none", "none"), ("unlimited", "unlimited"), ("0", "zero")])
def test_no_limit_unlimited_and_zero_are_three_limits(text: str, state: str) -> None:
    found = read(CUSTOMERS, CUSTOMER | {"limit": text})
    assert isinstance(found, CustomerRow)
    assert found.limit is not None
    assert found.limit.state == state


@pytest.mark.parametrize(("cells", "wanted"), [
    ({"limit": "-1"}, "'limit' is below zero; a limit is zero or more"),
    ({"country": "China"}, "'country' is no country code of ISO 3166, such as CN"),
    ({"score": "70.5"}, "'score' is no whole number"),
    ({"type": "bank"}, "'type' is not one of company, school, government, hospital, person"),
    ({"insolvent": "n/a"}, "'insolvent' says neither yes nor no in the words of the mapping"),
    ({"revenue": "much"}, "'revenue' is no amount as the mapping writes them"),
    ({"name": "\x07"}, "'name' is no name: 1 to 256 printable characters"),
])  # fmt: skip
def test_a_customer_that_does_not_fit_is_rejected_for_its_reason(cells: dict[str, str], wanted: str) -> None:
    assert reason(CUSTOMERS, **cells) == wanted


@pytest.mark.parametrize(("signs", "text", "wanted"), [
    (("", "."), "1234.50", "1234.50"), (("", "."), "-7", "-7"), (("", "."), "007", "7"), (("", "."), "1,234", None),
    ((",", "."), "1,234,567.8", "1234567.8"), ((",", "."), "1,23", None), ((",", "."), "1234.5", "1234.5"),
    ((".", ","), "1.234,50", "1234.50"), ((".", ","), "1.5", None), ((" ", ","), "1\u00a0234,5", "1234.5"),
    (("'", "."), "1'000", "1000"), (("", "."), ".5", None), (("", "."), "5.", None), (("", "."), "+5", None),
])  # fmt: skip
def test_numbers_are_read_with_the_signs_of_the_mapping(signs: tuple[str, str], text: str, wanted: Any) -> None:
    assert plain_number(text, *signs) == wanted
