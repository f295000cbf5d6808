"""Late charges, fees and releases as written and checked: what each row fixes, and what it leaves open."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy.receivables import Fee, Rate, Release
from tests.policy.written import codes, program, told

RATE = "late_charge: {rate: %s, on: open principal, from: due + 1 day%s}\n"


def test_a_rate_is_kept_exactly_with_its_time() -> None:
    (charge,) = program(RATE % ("0.05% per day", ", grace: 3 days, cap: 24% per year, count_days: 30/360")).charges
    assert charge.rates == (Rate(Fraction(1, 2000), "day"),)
    assert (charge.grace_days, charge.cap, charge.count_days) == (3, Fraction(24, 100), "30/360")
    assert not charge.compound_monthly
    assert program(RATE % ("1% per month", ", compound: monthly, count_days: 30/360")).charges[0].compound_monthly


def test_message_14_gives_both_readings_of_a_day() -> None:
    assert told(RATE % ("1.5% per month", "")) == [
        "1:14: interest: 1.5% per month accrued daily needs count_days (30/360 gives 0.05 % a day, actual/365 "
        "0.0493 %); add count_days: actual/365, or count_days: 30/360"
    ]


@pytest.mark.parametrize(
    ("rate", "more", "wanted"),
    [
        ("0.05% per day", "", []),
        ("0.05% per day", ", cap: 24% per year", ["interest"]),
        ("18% per year", "", ["interest"]),
        ("18% per year", ", count_days: actual/365", []),
        ("18% per year", ", cap: 18% per year, count_days: actual/365", []),
        ("1.5% per month", ", cap: 18% per year, count_days: 30/360", []),
        ("1.6% per month", ", cap: 18% per year, count_days: 30/360", ["interest"]),
        ("18% per year", ", cap: 1% per month, count_days: actual/365", ["unit"]),
        ("18%", "", ["unit"]),
        ("18", "", ["unit"]),
        ("0% per day", "", ["range"]),
        ("0.05% per day", ", grace: 3", ["unit"]),
        ("0.05% per day", ", grace: 1 month", ["unit"]),
        ("0.05% per day", ", then_every: 30 days", ["unknown-key"]),
        ("0.05% per day", ", compound: daily", ["unknown-word"]),
        ("customer.score", "", ["unit"]),
    ],
)
def test_a_rate_that_is_not_fixed_is_a_finding(rate: str, more: str, wanted: list[str]) -> None:
    assert codes(RATE % (rate, more)) == wanted


def test_a_charge_on_a_fixed_day_is_an_amount_or_a_share_of_what_is_open() -> None:
    (amount,) = program("late_charge: {amount: 25, at: due + 1 day}\n").charges
    assert (amount.minor, amount.share, amount.every_days) == (2500, None, 0)
    (share,) = program("late_charge: {amount: 1.5% of open principal, at: due, then_every: 1 month}\n").charges
    assert (share.minor, share.share, share.every_months) == (0, Fraction(15, 1000), 1)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("{amount: 25}", ["missing-key"]),
        ("{at: due}", ["missing-key"]),
        ("{rate: 1% per day, amount: 25, at: due}", ["missing-key"]),
        ("{amount: 25%, at: due}", ["kind"]),
        ("{amount: 25 of open principal, at: due}", ["percent"]),
        ("{amount: 25, at: due, cap: 24% per year}", ["unknown-key"]),
        ("{amount: 25, at: due, then_every: 0 days}", ["range"]),
        ("{amount: 25 USD, at: due}", ["not-yet-supported"]),
        ("{amount: 25, at: cleared by cfo}", ["date-formula"]),
        ("{amount: 25, at: entered}", ["date-formula"]),
        ("[]", ["wrong-shape"]),
        ("25", ["wrong-shape"]),
    ],
)
def test_each_slip_in_a_charge_is_told_once(row: str, wanted: list[str]) -> None:
    assert codes(f"late_charge: {row}\n") == wanted


def test_interest_from_the_due_date_itself_is_told() -> None:
    row = "late_charge: {rate: 0.05%% per day, on: open principal, from: %s}\n"
    assert codes(row % "due") == ["interest"]
    assert codes(row % "due + 1 day") == []
    assert codes(row % "month end of due") == []
    assert codes(row % "delivered") == []


def test_a_dated_rate_keeps_its_days_and_says_where_it_begins() -> None:
    head = "settings:\n  r:\n    - {%svalue: 0.05%% per day}\n    - {from: 2026-07-01, value: 0.04%% per day}\n"
    charge = "late_charge: {rate: settings.r, on: open principal, from: due + 1 day}\n"
    rates = program(head % "until: 2026-06-30, " + charge).charges[0].rates
    assert [(rate.since is None, rate.until is None) for rate in rates] == [(True, False), (False, True)]
    (found,) = told(head % "from: 2026-01-01, " + charge)
    assert "'settings.r' has no value before 2026-01-01, so a charge that begins on 2025-12-31 has no amount" in found


def test_a_dated_rate_that_is_no_rate_on_some_days_is_told_at_the_setting() -> None:
    head = "settings:\n  r:\n    - {until: 2026-06-30, value: 24% per year}\n    - {from: 2026-07-01, value: 0.04}\n"
    for more, wanted in (("", ["kind", "interest"]), (", cap: 24% per year, count_days: actual/365", ["kind"])):
        assert codes(head + RATE % ("settings.r", more)) == wanted


def test_fees_are_for_what_can_happen() -> None:
    step = "escalation:\n  s:\n    - {step: demand, at: due, do: send x by email}\n"
    fees = "fees:\n  - {fee: a, when: payment returned, amount: 25}\n  - {fee: b, when: demand sent, amount: 5}\n"
    assert program(step + fees).fees == (Fee("a", "payment returned", 2500), Fee("b", "demand sent", 500))
    assert codes(fees) == ["unknown-word"]
    assert codes(step + fees.replace("fee: b", "fee: a")) == ["duplicate-name"]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("{valid_for: 30 days, up_to: 110%}", []),
        ("{valid_for: 30 days}", ["missing-key"]),
        ("{up_to: 110%}", ["missing-key"]),
        ("{valid_for: 110%, up_to: 110%}", ["unit"]),
        ("{valid_for: 30 days, up_to: 99.99%}", ["range"]),
        ("{valid_for: 30 days, up_to: 5 days}", ["percent"]),
    ],
)
def test_a_release_has_an_end_and_a_size(row: str, wanted: list[str]) -> None:
    assert codes(f"release: {row}\n") == wanted


def test_a_release_is_kept_in_days_or_months() -> None:
    assert program("release: {valid_for: 2 months, up_to: 100%}\n").release == Release(0, 2, Fraction(1))
