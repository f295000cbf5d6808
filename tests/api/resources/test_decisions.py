"""Decisions over HTTP: shown byte for byte, to those who may see them, and listed newest first."""

from __future__ import annotations

import json

from api.keys import issue_key
from tests.api.service import PEPPER, Service, an_order


def test_a_decision_is_shown_with_the_bytes_that_were_answered(service: Service) -> None:
    answer = service.decide(an_order())
    decision_id = json.loads(answer.data)["decision"]["decision_id"]
    for role in ("order_system", "compliance", "risk_officer", "approver"):
        shown = service.send("GET", f"/v1/decisions/{decision_id}", role)
        assert (shown.status_code, shown.data) == (200, answer.data)


def test_an_order_system_sees_its_own_decisions_only(service: Service) -> None:
    service.keys["other"], stored = issue_key("order_system", "other", PEPPER)
    with service.held.database.write() as work:
        work.keys.add(stored)
    mine = json.loads(service.decide(an_order()).data)["decision"]["decision_id"]
    service.decide(an_order(), role="other")
    assert service.send("GET", f"/v1/decisions/{mine}", "other").status_code == 404
    listed = service.send("GET", "/v1/decisions", "order_system").json
    assert listed is not None and [one["decision_id"] for one in listed["items"]] == [mine]


def test_a_list_is_newest_first_and_goes_on(service: Service) -> None:
    for number in range(5):
        service.decide(an_order("10.00", id=f"SO-{number}"), f"k-{number}")
    first = service.send("GET", "/v1/decisions?limit=3", "compliance").json
    assert first is not None and [one["order_id"] for one in first["items"]] == ["SO-4", "SO-3", "SO-2"]
    rest = service.send("GET", f"/v1/decisions?limit=3&cursor={first['next']}", "compliance").json
    assert rest is not None and [one["order_id"] for one in rest["items"]] == ["SO-1", "SO-0"]
    assert rest["next"] is None


def test_a_list_can_be_of_one_customer_or_one_verdict(service: Service) -> None:
    service.put_customer("C-2", granted_limit="none")
    service.decide(an_order(id="A"), "k-1")
    service.decide(an_order(id="B", customer_id="C-2"), "k-2")
    for query, wanted in (("customer_id=C-2", ["B"]), ("verdict=approve", ["A"]), ("customer_id=C-1&verdict=deny", [])):
        listed = service.send("GET", f"/v1/decisions?{query}", "risk_officer").json
        assert listed is not None and [one["order_id"] for one in listed["items"]] == wanted
