"""A mapping is read in full or told in full: every wrong key, word and column with its place, in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.import_mapping import FIELDS, KEYS, date_spelling, read_mapping

COLUMNS = "columns: {customer_id: C, invoice_id: I, amount: A, invoiced_on: D, due_on: E}\n"
WHOLE = f"rows: invoices\ncurrency: CNY\n{COLUMNS}"


def told(text: str, rows: str = "invoices") -> list[str]:
    """The findings of a mapping, without the file's name."""
    return [str(problem).removeprefix("m.yaml:") for problem in read_mapping(text.encode(), "m.yaml", rows)[1]]


def test_every_shipped_mapping_is_without_findings(root: Path) -> None:
    shipped = sorted((root / "api" / "mappings").glob("*.yaml"))
    assert shipped
    for path in shipped:
        mapping, problems = read_mapping(path.read_bytes(), path.name, "invoices")
        assert mapping is not None
        assert problems == ()


def test_what_is_left_out_has_its_plain_meaning() -> None:
    mapping, _ = read_mapping(WHOLE.encode(), "m.yaml", "invoices")
    assert mapping is not None
    assert [spelling.name for spelling in mapping.dates] == ["year-month-day"]
    assert (mapping.thousands, mapping.decimals, mapping.separator, mapping.encoding) == ("", ".", ",", "utf-8")
    assert mapping.name_column is None
    assert mapping.named_columns() == ("C", "I", "A", "D", "E")


def test_all_slips_are_told_in_one_run_with_their_places() -> None:
    text = ("rows: invoice\ncolums: {}\ncolumns: {customer_id: C, sum: S}\ndates: [month/day/year, day/month/year, y]\n"
            "currency: US\nwords: {yes: [J], no: [j]}\nthousands: comma\ndecimals: comma\nencoding: utf-16\n")
    assert [line.split("; ")[0] for line in told(text)] == [
        "1:7: unknown-word: 'invoice' is not a kind of rows",
        "2:1: unknown-key: 'colums' is not a key of the mapping",
        "3:10: missing-key: no column is named for 'amount'",
        "3:10: missing-key: no column is named for 'invoice_id'",
        "3:10: missing-key: no column is named for 'invoiced_on'",
        "3:10: missing-key: nothing says when the invoices are due",
        "3:27: unknown-key: 'sum' is not a key of columns",
        "4:25: date: 'day/month/year' cannot be told from 'month/day/year'",
        "4:41: date: 'y' is no way of writing a date",
        "5:11: currency: no currency 'US'",
        "6:24: unknown-word: 'j' stands for yes and for no",
        "7:12: unknown-word: the same sign parts thousands and decimals",
        "9:11: unknown-word: 'utf-16' is not a word for 'encoding'",
    ]


def test_a_mapping_for_the_other_kind_of_rows_is_told() -> None:
    assert told(WHOLE, "customers")[0].startswith("1:7: unknown-word: this mapping is for invoices")


def test_amounts_without_a_currency_are_told() -> None:
    assert "nothing says in which currency" in told(f"rows: invoices\n{COLUMNS}")[0]
    assert told("rows: customers\ncolumns: {customer_id: C, currency: K}\n", "customers") == []


def test_facts_belong_to_customers_and_new_customers_to_invoices() -> None:
    assert "facts belong to customers" in told(f"{WHOLE}facts: {{customer.score: S}}\n")[0]
    customers = "rows: customers\ncurrency: CNY\ncolumns: {customer_id: C}\nnew_customers: {name: N}\n"
    assert "every row of customers is a customer" in told(customers, "customers")[0]


def test_payments_belong_to_somebody_and_make_nobody() -> None:
    columns = "columns: {payment_id: A, amount: B, received_on: C%s}\n"
    head = "rows: payments\ncurrency: CNY\n"
    assert "name the column of 'customer_id' or of 'invoice_id', or both" in told(head + columns % "", "payments")[0]
    for column in ("customer_id", "invoice_id"):
        assert told(head + columns % f", {column}: D", "payments") == []
    extra = "facts: {customer.score: E}\nnew_customers: {name: F}\n"
    found = told(head + columns % ", customer_id: D" + extra, "payments")
    assert ["not to payments" in found[0], "a payment makes no customer" in found[1]] == [True, True]


@pytest.mark.parametrize(("name", "text"), [
    ("year-month-day", "2026-01-02"), ("month/day/year", "1/2/2026"), ("day.month.year", "02.01.2026"),
])  # fmt: skip
def test_a_date_is_read_in_the_spelling_that_is_named(name: str, text: str) -> None:
    spelling = date_spelling(name)
    assert spelling is not None
    found = spelling.pattern.fullmatch(text)
    assert found is not None
    assert (int(found["year"]), int(found["month"]), int(found["day"])) == (2026, 1, 2)


@pytest.mark.parametrize("name", ["year-month", "year-month/day", "day-day-year", "yyyy-mm-dd", ""])
def test_what_names_no_spelling_is_none(name: str) -> None:
    assert date_spelling(name) is None


def test_the_documents_name_every_key_field_and_shipped_mapping(root: Path) -> None:
    told_there = (root / "docs" / "importing.md").read_text("utf-8")
    fields = {field for several in FIELDS.values() for field in several}
    shipped = {path.stem for path in (root / "api" / "mappings").glob("*.yaml")}
    assert [word for word in sorted({*KEYS, *fields, *shipped}) if word not in told_there] == []
