"""A step that proposes legal action opens a case; its file holds what a court asks for, and a page to print."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from api.commands import cli
from credit.allocation import Part
from credit.money import Money
from storage.letters import Letter
from storage.outbox import Delivery
from storage.proofs import NewProof
from storage.settlements import NewSettlement
from tests.api.operations.test_escalate import PER_INVOICE, STRICT, owe, run, written
from tests.api.operations.test_tell_limit import today
from tests.api.service import Service, an_order, publish, start_real_service


@pytest.fixture
def real(location: str) -> Service:
    """C-1 owes nothing yet, under a ladder that ends at law, on each kind of database."""
    service = start_real_service(location)
    publish(service, "collecting.yaml", written(STRICT, PER_INVOICE))
    return service


def late(service: Service, *invoice_ids: str, days: int = 31) -> date:
    """Have invoices overdue for so many days, and run the ladder of today."""
    day = today(service)
    for number, invoice_id in enumerate(invoice_ids):
        owe(service, invoice_id, day - timedelta(days), amount=500_00 + number)
    run(service, day)
    return day


def cases(service: Service, query: str = "") -> list[dict[str, Any]]:
    """The cases that are listed."""
    answer = service.send("GET", f"/v1/legal-cases{query}", "collector")
    assert answer.status_code == 200, answer.data
    found: list[dict[str, Any]] = json.loads(answer.data)["items"]
    return found


def say(service: Service, case_id: str, what: str, key: str, **body: str) -> TestResponse:
    """Hand a case over, or close it."""
    return service.send("POST", f"/v1/legal-cases/{case_id}:{what}", "approver", body, Idempotency_Key=key)


def bundle(service: Service, case_id: str) -> dict[str, bytes]:
    """The files of a case."""
    answer = service.send("GET", f"/v1/legal-cases/{case_id}/bundle", "compliance")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip"), answer.data
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        return {name: file.read(name) for name in file.namelist()}


class Cells(HTMLParser):
    """The cells of a page, in its order; text that is not escaped would be a tag and be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.cells.append(data.strip())


def cells(page: bytes) -> list[str]:
    """The texts of a page."""
    reader = Cells()
    reader.feed(page.decode())
    return reader.cells


def test_the_step_opens_one_case_and_a_further_invoice_joins_it(real: Service) -> None:
    day = late(real, "I-1", days=29)
    assert cases(real) == [], "on day 29 the step is not due yet"
    owe(real, "I-2", day - timedelta(28))
    for days, invoices in ((1, ["I-1"]), (2, ["I-1", "I-2"]), (3, ["I-1", "I-2"])):
        run(real, day + timedelta(days))
        [case] = cases(real)
        assert [one["invoice_id"] for one in case["invoices"]] == invoices
    assert (case["customer_id"], case["state"], case["opened_on"]) == ("C-1", "opened", str(day + timedelta(1)))


def test_invoices_of_one_run_are_one_case(real: Service) -> None:
    day = late(real, "I-2", "I-3", days=30)
    [case] = cases(real)
    assert [(one["invoice_id"], one["step"], one["joined_on"]) for one in case["invoices"]] == [
        ("I-2", "legal", str(day)), ("I-3", "legal", str(day))]  # fmt: skip
    shown = json.loads(real.send("GET", f"/v1/legal-cases/{case['id']}", "compliance").data)
    assert shown == {"case": case}
    events = json.loads(real.send("GET", "/v1/events?subject=customer:C-1", "compliance").data)["items"]
    told = [one["details"]["invoice_id"] for one in events if one["kind"].startswith("legal_case_")]
    assert told == ["I-3", "I-2"]


def test_a_case_is_handed_over_and_closed_with_its_result(real: Service) -> None:
    late(real, "I-1")
    [case] = cases(real)
    handed = say(real, case["id"], "hand-over", "h-1", note="to the firm of lawyers")
    assert (handed.status_code, json.loads(handed.data)["case"]["state"]) == (200, "handed_over")
    assert say(real, case["id"], "hand-over", "h-1", note="to the firm of lawyers").data == handed.data
    again = say(real, case["id"], "hand-over", "h-2", note="again")
    assert (again.status_code, json.loads(again.data)["type"].rsplit("/", 1)[-1]) == (409, "case-ended")
    assert say(real, case["id"], "close", "c-1", result="won", note="x").status_code == 422
    closed = say(real, case["id"], "close", "c-2", result="judgment", note="for us")
    assert json.loads(closed.data)["case"]["changes"][1]["result"] == "judgment"
    assert say(real, case["id"], "close", "c-3", result="paid", note="x").status_code == 409
    assert cases(real) == [] and [one["state"] for one in cases(real, "?closed=yes")] == ["closed"]


