"""Customers over HTTP: set in full, shown with their exposure, listed page by page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.service import Service

FULL = {"name": "上海示例有限公司", "country": "CN", "currency": "CNY", "granted_limit": "500000.00",
        "facts": {"customer.score": 80, "customer.annual_revenue": "1000000.00", "customer.insolvent": False,
                  "customer.type": "company", "customer.months_trading": None}}  # fmt: skip


def shown(service: Service, customer_id: str) -> dict[str, Any]:
    """A customer as the service shows it."""
    answer = service.send("GET", f"/v1/customers/{customer_id}", "compliance")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json or {}
    return found


def test_what_was_set_is_shown(service: Service) -> None:
    assert service.put_customer("C-2", **FULL).status_code == 201
    found = shown(service, "C-2")
    assert {name: found[name] for name in FULL} == FULL
    assert found["exposure"] == {"balance": "0.00", "open_receivables": "0.00", "reserved": "0.00"}


def test_setting_again_replaces_everything_and_is_not_new(service: Service) -> None:
    service.put_customer("C-2", **FULL)
    assert service.put_customer("C-2", name="Other").status_code == 200
    found = shown(service, "C-2")
    assert (found["name"], found["country"], found["facts"]) == ("Other", None, {})


@pytest.mark.parametrize(("sent", "kept"), [
    ("none", "none"), ("unlimited", "unlimited"), ("0", "0.00"), ("0.00", "0.00"), ("7", "7.00"), ("7.5", "7.50"),
    ("10000000000000.00", "10000000000000.00"),
])  # fmt: skip
def test_none_zero_an_amount_and_unlimited_are_four_limits(service: Service, sent: str, kept: str) -> None:
    assert service.put_customer("C-2", granted_limit=sent).status_code == 201
    assert shown(service, "C-2")["granted_limit"] == kept


def test_without_a_limit_nothing_is_granted(service: Service) -> None:
    answer = service.send("PUT", "/v1/customers/C-2", "admin", {"name": "x", "currency": "JPY"})
    assert answer.json is not None
    assert (answer.status_code, answer.json["granted_limit"]) == (201, "none")


def test_a_yen_has_no_digits_after_the_point(service: Service) -> None:
    assert service.put_customer("C-2", currency="JPY", granted_limit="500").status_code == 201
    assert shown(service, "C-2")["granted_limit"] == "500"
    assert service.put_customer("C-3", currency="JPY", granted_limit="500.5").status_code == 422


def test_a_list_goes_on_where_the_page_before_ended(service: Service) -> None:
    for number in range(2, 8):
        service.put_customer(f"C-{number}")
    seen, cursor, pages = [], "", 0
    while True:
        answer = service.send("GET", f"/v1/customers?limit=3{cursor and '&cursor=' + cursor}", "collector")
        assert answer.json is not None
        seen += [one["customer_id"] for one in answer.json["items"]]
        pages += 1
        if answer.json["next"] is None:
            break
        cursor = answer.json["next"]
    assert (seen, pages) == ([f"C-{number}" for number in range(1, 8)], 3)
