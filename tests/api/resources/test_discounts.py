"""Discounts over HTTP: fixed when an invoice comes in with its terms, earned by the day of the money, and shown."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.operations.tell_limit import policy_day
from storage.invoice_rows import Invoice
from tests.api.service import Service, an_order, publish, start_real_service

Body = dict[str, Any]
SELLING = b"""aval: 1
policy: selling
title: {en: Selling, zh: \xe9\x94\x80\xe5\x94\xae}
currency: CNY
timezone: Asia/Shanghai
limits:
  - {otherwise: true, limit: 1_000_000}
terms:
  - otherwise: true
    offer: [2/10 net 30, 2/10 net 30 from delivery, 3 instalments every 30 days, net 14 from delivery]
"""


@pytest.fixture
def real(location: str) -> Service:
    """C-2 owes 100.00 less 2.00 until three days ago, on each kind of database; the policy sells with discounts."""
    service = start_real_service(location)
    publish(service, "selling.yaml", SELLING)
    service.put_customer("C-2", granted_limit="5000.00", country="CN")
    day = today(service)
    one = Invoice("C-2", "A", 100_00, "CNY", day - timedelta(13), day + timedelta(17),
                  discount_until=day - timedelta(3), discount=2_00)  # fmt: skip
    with service.held.database.write() as work:
        work.invoices.add_many([one], day)
    return service


def today(service: Service) -> date:
    """The day of the policy's calendar."""
    return policy_day(service.held.database)


def ask(service: Service, path: str, body: Body, key: str, role: str = "risk_officer") -> TestResponse:
    """Send a change."""
    return service.send("POST", f"/v1/{path}", role, body, Idempotency_Key=key)


def pay(service: Service, days_ago: int, amount: str = "98.00", name: str = "P-1") -> Any:
    """A payment of C-2 that came some days ago, and the answer to it."""
    body = {"id": name, "customer_id": "C-2", "amount": amount, "currency": "CNY",
            "day": (today(service) - timedelta(days_ago)).isoformat()}  # fmt: skip
    answer = ask(service, "payments", body, f"k-{name}", "order_system")
    assert answer.status_code == 201, answer.data
    assert ask(service, "payments", body, f"k-{name}", "order_system").data == answer.data, "a retry is told the same"
    assert ask(service, "payments", body, f"again-{name}", "order_system").status_code == 200
    return json.loads(answer.data)


def convert(service: Service, amount: str, agreed: str, **invoice: Any) -> tuple[TestResponse, TestResponse]:
    """Have an order approved on these terms and invoice it as INV-1, with the terms of the decision; sent twice."""
    key = str(invoice.get("delivered_on", "none"))
    decided = service.decide(an_order(amount, "C-2", requested_terms=agreed, id="SO-7"), key)
    assert decided.status_code == 201, decided.data
    reservation = json.loads(decided.data)["decision"]["reservation"]["id"]
    body = {"amount": amount, "invoice": {"id": "INV-1"} | invoice}
    path = f"reservations/{reservation}/convert"
    first = ask(service, path, body, f"c-{key}", "order_system")
    return first, ask(service, path, body, f"c-{key}", "order_system")


def shown(service: Service, path: str) -> Any:
    """What a GET answers."""
    answer = service.send("GET", f"/v1/{path}", "collector")
    assert answer.status_code == 200, answer.data
    return json.loads(answer.data)


def test_a_payment_in_time_earns_it_and_one_a_day_late_does_not(real: Service) -> None:
    until = (today(real) - timedelta(3)).isoformat()
    (item,) = shown(real, "invoices?customer_id=C-2")["items"]
    assert (item["discount"], item["discount_until"], item["open_amount"]) == ("2.00", until, "100.00")
    answer = pay(real, 3)
    assert answer["discounts"] == [{"invoice_id": "A", "amount": "2.00"}]
    (item,) = shown(real, "invoices?customer_id=C-2")["items"]
    assert (item["open_amount"], item["settled_on"]) == ("0.00", until)
    (taken,) = [one for one in shown(real, "customers/C-2/settlements")["items"] if one["kind"] == "discount"]
    assert (taken["id"], taken["amount"], taken["reason"]) == ("P-1/A", "2.00", f"paid in time, by {until}")
    (told,) = shown(real, "customers/C-2/statement")["items"]
    assert [(one["kind"], one["amount"], one["balance"]) for one in told["lines"]] == [
        ("invoice", "100.00", "100.00"), ("payment", "-98.00", "2.00"), ("discount", "-2.00", "0.00"),
    ]  # fmt: skip
    (book,) = shown(real, "customers/C-2/ageing")["items"]
    assert (book["open"], book["invoices"]) == ("0.00", 0)
    before = (today(real) - timedelta(4)).isoformat()
    (book,) = shown(real, f"customers/C-2/ageing?as_of={before}")["items"]
    assert (book["open"], book["invoices"]) == ("100.00", 1)


