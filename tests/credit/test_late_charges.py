"""Interest and fixed amounts to the day, worked out by hand and compared with a sum day by day."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.late_charges import (
    DatedRate,
    FixedCharge,
    FixedRule,
    InterestRule,
    Payment,
    counted_days,
    fixed_charges,
    interest,
    rate_per_day,
    settle_oldest_first,
)

DUE = date(2026, 6, 15)
FIRST = DUE + timedelta(1)
PER_DAY = DatedRate(Fraction(5, 10_000), "day")
RULE = InterestRule((PER_DAY,))
MONTHLY = DatedRate(Fraction(15, 1000), "month")


def after(days: int) -> date:
    return DUE + timedelta(days)


def charged(rule: InterestRule, as_of: date, *payments: Payment, principal: int = 1_000_000) -> int | None:
    return interest(rule, principal, FIRST, payments, as_of).minor


def test_one_day_late_costs_one_day_and_the_due_date_none() -> None:
    assert [charged(RULE, after(days)) for days in (0, 1, 10)] == [0, 500, 5000]


def test_the_day_of_payment_is_counted_and_interest_is_not_lost_once_all_is_paid() -> None:
    paid = Payment(after(10), 1_000_000)
    assert charged(RULE, after(10), paid) == charged(RULE, after(400), paid) == 5000


def test_paid_within_grace_costs_nothing_and_a_day_later_all_days_count() -> None:
    rule = InterestRule((PER_DAY,), grace_days=3)
    assert charged(rule, after(60), Payment(after(3), 1_000_000)) == 0
    assert charged(rule, after(60), Payment(after(4), 1_000_000)) == 2000
    assert [charged(rule, after(days)) for days in (3, 4)] == [0, 2000]


def test_a_part_paid_within_grace_costs_nothing_and_the_rest_is_counted_from_the_first_day() -> None:
    rule = InterestRule((PER_DAY,), grace_days=3)
    assert charged(rule, after(10), Payment(after(2), 400_000)) == 600_000 * 10 * 5 // 10_000


def test_payments_in_part_split_the_periods() -> None:
    found = interest(RULE, 1_000_000, FIRST, [Payment(after(20), 300_000), Payment(after(10), 400_000)], after(30))
    shown = [(one.first, one.last, one.principal) for one in found.periods]
    assert shown == [(after(1), after(10), 1_000_000), (after(11), after(20), 600_000), (after(21), after(30), 300_000)]
    assert found.minor == 5000 + 3000 + 1500


def test_a_rate_that_changes_on_1_july_splits_the_month() -> None:
    dated = InterestRule((
        DatedRate(Fraction(5, 10_000), "day", date(2026, 1, 1), date(2026, 6, 30)),
        DatedRate(Fraction(4, 10_000), "day", date(2026, 7, 1)),
    ))  # fmt: skip
    found = interest(dated, 1_000_000, FIRST, [], date(2026, 7, 15))
    assert [(one.last, one.days) for one in found.periods] == [(date(2026, 6, 30), 15), (date(2026, 7, 15), 15)]
    assert found.minor == 15 * 500 + 15 * 400


def test_a_day_without_a_rate_gives_no_amount_and_says_which_day() -> None:
    dated = InterestRule((DatedRate(Fraction(5, 10_000), "day", date(2026, 7, 1)),))
    found = interest(dated, 1_000_000, FIRST, [], date(2026, 7, 15))
    assert (found.minor, found.unrated) == (None, FIRST)


def test_a_month_by_30_360_is_exactly_a_months_rate_whatever_its_length() -> None:
    for day in (date(2026, 1, 31), date(2026, 2, 28), date(2024, 2, 29), date(2026, 4, 30)):
        start = day.replace(day=1)
        found = interest(InterestRule((MONTHLY,), "30/360"), 1_000_000, start, [], day + timedelta(1))
        assert counted_days(start, day + timedelta(1), "30/360") == 31
        assert found.minor == 15_500


def test_the_two_ways_of_counting_differ_as_the_message_says() -> None:
    assert rate_per_day(MONTHLY, "30/360") == Fraction(5, 10_000)
    assert rate_per_day(MONTHLY, "actual/365") == Fraction(18, 36_500)
    assert rate_per_day(DatedRate(Fraction(36, 100), "year"), "30/360") == Fraction(1, 1000)


def test_the_cap_bounds_the_rate_of_a_year() -> None:
    rule = InterestRule((PER_DAY,), "actual/365", cap=Fraction(1825, 10_000) / 2)
    assert charged(rule, after(10)) == 2500
    loose = InterestRule((PER_DAY,), "actual/365", cap=Fraction(24, 100))
    assert charged(loose, after(10)) == 5000


def test_rounding_is_half_to_even_and_once() -> None:
    assert [charged(RULE, after(1), principal=principal) for principal in (1000, 3000, 5000)] == [0, 2, 2]
    assert charged(RULE, after(2), principal=1000) == 1
    split = interest(RULE, 1999, FIRST, [Payment(after(1), 999)], after(2))
    assert sum(one.interest for one in split.periods) == Fraction(1999 * 5 + 1000 * 5, 10_000)
    assert split.minor == 1


def test_interest_is_simple_unless_it_is_compounded_monthly() -> None:
    start = date(2026, 1, 1)
    simple = InterestRule((DatedRate(Fraction(1, 100), "month"),), "30/360")
    monthly = InterestRule(simple.rates, "30/360", compound_monthly=True)
    last = date(2026, 3, 31) - timedelta(1)
    assert interest(simple, 1_000_000, start, [], last).minor == 30_000
    assert interest(monthly, 1_000_000, start, [], last).minor == round(1_000_000 * (Fraction(101, 100) ** 3 - 1))


def test_a_fixed_amount_comes_again_while_anything_is_open() -> None:
    rule = FixedRule(share=Fraction(15, 1000), every_days=30)
    found = fixed_charges(rule, 1_000_000, after(30), [Payment(after(40), 500_000)], after(95))
    assert found == (FixedCharge(after(30), 15_000), FixedCharge(after(60), 7500), FixedCharge(after(90), 7500))
    paid = [Payment(after(60), 1_000_000)]
    assert [one.on for one in fixed_charges(rule, 1_000_000, after(30), paid, after(300))] == [after(30), after(60)]


def test_a_fixed_amount_by_months_clips_from_its_first_day() -> None:
    rule = FixedRule(minor=2500, every_months=1)
    found = fixed_charges(rule, 1, date(2026, 1, 31), [], date(2026, 4, 30))
    assert [one.on for one in found] == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_a_fixed_amount_without_repetition_comes_once_and_not_within_grace() -> None:
    rule = FixedRule(minor=2500, grace_days=5)
    assert fixed_charges(rule, 1, FIRST, [Payment(after(5), 1)], after(90)) == ()
    assert fixed_charges(rule, 1, FIRST, [], after(5)) == ()
    assert fixed_charges(rule, 1, FIRST, [Payment(after(6), 1)], after(90)) == (FixedCharge(FIRST, 2500),)


def test_payments_go_to_the_oldest_instalment_first() -> None:
    parts = settle_oldest_first((100, 200), [Payment(after(9), 500), Payment(after(1), 150)])
    assert parts == ((Payment(after(1), 100),), (Payment(after(1), 50), Payment(after(9), 150)))


@given(
    st.integers(0, 400), st.integers(0, 400), st.sampled_from(["actual/365", "30/360"]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)  # fmt: skip
def test_counted_days_add_up_over_any_split(one: int, two: int, count_days: str, start: date) -> None:
    middle, last = start + timedelta(one), start + timedelta(one + two + 1)
    whole = counted_days(start, last, count_days)
    parts = counted_days(start, middle, count_days) + counted_days(middle + timedelta(1), last, count_days)
    assert parts == whole


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 300_000)), max_size=5), st.integers(0, 20))
def test_the_sum_by_periods_is_the_sum_day_by_day(paid: list[tuple[int, int]], grace: int) -> None:
    payments = [Payment(after(days), minor) for days, minor in paid]
    found = interest(InterestRule((PER_DAY,), grace_days=grace), 500_000, FIRST, payments, after(61))
    by_day = Fraction(0)
    for day in range(1, 62):
        settled = sum(minor for days, minor in paid if days < day or days <= grace)
        by_day += max(0, 500_000 - settled) * PER_DAY.rate
    assert sum((one.interest for one in found.periods), Fraction(0)) == by_day


@pytest.mark.parametrize("days", [0, 3])
def test_nothing_is_charged_before_the_first_day(days: int) -> None:
    assert interest(RULE, 100, FIRST, [], DUE - timedelta(days)).periods == ()
