"""Limits over HTTP: told with a reason, shown with their days, and the one of the day decides orders at once."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.test import TestResponse

from storage.customers import GrantedLimit
from tests.api.service import LIBRARY, Service, an_order, publish, start_real_service


@pytest.fixture
def real(location: str) -> Service:
    """The standard policy on each kind of database; C-1 has a limit of 500,000.00."""
    return start_real_service(location)


def tell(service: Service, limit: str, key: str = "l-1", whose: str = "customers/C-1", **said: Any) -> TestResponse:
    """Tell a limit."""
    body = {"limit": limit, "reason": "the yearly review"} | said
    return service.send("POST", f"/v1/{whose}/limits", "risk_officer", body, Idempotency_Key=key)


def today(service: Service) -> date:
    """Today in the policy's timezone."""
    with service.held.database.read() as work:
        now: datetime = work.now()
    return now.astimezone(ZoneInfo("Asia/Shanghai")).date()


def verdict(service: Service, amount: str, key: str) -> str:
    """The verdict on an order."""
    answer = service.decide(an_order(amount, id=f"SO-{key}", prepaid="0.00"), key)
    assert answer.status_code == 201, answer.data
    return str(json.loads(answer.data)["decision"]["verdict"])


def test_a_temporary_limit_decides_on_its_days_and_everything_stays_to_be_read(real: Service) -> None:
    assert verdict(real, "600000.00", "a") == "refer"
    until = today(real).isoformat()
    answer = tell(real, "700000.00", kind="temporary", valid_until=until)
    assert answer.status_code == 201, answer.data
    assert verdict(real, "600000.00", "b") == "approve"
    shown = real.send("GET", "/v1/customers/C-1/limits", "collector").json
    assert shown is not None and shown["currency"] == "CNY"
    names = ("kind", "limit", "valid_until", "reason", "told_by")
    assert [tuple(one[name] for name in names) for one in shown["items"]] == [
        ("permanent", "500000.00", None, "set with the master data", "client:risk_officer-1"),
        ("temporary", "700000.00", until, "the yearly review", "client:risk_officer-1"),
    ]  # fmt: skip
    customer = real.send("GET", "/v1/customers/C-1", "collector").json
    assert customer is not None and customer["granted_limit"] == "500000.00"
    events = real.send("GET", "/v1/events?kind=limit_told", "compliance").json
    assert events is not None
    assert [one["details"]["limit"] for one in events["items"]] == ["700000.00", "500000.00"]
    assert {one["subject"] for one in events["items"]} == {"customer:C-1"}


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])  # there it is never the same day
def test_what_counts_is_told_by_the_day_of_the_policy(real: Service, zone: str) -> None:
    source = (LIBRARY / "standard.yaml").read_bytes()
    assert b"timezone: Asia/Shanghai" in source
    publish(real, "zoned.yaml", source.replace(b"timezone: Asia/Shanghai", f"timezone: {zone}".encode()))
    with real.held.database.read() as work:
        there = work.now().astimezone(ZoneInfo(zone)).date()
    for number, days in enumerate((-1, 0, 1)):
        day = (there + timedelta(days=days)).isoformat()
        told = tell(real, f"{number + 1}.00", f"l-{number}", kind="temporary", valid_from=day, valid_until=day)
        assert told.status_code == 201, told.data
    shown = json.loads(told.data)["items"]
    assert [one["limit"] for one in shown if one["counts"]] == ["2.00"]
    assert real.send("GET", "/v1/customers/C-1/limits", "collector").json == json.loads(told.data)


def test_a_limit_from_tomorrow_on_leaves_today_as_it_is(real: Service) -> None:
    day = today(real)
    assert tell(real, "10.00", valid_from=str(day + timedelta(days=1))).status_code == 201
    assert verdict(real, "60000.00", "a") == "approve"
    assert tell(real, "10.00", "l-2", valid_from=str(day)).status_code == 201
    assert verdict(real, "60000.00", "b") == "refer"