def test_the_file_holds_all_that_a_court_asks_for(real: Service) -> None:
    day = late(real, "I-1")
    with real.held.database.write() as work:
        [demand] = [one for one in work.outbox.of_customer("C-1") if one.what == "formal_demand"]
        work.outbox.deliver(demand.message_id, Delivery("sent", day, "person:bo", "RR123456785CN"))
    real.decide(an_order("1000.00", id="SO-1", prepaid="0.00"), "after")  # grants nothing of an invoice of before
    [case] = cases(real)
    files = bundle(real, case["id"])
    [row] = list(csv.DictReader(io.StringIO(files["invoices.csv"].decode())))
    assert (row["invoice_id"], row["days_overdue"], row["amount"], row["open"]) == ("I-1", "31", "500.00", "500.00")
    letters = {one["what"]: one for one in json.loads(files["letters.json"])}
    assert letters["formal_demand"]["attempts"] == [
        {"outcome": "sent", "day": str(day), "by": "person:bo", "proof": "RR123456785CN"}]  # fmt: skip
    assert {"written_reminder", "formal_demand", "legal"} <= letters.keys()
    [hold] = json.loads(files["holds.json"])
    assert (hold["invoice_id"], hold["step"], hold["released"]) == ("I-1", "demand", None)
    [policy] = json.loads(files["policies.json"])
    assert policy["name"] == "collecting" and policy["approvals"][0]["approved_by"]
    assert files["policies/collecting-1.yaml"] == written(STRICT, PER_INVOICE)
    assert json.loads(files["decisions.json"]) == []
    assert {"README.txt", "case.json", "summary.en.html", "summary.zh.html"} <= files.keys()


def test_the_statement_goes_on_from_line_to_line(real: Service) -> None:
    day = late(real, "I-1", "I-2")
    owe(real, "I-2", day - timedelta(31), amount=500_01, settled_on=day)
    lines = list(csv.DictReader(io.StringIO(bundle(real, cases(real)[0]["id"])["statement.csv"].decode())))
    assert [(one["document"], one["what"], one["balance"]) for one in lines[-3:]] == [
        ("I-1", "invoice", "500.00"), ("I-2", "invoice", "1000.01"), ("I-2", "paid", "500.00")]  # fmt: skip
    assert lines[-1]["day"] == str(day)


def test_letters_are_in_the_file_as_they_left_with_what_proves_that_they_came(real: Service) -> None:
    late(real, "I-1")
    with real.held.database.write() as work:
        [demand] = [one for one in work.outbox.of_customer("C-1") if one.what == "formal_demand"]
        name = demand.message_id
        work.letters.keep(Letter(name, 1, "paper", "Lotus, Shanghai", "text/html", "Demand", "t", b"<p>pay</p>"))
        work.proofs.add(NewProof(name, "person:bo", "RR123456785CN", file_name="slip.png", media_type="image/png",
                                 content=b"a picture"))  # fmt: skip
    files = bundle(real, cases(real)[0]["id"])
    assert files[f"letters/{name}.html"] == b"<p>pay</p>"
    assert files[f"letters/{name}-proof-1.png"] == b"a picture"
    [shown] = [one for one in json.loads(files["letters.json"]) if one["message_id"] == name]
    assert shown["letter"]["address"] == "Lotus, Shanghai" and shown["proofs"][0]["receipt"] == "RR123456785CN"
    assert "RR123456785CN" in cells(files["summary.zh.html"])


