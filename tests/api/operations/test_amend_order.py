"""Amending a held order: only new risk is asked about, the two holds are swapped at once, a refusal changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.resources.test_reservations import change, exposure, held, refused, shown
from tests.api.service import Service, an_order


def amend(service: Service, reservation: str, amount: str, key: str = "a-1", **fields: Any) -> dict[str, Any]:
    """The decision on a changed order."""
    answer = service.decide(an_order(amount, **fields) | {"amends": reservation}, key)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def state(service: Service, reservation: str) -> str:
    """The state of a reservation, as it is shown."""
    return str(shown(service.send("GET", f"/v1/reservations/{reservation}", "order_system"))["state"])


def earlier(service: Service) -> list[int]:
    """The amounts of the earlier orders of C-1."""
    with service.held.database.read() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        return [one.order_amount for one in account.earlier_orders.orders]


@pytest.mark.parametrize("amount", ["500.00", "1000.00", "0.01"])
def test_an_approved_amendment_swaps_the_holds(service: Service, amount: str) -> None:
    old = held(service, "600.00")
    decision = amend(service, old, amount)
    assert decision["verdict"] == "approve"
    assert (decision["exposure"]["before"], decision["exposure"]["after"]) == ("0.00", amount)
    assert state(service, old) == "replaced" and state(service, decision["reservation"]["id"]) == "held"
    assert exposure(service) == (amount, "0.00", amount)
    assert earlier(service) == [round(float(amount) * 100)]


def test_a_refused_amendment_leaves_the_old_hold_as_it_was(service: Service) -> None:
    old = held(service, "600.00")
    before = service.send("GET", f"/v1/reservations/{old}", "order_system").data
    decision = amend(service, old, "1000.01")
    assert (decision["verdict"], decision["reservation"]) == ("refer", None)
    assert decision["exposure"]["before"] == "0.00"
    assert service.send("GET", f"/v1/reservations/{old}", "order_system").data == before
    assert exposure(service) == ("600.00", "0.00", "600.00")
    assert earlier(service) == [60_000]


def test_other_orders_count_in_full(service: Service) -> None:
    old = held(service, "600.00")
    held(service, "300.00", "k-2", id="SO-2")
    assert amend(service, old, "700.01", "a-1")["verdict"] == "refer"
    assert amend(service, old, "700.00", "a-2")["verdict"] == "approve"
    assert exposure(service)[0] == "1000.00"


def test_an_order_may_shrink_below_a_limit_that_was_cut(service: Service) -> None:
    old = held(service, "900.00")
    service.put_customer(granted_limit="500.00")
    assert amend(service, old, "500.01", "a-1")["verdict"] == "refer"
    assert amend(service, old, "500.00", "a-2")["verdict"] == "approve"


def test_an_amendment_that_is_prepaid_holds_nothing(service: Service) -> None:
    old = held(service, "600.00")
    decision = amend(service, old, "600.00", prepaid="600.00")
    assert (decision["verdict"], decision["reservation"]) == ("approve", None)
    assert exposure(service) == ("0.00", "0.00", "0.00") and state(service, old) == "replaced"


def test_only_what_is_still_held_is_swapped(service: Service) -> None:
    old = held(service, "600.00")
    invoice = {"id": "I-1", "invoiced_on": "2026-11-01", "due_on": "2026-12-01"}
    shown(change(service, old, "convert", {"amount": "200.00", "invoice": invoice}, "c-1"))
    assert amend(service, old, "800.00")["exposure"]["before"] == "200.00"
    assert exposure(service) == ("1000.00", "200.00", "800.00")
    assert sorted(earlier(service)) == [60_000, 80_000]  # a part of the first was invoiced: in doubt both count


def test_amendments_follow_each_other_but_not_an_end(service: Service) -> None:
    first = held(service, "600.00")
    second = amend(service, first, "700.00", "a-1")["reservation"]["id"]
    answer = service.decide(an_order("100.00") | {"amends": first}, "a-2")
    assert refused(answer) == (409, "reservation-over")
    shown(change(service, second, "void", {}, "v-1"))
    assert refused(service.decide(an_order("100.00") | {"amends": second}, "a-3")) == (409, "reservation-over")


def test_an_amendment_sent_again_swaps_nothing_twice(service: Service) -> None:
    old = held(service, "600.00")
    body = an_order("700.00") | {"amends": old}
    first, again = service.decide(body, "a-1"), service.decide(body, "a-1")
    assert (first.status_code, again.status_code, again.data) == (201, 200, first.data)
    assert exposure(service)[0] == "700.00"


@pytest.mark.parametrize(
    "changed",
    [{"amends": "nothing"}, {"customer_id": "C-2"}, {"order": an_order()["order"] | {"id": "SO-9"}},
     {"amends": None}, {"amends": 5}, {"amends": "a b"}],
)  # fmt: skip
def test_what_cannot_be_amended_is_refused_and_nothing_moves(service: Service, changed: dict[str, Any]) -> None:
    assert service.put_customer("C-2").status_code == 201
    body = an_order() | {"amends": held(service)} | changed
    before = service.counted()
    assert refused(service.decide(body, "a-1")) == (422, "invalid-field")
    assert service.counted() == before


def test_a_preview_of_an_amendment_counts_in_the_same_way_and_stores_nothing(service: Service) -> None:
    old = held(service, "600.00")
    before = service.counted()
    body = an_order("1000.00") | {"amends": old}
    answer = service.send("POST", "/v1/decisions:preview", "risk_officer", body)
    decision = json.loads(answer.data)["decision"]
    assert (decision["verdict"], decision["exposure"]["before"]) == ("approve", "0.00")
    assert service.counted() == before
