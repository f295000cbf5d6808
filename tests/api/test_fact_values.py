"""Values of facts are read exactly, kind by kind, or refused with how they are written."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from api.fact_values import _READ, read_fact
from policy.kinds import KINDS, NO_LIMIT, UNLIMITED
from policy.vocabulary import FactDeclaration, ListDeclaration
from rules.facts import trade_vocabulary


def read(kind: str, given: Any, *choices: str) -> Any:
    """A value of this kind in CNY."""
    return read_fact(FactDeclaration("x", kind, choices=choices), given, "CNY", trade_vocabulary())


@pytest.mark.parametrize(("kind", "given", "value"), [
    ("money", "120000.00", 12_000_000), ("money", "-0.5", -50), ("percent", "30%", Fraction(3, 10)),
    ("percent", "0%", 0),
    ("ratio", "1.25", Fraction(5, 4)), ("ratio", 2, 2), ("number", "-3", -3), ("count", 0, 0), ("days", -5, -5),
    ("hours", 3, 3), ("months", 12, 12), ("date", "2026-02-28", date(2026, 2, 28).toordinal()), ("flag", True, True),
    ("flag", False, False), ("text", "信用", "信用"), ("text", "e\u0301", "é"), ("limit", "none", NO_LIMIT),
    ("limit", "unlimited", UNLIMITED), ("limit", "0.00", 0), ("limit", "5.01", 501), ("terms", "net 30", "net 30"),
])  # fmt: skip
def test_a_value_is_read_exactly(kind: str, given: Any, value: Any) -> None:
    found = read(kind, given)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(("kind", "given"), [
    ("money", 120), ("money", "1,000.00"), ("money", "1e3"), ("money", "0.001"), ("money", "１２"), ("money", "9" * 41),
    ("money", "10000000000000.01"), ("percent", "0.3"), ("percent", 30), ("percent", "-1%"), ("ratio", "1e3"),
    ("ratio", True), ("ratio", "1/3"), ("ratio", "nan"), ("count", "5"), ("count", -1), ("count", True),
    ("count", 10**10),
    ("count", None), ("days", False), ("months", -1), ("date", "2026-02-29"), ("date", "20260228"),
    ("date", "2026-2-28"),
    ("date", "２０２６-02-28"), ("date", "0000-01-01"), ("date", "9999-12-31"), ("flag", 1),
    ("flag", "true"), ("text", ""), ("text", "a\nb"),
    ("text", "x" * 257), ("text", 5), ("text", "\u202eabc"), ("limit", 500), ("limit", "-1"), ("limit", "None"),
    ("terms", "net x"), ("terms", ""), ("terms", ["net 30"]), ("rate", "much"), ("hours", "1"), ("number", "1_000"),
])  # fmt: skip
def test_another_value_is_refused_in_words(kind: str, given: Any) -> None:
    with pytest.raises(ValueError, match=r"[a-z]") as refused:
        read(kind, given)
    assert not str(refused.value).endswith(".")


def test_a_choice_is_one_of_its_words() -> None:
    assert read("choice", "red", "red", "blue") == "red"
    with pytest.raises(ValueError, match="is not one of red, blue"):
        read("choice", "Red", "red", "blue")


def test_every_kind_of_the_language_can_be_read() -> None:
    assert set(_READ) | {"choice", "terms"} == set(KINDS)


REFERENCES = ListDeclaration("references", {
    "amount": FactDeclaration("amount", "money"), "date": FactDeclaration("date", "date"),
}, at_most=2)  # fmt: skip


def read_list(given: Any) -> Any:
    declared = FactDeclaration("references", "list", "request", listing=REFERENCES)
    return read_fact(declared, given, "CNY", trade_vocabulary())


def test_the_items_of_a_list_are_read_field_by_field() -> None:
    first = {"amount": "10.50", "date": "2026-02-28"}
    assert read_list([first, {"amount": None}]) == ({"amount": 1050, "date": date(2026, 2, 28).toordinal()}, {})
    assert read_list([]) == ()


@pytest.mark.parametrize(("given", "told"), [
    ("none", "is not a list of objects; write [{...}, {...}], and [] for none"),
    (["10.50"], "is not a list of objects; write [{...}, {...}], and [] for none"),
    ([{}, {}, {}], "has more than 2 items; the policy reads no more"),
    ([{}, {"sum": "1"}], "has sum in item 2; its fields are amount, date"),
    ([{"amount": 10}], "has 'amount' in item 1, which is not text; write it in quotes"),
])  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused_in_words(given: Any, told: str) -> None:
    with pytest.raises(ValueError, match="[a-z]") as refused:
        read_list(given)
    assert str(refused.value) == told
