"""The file for the general ledger: balanced by document, and its receivables are what the ledger says is open."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.commands import cli
from api.posting_export import BadMapping, Chart, read_chart, write_postings
from credit.allocation import Part
from credit.money import Money
from storage.engine import Database
from storage.receivables import Invoice
from storage.settlements import Change, NewSettlement
from tests.storage.records import a_database

START = date(2026, 3, 1)
TODAY = date(2026, 3, 31)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """C-1 with two invoices, a payment in two parts of which one is taken back, a write-off, a reversed payment, and an
    invoice that an import told as settled."""
    found = a_database(tmp_path / "aval.db", limit=None)
    invoices = [
        Invoice("C-1", "I-1", 100_00, "CNY", START, START + timedelta(30)),
        Invoice("C-1", "I-2", 50_01, "CNY", START + timedelta(2), START + timedelta(30)),
        Invoice("C-1", "I-3", 7_00, "CNY", START, START + timedelta(5), START + timedelta(6)),
    ]
    with found.write() as work:
        work.invoices.add_many(invoices, TODAY)
        for kind, name, minor, days, part in (
            ("payment", "P-1", 80_00, 3, Part("I-1", 60_00)), ("write_off", "W-1", 1, 4, Part("I-2", 1)),
            ("payment", "P-2", 10_00, 5, Part("I-2", 10_00)),
        ):  # fmt: skip
            work.settlements.enter(NewSettlement(kind, name, "C-1", Money(minor, "CNY"), START + timedelta(days), "why",
                                                 "person:ann", stated=(part,)), TODAY)  # fmt: skip
        change = Change(TODAY, "person:ann", "a cheque came back")
        work.settlements.reverse("payment", "P-2", change, START + timedelta(8))
    return found


def lines(database: Database, first: date = START, last: date = TODAY) -> list[dict[str, str]]:
    """The lines of some days."""
    out = io.StringIO()
    done = write_postings(database, (first, last), Chart(), out)
    found = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert done.lines == len(found)
    return found


def minor(text: str) -> int:
    """An amount in minor units."""
    return Money.parse(text, "CNY").minor


def balance(found: list[dict[str, str]], account: str) -> int:
    """What stands on an account."""
    return sum(minor(one["debit"]) - minor(one["credit"]) for one in found if one["account"] == account)


@pytest.fixture
def discounted(database: Database) -> Database:
    """The same, with an invoice of a discount that one payment earned and lost again, and another that is earned."""
    early = {"discount_until": START + timedelta(6), "discount": 2_00}
    given = [Invoice("C-1", name, 100_00, "CNY", START, START + timedelta(30), **early) for name in ("E-1", "E-2")]
    with database.write() as work:
        work.invoices.add_many(given, TODAY)
        for name, days, part in (("P-3", 6, Part("E-1", 98_00)), ("P-4", 5, Part("E-2", 98_00))):
            paid = NewSettlement("payment", name, "C-1", Money(98_00, "CNY"), START + timedelta(days), "", "person:ann",
                                 stated=(part,))  # fmt: skip
            work.settlements.enter(paid, TODAY)
        work.settlements.reverse("payment", "P-4", Change(TODAY, "person:ann", "no funds"), START + timedelta(7))
    return database


def test_a_discount_is_posted_on_its_own_account_and_comes_back_with_its_payment(discounted: Database) -> None:
    found = lines(discounted)
    assert balance(found, "discounts_allowed") == 2_00
    posted = [(one["day"], one["account"], one["debit"], one["credit"]) for one in found
              if one["document"] == "P-4/E-2"]  # fmt: skip
    assert posted == [
        ("2026-03-06", "discounts_allowed", "2.00", "0.00"), ("2026-03-06", "unallocated", "0.00", "2.00"),
        ("2026-03-06", "unallocated", "2.00", "0.00"), ("2026-03-06", "receivables", "0.00", "2.00"),
        ("2026-03-08", "receivables", "2.00", "0.00"), ("2026-03-08", "unallocated", "0.00", "2.00"),
        ("2026-03-08", "unallocated", "2.00", "0.00"), ("2026-03-08", "discounts_allowed", "0.00", "2.00"),
    ]  # fmt: skip
    with discounted.read() as work:
        left = sum(one.unallocated for one in work.settlements.of_customer("C-1"))
    assert balance(found, "unallocated") == -left
    test_receivables_are_what_is_open_on_every_day(discounted, 5)
    test_receivables_are_what_is_open_on_every_day(discounted, 6)
    test_receivables_are_what_is_open_on_every_day(discounted, 9)


@pytest.mark.parametrize("days", range(10))
def test_receivables_are_what_is_open_on_every_day(database: Database, days: int) -> None:
    day = START + timedelta(days)
    with database.read() as work:
        wanted = sum(one.open_on(day) for one in work.invoices.for_customer("C-1"))
    assert balance(lines(database, last=day), "receivables") == wanted


def test_each_document_comes_to_nothing_on_each_day_and_so_does_the_file(database: Database) -> None:
    found = lines(database)
    sums: dict[tuple[str, str, str], int] = {}
    for one in found:
        key = one["what"], one["document"], one["day"]
        sums[key] = sums.get(key, 0) + minor(one["debit"]) - minor(one["credit"])
    assert len(sums) >= 8 and set(sums.values()) == {0}
    assert balance(found, "revenue") == -157_01 and balance(found, "settled_elsewhere") == 7_00
    assert balance(found, "bad_debts") == 1
    with database.read() as work:
        left = sum(one.unallocated for one in work.settlements.of_customer("C-1"))
    assert balance(found, "bank") == 80_00 and balance(found, "unallocated") == -left


def test_parts_of_days_add_up_to_the_whole(database: Database) -> None:
    middle = START + timedelta(4)
    first, second = lines(database, last=middle), lines(database, middle + timedelta(1))
    assert [*first, *second] == lines(database)
    assert lines(database, date(2025, 1, 1), date(2025, 12, 31)) == []


def test_an_allocation_names_the_version_of_its_movement(database: Database) -> None:
    with database.read() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        kinds = {one.version: one.kind for one in work.accounts.movements(account.account_id)}
    named = [one for one in lines(database) if one["version"]]
    assert named and {one["what"] for one in named} == {"payment", "write_off"}
    assert all(int(one["version"]) in kinds for one in named)


def test_the_firms_accounts_are_written(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("account,number,name\nreceivables,1122,应收账款\nbank,1002,银行存款\n", "utf-8")
    out = tmp_path / "postings.csv"
    done = CliRunner().invoke(cli, ["postings", "--from", "2026-03-01", "--to", "2026-03-31", "--accounts", str(file),
                                    "--out", str(out), "--database", str(database.name)], prog_name="aval")  # fmt: skip
    assert done.exit_code == 0, done.output
    found = {(one["account"], one["name"]) for one in csv.DictReader(io.StringIO(out.read_text("utf-8")))}
    assert {("1122", "应收账款"), ("1002", "银行存款"), ("revenue", "Revenue")} <= found
    assert "on each side" in done.output


@pytest.mark.parametrize(("text", "said"), [
    ("", "columns"), ("account,name\n", "columns"), ("account,number,name\ncash,1,Cash\n", "no account 'cash'"),
    ("account,number,name\nbank,1,Bank\nbank,2,Bank\n", "twice"), ("account,number,name\nbank,,Bank\n", "no number"),
    ("account,number,name\nbank\n", "no number"),
])  # fmt: skip
def test_a_file_of_accounts_that_cannot_be_used_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadMapping, match=said):
        read_chart(io.StringIO(text), "accounts.csv")


@pytest.mark.parametrize(("args", "said"), [
    (("--from", "2026-03-02", "--to", "2026-03-01"), "before"), (("--from", "soon", "--to", "2026-03-01"), "--from"),
    (("--from", "2026-03-01"), "--to"),
])  # fmt: skip
def test_mistakes_are_told_in_one_line(database: Database, args: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(cli, ["postings", *args, "--database", str(database.name)], prog_name="aval")
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_a_late_charge_stands_on_an_account_of_its_own_and_is_received_as_all_else(database: Database) -> None:
    before = lines(database)
    day = START + timedelta(9)
    item = replace(Invoice("C-1", "I-1-charge", 3_00, "CNY", day, TODAY), charge_of="I-1", charged_until=day)
    with database.write() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        work.late_charges.bill(account.account_id, [item], "operator:ann")
        paid = NewSettlement("payment", "P-3", "C-1", Money(3_00, "CNY"), TODAY, "x", "person:ann",
                             stated=(Part("I-1-charge", 3_00),))  # fmt: skip
        work.settlements.enter(paid, TODAY)
    after = lines(database)
    charged = [(one["account"], one["debit"], one["credit"]) for one in after if one["what"] == "late_charge"]
    assert charged == [("receivables", "3.00", "0.00"), ("late_charges", "0.00", "3.00")]
    assert balance(after, "revenue") == balance(before, "revenue"), "a charge is no sale"
    assert balance(after, "receivables") == balance(before, "receivables")
