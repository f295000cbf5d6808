"""Whatever is wrong with a request: one clear problem of the 4xx kind, and not a row more in the database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.service import Service, an_order


def raw(text: str) -> bytes:
    """A body in which the amount is written as given."""
    return json.dumps(an_order()).replace('"100.00"', text).encode()


def without(*path: str) -> dict[str, Any]:
    """An order in which one field is left out."""
    body = inside = an_order()
    for name in path[:-1]:
        inside = inside[name]
    del inside[path[-1]]
    return body


BODIES: dict[str, tuple[Any, int, str]] = {
    "malformed JSON": (b'{"order": ', 400, "malformed-json"),
    "no body": (b"", 400, "malformed-json"),
    "a list": (b"[]", 400, "not-an-object"),
    "NaN": (raw("NaN"), 400, "not-a-number"),
    "infinity": (raw("-Infinity"), 400, "not-a-number"),
    "duplicate keys": (raw('"100.00", "amount": "1.00"'), 400, "duplicate-key"),
    "an exponent": (raw("1e3"), 400, "inexact-number"),
    "an exponent as text": (an_order("1e3"), 422, "invalid-field"),
    "a fraction": (raw("100.50"), 400, "inexact-number"),
    "a huge exponent": (raw("1e999999999"), 400, "inexact-number"),
    "300 digits": (raw("9" * 300), 400, "number-too-long"),
    "100,000 brackets": (b"[" * 100_000, 400, "too-deep"),
    "brackets within": (raw("[" * 50_000 + "]" * 50_000), 400, "too-deep"),
    "a lone surrogate": (raw('"\\ud800"'), 400, "unprintable-text"),
    "NUL": (raw('"1\\u0000"'), 400, "unprintable-text"),
    "a raw NUL": (raw('"1\x00"'), 400, "not-utf8"),
    "a byte order mark": (b"\xef\xbb\xbf" + raw('"1.00"'), 400, "not-utf8"),
    "ten megabytes": (b'{"a": "' + b"x" * 10_000_000 + b'"}', 413, "too-large"),
    "a whole number as an amount": (raw("100"), 422, "invalid-field"),
    "a negative amount": (an_order("-1.00"), 422, "invalid-field"),
    "a negative prepayment": (an_order(prepaid="-1.00"), 422, "invalid-field"),
    "nothing ordered": (an_order("0.00"), 422, "invalid-field"),
    "more prepaid than ordered": (an_order(prepaid="100.01"), 422, "invalid-field"),
    "a third digit": (an_order("1.001"), 422, "invalid-field"),
    "too large an amount": (an_order("99999999999999999.00"), 422, "invalid-field"),
    "full-width digits": (an_order("１００.00"), 422, "invalid-field"),
    "a comma": (an_order("1,000.00"), 422, "invalid-field"),
    "a space": (an_order(" 1.00"), 422, "invalid-field"),
    "a trailing newline": (an_order("1.00\n"), 422, "invalid-field"),
    "an unknown currency": (an_order(currency="XXX"), 422, "unknown-currency"),
    "a currency in small letters": (an_order(currency="cny"), 422, "invalid-field"),
    "an unknown customer": (an_order(customer_id="C-2"), 422, "unknown-customer"),
    "a customer of another kind": (an_order() | {"customer_id": 5}, 422, "invalid-field"),
    "a customer with a slash": (an_order(customer_id="../C-1"), 422, "invalid-field"),
    "a customer with a newline": (an_order(customer_id="C-1\n"), 422, "invalid-field"),
    "a cyrillic customer": (an_order(customer_id="С-1"), 422, "invalid-field"),
    "an unknown field": (an_order() | {"limit": "5"}, 422, "unknown-field"),
    "an unknown field of the order": (an_order(unsecured_amount="1.00"), 422, "unknown-field"),
    "no order": (without("order"), 422, "invalid-field"),
    "an order that is a list": (an_order() | {"order": [1]}, 422, "invalid-field"),
    "an order that is null": (an_order() | {"order": None}, 422, "invalid-field"),
    "no amount": (without("order", "amount"), 422, "invalid-field"),
    "no currency": (without("order", "currency"), 422, "invalid-field"),
    "no customer": (without("customer_id"), 422, "invalid-field"),
    "an order without a number": (an_order(id=""), 422, "invalid-field"),
    "a long number": (an_order(id="x" * 65), 422, "invalid-field"),
    "a day that is none": (an_order(placed_on="2026-02-30"), 422, "invalid-field"),
    "a day in another spelling": (an_order(deliver_by="20261205"), 422, "invalid-field"),
    "a day in the far future": (an_order(deliver_by="9999-12-31"), 422, "invalid-field"),
    "a day in the far past": (an_order(placed_on="0001-01-01"), 422, "invalid-field"),
    "a day as a number": (an_order(deliver_by=20261205), 422, "invalid-field"),
    "terms that are none": (an_order(requested_terms="net x"), 422, "invalid-field"),
    "terms with control characters": (an_order(requested_terms="net\t30"), 422, "invalid-field"),
    "facts that are a list": (an_order(facts=[1]), 422, "invalid-field"),
    "201 facts": (an_order(facts={f"f{n}": 1 for n in range(201)}), 422, "invalid-field"),
    "an unknown fact": (an_order(facts={"customer.teir": "prime"}), 422, "unknown-fact"),
    "a bureau's fact": (an_order(facts={"customer.score": 100}), 422, "fact-not-yours"),
    "the ledger's fact": (an_order(facts={"account.exposure": "0.00"}), 422, "fact-not-yours"),
    "the granted limit": (an_order(facts={"limit.granted": "unlimited"}), 422, "fact-not-yours"),
    "the day": (an_order(facts={"as_of": "2020-01-01"}), 422, "fact-not-yours"),
    "a figure of the order": (an_order(facts={"order.amount": "1.00"}), 422, "fact-not-yours"),
    "a computed figure": (an_order(facts={"order.unsecured_amount": "0.00"}), 422, "fact-not-yours"),
    "a fact of another kind": (an_order(facts={"urgent": "true"}), 422, "invalid-field"),
    "a choice that is none": (an_order(facts={"colour": "green"}), 422, "invalid-field"),
    "a fact that is an object": (an_order(facts={"urgent": {"a": 1}}), 422, "invalid-field"),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_bad_order_is_refused_and_nothing_is_stored(service: Service, what: str) -> None:
    body, status, problem = BODIES[what]
    before = service.counted()
    answer = service.decide(body)
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{problem}")
    assert service.counted() == before


@pytest.mark.parametrize("what", BODIES)
def test_a_bad_preview_is_refused_in_the_same_words(service: Service, what: str) -> None:
    body, status, problem = BODIES[what]
    answer = service.send("POST", "/v1/decisions:preview", "order_system", body)
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{problem}")


def test_a_refused_key_may_be_used_for_the_mended_order(service: Service) -> None:
    assert service.decide(an_order("-1.00"), "k-7").status_code == 422
    assert service.decide(an_order("1.00"), "k-7").status_code == 201


@pytest.mark.parametrize(("key", "problem"), [
    (None, "idempotency-key-missing"), ("", "idempotency-key-malformed"), ("a b", "idempotency-key-malformed"),
    ("x" * 256, "idempotency-key-malformed"),
])  # fmt: skip
def test_an_order_needs_a_usable_key(service: Service, key: str | None, problem: str) -> None:
    before = service.counted()
    answer = service.decide(an_order(), key)
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (400, f"/problems/{problem}")
    assert service.counted() == before


def test_every_wrong_field_is_told_at_once(service: Service) -> None:
    answer = service.decide(an_order("x", currency="?", id="") | {"more": 1})
    assert answer.json is not None
    assert {error["field"] for error in answer.json["errors"]} == {"order.amount", "order.currency", "order.id", "more"}


CUSTOMERS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": ""}, "invalid-field"),
    "a name of spaces": ({"name": "   "}, "invalid-field"),
    "a name with a newline": ({"name": "a\nb"}, "invalid-field"),
    "a name that turns the line round": ({"name": "a\u202eb"}, "invalid-field"),
    "a long name": ({"name": "x" * 257}, "invalid-field"),
    "a name that is a number": ({"name": 5}, "invalid-field"),
    "a country in words": ({"country": "China"}, "invalid-field"),
    "an unknown currency": ({"currency": "XXX"}, "unknown-currency"),
    "the currency of an open account": ({"currency": "USD"}, "currency-fixed"),
    "a negative limit": ({"granted_limit": "-1.00"}, "invalid-field"),
    "a limit that is a number": ({"granted_limit": 500}, "invalid-field"),
    "a limit with an exponent": ({"granted_limit": "1e9"}, "invalid-field"),
    "a limit with a third digit": ({"granted_limit": "1.001"}, "invalid-field"),
    "a limit beyond all amounts": ({"granted_limit": "99999999999999999.00"}, "invalid-field"),
    "a limit in other words": ({"granted_limit": "Unlimited"}, "invalid-field"),
    "a limit that is null": ({"granted_limit": None}, "invalid-field"),
    "an unknown field": ({"balance": "0.00"}, "unknown-field"),
    "an unknown fact": ({"facts": {"customer.mood": "good"}}, "unknown-fact"),
    "a fact of the ledger": ({"facts": {"account.exposure": "0.00"}}, "fact-not-yours"),
    "a fact of the request": ({"facts": {"urgent": True}}, "fact-not-yours"),
    "a fact of another kind": ({"facts": {"customer.score": "80"}}, "invalid-field"),
    "a fact below zero": ({"facts": {"customer.score": -1}}, "invalid-field"),
    "facts that are text": ({"facts": "customer.score"}, "invalid-field"),
}


@pytest.mark.parametrize("what", CUSTOMERS)
def test_a_bad_customer_is_refused_and_the_old_one_stays(service: Service, what: str) -> None:
    fields, problem = CUSTOMERS[what]
    before = service.send("GET", "/v1/customers/C-1", "risk_officer").data
    answer = service.put_customer("C-1", **fields)
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (422, f"/problems/{problem}")
    assert service.send("GET", "/v1/customers/C-1", "risk_officer").data == before


@pytest.mark.parametrize("customer_id", ["a b", "%C3%A9", ".hidden", "x" * 65, "C-1%0A", "%00"])
def test_a_customer_needs_a_plain_id(service: Service, customer_id: str) -> None:
    before = service.counted()
    assert service.put_customer(customer_id).status_code == 422
    assert service.send("GET", f"/v1/customers/{customer_id}", "risk_officer").status_code == 404
    assert service.counted() == before


@pytest.mark.parametrize(("path", "status"), [
    ("/v1/decisions?cursor=x", 422), ("/v1/decisions?cursor=%00", 422), ("/v1/decisions?cursor=" + "9" * 19, 422),
    ("/v1/decisions?limit=0", 422), ("/v1/decisions?limit=201", 422), ("/v1/decisions?limit=x", 422),
    ("/v1/decisions?verdict=maybe", 422), ("/v1/decisions?customer_id=%00", 422), ("/v1/decisions?colour=red", 422),
    ("/v1/customers?cursor=%00", 422), ("/v1/customers?cursor=", 422), ("/v1/customers?limit=-1", 422),
    ("/v1/customers?limit=٣", 422), ("/v1/customers?%ED%A0%80=1", 422), ("/v1/decisions/%00", 404),
    ("/v1/decisions/nothing", 404), ("/v1/customers/nothing", 404), ("/v1/customers/C-1/more", 404),
])  # fmt: skip
def test_a_bad_question_is_a_problem_too(service: Service, path: str, status: int) -> None:
    answer = service.send("GET", path, "risk_officer")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize(("field", "told"), [
    ("facts", "is null; leave it out or send a value"),
    ("granted_limit", 'is null; write "none" where nobody granted a limit'),
])  # fmt: skip
def test_a_null_is_refused_in_our_words(service: Service, field: str, told: str) -> None:
    answer = service.put_customer(**{field: None})
    assert answer.json is not None
    assert (answer.status_code, answer.json["errors"]) == (422, [{"field": field, "message": told}])
