"""A discount is fixed in advance and earned by all or nothing, by the days on which money came."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.allocation import Reduction
from credit.discounts import EarlyDiscount, Standing, discount_of, standing
from credit.money import Money
from credit.terms import parse_terms

INVOICED = date(2026, 11, 1)
UNTIL = date(2026, 11, 11)
EARLY = EarlyDiscount(UNTIL, 200)


def on(days: int, minor: int, kind: str = "payment") -> Reduction:
    """What a settlement took so many days after the last day of the discount; below zero is before it."""
    return Reduction(UNTIL + timedelta(days), minor, kind)


@pytest.mark.parametrize(
    ("terms", "minor", "until", "discount"),
    [
        ("2/10 net 30", 100_00, UNTIL, 2_00),
        ("2/10 net 30", 100_25, UNTIL, 2_00),  # 200.5 goes to the even
        ("2/10 net 30", 100_75, UNTIL, 2_02),  # 201.5 too
        ("2/10 net 30", 25, UNTIL, None),  # 0.5 goes to nothing
        ("2/10 net 30", 26, UNTIL, 1),
        ("99.99/0 net 30", 10, INVOICED, 9),  # something is always left to pay
        ("99.99/0 net 30", 1, INVOICED, None),
        ("2/10 net 30 end of month", 100_00, UNTIL, 2_00),
        ("net 30", 100_00, UNTIL, None),
        ("3 instalments every 30 days", 100_00, UNTIL, None),
        ("prepaid", 100_00, UNTIL, None),
    ],
)
def test_terms_fix_the_day_and_the_amount(terms: str, minor: int, until: date, discount: int | None) -> None:
    found = discount_of(parse_terms(terms), INVOICED, Money(minor, "CNY"))
    assert found == (None if discount is None else EarlyDiscount(until, discount))


def test_terms_from_delivery_count_from_it_and_need_it() -> None:
    terms, amount = parse_terms("2/10 net 30 from delivery"), Money(100_00, "CNY")
    assert discount_of(terms, INVOICED, amount, date(2026, 11, 5)) == EarlyDiscount(date(2026, 11, 15), 2_00)
    with pytest.raises(ValueError, match="delivery date"):
        discount_of(terms, INVOICED, amount)


@pytest.mark.parametrize(
    ("settled", "lacking", "worth"),
    [
        ((), 98_00, 2_00),
        ((on(0, 97_99),), 1, 2_00),
        ((on(0, 98_00),), 0, 2_00),
        ((on(1, 98_00),), 98_00, 2_00),  # a day late
        ((on(-9, 48_00), on(0, 50_00)), 0, 2_00),
        ((on(-9, 48_00), on(1, 50_00)), 50_00, 2_00),  # one part late: nothing is pro rata
        ((on(0, 98_00), on(0, -98_00)), 98_00, 2_00),  # it bounced
        ((on(-3, 10_00, "credit_note"),), 88_20, 1_80),
        ((on(-3, 10_00, "credit_note"), on(0, 88_20)), 0, 1_80),
        ((on(1, 10_00, "credit_note"), on(0, 88_20)), 9_80, 2_00),  # after the days of the discount
        ((on(-3, 25, "credit_note"),), 97_75, 2_00),  # 199.5 goes to the even
        ((on(-3, 100_00, "credit_note"),), 0, 0),
        ((on(-3, 99_99, "credit_note"),), 1, 0),
        ((on(-3, 10_00, "write_off"), on(0, 88_20)), 9_80, 2_00),  # nobody paid that
    ],
)
def test_it_is_earned_when_what_came_in_time_and_the_discount_reach_the_whole(
    settled: tuple[Reduction, ...], lacking: int, worth: int
) -> None:
    assert standing(100_00, EARLY, settled) == Standing(worth, lacking, 0)
    assert standing(100_00, EARLY, settled[::-1]) == Standing(worth, lacking, 0), "in whatever order they came in"


@pytest.mark.parametrize(
    ("found", "opened", "may_take", "earned"),
    [
        (Standing(2_00, 98_00, 0), 100_00, 2_00, 0),
        (Standing(2_00, 1, 0), 2_01, 2_00, 0),
        (Standing(2_00, 0, 0), 2_00, 2_00, 2_00),
        (Standing(2_00, 0, 2_00), 0, 0, 0),  # taken already
        (Standing(2_00, 0, 1_50), 2_00, 50, 50),
        (Standing(2_00, 0, 0), 1_00, 1_00, 1_00),  # a late part paid some of it
        (Standing(2_00, 98_00, 0), 90_00, 0, 0),  # all of it is needed
        (Standing(2_00, 98_00, 0), 99_00, 1_00, 0),
        (Standing(2_00, -5, 0), 10_00, 2_00, 2_00),
    ],
)
def test_no_more_is_taken_than_is_open_and_nothing_while_something_lacks(
    found: Standing, opened: int, may_take: int, earned: int
) -> None:
    assert (found.may_take(opened), found.earned(opened)) == (may_take, earned)


@given(
    minor=st.integers(2, 10**9), share=st.integers(1, 99),
    parts=st.lists(st.tuples(st.integers(1, 10**9), st.sampled_from(("payment", "credit_note", "write_off")),
                             st.integers(-3, 3)), max_size=3),
)  # fmt: skip
def test_what_lacks_and_the_discount_are_never_more_than_what_is_open(
    minor: int, share: int, parts: list[tuple[int, str, int]]
) -> None:
    early = EarlyDiscount(UNTIL, max(1, min(minor - 1, minor * share // 100)))
    settled, left = [], minor
    for wanted, kind, days in parts:
        settled.append(on(days, min(wanted, left), kind))
        left -= settled[-1].minor
    found = standing(minor, early, settled)
    assert all(standing(minor, early, one) == found for one in permutations(settled))
    taken = found.may_take(left)
    assert 0 <= taken <= min(found.worth, left)
    if taken and found.lacking > 0:
        after = standing(minor, early, [*settled, on(0, left - taken)])
        assert after.earned(taken) == taken, "what is left after the discount earns it"
        if left - taken > 1:
            short = standing(minor, early, [*settled, on(0, left - taken - 1)])
            assert short.earned(taken + 1) == 0, "a cent less earns nothing"
