"""Conditions are confirmed by whole alternatives; what they cover is freed, and only that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.operations.confirm_conditions import met_alternative
from tests.api.resources.test_reservations import change, exposure, held, refused, shown
from tests.api.service import GOOD, Service, an_order, start_real_service

WANTED = [
    {"alternative": 1, "security": "prepayment", "amount": "30.00"},
    {"alternative": 1, "security": "letter_of_credit", "amount": "70.00"},
    {"alternative": 2, "security": "letter_of_credit", "amount": "100.00"},
    {"alternative": 3, "security": "deposit", "amount": None},
]


@pytest.mark.parametrize(
    ("given", "met"),
    [
        ({"prepayment": 3_000, "letter_of_credit": 7_000}, 1),
        ({"prepayment": 3_000, "letter_of_credit": 6_999}, None),
        ({"prepayment": 2_999, "letter_of_credit": 7_000}, None),
        ({"prepayment": 3_001, "letter_of_credit": 7_001}, 1),
        ({"letter_of_credit": 10_000}, 2),
        ({"letter_of_credit": 9_999}, None),
        ({"prepayment": 10_000}, None),
        ({"deposit": 10_000}, None),
        ({"letter_of_credit": 10_000, "deposit": 1}, None),
        ({}, None),
    ],
)
def test_one_alternative_must_be_there_in_full(given: dict[str, int], met: int | None) -> None:
    assert met_alternative(WANTED, list(given.items()), "CNY") == met


def test_a_security_named_twice_meets_nothing() -> None:
    assert met_alternative(WANTED, [("letter_of_credit", 10_000), ("letter_of_credit", 10_000)], "CNY") is None


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """A service with the standard policy, whose customer C-1 must bring securities."""
    service = start_real_service(tmp_path)
    service.put_customer(granted_limit="500000.00", country="CN", facts=GOOD | {"customer.score": 70})
    return service


def confirm(*conditions: tuple[str, str]) -> dict[str, Any]:
    """A body that confirms securities."""
    return {"conditions": [{"security": one, "amount": amount, "reference": f"R-{n}"}
                           for n, (one, amount) in enumerate(conditions)]}  # fmt: skip


def test_a_full_alternative_frees_what_it_covers(real: Service) -> None:
    reservation = held(real, "60000.00", deliver_by="2027-01-15")
    assert exposure(real)[2] == "60000.00"
    body = confirm(("prepayment", "18000.00"), ("letter_of_credit", "42000.00"))
    found = shown(change(real, reservation, "confirm", body, "s-1", "risk_officer"))
    assert (found["state"], found["remaining"]) == ("secured", "0.00")
    assert found["securities"][1] == {"alternative": 1, "security": "letter_of_credit", "amount": "42000.00",
                                      "reference": "R-1"}  # fmt: skip
    assert exposure(real)[2] == "0.00"
    again = change(real, reservation, "confirm", body, "s-1", "risk_officer")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert refused(change(real, reservation, "confirm", body, "s-2", "risk_officer")) == (409, "reservation-over")


@pytest.mark.parametrize(
    "conditions",
    [[("prepayment", "18000.00")], [("letter_of_credit", "59999.99")], [("gold", "60000.00")],
     [("prepayment", "18000.00"), ("letter_of_credit", "41999.99")]],
)  # fmt: skip
def test_less_than_an_alternative_frees_nothing(real: Service, conditions: list[tuple[str, str]]) -> None:
    reservation = held(real, "60000.00", deliver_by="2027-01-15")
    before = real.counted()
    answer = change(real, reservation, "confirm", confirm(*conditions), "s-1", "approver")
    assert refused(answer) == (422, "conditions-not-met")
    assert real.counted() == before and exposure(real)[2] == "60000.00"


def test_an_approval_without_conditions_has_nothing_to_confirm(service: Service) -> None:
    answer = change(service, held(service), "confirm", confirm(("deposit", "1.00")), "s-1", "approver")
    assert refused(answer) == (409, "nothing-to-confirm")


@pytest.mark.parametrize(
    "conditions",
    [[], [{"security": "deposit"}], [{"security": "a b", "amount": "1", "reference": "x"}],
     [{"security": "deposit", "amount": "0.00", "reference": "x"}]],
)  # fmt: skip
def test_what_is_no_security_is_refused(real: Service, conditions: Any) -> None:
    reservation = held(real, "60000.00", deliver_by="2027-01-15")
    answer = change(real, reservation, "confirm", {"conditions": conditions}, "s-1", "approver")
    assert refused(answer) == (422, "invalid-field")


def test_the_next_order_sees_what_was_freed(real: Service) -> None:
    reservation = held(real, "60000.00", deliver_by="2027-01-15")
    body = confirm(("letter_of_credit", "60000.00"))
    shown(change(real, reservation, "confirm", body, "s-1", "risk_officer"))
    answer = real.decide(an_order("60000.00", id="SO-2", deliver_by="2027-01-15"), "k-2")
    assert answer.json is not None
    assert answer.json["decision"]["exposure"]["before"] == "0.00"
