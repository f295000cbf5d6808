"""Figures of a day use only what was known on that day, and reproduce the published answers of a real ledger."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.allocation import Reduction
from credit.money import Money
from credit.receivables import (
    BUCKETS,
    Ageing,
    Invoice,
    ReceivableFigures,
    ageing,
    bucket,
    days_sales_outstanding,
    receivable_figures,
)

LEDGER = Path(__file__).parents[2] / ".." / "shared" / "data" / "ibm_accounts_receivable.csv"
DUE = date(2026, 3, 1)


def dollars(text: str) -> Money:
    return Money.parse(text, "USD")


def an_invoice(amount: str = "100.00", invoiced: int = -30, settled: int | None = None, due: date = DUE) -> Invoice:
    """An invoice whose dates are days before or after its due date."""
    settled_on = None if settled is None else due + timedelta(days=settled)
    return Invoice("I-1", "C-1", dollars(amount), due + timedelta(days=invoiced), due, settled_on)


def test_an_invoice_is_open_from_its_date_until_the_day_before_settlement() -> None:
    invoice = an_invoice(settled=5)
    days = {offset: invoice.is_open(DUE + timedelta(days=offset)) for offset in (-31, -30, 4, 5)}
    assert days == {-31: False, -30: True, 4: True, 5: False}
    assert invoice.open_amount(DUE) == dollars("100.00")
    assert invoice.open_amount(DUE + timedelta(days=5)) == dollars("0.00")
    assert invoice.is_paid(DUE + timedelta(days=5))
    assert not invoice.is_paid(DUE + timedelta(days=4))


@pytest.mark.parametrize(("settled", "late"), [(-3, 0), (0, 0), (1, 1), (45, 45), (None, None)])
def test_days_late_count_from_the_due_date(settled: int | None, late: int | None) -> None:
    assert an_invoice(settled=settled).days_late == late


def test_nothing_is_overdue_on_the_due_date_or_once_it_is_settled() -> None:
    invoice = an_invoice(settled=5)
    assert [invoice.days_overdue(DUE + timedelta(days=day)) for day in (-1, 0, 1, 4, 5)] == [0, 0, 1, 4, 0]


def paid(days: int, minor: int, kind: str = "payment") -> Reduction:
    """What was taken so many days after DUE."""
    return Reduction(DUE + timedelta(days=days), minor, kind)


def test_what_was_paid_in_part_is_not_owed_from_its_day_on() -> None:
    invoice = replace(an_invoice(settled=9), reductions=(paid(1, 30_00), paid(4, -10_00), paid(9, 80_00)))
    owed = [invoice.open_amount(DUE + timedelta(days=day)).minor for day in (-31, 0, 1, 3, 4, 8, 9)]
    assert owed == [0, 100_00, 70_00, 70_00, 80_00, 80_00, 0]
    assert [invoice.days_overdue(DUE + timedelta(days=day)) for day in (0, 1, 8, 9)] == [0, 1, 8, 0]
    found = receivable_figures([invoice], DUE + timedelta(days=4), "USD")
    assert (found.open_amount, found.overdue_amount, found.paid_invoices) == (dollars("80.00"), dollars("80.00"), 0)
    assert found.average_invoice_amount == dollars("100.00")
    assert ageing([invoice], DUE + timedelta(days=4), "USD").days_1_30 == dollars("80.00")
    assert days_sales_outstanding([invoice], DUE + timedelta(days=4), "USD") == Fraction(80 * 90, 100)


@pytest.mark.parametrize(
    ("reductions", "settled", "paid_invoices", "late"),
    [
        ((paid(0, 100_00),), 0, 1, 0),
        ((paid(0, 100_00, "credit_note"),), 0, 0, 0),
        ((paid(5, 100_00, "credit_note"),), 5, 0, 0),
        ((paid(0, 99_99, "credit_note"), paid(0, 1)), 0, 1, 0),
        ((paid(-2, 100_00, "write_off"),), -2, 1, 1),
        ((paid(40, 100_00, "write_off"),), 40, 1, 40),
        ((paid(-2, 50_00, "write_off"), paid(-1, -50_00, "write_off"), paid(0, 100_00)), 0, 1, 0),
    ],
)
def test_a_record_counts_what_was_paid_and_a_write_off_as_late(
    reductions: tuple[Reduction, ...], settled: int, paid_invoices: int, late: int
) -> None:
    invoice = replace(an_invoice(settled=settled), reductions=reductions)
    found = receivable_figures([invoice], DUE + timedelta(days=50), "USD")
    assert (found.paid_invoices, found.days_late_total) == (paid_invoices, late)


def test_impossible_invoices_are_refused() -> None:
    with pytest.raises(ValueError, match="an invoice is above zero"):
        an_invoice("0.00")
    with pytest.raises(ValueError, match="mend one of the dates"):
        an_invoice(invoiced=1)


def test_figures_of_a_customer_on_a_day() -> None:
    invoices = [
        an_invoice("10.00", settled=0),  # in time
        an_invoice("20.00", settled=3),  # three days late
        an_invoice("40.00", settled=10),  # known to be unpaid on day 4
        an_invoice("80.01", due=DUE + timedelta(days=10)),  # open, not due
        an_invoice("160.00", invoiced=0, due=DUE + timedelta(days=5)),  # invoiced after day 4: does not exist yet
    ]
    assert receivable_figures(invoices, DUE + timedelta(days=4), "USD") == ReceivableFigures(
        open_amount=dollars("120.01"),
        overdue_amount=dollars("40.00"),
        oldest_overdue_days=4,
        paid_invoices=2,
        late_invoices=1,
        days_late_total=3,
        invoice_count=4,
        average_invoice_amount=dollars("37.50"),  # 37.5025
    )


def test_a_part_of_a_day_late_never_helps() -> None:
    figures = receivable_figures([an_invoice(settled=0), an_invoice(settled=3)], date(2027, 1, 1), "USD")
    assert figures.average_days_late == 2
    assert figures.late_share == Fraction(1, 2)
    in_time = receivable_figures([an_invoice(settled=0)], date(2027, 1, 1), "USD")
    assert (in_time.average_days_late, in_time.late_share) == (0, 0)


def test_without_a_payment_there_is_no_average() -> None:
    nothing = receivable_figures([], DUE, "USD")
    assert nothing == ReceivableFigures(dollars("0"), dollars("0"), 0, 0, 0, 0, 0, None)
    unpaid = receivable_figures([an_invoice()], DUE, "USD")
    assert (unpaid.average_days_late, unpaid.late_share) == (None, None)


def test_the_average_invoice_is_rounded_half_even() -> None:
    figures = receivable_figures([an_invoice("0.01"), an_invoice("0.02"), an_invoice("0.02")], DUE, "USD")
    assert figures.average_invoice_amount == dollars("0.02")
    halves = receivable_figures([an_invoice("0.02"), an_invoice("0.03")], DUE, "USD")
    assert halves.average_invoice_amount == dollars("0.02")


def test_an_invoice_in_another_currency_is_refused() -> None:
    foreign = Invoice("I-2", "C-1", Money(100, "EUR"), DUE, DUE)
    for figure in (receivable_figures, ageing, days_sales_outstanding):
        with pytest.raises(ValueError, match="do not mix"):
            figure([foreign], DUE, "USD")  # type: ignore[operator]


def test_buckets_end_on_their_last_day() -> None:
    days = (0, 1, 30, 31, 60, 61, 90, 91, 5000)
    assert [BUCKETS.index(bucket(number)) for number in days] == [0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_ageing_puts_every_open_invoice_in_one_bucket() -> None:
    invoices = [an_invoice(f"{2**place}.00") for place in range(1)]
    invoices += [an_invoice("1.00", due=DUE - timedelta(days=late)) for late in (1, 31, 61, 91, 365)]
    found = ageing(invoices, DUE, "USD")
    one = dollars("1.00")
    assert found == Ageing(one, one, one, one, dollars("2.00"), 6)
    assert found.total == dollars("6.00")


def test_no_sales_give_no_days_of_sales() -> None:
    assert days_sales_outstanding([an_invoice()], DUE + timedelta(days=60), "USD") is None
    assert days_sales_outstanding([an_invoice()], DUE + timedelta(days=59), "USD") == 90


@cache
def the_ledger() -> tuple[tuple[Invoice, int], ...]:
    """Every invoice of the real ledger with the days late that it states."""

    def day(text: str) -> date:
        return datetime.strptime(text, "%m/%d/%Y").date()

    with LEDGER.open(encoding="utf-8") as file:
        return tuple(
            (
                Invoice(row["invoiceNumber"], row["customerID"], dollars(row["InvoiceAmount"]), day(row["InvoiceDate"]),
                        day(row["DueDate"]), day(row["SettledDate"]), row["Disputed"] == "Yes"),
                int(row["DaysLate"]),
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


needs_ledger = pytest.mark.skipif(not LEDGER.exists(), reason="../shared/data/ibm_accounts_receivable.csv is absent")


@needs_ledger
def test_days_late_of_the_real_ledger_are_reproduced_on_every_row() -> None:
    assert len(the_ledger()) == 2466
    assert [invoice.days_late for invoice, _ in the_ledger()] == [stated for _, stated in the_ledger()]


@needs_ledger
@pytest.mark.parametrize(
    ("as_of", "count", "not_due", "overdue", "dso"),
    [
        (date(2012, 12, 31), 99, "4936.32", "788.74", "26.841"),
        (date(2013, 6, 30), 84, "4284.29", "835.56", "23.151"),
    ],
)
def test_ageing_of_the_real_ledger(as_of: date, count: int, not_due: str, overdue: str, dso: str) -> None:
    invoices = [invoice for invoice, _ in the_ledger()]
    nothing = dollars("0.00")
    found = ageing(invoices, as_of, "USD")
    assert found == Ageing(dollars(not_due), dollars(overdue), nothing, nothing, nothing, count)
    assert round((days_sales_outstanding(invoices, as_of, "USD") or Fraction(0)) * 1000) == Fraction(dso) * 1000


@needs_ledger
def test_lateness_of_the_whole_real_ledger() -> None:
    invoices = [invoice for invoice, _ in the_ledger()]
    figures = receivable_figures(invoices, date(2014, 12, 31), "USD")
    assert figures.paid_invoices == figures.invoice_count == 2466
    assert round((figures.late_share or Fraction(0)) * 10_000) == 3556
    assert round(Fraction(figures.days_late_total, figures.paid_invoices), 2) == Fraction("3.44")
    assert figures.average_days_late == 4
    assert figures.open_amount == dollars("0.00")


invoices = st.builds(
    an_invoice,
    st.integers(1, 10**8).map(lambda minor: str(Money(minor, "USD"))),
    st.integers(-90, 0),
    st.none() | st.integers(-90, 200),
    st.dates(date(2025, 9, 1), date(2026, 9, 1)),
)


@given(st.lists(invoices, max_size=8), st.dates(date(2025, 6, 1), date(2027, 6, 1)))
def test_figures_and_ageing_tell_one_story(ledger: list[Invoice], as_of: date) -> None:
    figures, aged = receivable_figures(ledger, as_of, "USD"), ageing(ledger, as_of, "USD")
    assert aged.total == figures.open_amount
    assert aged.total - aged.not_due == figures.overdue_amount
    assert figures.paid_invoices + aged.open_invoices == figures.invoice_count
    assert (figures.oldest_overdue_days > 0) == (figures.overdue_amount > dollars("0"))


def test_an_invoice_in_instalments_is_one_invoice_and_each_instalment_is_paid_by_itself() -> None:
    parts = [replace(an_invoice("30.00", settled=settled), invoice_id=f"I-1 ({place} of 2)", whole_id="I-1")
             for place, settled in ((1, 3), (2, None))]  # fmt: skip
    found = receivable_figures([*parts, replace(an_invoice("40.00"), invoice_id="I-2")], DUE + timedelta(days=5), "USD")
    assert (found.invoice_count, found.average_invoice_amount) == (2, dollars("50.00"))
    assert (found.paid_invoices, found.late_invoices, found.overdue_amount) == (1, 1, dollars("70.00"))
    apart = receivable_figures([replace(one, whole_id=None) for one in parts], DUE, "USD")
    assert apart.invoice_count == 2, "without their whole they are two"
