"""A list that the policy declares and the order system sends: accepted, bounded, and decided by."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.policies import NewPolicy
from tests.api.service import Service, an_order, start_real_service
from tests.docs.console import blocks_of
from tests.storage.records import let_decide

POLICY = b"""aval: 1
policy: horizon
title: {en: Horizon}
currency: CNY
facts:
  order_lines: {list: {value: money, delivery_date: date}, from: request, missing: refer, at_most: 3}
settings:
  horizon: 60 days
let:
  near: sum of order_lines.value where delivery_date <= as_of + settings.horizon
  committed_near: account.open_amount + near
checks:
  - {check: dynamic_limit, measure: committed_near, at_most: limit.effective, verdict: refer}
"""
AS_OF = date(2026, 11, 23)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """The real service under the policy with a horizon, and C-1 with a limit of 500,000.00."""
    service = start_real_service(tmp_path)
    program = load_policy(POLICY, "f", trade_vocabulary()).program
    assert program is not None
    with service.held.database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, POLICY, "tests"))
        let_decide(work, program.source_digest)
    return service


def line(value: object, days: int) -> dict[str, Any]:
    """A line that is delivered so many days from the day of the previews."""
    return {"value": value, "delivery_date": (AS_OF + timedelta(days=days)).isoformat()}


def sent(service: Service, lines: object, path: str = "") -> Any:
    """The answer to an order of 100,000.00 with these lines, its own and those of earlier orders."""
    facts = {} if lines is None else {"order_lines": lines}
    body = an_order("100000.00", facts=facts)
    del body["order"]["placed_on"]
    if path:
        body["as_of"] = AS_OF.isoformat()
    return service.send("POST", f"/v1/decisions{path}", "order_system", body, Idempotency_Key="k")


@pytest.mark.parametrize(("value", "days", "status"), [
    ("500000.00", 60, "pass"), ("499999.99", 60, "pass"), ("500000.01", 60, "refer"), ("500000.01", 59, "refer"),
    ("500000.01", 61, "pass"),
])  # fmt: skip
def test_lines_within_the_horizon_take_room_of_the_limit(service: Service, value: str, days: int, status: str) -> None:
    lines = [line(value, days), line("100000.00", 90)]
    answer = sent(service, lines, ":preview").get_json()["decision"]
    found = {one["check"]: one["status"] for one in answer["checks"]}
    assert found["dynamic_limit"] == status
    assert answer["verdict"] == ("approve" if status == "pass" else "refer")


def test_what_the_list_said_is_kept_with_the_decision(service: Service) -> None:
    answer = sent(service, [line("500000.00", 0), line("0.01", 0)])
    assert answer.status_code == 201
    [check] = [one for one in answer.get_json()["decision"]["checks"] if one["check"] == "dynamic_limit"]
    assert check["evidence"][0]["value"] == "500000.01"


def test_without_its_lines_an_order_is_referred(service: Service) -> None:
    for lines, missing in ((None, "order_lines"), ([{"value": "1.00"}], "order_lines.delivery_date")):
        decision = sent(service, lines, ":preview").get_json()["decision"]
        assert (decision["verdict"], decision["missing"]) == ("refer", [missing])


@pytest.mark.parametrize("wrong", [
    lambda good: [good] * 4, lambda good: [good | {"colour": "red"}], lambda good: [good | {"value": 5}],
    lambda good: [good | {"value": "5.001"}], lambda good: [good | {"delivery_date": "tomorrow"}],
    lambda good: good, lambda good: ["5"], lambda good: "5",
])  # fmt: skip
def test_a_list_that_is_not_as_declared_is_refused_by_name(service: Service, wrong: Any) -> None:
    before = service.counted()
    answer = sent(service, wrong(line("1.00", 1)))
    assert answer.status_code == 422, answer.data
    problem = answer.get_json()
    assert problem["type"] == "/problems/invalid-field"
    assert problem["errors"][0]["field"].startswith("facts.order_lines")
    assert service.counted() == before


def test_as_many_lines_as_the_policy_reads_are_taken(service: Service) -> None:
    assert sent(service, [line("1.00", 1)] * 3).status_code == 201


def test_the_pages_example_is_decided_exactly_at_the_limit(service: Service) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "http-api.md").read_text("utf-8")
    [block] = [one for one in blocks_of(page) if one.words == ("json", "order_lines")]
    answer = service.send("POST", "/v1/decisions:preview", "order_system", json.loads(block.text)).get_json()
    assert answer["decision"]["verdict"] == "approve"
    assert answer["decision"]["checks"][0]["evidence"][0]["value"] == "500000.00"


def test_no_order_is_approved_beyond_the_limit_however_late_its_lines_are(service: Service) -> None:
    body = an_order("500000.01", facts={"order_lines": [line("500000.01", 90)]}) | {"as_of": AS_OF.isoformat()}
    answer = service.send("POST", "/v1/decisions:preview", "order_system", body).get_json()
    assert answer["decision"]["verdict"] == "refer"
