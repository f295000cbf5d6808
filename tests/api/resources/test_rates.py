"""Rates over HTTP: added once, shown with their age, listed by pair, refused in plain words."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.service import Service


def wish(service: Service, days_ago: int = 0, **fields: Any) -> dict[str, Any]:
    """A body that adds a rate of so many days before the database's date."""
    with service.held.database.read() as work:
        day = work.now().date() - timedelta(days=days_ago)
    said = {"from": "USD", "to": "CNY", "value": "7.1234", "day": day.isoformat(), "source": "a bank"}
    return said | fields


def add(service: Service, body: dict[str, Any], key: str = "r-1", role: str = "risk_officer") -> TestResponse:
    """Add a rate."""
    return service.send("POST", "/v1/rates", role, body, Idempotency_Key=key)


def test_a_rate_is_added_shown_with_its_age_and_told_as_an_event(service: Service) -> None:
    answer = add(service, wish(service, 8, per=100))
    assert answer.status_code == 201, answer.data
    found = json.loads(answer.data)["rate"]
    assert {name: found[name] for name in ("from", "to", "value", "per", "age_days", "stale", "source")} == {
        "from": "USD", "to": "CNY", "value": "7.1234", "per": 100, "age_days": 8, "stale": True, "source": "a bank",
    }  # fmt: skip
    assert found["added_by"] == "client:risk_officer-1"
    shown = service.send("GET", f"/v1/rates/{found['id']}", "collector").json
    assert shown == {"rate": found}
    events = service.send("GET", f"/v1/events?subject=rate:{found['id']}", "compliance").json
    assert events is not None
    assert [(one["kind"], one["by"], one["details"]["value"]) for one in events["items"]] == [
        ("rate_added", "client:risk_officer-1", "7.1234")
    ]


def test_rates_are_listed_by_pair_and_page(service: Service) -> None:
    for number in range(3):
        assert add(service, wish(service, value=f"7.{number + 1}"), f"r-{number}").status_code == 201
    assert add(service, wish(service, **{"from": "EUR"}), "r-9").status_code == 201
    first = service.send("GET", "/v1/rates?from=USD&to=CNY&limit=2", "order_system").json
    assert first is not None
    rest = service.send("GET", f"/v1/rates?from=USD&limit=2&cursor={first['next']}", "order_system").json
    assert rest is not None
    assert [one["value"] for one in (*first["items"], *rest["items"])] == ["7.3", "7.2", "7.1"]
    assert rest["next"] is None
    assert service.send("GET", "/v1/rates?cursor=x", "order_system").status_code == 422
    assert service.send("GET", "/v1/rates/none", "order_system").status_code == 404


@pytest.mark.parametrize(("changed", "field"), [
    ({"value": "0"}, "value"), ({"value": "-7"}, "value"), ({"value": "7,1"}, "value"), ({"value": 7.1}, "value"),
    ({"value": "7e1"}, "value"), ({"value": "9" * 16}, "value"), ({"to": "USD"}, "to"), ({"to": "XYZ"}, "to"),
    ({"from": "usd"}, "from"), ({"per": 0}, "per"), ({"per": "100"}, "per"), ({"day": "2026-13-01"}, "day"),
    ({"day": "2199-01-01"}, "day"), ({"source": " "}, "source"), ({"source": None}, "source"),
])  # fmt: skip
def test_what_cannot_be_a_rate_is_refused_by_its_field(service: Service, changed: dict[str, Any], field: str) -> None:
    answer = add(service, wish(service) | changed)
    assert answer.status_code in (400, 422), answer.data
    if answer.status_code == 422:
        assert [one["field"] for one in json.loads(answer.data)["errors"]] == [field]
    listed = service.send("GET", "/v1/rates", "compliance").json
    assert listed is not None and listed["items"] == []
