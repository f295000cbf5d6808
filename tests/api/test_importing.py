"""`aval import` as people use it: reports, files of rejected rows, exit codes, and three real files."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.importing import importing
from storage.engine import Database, open_database
from tests.migrated import bring_up

MAPPING = """
rows: invoices
currency: CNY
columns: {customer_id: customer, invoice_id: number, amount: amount, invoiced_on: date, due_on: due}
new_customers: {name: customer}
"""
HEAD = "customer,number,amount,date,due\n"
GOOD = "C-1,I-1,100.00,2026-01-02,2026-02-01\n"
TORN = "C-1,I-2,a lot,2026-01-02,2026-02-01\n"
SYNTHETIC = """
rows: invoices
currency: USD
dates: [year-month-day]
columns: {customer_id: Customer_ID, invoice_id: Invoice_ID, amount: Invoice_Amount, invoiced_on: Invoice_Date,
          due_on: Due_Date}
"""
SYNTHETIC_CUSTOMERS = """
rows: customers
currency: USD
columns: {customer_id: Customer_ID, name: Customer_Name, granted_limit: Credit_Limit}
"""
SYNTHETIC_LIMITS = """
rows: customers
currency: USD
columns: {customer_id: Customer_ID, granted_limit: Credit_Limit, stated_exposure: Current_Exposure}
"""
SYNTHETIC_PAYMENTS = """
rows: payments
currency: USD
columns: {payment_id: Payment_ID, invoice_id: Invoice_ID, amount: Amount_Paid, received_on: Payment_Date,
          reference: Payment_Method}