def test_a_part_payment_is_in_the_statement_and_in_what_is_claimed(real: Service) -> None:
    day = late(real, "I-1")
    with real.held.database.write() as work:
        paid = NewSettlement("payment", "P-1", "C-1", Money(200_00, "CNY"), day, "a transfer", "person:bo",
                             stated=(Part("I-1", 200_00),))  # fmt: skip
        work.settlements.enter(paid, day)
    files = bundle(real, cases(real)[0]["id"])
    lines = list(csv.DictReader(io.StringIO(files["statement.csv"].decode())))
    assert [(one["document"], one["what"], one["credit"], one["balance"]) for one in lines[-2:]] == [
        ("I-1", "invoice", "0.00", "500.00"), ("I-1", "payment", "200.00", "300.00")]  # fmt: skip
    [payment] = json.loads(files["payments.json"])
    assert (payment["id"], payment["amount"], payment["invoices"]) == ("P-1", "200.00", {"I-1": "200.00"})
    assert "CNY 300.00" in cells(files["summary.en.html"])


def test_the_decision_that_granted_the_credit_is_in_the_file_with_its_evidence(real: Service) -> None:
    day = today(real)
    decision = json.loads(real.decide(an_order("1000.00", id="SO-1", prepaid="0.00"), "k-1").data)["decision"]
    assert decision["verdict"] == "approve"
    granted = decision["decision_id"]
    real.decide(an_order("1000.00", id="SO-2", prepaid="1000.00"), "k-2")  # paid in advance: no credit
    owe(real, "I-1", day + timedelta(30))  # issued on the day of the decision
    run(real, day + timedelta(60))
    files = bundle(real, cases(real)[0]["id"])
    listed = {one["decision_id"]: one for one in json.loads(files["decisions.json"])}
    assert {name: one["order_id"] for name, one in listed.items()} == {granted: "SO-1"}
    with zipfile.ZipFile(io.BytesIO(files[f"decisions/{granted}.zip"])) as evidence:
        assert json.loads(evidence.read("answer.json"))["decision"]["decision_id"] == granted
    assert {f"decisions/{one}.zip" for one in listed} == {name for name in files if name.startswith("decisions/")}
    assert "SO-1" in cells(files["summary.en.html"])


def test_the_page_says_in_both_languages_what_is_claimed_and_escapes_what_others_wrote(real: Service) -> None:
    real.put_customer(name="<b>Lotus & Sons</b>")
    late(real, "I-1", "I-2")
    [case] = cases(real)
    files = bundle(real, case["id"])
    english, chinese = (cells(files[f"summary.{language}.html"]) for language in ("en", "zh"))
    assert "<b>Lotus & Sons</b> (C-1)" in english and "Claimed" in english and "CNY 1,000.01" in english
    assert "请求金额" in chinese and "CNY 1,000.01" in chinese and "法律案件" in chinese[0]
    assert b"<b>" not in files["summary.en.html"]
    assert {"I-1", "I-2", "letter formal_demand"} <= {*english}
    assert files == bundle(real, case["id"]), "the same bytes"


def test_a_page_counts_what_does_not_fit(real: Service) -> None:
    late(real, *(f"I-{number}" for number in range(10)))
    [case] = cases(real)
    files = bundle(real, case["id"])
    assert "and 2 more, in the tables" in cells(files["summary.en.html"])
    assert len(list(csv.DictReader(io.StringIO(files["invoices.csv"].decode())))) == 10


def test_the_command_writes_one_file(real: Service, tmp_path: Any) -> None:
    late(real, "I-1")
    [case] = cases(real)
    database = real.held.settings.database

    def aval(*args: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["legal-case", *args, "--database", database], prog_name="aval")
        return done.exit_code, done.output

    assert "1 case\n" in aval("list")[1] and case["id"] in aval("list")[1].replace("\n", "")
    out = tmp_path / "case.zip"
    code, told = aval("bundle", case["id"], "--out", str(out))
    assert code == 0 and told.startswith(f"{out}: ") and zipfile.is_zipfile(out)
    assert aval("bundle", "L-9")[0] == 2
    assert aval("bundle", case["id"], "--out", str(tmp_path / "no" / "case.zip"))[0] == 2


def test_what_is_not_there_is_not_found(real: Service) -> None:
    for path in ("L-9", "L-9/bundle", "%00"):
        assert real.send("GET", f"/v1/legal-cases/{path}", "compliance").status_code == 404
    assert say(real, "L-9", "hand-over", "k", note="x").status_code == 404
    assert say(real, "L-9", "close", "k", note="x", result="paid").status_code == 404