def test_a_preview_of_another_day_uses_the_limit_of_that_day(real: Service) -> None:
    day = today(real)
    assert tell(real, "10.00", valid_from=str(day + timedelta(days=20))).status_code == 201
    for days, wanted in ((19, "approve"), (20, "refer")):
        body = an_order("60000.00", placed_on=None) | {"as_of": str(day + timedelta(days=days))}
        body["order"] = {name: value for name, value in body["order"].items() if value is not None}
        answer = real.send("POST", "/v1/decisions:preview", "order_system", body)
        assert json.loads(answer.data)["decision"]["verdict"] == wanted


def test_a_decision_that_reads_another_limit_is_seen(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell(real, "10.00").status_code == 201
    assert verdict(real, "60000.00", "a") == "refer"
    # the fault: a limit that no row told, as if the customer's own had not been changed
    monkeypatch.setattr("storage.exposure_ledger.limit_of_day", lambda told, day: GrantedLimit("amount", 50_000_000))
    assert verdict(real, "60000.00", "b") == "approve"


def test_a_groups_limit_is_told_alike(real: Service) -> None:
    group = {"name": "Holding", "currency": "CNY", "granted_limit": "500000.00"}
    assert real.send("PUT", "/v1/groups/G", "risk_officer", group).status_code == 201
    assert real.send("PUT", "/v1/customers/C-1/group", "risk_officer", {"group": "G"}).status_code == 200
    assert tell(real, "0", whose="groups/G", kind="temporary", valid_until=str(today(real))).status_code == 201
    assert verdict(real, "60000.00", "a") == "refer"
    told = tell(real, "none", "l-2", "groups/G", kind="temporary", valid_until=str(today(real)))
    assert told.status_code == 201, told.data
    assert verdict(real, "60000.00", "b") == "approve"
    shown = real.send("GET", "/v1/groups/G/limits", "compliance").json
    assert shown is not None
    assert [(one["limit"], one["kind"]) for one in shown["items"]] == [
        ("500000.00", "permanent"), ("0.00", "temporary"), ("none", "temporary")]  # fmt: skip


@pytest.mark.parametrize(("said", "field"), [
    ({"limit": "-1"}, "limit"), ({"limit": None}, "limit"), ({"limit": "5.005"}, "limit"), ({"reason": ""}, "reason"),
    ({"kind": "permanently"}, "kind"), ({"kind": "temporary"}, "valid_until"),
    ({"valid_from": "2026-01-02", "valid_until": "2026-01-01"}, "valid_until"),
    ({"kind": "temporary", "limit": "none", "valid_from": "2026-01-02", "valid_until": "2026-01-01"}, "valid_until"),
    ({"limit": "none", "valid_until": "2026-01-01"}, "valid_until"), ({"valid_from": "2026-02-30"}, "valid_from"),
])  # fmt: skip
def test_what_cannot_be_a_limit_is_refused_by_its_field(service: Service, said: dict[str, Any], field: str) -> None:
    answer = service.send("POST", "/v1/customers/C-1/limits", "risk_officer", {"limit": "5.00", "reason": "why"} | said,
                          Idempotency_Key="l-1")  # fmt: skip
    assert answer.status_code == 422, answer.data
    assert [one["field"] for one in json.loads(answer.data)["errors"]] == [field]


def test_limits_of_nobody_are_not_found(service: Service) -> None:
    for whose in ("customers/C-404", "groups/G-404", "customers/%20"):
        assert service.send("GET", f"/v1/{whose}/limits", "compliance").status_code == 404
        assert tell(service, "5.00", whose, whose).status_code == 404


def test_setting_the_same_customer_again_tells_nothing(service: Service) -> None:
    for name in ("Example Ltd", "Renamed Ltd"):
        service.put_customer(name=name)
    service.put_customer(granted_limit="7.00")
    shown = service.send("GET", "/v1/customers/C-1/limits", "risk_officer").json
    assert shown is not None
    assert [(one["limit"], one["counts"]) for one in shown["items"]] == [("1000.00", False), ("7.00", True)]
