"""The customer file over HTTP: a fact decides from its day on, a document on file is a fact of the next decision."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.operations.test_tell_limit import today
from tests.api.service import GOOD, LIBRARY, Service, an_order, publish, start_real_service

PAPER = {"kind": "registration", "title": "Business licence", "source": "the customer"}
ASKS = b"""documents:
  - for: [order, limit_request]
    require: {registration: {not_older_than: 12 months}}
"""
ONE_DAY = timedelta(days=1)


@pytest.fixture
def real(location: str) -> Service:
    """The standard policy on each kind of database; C-1 is prime with a score of 85."""
    return start_real_service(location)


@pytest.fixture
def asking(real: Service) -> Service:
    """The same with a policy that asks for a registration of the last twelve months."""
    publish(real, "asking.yaml", (LIBRARY / "standard.yaml").read_bytes() + ASKS)
    return real


def tell(service: Service, facts: dict[str, Any], first: date | None = None, key: str = "f-1",
         **said: Any) -> TestResponse:  # fmt: skip
    """Tell facts of C-1."""
    body = {"facts": facts, "valid_from": None if first is None else str(first), "reason": "a new rating"} | said
    return service.send("POST", "/v1/customers/C-1/facts", "risk_officer", body, Idempotency_Key=key)


def file(service: Service, issued: date, key: str = "d-1", **said: Any) -> TestResponse:
    """Put a registration of C-1 on file."""
    body = PAPER | {"issued_on": str(issued)} | said
    return service.send("POST", "/v1/customers/C-1/documents", "collector", body, Idempotency_Key=key)


def decision(service: Service, key: str, as_of: date | None = None) -> dict[str, Any]:
    """A decision on a small order, or its preview on a day."""
    order = an_order("1000.00", id=f"SO-{key}", requested_terms="net 30")
    if as_of is None:
        answer = service.decide(order, key)
    else:
        order["order"].pop("placed_on")
        answer = service.send("POST", "/v1/decisions:preview", "order_system", order | {"as_of": str(as_of)})
    assert answer.status_code in (200, 201), answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def errors(answer: TestResponse) -> tuple[int, list[str]]:
    """The status of a refusal, and the fields that it names."""
    return answer.status_code, [one["field"] for one in json.loads(answer.data).get("errors", [])]


def test_a_score_told_from_a_day_on_changes_the_tier_from_that_day_on(real: Service) -> None:
    day = today(real)
    assert decision(real, "before")["tier"] == "prime"
    told = tell(real, {"customer.score": 65}, day + ONE_DAY, source="a bureau")
    assert told.status_code == 201, told.data
    assert decision(real, "told")["tier"] == "prime"
    for days, tier in ((0, "prime"), (1, "standard"), (2, "standard")):
        assert decision(real, f"on-{days}", day + days * ONE_DAY)["tier"] == tier
    assert tell(real, {"customer.score": 40}, day, "f-2").status_code == 201
    assert decision(real, "now")["tier"] == "high_risk"
    shown = json.loads(real.send("GET", "/v1/customers/C-1/facts", "collector").data)
    assert shown["facts"]["customer.score"] == 40 and shown["on"] == str(day)
    assert [(one["value"], one["counts"], one["source"]) for one in shown["items"]] == [
        (85, False, None), (65, False, "a bureau"), (40, True, None)]  # fmt: skip
    [event, _] = json.loads(real.send("GET", "/v1/events?kind=facts_told", "compliance").data)["items"]
    assert (event["subject"], event["details"]["facts"]) == ("customer:C-1", ["customer.score"])


def test_a_preview_of_a_day_gone_by_uses_what_was_so_then(real: Service) -> None:
    day = today(real)
    assert tell(real, {"customer.score": 65}, day - 20 * ONE_DAY).status_code == 201
    assert tell(real, {"customer.score": 40}, day - 10 * ONE_DAY, "f-2").status_code == 201
    for days, tier in ((21, "prime"), (20, "standard"), (11, "standard"), (10, "high_risk"), (0, "high_risk")):
        assert decision(real, "then", day - days * ONE_DAY)["tier"] == tier


def test_setting_the_customer_again_as_it_is_shown_undoes_no_fact(real: Service) -> None:
    day = today(real)
    tell(real, {"customer.score": 65, "customer.country": "DE"}, day)
    shown = json.loads(real.send("GET", "/v1/customers/C-1", "risk_officer").data)
    assert (shown["country"], shown["facts"]["customer.score"]) == ("DE", 65)
    assert real.put_customer(granted_limit="500000.00", country="DE", facts=shown["facts"]).status_code == 200
    assert decision(real, "same")["tier"] == "standard"
    assert real.put_customer(granted_limit="500000.00", country="DE", facts=GOOD).status_code == 200
    assert decision(real, "anew")["tier"] == "prime"


@pytest.mark.parametrize(("facts", "said", "status"), [
    ({}, {}, 422), ({"customer.scoer": 5}, {}, 422), ({"customer.score": "high"}, {}, 422),
    ({"account.exposure": "5.00"}, {}, 422), ({"customer.country": "China"}, {}, 422),
    ({"customer.score": 5}, {"reason": ""}, 422), ({"customer.score": 5}, {"valid_from": "2026-02-30"}, 422),
])  # fmt: skip
def test_what_cannot_be_told_is_refused_and_nothing_is_kept(real: Service, facts: dict[str, Any], said: dict[str, Any],
                                                            status: int) -> None:  # fmt: skip
    assert tell(real, facts, **said).status_code == status
    assert json.loads(real.send("GET", "/v1/customers/C-1/facts", "collector").data)["items"] == []


def test_a_document_on_file_is_a_fact_of_the_next_decision(asking: Service) -> None:
    day = today(asking)
    assert decision(asking, "none")["verdict"] == "refer"
    filed = file(asking, day - 30 * ONE_DAY)
    assert filed.status_code == 201, filed.data
    found = decision(asking, "filed")
    assert (found["verdict"], found["documents"][0]["status"]) == ("approve", "good")
    document = json.loads(filed.data)["document"]
    withdrawn = asking.send("POST", f"/v1/documents/{document['id']}:withdraw", "approver", {"reason": "a forgery"},
                            Idempotency_Key="w-1")  # fmt: skip
    assert withdrawn.status_code == 200
    assert json.loads(withdrawn.data)["document"]["withdrawn"]["by"] == "client:approver-1"
    assert decision(asking, "withdrawn")["verdict"] == "refer"
    again = asking.send("POST", f"/v1/documents/{document['id']}:withdraw", "approver", {"reason": "x"},
                        Idempotency_Key="w-2")  # fmt: skip
    assert again.status_code == 409


def test_a_document_that_has_run_out_counts_no_longer_and_master_data_do_not_stand_in(asking: Service) -> None:
    day = today(asking)
    facts = GOOD | {"document.registration.dated_on": str(day)}
    asking.put_customer(granted_limit="500000.00", country="CN", facts=facts)
    assert decision(asking, "master")["verdict"] == "approve"
    file(asking, day - 30 * ONE_DAY, valid_until=str(day))
    for days, verdict in ((0, "approve"), (1, "refer")):
        assert decision(asking, "then", day + days * ONE_DAY)["verdict"] == verdict


def test_the_dossier_says_which_documents_are_on_file_and_which_are_still_asked_for(asking: Service) -> None:
    day = today(asking)
    shown = json.loads(asking.send("GET", "/v1/customers/C-1/dossier", "compliance").data)
    assert (shown["tier"], shown["documents"]) == ("prime", [])
    [asked] = shown["asked"]
    assert (asked["document"], asked["status"], asked["on_file"]) == ("registration", "missing", None)
    assert asked["asked_for"] == ["order", "limit_request"] and asked["wanted"] == {"not_older_than": "12 months"}
    for days, status in ((400, "too_old"), (30, "good")):
        issued = day - days * ONE_DAY
        file(asking, issued, f"d-{days}", number="9131", sha256=f"{days:064d}", valid_until=None)
        shown = json.loads(asking.send("GET", "/v1/customers/C-1/dossier", "compliance").data)
        assert (shown["asked"][0]["status"], shown["asked"][0]["on_file"]) == (status, {"dated_on": str(issued)})
    assert [one["number"] for one in shown["documents"]] == ["9131", "9131"]


def test_what_cannot_be_a_document_is_refused_by_its_field(asking: Service) -> None:
    day = today(asking)
    assert errors(file(asking, day + ONE_DAY)) == (422, ["issued_on"])
    assert errors(file(asking, day, valid_until=str(day - ONE_DAY))) == (422, ["valid_until"])
    assert errors(file(asking, day, kind="Business Licence")) == (422, ["kind"])
    assert errors(file(asking, day, sha256="abc")) == (422, ["sha256"])
    assert errors(file(asking, day, quality="splendid")) == (422, ["quality"])
    assert errors(file(asking, day, months=0)) == (422, ["months"])
    assert file(asking, day, sha256="ab" * 32).status_code == 201
    assert errors(file(asking, day, "d-2", sha256="ab" * 32)) == (422, ["sha256"])


def test_what_is_not_there_is_not_found(real: Service) -> None:
    for path in ("customers/C-9/facts", "customers/C-9/dossier"):
        assert real.send("GET", f"/v1/{path}", "collector").status_code == 404
    for path, body in (("customers/C-9/facts", {"facts": {"customer.score": 5}, "reason": "x"}),
                       ("customers/C-9/documents", PAPER | {"issued_on": "2026-01-01"}),
                       ("documents/D-9:withdraw", {"reason": "x"})):  # fmt: skip
        assert real.send("POST", f"/v1/{path}", "risk_officer", body, Idempotency_Key="k-1").status_code == 404
