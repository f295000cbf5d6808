"""The arithmetic of a recommendation, to the minor unit, and what is told where an input is missing."""

from __future__ import annotations

from fractions import Fraction

import pytest

from credit.expected_margin import Inputs, Line, expected_line
from credit.money import Money
from credit.terms import parse_terms

ALL = {
    "discount_taken": Fraction(1, 2), "cost_of_capital": Fraction(73, 1000), "loss_given_default": Fraction(1, 2),
    "insured_share": Fraction(9, 10), "default_risk": Fraction(1, 100),
}  # fmt: skip


def money(text: str) -> Money:
    """An amount of CNY."""
    return Money.parse(text, "CNY")


def line(terms: str, in_advance: str = "0.00", secured: str = "0.00", margin: str | None = "18000.00",
         **shares: Fraction | None) -> Line:  # fmt: skip
    """The line of an order of 120,000.00."""
    inputs = Inputs(None if margin is None else money(margin), {**ALL, **shares})
    return expected_line(parse_terms(terms), money("120000.00"), money(in_advance), money(secured), inputs)


def test_each_step_of_a_discount_is_shown_and_adds_up() -> None:
    found = line("2/10 net 30")
    amounts = {name: step.amount and step.amount.amount for name, step in found.steps.items()}
    assert amounts == {
        "credit": "120000.00", "exposed": "120000.00", "discount_cost": "1200.00",  # 120,000 * 2% * 50%
        "capital_cost": "480.00",  # 120,000 * 7.3% * 20 / 365
        "expected_loss": "60.00",  # 120,000 * 10% * 1% * 50%
    }  # fmt: skip
    assert found.steps["capital_cost"].formula == "120000.00 * 7.3% a year * 20 days / 365"
    assert (found.expected_cost, found.expected_margin) == (money("1740.00"), money("16260.00"))
    assert found.missing == ()


def test_instalments_are_weighted_and_the_end_of_a_month_counts_at_its_latest() -> None:
    assert line("3 instalments every 30 days").steps["capital_cost"].amount == money("1440.00")  # 60 days on average
    assert line("net 30 end of month").steps["capital_cost"].amount == money("1440.00")


def test_what_is_paid_in_advance_or_secured_costs_less() -> None:
    found = line("net 60", in_advance="36000.00", secured="84000.00")
    assert found.steps["expected_loss"].amount == money("0.00")
    assert found.steps["capital_cost"].amount == money("1008.00")  # 84,000 * 7.3% * 60 / 365
    prepaid = line("prepaid", in_advance="120000.00")
    assert (prepaid.expected_cost, prepaid.expected_margin) == (money("0.00"), money("18000.00"))


@pytest.mark.parametrize(("secured", "loss"), [("119999.99", "0.01"), ("120000.00", "0.00"), ("120000.01", "0.00")])
def test_the_last_minor_unit_at_our_own_risk_counts(secured: str, loss: str) -> None:
    found = line("net 60", secured=secured, insured_share=Fraction(0), default_risk=Fraction(1),
                 loss_given_default=Fraction(1))  # fmt: skip
    assert found.steps["expected_loss"].amount == money(loss)


@pytest.mark.parametrize(
    ("risk", "loss"), [(Fraction(1, 2), "0.00"), (Fraction(3, 2), "0.02"), (Fraction(51, 100), "0.01")]
)
def test_an_amount_is_rounded_once_half_even(risk: Fraction, loss: str) -> None:
    found = line("net 60", secured="119999.99", insured_share=Fraction(0), default_risk=risk,
                 loss_given_default=Fraction(1))  # fmt: skip
    assert found.steps["expected_loss"].amount == money(loss)


def test_what_is_missing_is_named_and_not_guessed() -> None:
    found = line("2/10 net 30", margin=None, discount_taken=None, default_risk=None)
    assert (found.expected_cost, found.expected_margin) == (None, None)
    assert found.missing == ("discount_taken", "default_risk", "margin")
    assert found.steps["expected_loss"].formula == "120000.00 * 10% own * ? default * 50% lost"
    assert line("net 30", discount_taken=None).missing == ()  # nobody asks for it without a discount


def test_a_margin_is_not_needed_to_compare_costs() -> None:
    found = line("net 60", margin=None)
    assert (found.expected_cost, found.expected_margin, found.missing) == (money("1500.00"), None, ("margin",))


def test_whoever_is_insured_in_full_needs_no_probability() -> None:
    assert line("net 60", insured_share=Fraction(1), default_risk=None).missing == ()
