"""A customer record is complete and readable, or it is refused with what to write."""

from __future__ import annotations

from typing import Any

import pytest

from credit.customer import Customer, check_customer_id
from credit.exposure import Limit
from credit.money import Money


def a_customer(**changes: Any) -> Customer:
    given = {"customer_id": "C-1001", "name": "华东贸易有限公司", "country": "CN", "currency": "CNY"}
    return Customer(**{**given, **changes})


def test_names_keep_the_spaces_of_their_script() -> None:
    assert a_customer(name="华东\u3000贸易").name == "华东\u3000贸易"


def test_a_country_may_be_unknown_but_not_invented() -> None:
    assert a_customer(country=None).country is None
    with pytest.raises(ValueError, match="ISO 3166"):
        a_customer(country="391")


def test_a_customer_without_a_granted_limit_has_none_not_zero() -> None:
    assert a_customer().limit == Limit.none()


@pytest.mark.parametrize("good", ["C-1001", "0379-NEVHP", "a", "9.x_y-z", "x" * 64])
def test_ids_are_plain_letters_digits_dots_and_dashes(good: str) -> None:
    assert check_customer_id(good) == good


@pytest.mark.parametrize("bad", ["", "-a", ".a", "_a", "a b", "a/b", "客户", "x" * 65, "a\n", "é", "ａ", "\ud800"])
def test_other_ids_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="is no customer id; use 1 to 64") as refusal:
        a_customer(customer_id=bad)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("changes", "help"),
    [
        ({"country": "cn"}, "ISO 3166"), ({"country": "CHN"}, "ISO 3166"), ({"country": "ＣＮ"}, "ISO 3166"),
        ({"currency": "RMB"}, "ISO 4217"), ({"name": "  "}, "not readable"), ({"name": "a\x00"}, "not readable"),
        ({"name": "\ud800"}, "not readable"), ({"name": "x" * 257}, "not readable"),
        ({"limit": Limit.of(Money(1, "USD"))}, "the limit is in USD, the customer in CNY"),
        ({"facts": {"customer.score": 1.5}}, "'customer.score' is no whole number"),
        ({"facts": {"customer.score": None}}, "'customer.score' is no whole number"),
    ],
)  # fmt: skip
def test_what_is_not_readable_is_refused(changes: dict[str, Any], help: str) -> None:
    with pytest.raises(ValueError, match=help):
        a_customer(**changes)


def test_facts_are_kept_as_they_were() -> None:
    given = {"customer.score": 85, "customer.insolvent": False, "customer.type": "school"}
    customer = a_customer(facts=given)
    given["customer.score"] = 10
    assert customer.facts["customer.score"] == 85
    with pytest.raises(TypeError):
        customer.facts["customer.score"] = 10  # type: ignore[index]
