"""Kinds of formulas: what may be added, taken away, multiplied, divided, and which number needs its unit."""

from __future__ import annotations

import pytest

from tests.policy.written import kind, told

A = {
    "money": "order.amount", "count": "customer.score", "days": "customer.average_days_late",
    "months": "customer.months_trading", "date": "as_of", "flag": "customer.insolvent", "choice": "customer.type",
    "text": "customer.country", "terms": "order.requested_terms", "limit": "limit.effective", "number": "(2 * 3)",
    "percent": "(10% + 5%)", "ratio": "(order.amount / order.prepaid)",
}  # fmt: skip


@pytest.mark.parametrize("one", ["money", "count", "days", "months", "percent", "ratio"])
@pytest.mark.parametrize("sign", ["+", "-"])
def test_values_of_one_kind_are_added_and_taken_away(one: str, sign: str) -> None:
    assert kind(f"{A[one]} {sign} {A[one]}") == one


@pytest.mark.parametrize(
    ("left", "sign", "right", "result"),
    [
        ("date", "-", "date", "days"),
        ("date", "+", "days", "date"),
        ("date", "-", "days", "date"),
        ("date", "+", "months", "date"),
        ("limit", "-", "money", "limit"),
        ("percent", "+", "ratio", "ratio"),
        ("date", "+", "date", "kind"),
        ("days", "+", "date", "kind"),
        ("days", "+", "months", "kind"),
        ("money", "+", "count", "kind"),
        ("money", "-", "limit", "kind"),
        ("limit", "+", "money", "kind"),
        ("limit", "-", "limit", "kind"),
        ("percent", "+", "money", "kind"),
        ("money", "-", "percent", "kind"),
    ],
)
def test_sums_of_two_kinds(left: str, sign: str, right: str, result: str) -> None:
    assert kind(f"{A[left]} {sign} {A[right]}") == result


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ("money", "number", "money"),
        ("number", "money", "money"),
        ("percent", "money", "money"),
        ("money", "ratio", "money"),
        ("money", "count", "money"),
        ("days", "count", "days"),
        ("count", "count", "count"),
        ("number", "number", "number"),
        ("percent", "percent", "ratio"),
        ("money", "money", "kind"),
        ("days", "days", "kind"),
        ("money", "days", "kind"),
        ("date", "number", "kind"),
        ("limit", "percent", "kind"),
        ("limit", "number", "kind"),
    ],
)
def test_products(left: str, right: str, result: str) -> None:
    assert kind(f"{A[left]} * {A[right]}") == result


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ("money", "money", "ratio"),
        ("days", "days", "ratio"),
        ("count", "count", "ratio"),
        ("money", "limit", "ratio"),
        ("money", "number", "money"),
        ("days", "count", "days"),
        ("money", "percent", "money"),
        ("percent", "number", "ratio"),
        ("number", "number", "number"),
        ("money", "days", "kind"),
        ("limit", "money", "kind"),
        ("limit", "limit", "kind"),
        ("date", "number", "kind"),
        ("number", "money", "kind"),
    ],
)
def test_quotients(left: str, right: str, result: str) -> None:
    assert kind(f"{A[left]} / {A[right]}") == result


@pytest.mark.parametrize("word", ["flag", "choice", "text", "terms"])
@pytest.mark.parametrize("formula", ["{} + 1", "order.amount * {}", "- {}", "abs({})"])
def test_words_are_not_calculated_with(word: str, formula: str) -> None:
    assert kind(formula.format(A[word])) == "kind"


@pytest.mark.parametrize("one", ["money", "count", "days", "months", "percent", "ratio"])
def test_a_minus_and_abs_keep_the_kind(one: str) -> None:
    assert kind(f"- {A[one]}") == one
    assert kind(f"abs({A[one]})") == one


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("min(order.amount, 5_000)", "money"),
        ("max(5, customer.score, 7)", "count"),
        ("order.amount, at most 5_000", "money"),
        ("min(10%, 1.5)", "percent"),
        ("max(10% + 1%, order.amount / order.prepaid)", "percent"),
        ("min(order.amount, limit.effective)", "limit"),
        ("min(2, 3)", "number"),
        ("min(order.amount, customer.score)", "kind"),
        ("min(as_of, order.placed_on)", "date"),
        ("min(as_of, 5)", "unit"),
        ("first known of [order.placed_on, as_of]", "date"),
        ("first known of [order.amount, customer.score]", "kind"),
        ("stricter of [limit.granted, 5_000]", "limit"),
        ("stricter of [order.amount, 5_000]", "limit"),
        ("stricter of [customer.score, 5]", "kind"),
        ("days_between(order.placed_on, as_of)", "days"),
        ("days_between(order.amount, as_of)", "kind"),
        ("first known of [order.requested_days, 30 days]", "days"),
    ],
)
def test_functions(formula: str, result: str) -> None:
    assert kind(formula) == result


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("as_of + 5", "2:15: unit: beside a date a number needs its unit; write it like 15 days"),
        ("order.amount + 5", "2:22: unit: beside an amount a number needs its unit; write it like 1_000 CNY"),
        ("5 - order.amount", "2:7: unit: beside an amount a number needs its unit; write it like 1_000 CNY"),
        ("10% + 5", "2:13: unit: beside a percentage a number needs its unit; write it like 5%"),
        ("limit.effective - 5",
         "2:25: unit: beside a limit a number needs its unit; write it like 1_000 CNY"),
    ],
)  # fmt: skip
def test_beside_a_date_an_amount_or_a_share_a_number_needs_its_unit(formula: str, message: str) -> None:
    assert told(f"let:\n  it: {formula}\n") == [message]


@pytest.mark.parametrize(
    ("formula", "result"), [("customer.score + 5", "count"), ("customer.average_days_late + 5", "days"),
                            ("7 - customer.months_trading", "months"), ("order.amount + 5 CNY", "money"),
                            ("as_of + 5 days", "date"), ("as_of - 1 year", "date")],
)  # fmt: skip
def test_beside_a_count_a_bare_number_takes_its_kind(formula: str, result: str) -> None:
    assert kind(formula) == result


def test_a_share_and_an_amount_are_not_mixed_and_the_help_says_how_shares_are_taken() -> None:
    assert told("let:\n  it: 10% + order.amount\n") == [
        "2:11: kind: '10%' (a percentage) cannot be added to 'order.amount' (an amount); "
        "say of what the share is taken: 10% * amount"
    ]


@pytest.mark.parametrize("formula", ["limit.granted + order.amount", "limit.granted * 2", "- limit.granted",
                                     "min(limit.granted, 5)", "order.amount / limit.granted"])  # fmt: skip
def test_a_limit_that_may_be_none_is_not_an_amount(formula: str) -> None:
    assert kind(formula) == "limit-state"


@pytest.mark.parametrize("formula", ["- limit.effective", "abs(limit.effective)"])
def test_a_limit_has_no_sign(formula: str) -> None:
    assert kind(formula) == "kind"


def test_a_figure_over_a_list_stands_alone() -> None:
    assert kind("count of invoices") == "count"
    assert kind("sum of invoices.open_amount where days_overdue > 5") == "money"
    assert kind("sum of invoices.days_overdue") == "days"
    assert kind("1 + count of invoices") == "expression"
