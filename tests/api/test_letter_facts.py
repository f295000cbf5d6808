"""What a letter tells of late charges: those of the policy up to its day, missing where a date or a rate is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from api.letter_facts import item_of, late_charges, with_discount
from credit.allocation import Reduction
from credit.money import Money
from credit.receivables import Invoice
from policy.load import load_policy
from policy.program import Program
from rules.facts import trade_vocabulary
from storage.invoice_rows import Invoice as Stored
from tests.api.operations.test_escalate import HEAD, LIMITS, ROLES

DUE = date(2026, 2, 1)
UNTIL = date(2026, 1, 12)
RATE = "{rate: 0.05% per day, on: open principal, from: due + 1 day}"
DATED = "{rate: settings.late_rate, on: open principal, from: due + 1 day}"
SETTINGS = "settings:\n  late_rate:\n    - {from: 2026-02-05, value: 0.05% per day}\n"
FIXED = "{amount: 25, at: due + 1 day}"
DELIVERED = "{rate: 0.05% per day, on: open principal, from: delivered + 30 days}"


def a_program(charge: str = "", settings: str = "") -> Program:
    """A policy with this late charge."""
    more = f"late_charge: {charge}\n" if charge else ""
    loaded = load_policy("".join((HEAD, ROLES, LIMITS, settings, more)).encode(), "p.yaml", trade_vocabulary())
    assert loaded.program is not None, [str(one) for one in loaded.problems]
    return loaded.program


def an_invoice(currency: str = "CNY") -> Invoice:
    """1,000.00, due on DUE."""
    return Invoice("I-1", "C-1", Money(1_000_00, currency), DUE - timedelta(30), DUE)


@pytest.mark.parametrize(("days", "minor"), [(-1, 0), (0, 0), (1, 50), (2, 100), (10, 500)])
def test_charges_are_those_of_the_policy_up_to_the_day(days: int, minor: int) -> None:
    assert late_charges(a_program(RATE), an_invoice(), DUE + timedelta(days)) == Money(minor, "CNY")


def test_a_policy_that_charges_nothing_charges_zero() -> None:
    assert late_charges(a_program(), an_invoice(), DUE + timedelta(100)) == Money(0, "CNY")


def test_what_was_paid_in_part_carries_charges_up_to_its_day_and_the_rest_goes_on() -> None:
    paid = replace(an_invoice(), reductions=(Reduction(DUE + timedelta(4), 600_00),))
    # four days of 1,000.00 and six of 400.00 at 0.05 % a day
    assert late_charges(a_program(RATE), paid, DUE + timedelta(10)) == Money(200 + 120, "CNY")
    assert late_charges(a_program(RATE), paid, DUE + timedelta(3)) == Money(150, "CNY")


def test_charges_add_up() -> None:
    assert late_charges(a_program(f"[{RATE}, {FIXED}]"), an_invoice(), DUE + timedelta(2)) == Money(2_600, "CNY")


def test_without_a_rate_a_date_or_its_currency_a_charge_is_missing_and_not_zero() -> None:
    later = DUE + timedelta(10)
    assert late_charges(a_program(DATED, SETTINGS), an_invoice(), later) is None  # no rate before the 5th
    assert late_charges(a_program(DELIVERED), an_invoice(), later) is None
    assert late_charges(a_program(FIXED), an_invoice("USD"), later) is None
    assert late_charges(a_program(RATE), an_invoice("USD"), later) == Money(500, "USD")  # a share has no currency


@pytest.mark.parametrize(
    ("currency", "on", "paid", "told"),
    [
        ("CNY", UNTIL, 0, 20_00),
        ("CNY", UNTIL + timedelta(1), 0, None),
        ("CNY", UNTIL, 980_00, 20_00),  # the rest was paid in time: the discount is what is open
        ("CNY", UNTIL, 990_00, 10_00),
        ("USD", UNTIL, 0, None),  # what it counts as in the account's currency is another day's rate
    ],
)
def test_a_discount_is_told_up_to_its_last_day(currency: str, on: date, paid: int, told: int | None) -> None:
    parts = (Reduction(UNTIL, paid, "payment"),) if paid else ()
    stored = Stored("C-1", "I-1", 1_000_00, currency, DUE - timedelta(30), DUE, discount_until=UNTIL, discount=20_00)
    one = replace(an_invoice(), reductions=parts)
    item = with_discount(item_of(a_program(), one, on), one, stored, on)
    assert item.discount == (None if told is None else Money(told, "CNY"))
    assert item.discount_until == (None if told is None else UNTIL)


@pytest.mark.parametrize(("billed", "told"), [(0, 500), (300, 200), (500, 0), (600, 0)])
def test_what_was_billed_is_not_told_a_second_time(billed: int, told: int) -> None:
    item = item_of(a_program(RATE), an_invoice(), DUE + timedelta(10), billed)
    assert item.charges == Money(told, "CNY")


def test_a_charge_that_is_told_in_a_letter_bears_none() -> None:
    charge = replace(an_invoice(), charge_of="I-0", charged_until=DUE)
    assert item_of(a_program(f"[{RATE}, {FIXED}]"), charge, DUE + timedelta(10)).charges == Money(0, "CNY")
