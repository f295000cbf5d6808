"""Days of an order that cannot be: a delivery before the order, or long before the decision."""

from __future__ import annotations

import pytest

from tests.api.service import Service, an_order


@pytest.mark.parametrize(("deliver_by", "status"), [("2026-11-22", 422), ("2026-11-23", 200)])
def test_a_delivery_before_the_order_is_refused(service: Service, deliver_by: str, status: int) -> None:
    assert previewed(service, an_order(deliver_by=deliver_by) | {"as_of": "2026-11-23"}) == status


@pytest.mark.parametrize(("as_of", "status"), [("2026-12-23", 200), ("2026-12-24", 422), ("2026-11-01", 200)])
def test_a_delivery_more_than_thirty_days_before_the_decision_is_refused(
    service: Service, as_of: str, status: int
) -> None:
    assert previewed(service, an_order(deliver_by="2026-11-23") | {"as_of": as_of}) == status


def previewed(service: Service, body: object) -> int:
    """The status of a preview; a refusal names the day of delivery."""
    answer = service.send("POST", "/v1/decisions:preview", "order_system", body)
    assert answer.json is not None
    if answer.status_code == 422:
        assert [error["field"] for error in answer.json["errors"]] == ["order.deliver_by"]
    return answer.status_code
