"""Groups over HTTP: set, shown, listed; a member's orders count against every group above it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.service import Service, an_order, publish, start_real_service

GROUP = {"name": "Vale Holding", "currency": "CNY", "granted_limit": "600.00"}
WITH_GROUPS = """
aval: 1
policy: with-groups
title: {en: With groups, zh: 集团}
currency: CNY
timezone: Asia/Shanghai
checks:
  - check: over_limit
    only_when: order.unsecured_amount > 0
    measure: account.exposure + order.unsecured_amount
    at_most: limit.effective
    verdict: refer
  - check: group_is_small
    only_when: group.exposure is known
    measure: group.exposure
    at_most: 1_000_000
    verdict: refer
"""


def put(service: Service, group_id: str, role: str = "risk_officer", **fields: Any) -> Any:
    """Set a group."""
    return service.send("PUT", f"/v1/groups/{group_id}", role, GROUP | fields)


def place(service: Service, customer_id: str, group: str | None) -> Any:
    """Put a customer into a group."""
    return service.send("PUT", f"/v1/customers/{customer_id}/group", "risk_officer", {"group": group})


def decided(service: Service, amount: str, key: str, customer_id: str = "C-1") -> dict[str, Any]:
    """The decision on an order."""
    answer = service.decide(an_order(amount, id=f"SO-{key}") | {"customer_id": customer_id}, key)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def test_a_group_is_set_shown_and_listed(service: Service) -> None:
    assert put(service, "G-1").status_code == 201
    assert put(service, "G-2", parent="G-1", granted_limit="unlimited").status_code == 201
    assert put(service, "G-1", name="Vale Group").status_code == 200
    assert place(service, "C-1", "G-2").json == {"customer_id": "C-1", "group": "G-2"}
    shown = service.send("GET", "/v1/groups/G-1", "collector").json
    assert {name: shown[name] for name in ("name", "granted_limit", "parent", "customers", "groups")} == {
        "name": "Vale Group", "granted_limit": "600.00", "parent": None, "customers": [], "groups": ["G-2"],
    }  # fmt: skip
    assert service.send("GET", "/v1/groups/G-2", "collector").json["customers"] == ["C-1"]
    assert service.send("GET", "/v1/customers/C-1", "collector").json["group"] == "G-2"
    page = service.send("GET", "/v1/groups?limit=1", "compliance").json
    assert ([one["group_id"] for one in page["items"]], page["next"]) == (["G-1"], "G-1")
    page = service.send("GET", "/v1/groups?limit=1&cursor=G-1", "compliance").json
    assert ([one["group_id"] for one in page["items"]], page["next"]) == (["G-2"], None)


@pytest.mark.parametrize(("fields", "problem", "field"), [
    ({"parent": "G-404"}, "invalid-field", "parent"), ({"parent": "G-1"}, "invalid-field", "parent"),
    ({"currency": "USD"}, "currency-fixed", None), ({"currency": "XXX"}, "unknown-currency", "currency"),
    ({"granted_limit": "-1"}, "invalid-field", "granted_limit"), ({"colour": "red"}, "unknown-field", "colour"),
])  # fmt: skip
def test_what_cannot_be_a_group_is_refused(
    service: Service, fields: dict[str, Any], problem: str, field: str | None
) -> None:
    put(service, "G-1")
    answer = put(service, "G-1", **fields)
    assert answer.status_code == 422
    assert answer.json["type"].endswith(problem)
    assert field is None or [one["field"] for one in answer.json["errors"]] == [field]


def test_unknown_groups_and_customers_are_not_found(service: Service) -> None:
    assert service.send("GET", "/v1/groups/G-404", "collector").status_code == 404
    assert place(service, "C-404", None).status_code == 404
    assert place(service, "C-1", "G-404").status_code == 422
    assert put(service, "-bad-").status_code == 422
    assert service.send("GET", "/v1/groups?cursor=-bad-", "collector").status_code == 422


def test_a_policy_that_reads_no_group_is_held_to_its_limit_all_the_same(service: Service) -> None:
    service.put_customer("C-2")
    put(service, "G-1")
    place(service, "C-1", "G-1")
    place(service, "C-2", "G-1")
    assert decided(service, "400.00", "k-1")["verdict"] == "approve"
    found = decided(service, "200.01", "k-2", "C-2")
    assert found["verdict"] == "refer"
    assert found["checks"][-1]["evidence"] == [
        {"fact": "group_committed_after", "value": "600.01", "wanted": "<= 600.00", "unit": "CNY", "distance": "-0.01"}
    ]
    assert decided(service, "200.00", "k-3", "C-2")["verdict"] == "approve"
    shown = service.send("GET", "/v1/groups/G-1", "collector").json
    assert shown["exposure"] == {"balance": "600.00", "open_receivables": "0.00", "reserved": "600.00"}


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Service]:
    """The real engines with a policy that reads the group's limit and exposure; C-1 has no limit of its own."""
    service = start_real_service(tmp_path)
    publish(service, "with_groups.yaml", WITH_GROUPS.encode())
    service.put_customer(granted_limit="none")
    yield service
    service.held.database.dispose()


def statuses(found: dict[str, Any]) -> dict[str, str]:
    """The status of each check."""
    return {one["check"]: one["status"] for one in found["checks"]}


def test_the_policy_reads_the_group_that_leaves_the_least_room(real: Service) -> None:
    put(real, "TOP", granted_limit="1000.00")
    put(real, "LEFT", granted_limit="700.00", parent="TOP")
    put(real, "RIGHT", granted_limit="none", parent="TOP")
    real.put_customer("C-2", granted_limit="unlimited")
    place(real, "C-1", "LEFT")
    place(real, "C-2", "RIGHT")
    assert decided(real, "400.00", "k-1", "C-2")["verdict"] == "approve"
    found = decided(real, "600.01", "k-2")
    assert (found["verdict"], statuses(found)["group_over_limit"]) == ("refer", "refer")
    found = decided(real, "600.00", "k-3")
    assert (found["verdict"], found["exposure"]["limit"]) == ("approve", "1000.00")
    assert statuses(decided(real, "0.01", "k-4", "C-2"))["group_over_limit"] == "refer"


@pytest.mark.parametrize(("own", "group", "limit"), [
    ("10000.00", "15000.00", "10000.00"), ("20000.00", "15000.00", "15000.00"), ("0.00", "15000.00", "0.00"),
    ("unlimited", "15000.00", "unlimited"), ("none", "15000.00", "15000.00"), ("none", "none", "0.00"),
    ("5000.00", "none", "5000.00"), ("none", "unlimited", "unlimited"), ("5000.00", "0.00", "0.00"),
])  # fmt: skip
def test_the_limit_that_counts_follows_the_published_cases(real: Service, own: str, group: str, limit: str) -> None:
    real.put_customer(granted_limit=own)
    put(real, "G-1", granted_limit=group)
    place(real, "C-1", "G-1")
    assert decided(real, "20000.00", "k-1")["exposure"]["limit"] == limit
