"""`aval explain`: rows in sentences and decisions with why not; wrong use in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli

STANDARD = Path(__file__).resolve().parents[3] / "policy" / "library" / "standard.yaml"
FACTS = """customer.months_trading: 30
customer.insolvent: false
customer.score: 75
customer.average_days_late: 3
customer.court_cases: 0
customer.annual_revenue: 9_000_000
limit.granted: none
account.exposure: 0
order.amount: 20_000
invoices: []
earlier_orders: []
"""


def aval(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="aval")


@pytest.fixture
def facts(tmp_path: Path) -> str:
    """The facts of an order that a standard customer places."""
    path = tmp_path / "facts.yaml"
    path.write_text(FACTS, "utf-8")
    return str(path)


def test_a_row_is_said_with_what_its_facts_mean() -> None:
    told = aval("explain", str(STANDARD), "prime").stdout
    assert "tier prime where customer.score is 80 or more, and customer.average_days_late is not more than" in told
    assert "    customer.score: credit score, higher is better" in told
    assert "customer.score 不低于 80（含）" in aval("explain", str(STANDARD), "prime", "--lang", "zh").stdout


def test_without_a_row_all_are_said_and_machines_get_them_too() -> None:
    lines = aval("explain", str(STANDARD)).stdout.splitlines()
    rows = json.loads(aval("explain", str(STANDARD), "--json").stdout)["rows"]
    assert [row["sentence"] for row in rows] == lines and len(lines) > 20
    assert rows[1]["facts"]["customer.court_cases"] == "open court cases as debtor"


def test_a_decision_is_explained_with_what_would_change_it(facts: str) -> None:
    told = aval("explain", str(STANDARD), "--facts", facts, "--as-of", "2026-11-23").stdout
    assert told.startswith("approve_with_conditions: tier standard, terms net 30")
    assert "customer.score is 75, wanted: 80 or more (5 away)" in told
    assert "approve with one other fact alone: customer.score 80 (now 75)" in told
    found = json.loads(aval("explain", str(STANDARD), "--facts", facts, "--json", "--as-of", "2026-11-23").stdout)
    assert found["explanation"][0]["about"] == "answer"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["nobody"], "'nobody' is no row of"), (["prime", "--facts", "x.yaml"], "give either ROW or --facts"),
        (["--facts", "nothing.yaml"], "there is no file 'nothing.yaml'"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_in_one_line(more: list[str], message: str) -> None:
    told = aval("explain", str(STANDARD), *more)
    assert told.exit_code == 2 and message in told.stderr and told.stderr.count("\n") == 1


def test_a_policy_or_facts_with_errors_are_not_explained(tmp_path: Path, facts: str) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(STANDARD.read_text("utf-8").replace("customer.score >= 80", "customer.scor >= 80"), "utf-8")
    told = aval("explain", str(broken))
    assert told.exit_code == 1 and "cannot be explained: it has 1 error" in told.stderr
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("customer.scor: 75\n", "utf-8")
    told = aval("explain", str(STANDARD), "--facts", str(wrong))
    assert told.exit_code == 1 and "nothing is explained: the facts have 1 error" in told.stderr


REQUESTS = """aval: 1
policy: small
title: {en: Small}
currency: CNY
roles: {rising: [cfo]}
tiers:
  - {tier: new, when: customer.months_trading < 6}
  - {tier: old, otherwise: true}
checks:
  - {check: large, measure: order.amount, at_most: 5_000, verdict: deny}
  - {check: asked_for, for: limit_request, measure: limit_request.amount, at_most: 9_000, verdict: deny}
