"""What is to be billed of charges: once for each day, never below zero, and what was too much by its own name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from credit.allocation import Reduction
from credit.charge_items import LONGEST_NUMBER, ChargeState, charge_number, charges_by_invoice
from credit.money import Money
from credit.receivables import Invoice, ageing, days_sales_outstanding, receivable_figures

DUE, DAY = date(2026, 3, 1), date(2026, 3, 31)


def an_invoice(name: str = "I-1", minor: int = 1_000, due: date = DUE) -> Invoice:
    """An invoice that was dated a month before it was due."""
    return Invoice(name, "C-1", Money(minor, "CNY"), due - timedelta(30), due)


def a_charge(minor: int, until: date = DAY) -> Invoice:
    """A charge of I-1, overdue since the last of the month."""
    one = Invoice(charge_number("I-1", until), "C-1", Money(minor, "CNY"), until, until)
    return replace(one, charge_of="I-1", charged_until=until)


@pytest.mark.parametrize(("accrued", "items", "left"), [
    (70, (), 70), (0, (), 0), (None, (), None), (None, (a_charge(50),), None),
    (70, (a_charge(50, DAY - timedelta(1)),), 20), (70, (a_charge(50),), 0), (40, (a_charge(50),), -10),
    (40, (a_charge(50, DAY - timedelta(9)),), -10),
    (10, (a_charge(50, DAY + timedelta(1)),), 0), (70, (a_charge(30, DAY - timedelta(9)), a_charge(40)), 0),
])  # fmt: skip
def test_what_is_to_be_billed(accrued: int | None, items: tuple[Invoice, ...], left: int | None) -> None:
    assert ChargeState(an_invoice(), accrued, items).unbilled(DAY) == left


@pytest.mark.parametrize(("accrued", "then", "credited", "left"), [
    (40, 40, 10, 0), (60, 40, 10, 20),  # what was too much is given back, and what comes later is billed in full
    (60, 40, 0, 10), (40, 40, 4, -6),  # not given back, or in part: set against what comes later
    (60, 50, 50, 10), (50, 50, 50, 0),  # a waiver is final
    (60, 40, 50, 20),  # ten of it were too much, and forty a waiver
    (60, None, 10, 10),  # nobody can tell what was too much
])  # fmt: skip
def test_what_was_too_much_is_given_back_and_all_else_is_a_waiver(
    accrued: int, then: int | None, credited: int, left: int
) -> None:
    items = (a_charge(50, DAY - timedelta(9)),)
    assert ChargeState(an_invoice(), accrued, items, then, credited).unbilled(DAY) == left


def test_what_was_written_off_stays_billed() -> None:
    lost = replace(a_charge(50), reductions=(Reduction(DAY, 50, "write_off"),))
    assert ChargeState(an_invoice(), 50, (lost,)).billed == 50


def test_items_stand_under_the_invoice_that_bore_them_by_their_days() -> None:
    later, first = a_charge(20), a_charge(10, DAY - timedelta(9))
    assert charges_by_invoice([later, an_invoice(), first]) == {"I-1": (first, later)}


def test_a_number_reads_like_its_invoice_and_no_two_are_alike() -> None:
    assert charge_number("INV-7", DAY) == "INV-7-charge-2026-03-31"
    long = [charge_number("I" * 50 + end, DAY) for end in ("a", "b")]
    assert {len(one) for one in long} == {LONGEST_NUMBER} and long[0] != long[1]
    assert all(one.startswith("I" * 37 + "~") and one.endswith("-charge-2026-03-31") for one in long)
    room = LONGEST_NUMBER - len("-charge-2026-03-31")
    assert charge_number("I" * room, DAY) == "I" * room + "-charge-2026-03-31", "what fits is not cut"


def test_a_charge_is_owed_and_overdue_and_counts_in_nothing_that_says_how_a_customer_buys_and_pays() -> None:
    as_of = DAY + timedelta(5)
    sale, charge = an_invoice(), a_charge(70)
    alone, both = (receivable_figures(given, as_of, "CNY") for given in ([sale], [sale, charge]))
    assert (both.open_amount.minor, both.overdue_amount.minor) == (1_070, 1_070)
    paid = replace(charge, settled_on=as_of)
    with_paid = receivable_figures([sale, paid], as_of, "CNY")
    for one in (both, with_paid):
        assert (one.invoice_count, one.average_invoice_amount, one.paid_invoices, one.days_late_total) == (
            alone.invoice_count, alone.average_invoice_amount, 0, 0)  # fmt: skip
    assert receivable_figures([charge], as_of, "CNY").average_invoice_amount is None
    aged = ageing([sale, charge], as_of, "CNY")
    assert (aged.days_1_30.minor, aged.days_31_60.minor, aged.open_invoices) == (70, 1_000, 2)
    first, second = (days_sales_outstanding(given, as_of, "CNY") for given in ([sale], [sale, charge]))
    assert first == 90 and second == Fraction(90 * 1_070, 1_000)
