"""The life of a reservation over HTTP: every step moves the account by as much, and nothing follows an end."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.keys import issue_key
from storage.receivables import Invoice
from tests.api.service import PEPPER, Service, an_order

INVOICE = {"id": "I-1", "invoiced_on": "2026-11-01", "due_on": "2026-12-01"}


def held(service: Service, amount: str = "400.00", key: str = "k-1", **fields: Any) -> str:
    """The reservation of an approved order."""
    answer = service.decide(an_order(amount, **fields), key)
    assert answer.status_code == 201, answer.data
    return str(json.loads(answer.data)["decision"]["reservation"]["id"])


def change(
    service: Service, reservation: str, what: str, body: Any, key: str, role: str = "order_system"
) -> TestResponse:
    """One change of a reservation."""
    return service.send("POST", f"/v1/reservations/{reservation}/{what}", role, body, Idempotency_Key=key)


def shown(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    """The reservation in an answer."""
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = json.loads(answer.data)["reservation"]
    return found


def refused(answer: TestResponse) -> tuple[int, str]:
    """The status and problem of a refusal."""
    assert answer.json is not None
    return answer.status_code, answer.json["type"].removeprefix("/problems/")


def exposure(service: Service) -> tuple[str, str, str]:
    """Balance, open receivables and reserved of C-1; the parts, counted afresh, must be the same."""
    with service.held.database.read() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        parts = work.reservations.balance_parts(account.account_id)
        moved = work.accounts.movements(account.account_id)
    assert (parts.reserved, parts.open_receivables) == (account.reserved, account.open_receivables)
    assert [one.version for one in moved] == list(range(1, account.version + 1))
    answer = service.send("GET", "/v1/customers/C-1", "risk_officer").json
    assert answer is not None
    return tuple(answer["exposure"][name] for name in ("balance", "open_receivables", "reserved"))  # type: ignore[return-value]


def test_a_new_reservation_is_held_in_full(service: Service) -> None:
    found = shown(service.send("GET", f"/v1/reservations/{held(service)}", "order_system"))
    assert (found["state"], found["amount"], found["remaining"]) == ("held", "400.00", "400.00")
    assert (found["customer_id"], found["order_id"], found["currency"]) == ("C-1", "SO-1", "CNY")
    assert [step["change"] for step in found["steps"]] == ["held"] and found["securities"] == []


def test_parts_become_invoices_and_the_balance_stays(service: Service) -> None:
    reservation = held(service)
    first = shown(change(service, reservation, "convert", {"amount": "150.00", "invoice": INVOICE}, "c-1"))
    assert (first["state"], first["remaining"]) == ("held", "250.00")
    assert exposure(service) == ("400.00", "150.00", "250.00")
    second = INVOICE | {"id": "I-2", "amount": "260.00"}
    last = shown(change(service, reservation, "convert", {"amount": "250.00", "invoice": second}, "c-2"))
    assert (last["state"], last["remaining"]) == ("converted", "0.00")
    assert [(step["change"], step["amount"]) for step in last["steps"]] == [
        ("held", "400.00"), ("converted", "150.00"), ("converted", "250.00")]  # fmt: skip
    assert [step["client"] for step in last["steps"]] == [None, "order_system-1", "order_system-1"]
    assert exposure(service) == ("410.00", "410.00", "0.00")


def test_a_converted_invoice_that_is_imported_later_counts_once(service: Service) -> None:
    change(service, held(service), "convert", {"amount": "400.00", "invoice": INVOICE}, "c-1")
    imported = Invoice("C-1", "I-1", 40_000, "CNY", date(2026, 11, 1), date(2026, 12, 1))
    with service.held.database.write() as work:
        counts = work.invoices.add_many([imported], date(2026, 11, 28))
    assert counts.unchanged == 1
    assert exposure(service) == ("400.00", "400.00", "0.00")


def test_an_invoice_that_was_imported_before_counts_once_too(service: Service) -> None:
    reservation = held(service)
    with service.held.database.write() as work:
        work.invoices.add_many(
            [Invoice("C-1", "I-1", 40_000, "CNY", date(2026, 11, 1), date(2026, 12, 1))], date(2026, 11, 28)
        )
    assert exposure(service) == ("800.00", "400.00", "400.00")
    shown(change(service, reservation, "convert", {"amount": "400.00", "invoice": INVOICE}, "c-1"))
    assert exposure(service) == ("400.00", "400.00", "0.00")


def test_a_known_invoice_with_another_amount_is_refused(service: Service) -> None:
    reservation = held(service)
    shown(change(service, reservation, "convert", {"amount": "100.00", "invoice": INVOICE}, "c-1"))
    again = change(service, reservation, "convert", {"amount": "50.00", "invoice": INVOICE}, "c-2")
    assert refused(again) == (422, "invalid-field")
    assert exposure(service) == ("400.00", "100.00", "300.00")


def test_without_an_invoice_the_part_only_leaves_the_hold(service: Service) -> None:
    shown(change(service, held(service), "convert", {"amount": "100.00"}, "c-1"))
    assert exposure(service) == ("300.00", "0.00", "300.00")


@pytest.mark.parametrize(("amount", "status"), [("400.00", 200), ("400.01", 422), ("0.01", 200), ("0.00", 422)])
def test_no_more_is_converted_than_is_held(service: Service, amount: str, status: int) -> None:
    reservation = held(service)
    assert change(service, reservation, "convert", {"amount": amount}, "c-1").status_code == status


@pytest.mark.parametrize(
    "invoice",
    [
        INVOICE | {"due_on": "2026-10-31"},
        INVOICE | {"invoiced_on": "2126-11-01", "due_on": "2126-12-01"},
        INVOICE | {"amount": "0.00"},
        INVOICE | {"amount": "99999999999999.00"},
        {"id": "I-1"},
    ],
)
def test_an_invoice_that_cannot_be_one_is_refused_and_nothing_moves(service: Service, invoice: Any) -> None:
    reservation = held(service)
    before = service.counted()
    answer = change(service, reservation, "convert", {"amount": "1.00", "invoice": invoice}, "c-1")
    assert refused(answer) == (422, "invalid-field")
    assert service.counted() == before


def test_voiding_lets_go_of_the_rest_and_makes_room(service: Service) -> None:
    reservation = held(service, "1000.00")
    shown(change(service, reservation, "convert", {"amount": "300.00", "invoice": INVOICE}, "c-1"))
    found = shown(change(service, reservation, "void", {}, "v-1", "risk_officer"))
    assert (found["state"], found["steps"][-1]["amount"]) == ("voided", "700.00")
    assert exposure(service) == ("300.00", "300.00", "0.00")
    assert json.loads(service.decide(an_order("700.00"), "k-2").data)["decision"]["verdict"] == "approve"


@pytest.mark.parametrize("what", ["convert", "void", "confirm"])
@pytest.mark.parametrize("end", ["void", "convert"])
def test_nothing_follows_an_end(service: Service, end: str, what: str) -> None:
    bodies = {"convert": {"amount": "400.00"}, "void": {},
              "confirm": {"conditions": [{"security": "deposit", "amount": "1.00", "reference": "D-1"}]}}  # fmt: skip
    reservation = held(service)
    shown(change(service, reservation, end, bodies[end], "end"))
    before = service.counted()
    role = "approver" if what == "confirm" else "order_system"
    answer = change(service, reservation, what, bodies[what], "after", role)
    assert refused(answer) == (409, "reservation-over")
    assert service.counted() == before


def test_the_same_key_and_body_give_the_same_bytes(service: Service) -> None:
    reservation = held(service)
    first = change(service, reservation, "convert", {"amount": "100.00"}, "c-1")
    shown(change(service, reservation, "void", {}, "v-1"))
    again = change(service, reservation, "convert", {"amount": "100.00"}, "c-1")
    assert (again.status_code, again.data, again.headers["Idempotency-Replayed"]) == (200, first.data, "true")
    assert "Idempotency-Replayed" not in first.headers
    assert exposure(service) == ("0.00", "0.00", "0.00")


def test_a_key_belongs_to_one_request_whatever_it_asked_for(service: Service) -> None:
    reservation, other = held(service), held(service, "1.00", "k-2")
    shown(change(service, reservation, "convert", {"amount": "100.00"}, "c-1"))
    for answer in (
        change(service, reservation, "convert", {"amount": "100.01"}, "c-1"),
        change(service, other, "convert", {"amount": "100.00"}, "c-1"),
        change(service, reservation, "void", {}, "c-1"),
        change(service, reservation, "void", {}, "k-1"),
        service.decide(an_order("1.00"), "c-1"),
    ):
        assert refused(answer) == (422, "idempotency-key-reused")
    assert exposure(service)[2] == "301.00"


def test_a_refused_change_leaves_its_key_free(service: Service) -> None:
    reservation = held(service)
    assert change(service, reservation, "convert", {"amount": "400.01"}, "c-1").status_code == 422
    assert change(service, reservation, "convert", {"amount": "400.00"}, "c-1").status_code == 200


def test_a_key_is_needed(service: Service) -> None:
    answer = service.send("POST", f"/v1/reservations/{held(service)}/void", "order_system", {})
    assert refused(answer) == (400, "idempotency-key-missing")


def test_an_order_system_sees_and_changes_its_own_reservations_only(service: Service) -> None:
    service.keys["other"], stored = issue_key("order_system", "other", PEPPER)
    with service.held.database.write() as work:
        work.keys.add(stored)
    reservation = held(service)
    assert refused(service.send("GET", f"/v1/reservations/{reservation}", "other")) == (404, "not-found")
    for what, body in (("convert", {"amount": "1.00"}), ("void", {})):
        assert refused(change(service, reservation, what, body, what, "other")) == (404, "not-found")
    assert refused(service.decide(an_order("1.00") | {"amends": reservation}, "a-1", "other")) == (422, "invalid-field")
    assert shown(service.send("GET", f"/v1/reservations/{reservation}", "compliance"))["state"] == "held"


@pytest.mark.parametrize("reservation", ["nothing", "%00", "x" * 65, "C-1"])
def test_what_is_no_reservation_is_not_found(service: Service, reservation: str) -> None:
    assert refused(service.send("GET", f"/v1/reservations/{reservation}", "risk_officer")) == (404, "not-found")
    assert refused(change(service, reservation, "void", {}, "v-1")) == (404, "not-found")


def test_times_are_those_of_the_database(service: Service) -> None:
    found = shown(change(service, held(service), "void", {}, "v-1"))
    begun, ended = (datetime.fromisoformat(step["at"]) for step in found["steps"])
    assert begun <= ended < datetime.fromisoformat(found["expires_at"])


def test_a_voided_order_is_no_earlier_order_but_a_partly_invoiced_one_is(service: Service) -> None:
    def earlier() -> list[str]:
        with service.held.database.read() as work:
            account = work.accounts.look("C-1")
            assert account is not None
            return sorted(one.order_id for one in account.earlier_orders.orders)

    first, second = held(service, "1.00", "k-1", id="A"), held(service, "2.00", "k-2", id="B")
    held(service, "3.00", "k-3", id="C")
    shown(change(service, second, "convert", {"amount": "0.50"}, "c-1"))
    assert earlier() == ["A", "B", "C"]
    shown(change(service, first, "void", {}, "v-1"))
    shown(change(service, second, "void", {}, "v-2"))
    assert earlier() == ["B", "C"]