"""


def test_rows_of_limit_requests_are_said_once_and_as_such(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(REQUESTS, "utf-8")
    lines = aval("explain", str(path)).stdout.splitlines()
    wanted = "check asked_for (line 11): deny where limit_request.amount is more than CNY 9,000.00"
    assert [line for line in lines if line.startswith("limit_request: ")] == [
        f"limit_request: {wanted} (exactly CNY 9,000.00 passes)"
    ]
    assert aval("explain", str(path), "asked_for").stdout.startswith(f"limit_request: {wanted}")
    rows = json.loads(aval("explain", str(path), "--json").stdout)["rows"]
    assert {row["subject"] for row in rows if row["name"] == "asked_for"} == {"limit_request"}


SHIPMENTS = f"""{REQUESTS}
  - {{check: late, for: [order, shipment], when: customer.insolvent is true, verdict: deny}}
  - {{check: hold, for: [shipment, customer], when: customer.insolvent is true, verdict: deny,
     effect: [stop shipment, hold account]}}
"""


def test_a_row_names_all_that_it_is_asked_of_and_what_it_stops(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SHIPMENTS, "utf-8")
    lines = aval("explain", str(path)).stdout.splitlines()
    late = "check late (line 13): deny where customer.insolvent is true"
    hold = "check hold (line 14): deny where customer.insolvent is true; where it fails: stop shipment, hold account"
    assert [line for line in lines if "check late" in line] == [f"order, shipment: {late}"]
    assert [line for line in lines if "check hold" in line] == [f"shipment, customer: {hold}"]
    assert any(line.startswith("order, limit_request, shipment, customer: tiers, row 1") for line in lines)
    assert any(line.startswith("check large (line 10)") for line in lines)  # for orders alone, which need no word
    rows = json.loads(aval("explain", str(path), "--json").stdout)["rows"]
    named = {row["name"]: (row["subject"], row["subjects"]) for row in rows if row["section"] == "checks"}
    assert named["late"] == ("order", ["order", "shipment"]) and named["large"] == ("order", ["order"])
    assert named["hold"] == ("shipment", ["shipment", "customer"])
    chinese = aval("explain", str(path), "hold", "--lang", "zh").stdout
    assert chinese.startswith("shipment、customer：检查 hold") and "；不通过时：stop shipment，hold account" in chinese


def test_a_row_with_another_number_for_another_subject_is_said_with_both(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SHIPMENTS + """authority:
  - {for: order, when: order.amount < 100, release: cfo}
  - {for: [order, shipment], otherwise: true, release: cfo}
""", "utf-8")  # fmt: skip
    lines = [line for line in aval("explain", str(path)).stdout.splitlines() if "authority" in line]
    assert lines[1:] == ["authority, row 2 (line 18): release cfo in all other cases",
                         "shipment: authority, row 1 (line 18): release cfo in all other cases"]  # fmt: skip


def test_a_decision_on_a_limit_request_is_explained(tmp_path: Path) -> None:
    path, asked = tmp_path / "small.yaml", tmp_path / "asked.yaml"
    path.write_text(REQUESTS, "utf-8")
    asked.write_text("customer.months_trading: 7\nlimit_request.amount: 9_000.01\nlimit.granted: none\n", "utf-8")
    given = ("explain", str(path), "--facts", str(asked), "--as-of", "2026-11-23")
    told = aval(*given, "--subject", "limit_request").stdout
    assert told.startswith("deny: tier old") and "limit_request.amount is CNY 9,000.01" in told
    assert "has no rows for the subject 'shipment'" in aval(*given, "--subject", "shipment").output


CHEMCO = Path(__file__).resolve().parents[3] / "examples" / "policies" / "princeton-chemco.yaml"
PAPERS = ("limit_request: documents, row 1 (line 31): financial_statements (3 years covered, reviewed or better) where "
          "limit_request.amount is USD 25,000.00 or more; without one that is good: refer\n")  # fmt: skip


@pytest.mark.parametrize("row", ["documents:1", "financial_statements", "document_financial_statements", "31", "34"])
def test_a_row_of_documents_is_found_by_number_name_check_and_any_of_its_lines(row: str) -> None:
    assert aval("explain", str(CHEMCO), row).stdout == PAPERS


def test_documents_are_said_once_and_as_they_are_written() -> None:
    said = aval("explain", str(CHEMCO)).stdout
    assert PAPERS in said and said.count("guarantee_of_the_owner") == 1 and "documents." not in said