"""


class Desk:
    """A folder with a database, where files are written and imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database: Database = open_database(folder / "aval.db")
        bring_up(self.database)

    def write(self, name: str, text: str | bytes) -> Path:
        """A file of the folder."""
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def run(self, rows: str, file: Path, mapping: Path | str, *more: str) -> Result:
        """One import into the database."""
        arguments = [rows, str(file), "--mapping", str(mapping), "--database", str(self.folder / "aval.db"), *more]
        return CliRunner().invoke(importing, arguments)

    def report(self, rows: str, file: Path, mapping: Path | str) -> dict[str, Any]:
        """What one import counted; its rejected rows go into the folder."""
        result = self.run(rows, file, mapping, "--json", "--rejected", str(self.folder / "rejected.csv"))
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        assert found["read"] == found["imported"] + found["unchanged"] + found["rejected"]
        return found

    def rejected(self, name: str = "rejected.csv") -> list[dict[str, str]]:
        """The rows of the file of rejected ones."""
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk of its own for each test."""
    found = Desk(tmp_path)
    yield found
    found.database.dispose()


def test_rejected_rows_are_told_by_reason_and_written_beside_the_input(desk: Desk) -> None:
    result = desk.run("invoices", desk.write("a.csv", HEAD + GOOD + TORN), desk.write("m.yaml", MAPPING))
    assert result.exit_code == 0
    assert "2 rows of invoices read" in result.stdout
    assert "1  'amount' is no amount as the mapping writes them" in result.stdout
    assert "warning: 1 row was left out" in result.stderr
    assert desk.rejected("a.rejected.csv") == [
        {"line": "3", "reason": "'amount' is no amount as the mapping writes them", "text": "a lot", "customer": "C-1",
         "number": "I-2", "amount": "a lot", "date": "2026-01-02", "due": "2026-02-01"},
    ]  # fmt: skip


def test_strict_makes_a_rejected_row_an_error_and_still_imports_the_rest(desk: Desk) -> None:
    result = desk.run("invoices", desk.write("a.csv", HEAD + GOOD + TORN), desk.write("m.yaml", MAPPING), "--strict")
    assert result.exit_code == 1
    with desk.database.read() as work:
        assert len(work.invoices.for_customer("C-1")) == 1


def test_no_file_is_made_where_nothing_is_rejected_and_an_old_one_is_emptied(desk: Desk) -> None:
    mapping = desk.write("m.yaml", MAPPING)
    desk.run("invoices", desk.write("a.csv", HEAD + GOOD), mapping)
    assert not (desk.folder / "a.rejected.csv").exists()
    desk.run("invoices", desk.write("a.csv", HEAD + TORN), mapping)
    assert len(desk.rejected("a.rejected.csv")) == 1
    desk.run("invoices", desk.write("a.csv", HEAD + GOOD), mapping)
    assert desk.rejected("a.rejected.csv") == []


def test_a_wrong_mapping_is_told_with_its_places_and_nothing_is_imported(desk: Desk) -> None:
    result = desk.run("invoices", desk.write("a.csv", HEAD + GOOD), desk.write("m.yaml", "rows: invoices\n"))
    assert result.exit_code == 1
    assert "m.yaml:1:1: missing-key: the mapping has no 'columns'" in result.stderr
    with desk.database.read() as work:
        assert work.customers.list().items == ()


@pytest.mark.parametrize(("file", "message"), [
    ("", "the file is empty"), ("a,b\n", "the file has no column 'customer', 'number'"),
])  # fmt: skip
def test_a_file_without_the_columns_is_wrong_use(desk: Desk, file: str, message: str) -> None:
    result = desk.run("invoices", desk.write("a.csv", file), desk.write("m.yaml", MAPPING))
    assert result.exit_code != 0
    assert message in result.stderr


def test_the_input_is_never_overwritten_by_its_rejected_rows(desk: Desk) -> None:
    file = desk.write("a.csv", HEAD + TORN)
    result = desk.run("invoices", file, desk.write("m.yaml", MAPPING), "--rejected", str(file))
    assert result.exit_code == 2
    assert file.read_text("utf-8") == HEAD + TORN


def test_a_fact_that_is_not_the_file_s_to_set_is_refused(desk: Desk) -> None:
    file = desk.write("c.csv", "id,x\nC-1,1\n")
    for fact, message in (("account.exposure", "comes from 'ledger'"), ("customer.scor", "neither trade nor policy")):
        mapping = f"rows: customers\ncurrency: CNY\ncolumns: {{customer_id: id}}\nfacts: {{{fact}: x}}\n"
        result = desk.run("customers", file, desk.write("m.yaml", mapping))
        assert result.exit_code != 0
        assert message in result.stderr


def test_a_byte_order_mark_and_windows_lines_are_read(desk: Desk) -> None:
    file = desk.write("a.csv", b"\xef\xbb\xbf" + (HEAD + GOOD).replace("\n", "\r\n").encode())
    assert desk.report("invoices", file, desk.write("m.yaml", MAPPING))["imported"] == 1


def test_no_progress_is_drawn_where_nobody_watches(desk: Desk) -> None:
    result = desk.run("invoices", desk.write("a.csv", HEAD + GOOD), desk.write("m.yaml", MAPPING))
    assert result.stderr == ""


def test_120_rows_with_blanks_of_the_real_ledger_are_told_and_none_is_lost(desk: Desk, real_data: Path) -> None:
    file = real_data / "ibm_accounts_receivable_with_missing.csv"
    found = desk.report("invoices", file, "ibm_accounts_receivable")
    assert (found["read"], found["imported"], found["rejected"]) == (2586, 2586, 0)
    assert found["blank_cells"] == {"PaperlessDate": 120, "PaperlessBill": 120}
    assert found["rows_with_blanks"] == 120


def test_every_slip_of_the_synthetic_ledger_is_rejected_by_its_name(desk: Desk, real_data: Path) -> None:
    folder = real_data / "synthetic_ar"
    customers = desk.report("customers", folder / "Customer_Master.csv", desk.write("c.yaml", SYNTHETIC_CUSTOMERS))
    assert (customers["read"], customers["added"]) == (503, 500)
    assert customers["rejected_by_reason"] == {"the customer stands on an earlier line with the same values": 3}
    mapping = desk.write("i.yaml", SYNTHETIC)
    found = desk.report("invoices", folder / "Invoices.csv", mapping)
    assert (found["read"], found["added"]) == (8005, 7966)
    wanted = {
        "'Due_Date' is blank": 15, "'Invoice_Date' is no date written as year-month-day": 10,
        "'Invoice_Amount' is blank": 6, "the invoice stands on an earlier line with the same values": 5,
        "the amount is not above zero; a credit note is no invoice": 3,
    }  # fmt: skip
    assert found["rejected_by_reason"] == wanted
    assert Counter(row["reason"] for row in desk.rejected()) == wanted
    again = desk.report("invoices", folder / "Invoices.csv", mapping)
    assert (again["imported"], again["unchanged"], again["rejected"]) == (0, 7966, 39)


def test_customers_above_their_limit_are_noted(desk: Desk, real_data: Path) -> None:
    folder = real_data / "synthetic_ar"
    desk.report("customers", folder / "Customer_Master.csv", desk.write("c.yaml", SYNTHETIC_CUSTOMERS))
    found = desk.report("customers", folder / "Credit_Limits.csv", desk.write("l.yaml", SYNTHETIC_LIMITS))
    assert found["noted"] == {"customers owe more than their limit, as the file states both": 83}
    assert (found["read"], found["unchanged"]) == (500, 500)


def few(folder: Path, name: str, wanted: Callable[[dict[str, str]], bool]) -> str:
    """The rows of a file that are wanted, as a file."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(row for row in rows if wanted(row))
    return text.getvalue()


