"""Rows with terms of payment: when an invoice is due, its instalments, and what a later file may say of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from api.import_mapping import read_mapping
from api.import_rows import InvoiceRow, RowReader
from api.import_table import Line, Rejected, Table
from api.operations.import_ledger import OTHER_INSTALMENTS, Tally, import_invoices
from api.operations.import_payments import import_payments
from credit.allocation import Part
from credit.money import Money
from rules.facts import trade_vocabulary
from storage.engine import Database, open_database
from storage.invoice_days import DayTold
from storage.settlements import NewSettlement
from tests.api.test_importing import Desk
from tests.migrated import bring_up

IN_THREE = "3 instalments every 30 days"
TODAY = date(2026, 3, 31)
MAPPING = """
rows: invoices
currency: CNY
columns: {customer_id: customer, invoice_id: number, amount: amount, invoiced_on: date, due_on: due, terms: terms,
          delivered_on: delivered, settled_on: paid}
new_customers: {name: customer}
"""
PAYMENTS = """
rows: payments
currency: CNY
columns: {payment_id: id, invoice_id: number, amount: amount, received_on: date}
"""
ROW = {"customer": "C-1", "number": "I-1", "amount": "100.00", "date": "2026-01-31", "due": "", "terms": "",
       "delivered": "", "paid": ""}  # fmt: skip
PAYMENT = {"id": "P-1", "number": "I-1", "amount": "40.00", "date": "2026-03-31"}


@pytest.fixture
def database(location: str) -> Iterator[Database]:
    """A database with tables and nothing in them, of each kind."""
    found = open_database(location)
    bring_up(found)
    yield found
    found.dispose()


def read(line: int = 2, mapping: str = MAPPING, **cells: str) -> InvoiceRow | Rejected:
    """Row `line` of a file of invoices."""
    found, problems = read_mapping(mapping.encode(), "m.yaml", "invoices")
    assert found is not None, problems
    named = {name: text for name, text in (ROW | cells).items() if name in mapping}
    vocabulary = trade_vocabulary()
    row = RowReader(found, vocabulary, {}).read(Table([",".join(named)], found), Line(line, tuple(named.values())))
    assert isinstance(row, InvoiceRow | Rejected)
    return row


def due(row: InvoiceRow | Rejected) -> list[tuple[str, int, str]]:
    """What is due when."""
    assert isinstance(row, InvoiceRow), row
    return [(one.invoice_id, one.amount, one.due_on.isoformat()) for one in row.items]


def bring(database: Database, *rows: InvoiceRow | Rejected) -> tuple[Tally, list[tuple[str, str]]]:
    """Import rows: the counts, and reason and text of what was rejected."""
    told: list[Rejected] = []
    tally = import_invoices(database, rows, TODAY, told.append)
    return tally, [(one.reason, one.text) for one in told]


def open_items(database: Database) -> dict[str, int]:
    """What C-1 owes by number; the account holds the sum."""
    with database.read() as work:
        state = work.accounts.look("C-1")
        found = {one.invoice_id: one.open_on(TODAY) for one in work.invoices.for_customer("C-1") if one.open_on(TODAY)}
    assert state is not None and state.open_receivables == sum(found.values())
    return found


@pytest.mark.parametrize(("cells", "day"), [
    ({"terms": "net 30"}, "2026-03-02"), ({"terms": "Net 30 end of month"}, "2026-03-31"),
    ({"terms": "prepaid"}, "2026-01-31"), ({"terms": "net 30", "due": "2026-03-09"}, "2026-03-09"),
    ({"terms": "net 14 from delivery", "delivered": "2026-02-03"}, "2026-02-17"),
    ({"terms": "net 14 from delivery", "due": "2026-03-09"}, "2026-03-09"),
])  # fmt: skip
def test_the_terms_say_when_it_is_due_and_the_book_says_it_better(cells: dict[str, str], day: str) -> None:
    assert due(read(**cells)) == [("I-1", 100_00, day)]


def test_instalments_are_items_with_all_that_the_row_says() -> None:
    row = read(terms=IN_THREE, paid="2026-03-30")
    assert due(row) == [("I-1 (1 of 3)", 33_34, "2026-03-02"), ("I-1 (2 of 3)", 33_33, "2026-04-01"),
                        ("I-1 (3 of 3)", 33_33, "2026-05-01")]  # fmt: skip
    assert isinstance(row, InvoiceRow)
    assert {(one.settled_on, one.terms, one.whole_id) for one in row.items} == {(date(2026, 3, 30), IN_THREE, "I-1")}


def test_terms_for_a_blank_cell_need_no_column() -> None:
    without = MAPPING.replace(" due_on: due, terms: terms,", "") + "defaults: {terms: net 30}\n"
    assert due(read(mapping=without)) == [("I-1", 100_00, "2026-03-02")]
    nothing = MAPPING.replace(" due_on: due, terms: terms,", "")
    found, problems = read_mapping(nothing.encode(), "m.yaml", "invoices")
    assert found is None and ["nothing says when the invoices are due" in str(one) for one in problems] == [True]


@pytest.mark.parametrize(("cells", "reason"), [
    ({}, "'due' and 'terms' are blank"),
    ({"terms": "soon"}, "'terms' are no payment terms, such as net 30 or 3 instalments every 30 days"),
    ({"terms": IN_THREE, "due": "2026-03-09"},
     "the terms are instalments, and the due date is one; leave one of the two blank"),
    ({"terms": "net 14 from delivery"}, "the terms count from the delivery, and nothing says when that was"),
    ({"terms": IN_THREE, "amount": "0.02"}, "the amount is too little for its instalments"),
    ({"terms": IN_THREE, "number": "N" * 56}, "the number is too long for its instalments, whose place is added to it"),
    ({"terms": "net 30", "date": "9999-12-31"}, "the terms give no due date in the years up to 9999"),
    ({"terms": "net 30", "due": "2026-01-30"}, "the due date lies before the date of the invoice"),
])  # fmt: skip
def test_what_does_not_say_when_it_is_due_is_rejected_by_name(cells: dict[str, str], reason: str) -> None:
    row = read(**cells)
    assert isinstance(row, Rejected) and row.reason == reason


def test_the_same_file_again_changes_nothing_and_a_paid_whole_settles_all_its_items(database: Database) -> None:
    rows = (read(2, terms=IN_THREE), read(3, number="I-2", terms="net 30"))
    first, _ = bring(database, *rows)
    assert (first.read, first.added, first.rejected.total()) == (2, 2, 0)
    again, _ = bring(database, *rows)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    assert open_items(database) == {"I-1 (1 of 3)": 33_34, "I-1 (2 of 3)": 33_33, "I-1 (3 of 3)": 33_33, "I-2": 100_00}
    paid, _ = bring(database, read(2, terms=IN_THREE, paid="2026-03-31"))
    assert (paid.changed, paid.is_complete) == (1, True)
    assert open_items(database) == {"I-2": 100_00}


@pytest.mark.parametrize(("cells", "told"), [
    ({"terms": "net 30"}, "invoice 'I-1' is known in 3 instalments, and not with one due date"),
    ({"due": "2026-03-09"}, "invoice 'I-1' is known in 3 instalments, and not with one due date"),
    ({"terms": "2 instalments every 30 days"}, "invoice 'I-1' is known in 3 instalments, and not with 2 instalments"),
    ({"number": "I-1 (2 of 3)", "terms": "net 30"}, "'I-1 (2 of 3)' is the number of an instalment of invoice 'I-1'"),
    ({"number": "I-2", "terms": IN_THREE}, "'I-2' is known as an invoice of one due date"),
    ({"number": "I-3", "terms": IN_THREE}, "'I-3 (2 of 3)' is known as an invoice of one due date"),
])  # fmt: skip
def test_another_form_of_a_known_number_is_rejected_and_the_rest_goes_on(
    database: Database, cells: dict[str, str], told: str
) -> None:
    bring(database, read(2, terms=IN_THREE), read(3, number="I-2", terms="net 30"),
          read(4, number="I-3 (2 of 3)", terms="net 30"))  # fmt: skip
    before = open_items(database)
    tally, rejected = bring(database, read(5, **cells), read(6, number="I-9", terms="net 0"))
    assert rejected == [(OTHER_INSTALMENTS, told)] and tally.added == 1
    assert open_items(database) == before | {"I-9": 100_00}


def test_in_one_file_the_second_form_of_a_number_is_rejected(database: Database) -> None:
    tally, rejected = bring(database, read(2, number="I-1 (2 of 3)", terms="net 30"), read(3, terms=IN_THREE))
    assert (tally.added, rejected) == (
        1, [(OTHER_INSTALMENTS, "'I-1 (2 of 3)' is known as an invoice of one due date")])  # fmt: skip


def test_other_days_and_amounts_are_taken_until_something_is_settled(database: Database) -> None:
    bring(database, read(2, terms=IN_THREE))
    changed, _ = bring(database, read(2, terms="3 instalments every 31 days", amount="101.00"))
    assert changed.changed == 1 and open_items(database)["I-1 (3 of 3)"] == 33_66
    with database.write() as work:
        work.settlements.enter(NewSettlement("payment", "P-1", "C-1", Money(1, "CNY"), TODAY, "x", "person:ann",
                                             stated=(Part("I-1", 1),)), TODAY)  # fmt: skip
    told = "something of invoice 'I-1' is settled; its instalments keep their days and amounts"
    _, rejected = bring(database, read(2, terms=IN_THREE, amount="101.00"))
    assert rejected == [(OTHER_INSTALMENTS, told)]
    paid, _ = bring(database, read(2, terms="3 instalments every 31 days", amount="101.00", paid="2026-03-31"))
    assert paid.changed == 1 and open_items(database) == {}


def test_a_payment_of_a_file_may_name_the_whole_or_an_instalment(database: Database) -> None:
    bring(database, read(2, terms=IN_THREE))
    found, problems = read_mapping(PAYMENTS.encode(), "m.yaml", "payments")
    assert found is not None, problems
    reader, table = RowReader(found, trade_vocabulary(), {}), Table([",".join(PAYMENT)], found)
    cells = [PAYMENT, PAYMENT | {"id": "P-2", "number": "I-1 (3 of 3)", "amount": "3.33"},
             PAYMENT | {"id": "P-3", "number": "I-1 (4 of 3)"}]  # fmt: skip
    rows = [reader.read(table, Line(place, tuple(one.values()))) for place, one in enumerate(cells, start=2)]
    tally = import_payments(database, rows, TODAY, lambda row: None)  # type: ignore[arg-type]
    assert (tally.added, tally.rejected) == (2, {"no invoice of this number is known; import the invoices first": 1})
    assert open_items(database) == {"I-1 (2 of 3)": 26_67, "I-1 (3 of 3)": 30_00}


@pytest.mark.parametrize(("calendar", "day"), [
    (None, "2026-10-03"), ("weekdays", "2026-10-05"), ("CN", "2026-10-08"),  # a Saturday of the national holiday
])  # fmt: skip
def test_a_day_by_the_terms_moves_to_the_next_business_day_of_the_calendar(
    tmp_path: Path, calendar: str | None, day: str
) -> None:
    desk = Desk(tmp_path)
    mapping = desk.write("m.yaml", MAPPING)
    rows = (",".join(ROW), "C-1,I-1,100.00,2026-09-03,,net 30,,", "C-1,I-2,1.00,2026-09-03,2026-10-03,,,")
    file = desk.write("i.csv", "\n".join(rows))
    more = () if calendar is None else ("--due-calendar", calendar)
    assert desk.run("invoices", file, mapping, *more).exit_code == 0
    with desk.database.read() as work:
        found = {one.invoice_id: one.due_on.isoformat() for one in work.invoices.for_customer("C-1")}
    assert found == {"I-1": day, "I-2": "2026-10-03"}


def test_a_calendar_that_nobody_knows_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    result = desk.run("invoices", desk.write("i.csv", "a"), desk.write("m.yaml", MAPPING), "--due-calendar", "XX")
    assert result.exit_code == 2
    assert "there is no calendar 'XX'; write the code of a country, such as CN, or weekdays" in result.stderr


def test_ladders_count_from_the_delivery_that_a_file_says_told_once(database: Database) -> None:
    def told() -> list[list[str]]:
        with database.read() as work:
            return [[f"{one.anchor} {one.day}" for one in work.invoice_days.of_invoice("C-1", number)]
                    for number in (f"I-1 ({place} of 3)" for place in (1, 2, 3))]  # fmt: skip

    bring(database, read(terms=IN_THREE, delivered="2026-02-03"))
    assert told() == [["delivered 2026-02-03"]] * 3
    bring(database, read(terms=IN_THREE, delivered="2026-02-03"))
    assert told() == [["delivered 2026-02-03"]] * 3, "the same file says nothing new"
    bring(database, read(terms=IN_THREE, delivered="2026-02-05"))
    assert told() == [["delivered 2026-02-03", "delivered 2026-02-05"]] * 3, "a corrected file corrects the day"
    with database.write() as work:
        work.invoice_days.tell("C-1", "I-1 (2 of 3)", DayTold("delivered", date(2026, 2, 9), "person:ann"))
    bring(database, read(terms=IN_THREE, delivered="2026-02-05"))
    assert told()[1][-1] == "delivered 2026-02-09", "what a person corrected stays"
    assert told()[0] == ["delivered 2026-02-03", "delivered 2026-02-05"], "a day to come is a plan"


@pytest.mark.parametrize(("text", "form"), [("Paper", "paper"), ("ELECTRONIC", "electronic"), ("", None)])
def test_a_file_says_how_an_invoice_was_sent_and_a_file_without_it_leaves_it(
    database: Database, text: str, form: str | None
) -> None:
    row = read(mapping=MAPPING.replace("columns: {", "columns: {form: sent, "), terms=IN_THREE, sent=text)
    bring(database, row)
    bring(database, read(terms=IN_THREE, paid="2026-03-30"))
    with database.read() as work:
        assert {one.form for one in work.invoices.for_customer("C-1")} == {form}


def test_a_form_that_is_none_rejects_the_row() -> None:
    row = read(mapping=MAPPING.replace("columns: {", "columns: {form: sent, "), terms=IN_THREE, sent="fax")
    assert isinstance(row, Rejected) and (row.reason, row.text) == ("'sent' is neither electronic nor paper", "fax")
