"""Rates are exact, say one direction, and round once to the minor units of the other currency."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.currencies import MINOR_DIGITS
from credit.money import Money, minor_digits
from credit.rates import ExchangeRate

pairs = st.lists(st.sampled_from(sorted(MINOR_DIGITS)), min_size=2, max_size=2, unique=True)
figures = pairs, st.integers(1, 10**9), st.integers(0, 12), st.sampled_from([1, 100, 1000])
exchange_rates = st.builds(lambda pair, digits, scale, per: ExchangeRate(*pair, digits, scale, per), *figures)


@pytest.mark.parametrize(
    ("rate", "sent", "comes_to"),
    [
        (("7.1234", "USD", "CNY", 1), ("1000.00", "USD"), ("7123.40", "CNY")),
        (("4.8512", "JPY", "CNY", 100), ("120000", "JPY"), ("5821.44", "CNY")),
        (("20.6137", "CNY", "JPY", 1), ("100.00", "CNY"), ("2061", "JPY")),
        (("23.2", "KWD", "CNY", 1), ("1.234", "KWD"), ("28.63", "CNY")),
        (("0.043", "CNY", "KWD", 1), ("0.50", "CNY"), ("0.022", "KWD")),  # 0.0215: half to even
        (("0.043", "CNY", "KWD", 1), ("1.50", "CNY"), ("0.064", "KWD")),  # 0.0645: half to even
        (("0.5", "USD", "CNY", 1), ("0.01", "USD"), ("0.00", "CNY")),
    ],
)  # fmt: skip
def test_money_is_converted_once_and_half_even(
    rate: tuple[str, str, str, int], sent: tuple[str, str], comes_to: tuple[str, str]
) -> None:
    value, from_currency, to_currency, per = rate
    known = ExchangeRate.parse(value, from_currency, to_currency, per)
    assert known.convert(Money.parse(*sent)) == Money.parse(*comes_to)


@given(exchange_rates, st.integers(-(10**6), 10**6))
def test_what_comes_out_is_within_half_a_unit_of_the_exact_amount(rate: ExchangeRate, minor: int) -> None:
    money = Money(minor, rate.from_currency)
    value = Fraction(rate.digits, 10**rate.scale) / rate.per
    exact = Fraction(minor, 10 ** minor_digits(rate.from_currency)) * value * 10 ** minor_digits(rate.to_currency)
    if abs(exact) < 10**15:
        assert abs(rate.convert(money).minor - exact) <= Fraction(1, 2)


@given(exchange_rates, st.lists(st.integers(0, 10**5), min_size=1, max_size=6))
def test_parts_counted_up_to_each_come_to_the_whole(rate: ExchangeRate, parts: list[int]) -> None:
    whole = rate.convert(Money(sum(parts), rate.from_currency)).minor
    ends = [sum(parts[:place]) for place in range(len(parts) + 1)]
    counted = [rate.convert(Money(end, rate.from_currency)).minor for end in ends]
    steps = [later - before for before, later in zip(counted, counted[1:], strict=False)]
    assert sum(steps) == whole
    assert min(steps) >= 0


@given(exchange_rates)
def test_a_rate_is_read_again_as_it_is_written(rate: ExchangeRate) -> None:
    again = ExchangeRate.parse(rate.value, rate.from_currency, rate.to_currency, rate.per) if (
        len(rate.value.replace(".", "")) <= 15) else rate  # fmt: skip
    assert Fraction(again.digits, 10**again.scale) == Fraction(rate.digits, 10**rate.scale)


@pytest.mark.parametrize(
    ("value", "pair", "per", "told"),
    [
        ("7,1234", ("USD", "CNY"), 1, "is not a rate"), ("-7.1", ("USD", "CNY"), 1, "is not a rate"),
        ("7e1", ("USD", "CNY"), 1, "is not a rate"), ("٧", ("USD", "CNY"), 1, "is not a rate"),
        ("7.", ("USD", "CNY"), 1, "is not a rate"), ("NaN", ("USD", "CNY"), 1, "is not a rate"),
        ("0", ("USD", "CNY"), 1, "above zero"), ("0.000", ("USD", "CNY"), 1, "above zero"),
        ("1." + "1" * 13, ("USD", "CNY"), 1, "is not a rate"), ("7.1", ("USD", "USD"), 1, "itself"),
        ("7.1", ("USD", "XXX"), 1, "no currency"), ("7.1", ("USD", "CNY"), 0, "for 1 to"),
        ("123456789012345.1", ("USD", "CNY"), 1, "at most 15 digits"),
    ],
)  # fmt: skip
def test_what_is_no_rate_is_refused(value: str, pair: tuple[str, str], per: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ExchangeRate.parse(value, *pair, per)


def test_money_of_a_third_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="the rate is for USD, the money is in EUR"):
        ExchangeRate.parse("7.1", "USD", "CNY").convert(Money(1, "EUR"))


def test_what_would_be_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        ExchangeRate.parse("99999", "USD", "CNY").convert(Money(10**14, "USD"))