@pytest.mark.slow
def test_the_payments_of_the_synthetic_ledger_leave_what_its_invoices_say(
    desk: Desk, real_data: Path, soak: bool
) -> None:
    folder = real_data / "synthetic_ar"
    last = "C9999" if soak else "C0040"  # the whole book, or the first forty customers of it
    invoices = desk.write("Invoices.csv", few(folder, "Invoices.csv", lambda row: row["Customer_ID"] <= last))
    with invoices.open(encoding="utf-8", newline="") as file:
        status = {row["Invoice_ID"]: row["Status"] for row in csv.DictReader(file)}
    payments = desk.write("Payments.csv", few(folder, "Payments.csv", lambda row: row["Invoice_ID"] in status))
    desk.report("customers", folder / "Customer_Master.csv", desk.write("c.yaml", SYNTHETIC_CUSTOMERS))
    desk.report("invoices", invoices, desk.write("i.yaml", SYNTHETIC))
    left_out = {row["Invoice_ID"] for row in desk.rejected() if "stands on an earlier line" not in row["reason"]}
    found = desk.report("payments", payments, desk.write("p.yaml", SYNTHETIC_PAYMENTS))
    reason = "no invoice of this number is known; import the invoices first"
    assert found["rejected_by_reason"] == {reason: 30 if soak else 3} and found["noted"] == {}
    assert {row["Invoice_ID"] for row in desk.rejected()} <= left_out and len(left_out) == (34 if soak else 3)
    with desk.database.read() as work:
        stored = [one for number in {one.customer_id for one in work.invoices.numbered(tuple(status))}
                  for one in work.invoices.for_customer(number)]  # fmt: skip
    shown = {"Paid": lambda one: one.open_amount == 0, "Outstanding": lambda one: one.open_amount == one.amount,
             "Partially Paid": lambda one: 0 < one.open_amount < one.amount}  # fmt: skip
    assert len(stored) > 400 and all(shown[status[one.invoice_id]](one) for one in stored)


def test_rejected_rows_stand_in_their_file_as_they_stood_in_the_input(desk: Desk, real_data: Path) -> None:
    file = real_data / "synthetic_ar" / "Invoices.csv"
    desk.report("customers", file.with_name("Customer_Master.csv"), desk.write("c.yaml", SYNTHETIC_CUSTOMERS))
    desk.report("invoices", file, desk.write("i.yaml", SYNTHETIC))
    lines = file.read_text("utf-8").splitlines()
    for row in desk.rejected():
        wanted = dict(zip(lines[0].split(","), lines[int(row["line"]) - 1].split(","), strict=True))
        assert {name: row[name] for name in wanted} == wanted
