"""Decisions on limit requests and shipments over HTTP: nothing is held, and an order's own hold is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.policies import NewPolicy
from tests.api.kept_engines import build_kept
from tests.api.service import Service, _start
from tests.storage.records import let_decide

POLICY = """aval: 1
policy: subjects
title: {en: Subjects, zh: 事项}
currency: CNY
roles: {rising: [analyst, cfo]}
let: {committed_after: account.exposure + order.unsecured_amount}
limits:
  - {otherwise: true, limit: 1_000}
checks:
  - {check: over, measure: committed_after, at_most: limit.effective, verdict: refer}
  - {check: asked, for: limit_request, measure: limit_request.amount, at_most: limit.effective, verdict: refer}
  - check: over_at_shipment
    for: shipment
    measure: committed_after
    at_most: limit.effective
    verdict: deny
    effect: [stop shipment, hold account]
documents:
  - {for: limit_request, require: {registration: {not_older_than: 12 months}}}
authority:
  - {for: [order, limit_request, shipment], otherwise: true, release: cfo}
"""


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service on the real engines with a policy for orders, limit requests and shipments."""
    found = _start(tmp_path, build_kept)
    loaded = load_policy(POLICY.encode(), "subjects.yaml", trade_vocabulary())
    program = loaded.programs["order"]
    with found.held.database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, loaded.digest, POLICY.encode(), "tests"))
        let_decide(work, program.source_digest)
    facts = {"document.registration.dated_on": "2020-01-01"}
    assert found.put_customer(facts=facts, granted_limit="1000.00").status_code == 201
    return found


def request(amount: str = "500.00", **fields: Any) -> dict[str, Any]:
    """A body that asks for a limit."""
    asked = {"amount": amount, "currency": "CNY"}
    return {"subject": "limit_request", "limit_request": asked, "customer_id": "C-1", "facts": {}} | fields


def order(amount: str, order_id: str = "SO-1", **fields: Any) -> dict[str, Any]:
    """A body for an order or its shipment."""
    return {"order": {"id": order_id, "amount": amount, "currency": "CNY"}, "customer_id": "C-1", "facts": {}} | fields


def told(answer: Any, status: int) -> dict[str, Any]:
    """The body of an answer of this status."""
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = json.loads(answer.data)
    return found.get("decision", found)


def test_a_limit_request_is_decided_on_its_documents_and_holds_nothing(service: Service) -> None:
    decision = told(service.decide(request()), 201)
    assert (decision["subject"], decision["verdict"], decision["reservation"]) == ("limit_request", "refer", None)
    assert [(one["document"], one["status"]) for one in decision["documents"]] == [("registration", "too_old")]
    assert service.counted()["reservation"] == 0
    assert told(service.decide(request()), 200) == decision, "the same key gives the stored answer"
    assert service.decide(request("501.00")).status_code == 422


@pytest.mark.parametrize(("amount", "status"), [("999.99", "pass"), ("1000.00", "pass"), ("1000.01", "refer")])
def test_a_limit_request_is_held_against_the_limit(service: Service, amount: str, status: str) -> None:
    decision = told(service.decide(request(amount)), 201)
    assert {check["check"]: check["status"] for check in decision["checks"]}["asked"] == status


def test_a_shipment_leaves_out_what_its_own_order_holds(service: Service) -> None:
    assert told(service.decide(order("800.00"), "k-1"), 201)["verdict"] == "approve"
    shipped = told(service.decide(order("800.00", subject="shipment"), "k-2"), 201)
    assert (shipped["verdict"], shipped["exposure"]["before"], shipped["subject"]) == ("approve", "0.00", "shipment")
    other = told(service.decide(order("800.00", "SO-2", subject="shipment"), "k-3"), 201)
    assert (other["verdict"], other["exposure"]["before"]) == ("deny", "800.00")
    check = next(one for one in other["checks"] if one["check"] == "over_at_shipment")
    assert check["effect"] == ["stop shipment", "hold account"]
    assert service.counted()["reservation"] == 1


def test_a_shipment_at_exactly_the_limit_and_one_unit_more(service: Service) -> None:
    told(service.decide(order("200.00"), "k-1"), 201)
    fits = told(service.decide(order("800.00", "SO-2", subject="shipment"), "k-2"), 201)
    above = told(service.decide(order("800.01", "SO-2", subject="shipment"), "k-3"), 201)
    assert (fits["verdict"], above["verdict"]) == ("approve", "deny")


def test_what_was_no_order_is_no_earlier_order(service: Service) -> None:
    told(service.decide(order("100.00", subject="shipment"), "k-1"), 201)
    told(service.decide(order("100.00"), "k-2"), 201)
    with service.held.database.read() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        assert [one.order_amount for one in account.earlier_orders.orders] == [10_000]


def test_a_list_says_what_was_no_order(service: Service) -> None:
    service.decide(order("100.00"), "k-1")
    service.decide(request(), "k-2")
    items = told(service.send("GET", "/v1/decisions", "order_system"), 200)["items"]
    assert [(one["order_id"], one.get("subject")) for one in items] == [(None, "limit_request"), ("SO-1", None)]


def test_a_preview_takes_a_subject_too(service: Service) -> None:
    before = service.counted()
    decision = told(service.send("POST", "/v1/decisions:preview", "order_system", request(as_of="2020-06-01")), 200)
    assert (decision["verdict"], decision["documents"][0]["status"]) == ("approve", "good")
    assert service.counted() == before


@pytest.mark.parametrize(("body", "problem", "field"), [
    ({"subject": "customer", "customer_id": "C-1"}, "subject-not-decided", "subject"),
    ({"subject": "limit_request", "customer_id": "C-1"}, "invalid-field", "limit_request"),
    ({"subject": "shipment", "customer_id": "C-1"}, "invalid-field", "order"),
    ({"customer_id": "C-1"}, "invalid-field", "order"),
    ({"subject": "invoice", "customer_id": "C-1"}, "invalid-field", "subject"),
    (request() | {"order": order("1.00")["order"]}, "invalid-field", "order"),
    (order("1.00") | {"limit_request": request()["limit_request"]}, "invalid-field", "limit_request"),
    (request("0.00"), "invalid-field", "limit_request.amount"),
    (request(facts={"limit_request.amount": "5.00"}), "fact-not-yours", "facts.limit_request.amount"),
    (request(limit_request={"amount": "5.00", "currency": "USD"}), "currency-mismatch", "limit_request.currency"),
])  # fmt: skip
def test_what_cannot_be_decided_is_told_and_stored_nowhere(
    service: Service, body: dict[str, Any], problem: str, field: str
) -> None:
    before = service.counted()
    found = told(service.decide(body), 422)
    assert found["type"] == f"/problems/{problem}"
    assert field in [one["field"] for one in found["errors"]]
    assert service.counted() == before
