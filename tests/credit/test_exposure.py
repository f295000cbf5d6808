"""Limits keep none, zero and unlimited apart; exposure adds up; a held amount ends once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.exposure import (
    Exposure,
    Limit,
    ReservationState,
    effective_limit,
    headroom,
    stricter,
    unsecured_amount,
)
from credit.money import Money
from credit.security import SecurityInPlace

NONE, UNLIMITED = Limit.none(), Limit.unlimited()


def yuan(whole: int) -> Money:
    return Money(whole * 100, "CNY")


def a_limit(whole: int) -> Limit:
    return Limit.of(yuan(whole))


limits = st.one_of(st.just(NONE), st.just(UNLIMITED), st.integers(0, 10**6).map(a_limit))


def test_exposure_adds_what_is_owed_and_takes_off_what_was_paid() -> None:
    exposure = Exposure(yuan(1), yuan(20), yuan(300), yuan(4000), yuan(50_000), yuan(7), yuan(600))
    assert exposure.total == yuan(1 + 20 + 300 + 4000 + 50_000 - 7 - 600)
    assert Exposure.of("CNY").total == yuan(0)
    assert Exposure.of("CNY", ar_open=yuan(5), credits=yuan(8)).total == yuan(-3)


def test_a_part_below_zero_or_in_another_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="below zero"):
        Exposure.of("CNY", reserved=yuan(-1))
    with pytest.raises(ValueError, match="below zero"):
        Exposure.of("CNY", credits=yuan(-1))
    with pytest.raises(ValueError, match="do not mix"):
        Exposure.of("CNY", credits=Money(1, "USD"))


@pytest.mark.parametrize(
    ("own", "group", "effective"),
    [
        pytest.param(a_limit(10_000), a_limit(15_000), a_limit(10_000), id="own 10,000 in a group of 15,000"),
        pytest.param(a_limit(20_000), a_limit(15_000), a_limit(15_000), id="own 20,000 in a group of 15,000"),
        pytest.param(a_limit(0), a_limit(15_000), a_limit(0), id="mandatory zero"),
        pytest.param(UNLIMITED, a_limit(15_000), UNLIMITED, id="unlimited even in a group"),
        pytest.param(NONE, a_limit(15_000), a_limit(15_000), id="none takes the group's"),
        pytest.param(a_limit(10_000), NONE, a_limit(10_000), id="a group without a limit"),
        pytest.param(a_limit(10_000), a_limit(0), a_limit(0), id="a group with a limit of zero"),
        pytest.param(a_limit(10_000), UNLIMITED, a_limit(10_000), id="an unlimited group"),
        pytest.param(NONE, NONE, NONE, id="nobody granted one"),
        pytest.param(NONE, UNLIMITED, UNLIMITED, id="none in an unlimited group"),
    ],
)
def test_the_effective_limit_follows_the_published_cases(own: Limit, group: Limit, effective: Limit) -> None:
    assert effective_limit(own, group) == effective


def test_the_stricter_limit_ignores_none_only() -> None:
    assert stricter(NONE, UNLIMITED, a_limit(7), a_limit(3)) == a_limit(3)
    assert stricter(a_limit(7), a_limit(0), NONE) == a_limit(0)
    assert stricter(UNLIMITED, NONE) == UNLIMITED
    assert stricter(NONE, NONE) == stricter() == NONE


@pytest.mark.parametrize(
    ("text", "limit", "state"),
    [("none", NONE, "none"), ("unlimited", UNLIMITED, "unlimited"), ("0.00", a_limit(0), "zero"),
     ("500000.00", a_limit(500_000), "amount")],
)  # fmt: skip
def test_a_limit_has_four_states_and_one_text_each(text: str, limit: Limit, state: str) -> None:
    assert Limit.parse(text, "CNY") == limit
    assert str(limit) == text
    assert limit.state == state
    assert (limit.is_none, limit.is_unlimited) == (state == "none", state == "unlimited")


@pytest.mark.parametrize("text", ["", "None", "null", "-1", "1e6", "500,000", "infinite", "zero"])
def test_other_texts_are_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        Limit.parse(text, "CNY")


def test_a_limit_is_never_below_zero() -> None:
    with pytest.raises(ValueError, match="write 0 or more, 'none' or 'unlimited'"):
        Limit.of(yuan(-1))


def test_a_limit_cannot_say_two_things() -> None:
    for state, money in (("none", yuan(1)), ("zero", yuan(1)), ("amount", yuan(0)), ("amount", None)):
        with pytest.raises(AssertionError):
            Limit(state, money)


def test_headroom_is_what_is_left_and_shows_an_excess() -> None:
    assert headroom(a_limit(500), yuan(430)) == yuan(70)
    assert headroom(a_limit(500), yuan(510)) == yuan(-10)
    assert headroom(a_limit(0), yuan(10)) == yuan(-10)
    assert headroom(NONE, yuan(10)) == yuan(-10)
    assert headroom(UNLIMITED, yuan(10)) == UNLIMITED


def test_only_what_is_neither_prepaid_nor_secured_is_new_risk() -> None:
    letter = SecurityInPlace("letter_of_credit", yuan(30))
    guarantee = SecurityInPlace("bank_guarantee", yuan(15))
    assert unsecured_amount(yuan(100), yuan(0), ()) == yuan(100)
    assert unsecured_amount(yuan(100), yuan(20), (letter, guarantee)) == yuan(35)
    assert unsecured_amount(yuan(100), yuan(90), [letter]) == yuan(0)
    assert unsecured_amount(yuan(100), yuan(120), []) == yuan(0)


@pytest.mark.parametrize("end", [state for state in ReservationState if state is not ReservationState.HELD])
def test_a_held_amount_ends_once_and_for_good(end: ReservationState) -> None:
    assert ReservationState.HELD.moved(end) is end
    for after in ReservationState:
        with pytest.raises(ValueError, match=f"that is '{end}' cannot become '{after}'"):
            end.moved(after)


def test_holding_what_is_held_is_no_change() -> None:
    with pytest.raises(ValueError, match="'held' cannot become 'held'"):
        ReservationState.HELD.moved(ReservationState.HELD)


@given(limits)
def test_a_limit_written_and_read_again_is_the_same(limit: Limit) -> None:
    assert Limit.parse(str(limit), "CNY") == limit


@given(limits, limits, limits)
def test_the_stricter_limit_depends_on_no_order(first: Limit, second: Limit, third: Limit) -> None:
    assert stricter(first, stricter(second, third)) == stricter(third, first, second)


@given(limits.filter(lambda limit: limit.money is not None), limits)
def test_no_group_raises_a_members_own_limit(own: Limit, group: Limit) -> None:
    effective = effective_limit(own, group)
    assert effective.money is not None
    assert own.money is not None
    assert effective.money <= own.money


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.lists(st.integers(0, 10**9), max_size=3))
def test_new_risk_lies_between_nothing_and_the_order(amount: int, prepaid: int, covered: list[int]) -> None:
    in_place = [SecurityInPlace("bank_guarantee", Money(minor, "CNY")) for minor in covered]
    risk = unsecured_amount(Money(amount, "CNY"), Money(prepaid, "CNY"), in_place)
    assert risk.minor == max(0, amount - prepaid - sum(covered))
    assert Money(0, "CNY") <= risk <= Money(amount, "CNY")
