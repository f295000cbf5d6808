"""Days of limits over HTTP: set, shown, refused; on other days a customer's limit is missing and a group's is zero."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from storage.customers import GrantedLimit
from tests.api.service import GOOD, Service, an_order, start_real_service

DAY = timedelta(days=1)


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """A service on the real engines with the standard policy and the good customer C-1."""
    return start_real_service(tmp_path)


def today(service: Service) -> date:
    """The day of the database's clock where the policy is at home, which says what limit counts."""
    with service.held.database.read() as work:
        return work.now().astimezone(ZoneInfo("Asia/Shanghai")).date()


def grant(service: Service, limit: str, first: int | None = None, last: int | None = None) -> None:
    """Set the good customer's limit with days counted from today."""
    begin, end = (None if days is None else str(today(service) + days * DAY) for days in (first, last))
    answer = service.put_customer(granted_limit=limit, country="CN", facts=GOOD, limit_valid_from=begin,
                                  limit_valid_until=end)  # fmt: skip
    assert answer.status_code == 200, answer.data


def decided(service: Service, amount: str, key: str) -> dict[str, Any]:
    """The decision on an order."""
    answer = service.decide(an_order(amount, id=f"SO-{key}"), key)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def test_days_are_shown_as_they_were_set_and_emptied_when_left_out(service: Service) -> None:
    days = {"limit_valid_from": "2026-01-01", "limit_valid_until": "2026-12-31"}
    group = {"name": "Holding", "currency": "CNY", "granted_limit": "600.00"}
    assert service.put_customer("C-2", **days).status_code == 201
    assert service.send("PUT", "/v1/groups/G", "risk_officer", group | days).status_code == 201
    for path in ("/v1/customers/C-2", "/v1/groups/G"):
        shown = service.send("GET", path, "compliance").json or {}
        assert {name: shown[name] for name in days} == days
    assert service.put_customer("C-2").json["limit_valid_until"] is None  # type: ignore[index]


@pytest.mark.parametrize(("sent", "field"), [
    ({"limit_valid_from": "2026-01-02", "limit_valid_until": "2026-01-01"}, "limit_valid_until"),
    ({"granted_limit": "none", "limit_valid_until": "2026-01-01"}, "limit_valid_until"),
    ({"granted_limit": "none", "limit_valid_from": "2026-01-01"}, "limit_valid_from"),
    ({"limit_valid_from": "2026-02-30"}, "limit_valid_from"), ({"limit_valid_from": 20260101}, "limit_valid_from"),
    ({"limit_valid_until": "20260101"}, "limit_valid_until"), ({"limit_valid_until": ""}, "limit_valid_until"),
])  # fmt: skip
def test_days_that_cannot_be_are_refused_by_field(service: Service, sent: dict[str, Any], field: str) -> None:
    group = {"name": "Holding", "currency": "CNY", "granted_limit": "600.00"}
    for answer in (service.put_customer("C-2", **sent),
                   service.send("PUT", "/v1/groups/G", "risk_officer", group | sent)):  # fmt: skip
        assert answer.status_code == 422
        assert [one["field"] for one in json.loads(answer.data)["errors"]] == [field]


@pytest.mark.parametrize(("first", "last", "approved"), [
    (1, 2, True),  # until it begins, the limit of before is in force
    (0, 2, True), (-2, 0, True), (-2, -1, False),
])  # fmt: skip
def test_an_order_is_approved_on_the_days_of_the_limit_alone(
    real: Service, first: int, last: int, approved: bool
) -> None:
    grant(real, "500000.00", first, last)
    found = decided(real, "60000.00", "k")
    assert (found["verdict"] == "approve") is approved
    with real.held.database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        moved = work.accounts.movements(state.account_id)[-1]
    assert (moved.amount, moved.ceiling) == ((6_000_000, 50_000_000) if approved else (0, None))


def test_a_limit_read_without_its_days_lets_an_order_through(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    grant(real, "500000.00", -2, -1)
    assert decided(real, "60000.00", "k")["verdict"] == "refer"
    monkeypatch.setattr(GrantedLimit, "is_in_force", lambda *_: True)  # control: the fault that the days guard against
    assert decided(real, "60000.00", "m")["verdict"] == "approve"


@pytest.mark.parametrize(("last", "approved"), [(0, True), (-1, False)])
def test_a_groups_limit_that_is_over_lets_nothing_through(real: Service, last: int, approved: bool) -> None:
    group = {"name": "Holding", "currency": "CNY", "granted_limit": "500000.00",
             "limit_valid_until": str(today(real) + last * DAY)}  # fmt: skip
    assert real.send("PUT", "/v1/groups/G", "risk_officer", group).status_code == 201
    assert real.send("PUT", "/v1/customers/C-1/group", "risk_officer", {"group": "G"}).status_code == 200
    assert (decided(real, "60000.00", "k")["verdict"] == "approve") is approved
