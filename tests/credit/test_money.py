"""Money never loses a unit, never mixes currencies, and reads only what is plainly an amount."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.currencies import MINOR_DIGITS
from credit.money import LARGEST_AMOUNT, ROUNDING_MODES, Money, allocate, minor_digits, round_fraction

currencies = st.sampled_from(sorted(MINOR_DIGITS))
minors = st.integers(-LARGEST_AMOUNT, LARGEST_AMOUNT)
weights = st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("120000.00", "CNY", 12_000_000), ("120000", "CNY", 12_000_000), ("0.05", "CNY", 5), ("0", "CNY", 0),
        ("1.5", "CNY", 150), ("120000", "JPY", 120_000), ("1.234", "KWD", 1234), ("0.001", "KWD", 1),
        ("10000000000000.00", "CNY", 10**15),
    ],
)  # fmt: skip
def test_plain_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("120,000.00", "thousands marks"), ("120 000", "thousands marks"), ("1_000", "thousands marks"),
        ("-5.00", "without a sign"), ("+5.00", "without a sign"), ("1e3", "exponent"), ("1.2E5", "exponent"),
        ("１２０", "plain digits"), ("٣", "plain digits"), ("", "plain digits"), (".5", "plain digits"),
        ("5.", "plain digits"), ("007.00", "plain digits"), ("NaN", "plain digits"), ("5\n", "plain digits"),
        ("1.2.3", "plain digits"), ("9" * 5000, "plain digits"), ("0x10", "plain digits"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_what_to_write_instead(text: str, help: str) -> None:
    with pytest.raises(ValueError, match=help) as refusal:
        Money.parse(text, "CNY")
    assert len(str(refusal.value)) < 160


def test_more_digits_than_the_currency_has_are_refused_not_rounded() -> None:
    with pytest.raises(ValueError, match="'1.005' has 3 digits after the point; CNY has 2"):
        Money.parse("1.005", "CNY")
    with pytest.raises(ValueError, match="JPY has 0"):
        Money.parse("1.0", "JPY")


def test_messages_repeat_only_printable_words() -> None:
    with pytest.raises(ValueError, match="is not an amount") as refusal:
        Money.parse("5\x00\ud800\n", "CNY")
    assert str(refusal.value).isprintable()


def test_a_sign_is_read_where_it_is_allowed() -> None:
    assert Money.parse("-5.00", "CNY", signed=True) == Money(-500, "CNY")
    assert str(Money.parse("-0.00", "CNY", signed=True)) == "0.00"


@pytest.mark.parametrize("currency", ["XXX", "XAU", "cny", "RMB", "", "CNY "])
def test_only_active_currency_codes_are_known(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money.parse("1", currency)
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, currency)


def test_amounts_above_the_largest_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 10000000000000.00 CNY"):
        Money.parse("10000000000000.01", "CNY")
    with pytest.raises(ValueError, match="too large"):
        Money(LARGEST_AMOUNT, "CNY") + Money(1, "CNY")


def test_two_currencies_never_mix() -> None:
    yuan, dollars = Money(100, "CNY"), Money(100, "USD")
    for mix in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(ValueError, match="CNY and USD do not mix"):
            mix(yuan, dollars)
    assert yuan != dollars


def test_money_of_one_currency_compares_by_amount() -> None:
    less, more = Money(99, "CNY"), Money(100, "CNY")
    assert less < more
    assert less <= more
    assert not more <= less
    assert more > less
    assert more >= Money(100, "CNY")
    assert not less >= more


def test_people_read_the_currency_and_thousands() -> None:
    assert Money(12_000_000, "CNY").display() == "CNY 120,000.00"
    assert Money(-123_456, "KWD").display() == "KWD -123.456"
    assert Money(-5, "CNY").display() == "CNY -0.05"
    assert Money(1_234_567, "JPY").display() == "JPY 1,234,567"
    assert Money(5, "CLF").amount == "0.0005"


@pytest.mark.parametrize(
    ("exact", "half_even", "half_up", "down", "up"),
    [
        (Fraction(5, 2), 2, 3, 2, 3), (Fraction(7, 2), 4, 4, 3, 4), (Fraction(-5, 2), -2, -3, -3, -2),
        (Fraction(1, 3), 0, 0, 0, 1), (Fraction(-1, 3), 0, 0, -1, 0), (Fraction(4), 4, 4, 4, 4),
    ],
)  # fmt: skip
def test_every_rounding_is_what_its_name_says(
    exact: Fraction, half_even: int, half_up: int, down: int, up: int
) -> None:
    assert [round_fraction(exact, mode) for mode in ROUNDING_MODES] == [half_even, half_up, down, up]
    with pytest.raises(ValueError, match="no rounding 'bankers'"):
        round_fraction(exact, "bankers")


def test_left_over_units_go_to_the_largest_remainder_then_to_the_first() -> None:
    third = Fraction(1, 3)
    assert allocate(100, [third, third, third]) == (34, 33, 33)
    assert allocate(101, [third, third, third]) == (34, 34, 33)
    assert allocate(10, [Fraction(14, 100), Fraction(86, 100)]) == (1, 9)
    assert allocate(10, [Fraction(16, 100), Fraction(84, 100)]) == (2, 8)
    assert allocate(1001, [Fraction(3, 10)]) == (300,)
    assert allocate(5, []) == ()
    with pytest.raises(ValueError, match="below zero"):
        allocate(5, [Fraction(-1, 2), Fraction(3, 2)])


def test_a_portion_is_rounded_once() -> None:
    assert Money(12_345, "CNY").portion(Fraction(3, 10)) == Money(3704, "CNY")
    assert Money(12_345, "CNY").portion(Fraction(3, 10), "floor") == Money(3703, "CNY")


@given(minors, weights)
def test_divided_money_adds_up_and_no_part_is_off_by_a_unit(minor: int, parts: list[int]) -> None:
    shares = [Fraction(part, sum(parts)) for part in parts]
    divided = Money(minor, "CNY").divided(shares)
    assert sum(part.minor for part in divided) == minor
    assert all(abs(part.minor - minor * share) < 1 for part, share in zip(divided, shares, strict=True))


@given(minors, currencies)
def test_money_written_and_read_again_is_the_same(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.amount, currency, signed=True) == money
    after_point = money.amount.partition(".")[2]
    assert len(after_point) == minor_digits(currency)


@given(st.integers(-(10**14), 10**14), st.integers(-(10**14), 10**14))
def test_adding_and_taking_away_gives_the_money_back(first: int, second: int) -> None:
    one, two = Money(first, "USD"), Money(second, "USD")
    assert one + two - two == one
    negative = -one
    assert one + negative == Money.zero("USD")
    assert (one < two) == (first < second)


@given(st.text(max_size=12))
def test_no_text_breaks_the_reader_or_reads_as_something_else(text: str) -> None:
    try:
        money = Money.parse(text, "CNY")
    except ValueError:
        return
    assert text.isascii()
    assert Fraction(text) == Fraction(money.minor, 100)
