"""Grants over HTTP: a person of the highest role raises the limit of a customer or a group for one order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.operations.test_decide_referral import decided, problem, referred, say, told
from tests.api.people import officer
from tests.api.service import Service, start_real_service


@pytest.fixture
def real(location: str) -> Service:
    """The standard policy on each kind of database; C-1 has a limit of 500,000.00."""
    return start_real_service(location)


def give(service: Service, amount: str = "200000.00", key: str = "g-1", authority: str = "cfo", **said: Any
         ) -> TestResponse:  # fmt: skip
    """Give a grant to the order SO-1 of C-1, as a person."""
    with service.held.database.read() as work:
        until = work.now().date() + timedelta(days=3)
    body = {"customer_id": "C-1", "order_id": "SO-1", "amount": amount, "currency": "CNY", "until": str(until),
            "reason": "a new plant"} | said  # fmt: skip
    body = {name: value for name, value in body.items() if value is not None}
    return service.send("POST", "/v1/grants", body=body, Idempotency_Key=key, **officer(service, "approver", authority))


def grant_of(answer: TestResponse, status: int = 201) -> dict[str, Any]:
    """The grant in an answer."""
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = json.loads(answer.data)["grant"]
    return found


def in_group(service: Service, limit: str) -> None:
    """Put C-1 into a group with a limit."""
    group = {"name": "Holding", "currency": "CNY", "granted_limit": limit}
    assert service.send("PUT", "/v1/groups/G", "risk_officer", group).status_code in (200, 201)
    assert service.send("PUT", "/v1/customers/C-1/group", "risk_officer", {"group": "G"}).status_code == 200


def test_a_grant_lets_its_order_through_and_no_other(real: Service) -> None:
    assert decided(real, "600000.00", "a")["verdict"] == "refer"
    given = grant_of(give(real))
    found = (given["amount"], given["valid"], given["by"], given["withdrawn"])
    assert found == ("200000.00", True, "approver-cfo", None)
    assert decided(real, "600000.00", "b", id="SO-2")["verdict"] == "refer"
    assert decided(real, "600000.00", "c")["verdict"] == "approve"
    shown = real.send("GET", f"/v1/grants/{given['id']}", "compliance").json
    assert shown == {"grant": given}
    listed = real.send("GET", "/v1/customers/C-1/grants", "compliance").json
    assert listed == {"items": [given]}
    events = real.send("GET", "/v1/events?kind=grant_given", "compliance").json
    assert events is not None
    assert [(one["by"], one["details"]["order"], one["details"]["role"]) for one in events["items"]] == [
        ("person:approver-cfo", "SO-1", "cfo")]  # fmt: skip


def test_a_grant_that_was_taken_back_lets_nothing_through(real: Service) -> None:
    given = grant_of(give(real))
    whose = officer(real, "approver", "cfo")
    path = f"/v1/grants/{given['id']}:withdraw"
    taken = grant_of(real.send("POST", path, body={"reason": "a slip"}, Idempotency_Key="w-1", **whose), 200)
    assert (taken["valid"], taken["withdrawn"]["by"], taken["withdrawn"]["reason"]) == (False, "approver-cfo", "a slip")
    assert decided(real, "600000.00", "a")["verdict"] == "refer"
    again = real.send("POST", path, body={"reason": "a slip"}, Idempotency_Key="w-2", **whose)
    assert problem(again) == (409, "grant-withdrawn")
    lost = real.send("POST", "/v1/grants/none:withdraw", body={"reason": "a slip"}, Idempotency_Key="w-3", **whose)
    assert problem(lost) == (404, "not-found")


def test_a_grant_to_the_group_raises_the_groups_limit(real: Service) -> None:
    in_group(real, "100000.00")
    assert decided(real, "60000.00", "a", id="SO-0")["verdict"] == "approve"
    assert decided(real, "60000.00", "b")["verdict"] == "refer"
    grant_of(give(real, "20000.00", customer_id=None, group_id="G"))
    assert decided(real, "60000.00", "c")["verdict"] == "approve"
    listed = real.send("GET", "/v1/groups/G/grants", "compliance").json
    assert listed is not None and [one["amount"] for one in listed["items"]] == ["20000.00"]


def test_a_referral_beyond_a_groups_limit_is_approved_by_a_grant_to_the_group(real: Service) -> None:
    in_group(real, "100000.00")
    assert decided(real, "60000.00", "a", id="SO-0")["verdict"] == "approve"
    referral = referred(real, "60000.00", "b")
    found = told(say(real, referral))
    assert (found["referral"]["state"], found["decision"]["verdict"]) == ("approved", "approve")
    listed = real.send("GET", "/v1/groups/G/grants", "compliance").json
    assert listed is not None
    [given] = listed["items"]
    assert (given["amount"], given["referral_id"]) == ("26000.00", referral)  # a release covers up to 110 %
    assert found["referral"]["decided"]["grant_id"] == given["id"]
    with real.held.database.read() as work:
        account = work.groups.account_of("G")
        assert account is not None and account.balance == 12_000_000
        last = work.accounts.movements(account.account_id)[-1]
        assert (last.ceiling, last.granted) == (12_600_000, 2_600_000)
        assert work.groups.untied() == ()


def test_a_group_that_filled_up_since_is_not_raised_further_than_was_seen(real: Service) -> None:
    in_group(real, "100000.00")
    assert decided(real, "60000.00", "a", id="SO-0")["verdict"] == "approve"
    referral = referred(real, "60000.00", "b")
    assert decided(real, "10000.00", "c", id="SO-3")["verdict"] == "approve"
    found = told(say(real, referral))
    assert (found["referral"]["state"], found["decision"]["verdict"]) == ("decided_anew", "refer")
    listed = real.send("GET", "/v1/groups/G/grants", "compliance").json
    assert listed == {"items": []}


@pytest.mark.parametrize(("said", "wanted"), [
    ({"amount": "0.00"}, (422, "invalid-field")), ({"currency": "USD"}, (422, "currency-mismatch")),
    ({"currency": "XYZ"}, (422, "unknown-currency")), ({"until": "2020-01-01"}, (422, "invalid-field")),
    ({"until": "2199-01-01"}, (422, "invalid-field")), ({"customer_id": None}, (422, "invalid-field")),
    ({"group_id": "G"}, (422, "invalid-field")), ({"customer_id": "C-404"}, (404, "not-found")),
    ({"customer_id": None, "group_id": "G-404"}, (404, "not-found")), ({"reason": " "}, (422, "invalid-field")),
])  # fmt: skip
def test_what_cannot_be_granted_is_refused(real: Service, said: dict[str, Any], wanted: tuple[int, str]) -> None:
    assert problem(give(real, **said)) == wanted
    assert real.send("GET", "/v1/customers/C-1/grants", "compliance").json == {"items": []}


def test_only_a_person_of_the_highest_role_grants(real: Service) -> None:
    assert problem(give(real, authority="credit_analyst")) == (403, "authority-too-low")
    body = {"customer_id": "C-1", "order_id": "SO-1", "amount": "1.00", "currency": "CNY", "until": "2026-12-31",
            "reason": "why"}  # fmt: skip
    answer = real.send("POST", "/v1/grants", "approver", body, Idempotency_Key="k")
    assert problem(answer) == (403, "person-only")