def test_a_day_late_the_same_money_leaves_the_discount_open(real: Service) -> None:
    assert pay(real, 2)["discounts"] == []
    (told,) = shown(real, "customers/C-2/statement")["items"]
    assert (told["closing"], told["open_items"][0]["open_amount"]) == ("2.00", "2.00")


def test_a_payment_that_bounces_opens_the_whole_again(real: Service) -> None:
    pay(real, 3)
    answer = ask(real, "payments/P-1:reverse", {"reason": "no funds"}, "k-r")
    assert answer.status_code == 200, answer.data
    (told,) = shown(real, "customers/C-2/statement")["items"]
    assert [(one["kind"], one["amount"]) for one in told["lines"]][3:] == [("reversal", "98.00"), ("reversal", "2.00")]
    assert (told["closing"], told["open"], told["unallocated"]) == ("100.00", "100.00", "0.00")
    assert shown(real, "customers/C-2")["exposure"]["open_receivables"] == "100.00"


def test_the_answer_to_an_allocation_names_the_discount_that_it_earned(real: Service) -> None:
    pay(real, 3)
    ask(real, "payments/P-1:take-back", {"reason": "wrong one", "invoice_id": "A"}, "k-t")
    body = {"reason": "it was right", "allocations": [{"invoice_id": "A", "amount": "98.00"}]}
    answer = ask(real, "payments/P-1:allocate", body, "k-a")
    assert json.loads(answer.data)["discounts"] == [{"invoice_id": "A", "amount": "2.00"}]
    assert ask(real, "payments/P-1:allocate", body, "k-a").data == answer.data, "a retry is told the same"


def test_money_that_is_too_much_is_left_over(real: Service) -> None:
    answer = pay(real, 5, "100.00")
    assert (answer["settlement"]["unallocated"], answer["discounts"][0]["amount"]) == ("2.00", "2.00")


def test_an_invoice_that_comes_with_terms_has_its_discount_fixed(real: Service) -> None:
    day = today(real) - timedelta(10)
    first, again = convert(real, "333.25", "2/10 net 30", invoiced_on=day.isoformat())
    assert first.status_code == 200 and first.data == again.data, first.data
    (_, item) = shown(real, "invoices?customer_id=C-2")["items"]
    assert (item["discount"], item["discount_until"]) == ("6.66", today(real).isoformat()), "6.665 goes to the even"
    answer = pay(real, 0, "426.59")
    assert answer["discounts"] == [{"invoice_id": "INV-1", "amount": "6.66"}], "the one of A is gone"
    assert answer["settlement"]["unallocated"] == "0.00"


def test_a_due_date_of_the_book_leaves_the_discount_that_was_agreed(real: Service) -> None:
    day = today(real) - timedelta(4)
    due = (day + timedelta(31)).isoformat()
    first, _ = convert(real, "200.00", "2/10 net 30", invoiced_on=day.isoformat(), due_on=due)
    assert first.status_code == 200, first.data
    (item,) = [one for one in shown(real, "invoices?customer_id=C-2")["items"] if one["invoice_id"] == "INV-1"]
    kept = (item["due_on"], item["terms"], item["discount"], item["discount_until"])
    assert kept == (due, "2/10 net 30", "4.00", (day + timedelta(10)).isoformat())


@pytest.mark.parametrize("agreed", ["3 instalments every 30 days", "net 14 from delivery"])
def test_a_due_date_of_the_book_stands_where_the_agreed_terms_say_something_else(real: Service, agreed: str) -> None:
    day = today(real) - timedelta(4)
    due = (day + timedelta(31)).isoformat()
    first, _ = convert(real, "200.00", agreed, invoiced_on=day.isoformat(), due_on=due)
    assert first.status_code == 200, first.data
    (item,) = [one for one in shown(real, "invoices?customer_id=C-2")["items"] if one["invoice_id"] == "INV-1"]
    assert (item["due_on"], item["terms"], item["discount"]) == (due, None, None)


def test_a_discount_from_delivery_needs_its_day_also_where_the_book_says_when_it_is_due(real: Service) -> None:
    day = today(real)
    sent = {"invoiced_on": day.isoformat(), "terms": "2/10 net 30 from delivery",
            "due_on": (day + timedelta(60)).isoformat()}  # fmt: skip
    refused, _ = convert(real, "100.00", "2/10 net 30 from delivery", **sent)
    (error,) = json.loads(refused.data)["errors"]
    assert (refused.status_code, error["field"]) == (422, "invoice.delivered_on")
    assert "the discount of '2/10 net 30 from delivery' counts from the delivery" in error["message"]
    sent["delivered_on"] = (day - timedelta(4)).isoformat()
    taken, _ = convert(real, "100.00", "2/10 net 30 from delivery", **sent)
    assert taken.status_code == 200, taken.data
    (_, item) = shown(real, "invoices?customer_id=C-2")["items"]
    assert (item["discount_until"], item["due_on"]) == ((day + timedelta(6)).isoformat(), sent["due_on"])
