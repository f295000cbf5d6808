"""A hold over HTTP stops the next order and lets go on the one after its end; both for good in the record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.service import Service, an_order, start_real_service


@pytest.fixture
def real(location: str) -> Service:
    """The standard policy, whose ladder stops orders, on each kind of database."""
    return start_real_service(location)


def place(service: Service, key: str = "h-1", scope: str = "orders", customer_id: str = "C-1") -> TestResponse:
    """Place a hold."""
    body = {"scope": scope, "reason": "a cheque came back"}
    return service.send("POST", f"/v1/customers/{customer_id}/holds", "collector", body, Idempotency_Key=key)


def end(service: Service, hold_id: str, key: str = "e-1") -> TestResponse:
    """End a hold."""
    return service.send("POST", f"/v1/holds/{hold_id}:end", "risk_officer", {"reason": "paid"}, Idempotency_Key=key)


def decided(service: Service, key: str, prepaid: str = "0.00") -> tuple[str, str]:
    """The verdict on an order, and what the check of holds said."""
    answer = service.decide(an_order("1000.00", id=f"SO-{key}", prepaid=prepaid), key)
    assert answer.status_code == 201, answer.data
    decision: dict[str, Any] = json.loads(answer.data)["decision"]
    [check] = [one for one in decision["checks"] if one["check"] == "on_hold"]
    return str(decision["verdict"]), str(check["status"])


def problem(answer: TestResponse) -> tuple[int, str]:
    """Status and type of a problem."""
    return answer.status_code, json.loads(answer.data)["type"].rsplit("/", 1)[-1]


def test_a_hold_of_orders_stops_what_is_not_prepaid_until_it_is_ended(real: Service) -> None:
    assert decided(real, "before") == ("approve", "pass")
    placed = place(real)
    assert placed.status_code == 201
    hold = json.loads(placed.data)["hold"]
    assert (hold["scope"], hold["by"], hold["step"], hold["release"]) == ("orders", "client:collector-1", None, None)
    assert decided(real, "held") == ("deny", "deny")
    assert decided(real, "prepaid", prepaid="1000.00")[1] == "pass"
    ended = end(real, hold["id"])
    assert ended.status_code == 200
    assert json.loads(ended.data)["hold"]["release"]["by"] == "client:risk_officer-1"
    assert decided(real, "after") == ("approve", "pass")
    listed = json.loads(real.send("GET", "/v1/customers/C-1/holds", "order_system").data)["items"]
    assert [one["id"] for one in listed] == [hold["id"]]


def test_a_hold_of_the_account_stops_prepaid_orders_too(real: Service) -> None:
    place(real, scope="account")
    assert decided(real, "prepaid", prepaid="1000.00") == ("deny", "deny")


def test_two_holds_are_ended_one_by_one(real: Service) -> None:
    first, second = (json.loads(place(real, key).data)["hold"]["id"] for key in ("h-1", "h-2"))
    end(real, first)
    assert decided(real, "one-left") == ("deny", "deny")
    assert problem(end(real, first, "e-2")) == (409, "hold-ended")
    end(real, second, "e-3")
    assert decided(real, "none-left")[0] == "approve"


def test_the_same_request_again_places_and_ends_nothing_more(real: Service) -> None:
    once, again = place(real), place(real)
    assert (once.status_code, again.status_code, once.data) == (201, 200, again.data)
    hold_id = json.loads(once.data)["hold"]["id"]
    assert end(real, hold_id).data == end(real, hold_id).data
    assert len(json.loads(real.send("GET", "/v1/customers/C-1/holds", "collector").data)["items"]) == 1


def test_what_is_not_there_is_not_found(real: Service) -> None:
    assert problem(place(real, customer_id="C-9")) == (404, "not-found")
    assert problem(end(real, "H-9")) == (404, "not-found")
    assert problem(real.send("GET", "/v1/customers/C-9/holds", "collector")) == (404, "not-found")
    assert problem(place(real, "k", scope="shipments")) == (422, "invalid-field")


def test_a_decision_under_a_hold_is_replayed_to_the_same_verdict(real: Service) -> None:
    place(real)
    answer = real.decide(an_order("1000.00", id="SO-R", prepaid="0.00"), "r")
    decision_id = json.loads(answer.data)["decision"]["decision_id"]
    end(real, json.loads(real.send("GET", "/v1/customers/C-1/holds", "collector").data)["items"][0]["id"])
    replayed = real.send("GET", f"/v1/decisions/{decision_id}/replay", "compliance")
    assert replayed.status_code == 200
    assert json.loads(replayed.data)["result"] == "equal", replayed.data
