"""Written numbers are exact values in the unit of their kind, or a finding."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy.expression import read_number
from policy.numbers import exact, float_free, unit_kind, written
from policy.problems import Problem, Where
from policy.syntax import Number

CURRENCIES = {"CNY": 2, "JPY": 0, "KWD": 3}


def number(text: str) -> Number:
    found = read_number(text, Where("f", 1, 1))
    assert isinstance(found, Number), found
    return found


@pytest.mark.parametrize(
    ("text", "kind", "currency", "value"),
    [
        ("5_000", "money", "CNY", 500_000),
        ("0.01", "money", "CNY", 1),
        ("5_000", "money", "JPY", 5_000),
        ("1.005", "money", "KWD", 1_005),
        ("-2.50", "limit", "CNY", -250),
        ("10_000_000_000_000", "money", "CNY", 10**15),
        ("30%", "percent", "", Fraction(3, 10)),
        ("0.000001%", "percent", "", Fraction(1, 10**8)),
        ("100%", "percent", "", 1),
        ("1.25", "ratio", "", Fraction(5, 4)),
        ("2.5", "number", "", Fraction(5, 2)),
        ("15 days", "days", "", 15),
        ("2 years", "months", "", 24),
        ("1 month", "months", "", 1),
        ("0.5 years", "months", "", 6),
        ("7", "count", "", 7),
        ("0.05% per day", "rate", "", Fraction(1, 2000)),
    ],
)
def test_numbers_are_exact(text: str, kind: str, currency: str, value: int | Fraction) -> None:
    found = exact(number(text), kind, currency, CURRENCIES)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "kind", "currency", "message"),
    [
        ("1.005", "money", "CNY", "currency: an amount in CNY has at most 2 digits after the point"),
        ("5.000", "money", "CNY", "currency: an amount in CNY has at most 2 digits after the point"),
        ("5.00", "money", "JPY", "currency: an amount in JPY has no digits after the point"),
        ("5.000", "days", "CNY", "number: '5.000' is not a whole number of days"),
        ("0.5", "money", "JPY", "currency: an amount in JPY has no digits after the point"),
        ("1.0005", "money", "KWD", "currency: an amount in KWD has at most 3 digits after the point"),
        ("5", "money", "XYZ", "currency: 'XYZ' is not a currency"),
        ("10_000_000_000_000.01", "money", "CNY", "range: amounts go up to 10_000_000_000_000 CNY"),
        ("1_000_000_001", "days", "", "range: days go up to 1_000_000_000"),
        ("2.5 days", "days", "", "number: '2.5' is not a whole number of days"),
        ("0.3", "percent", "", "percent: a share is wanted here, '0.3' is a bare number"),
        ("5", "text", "", "kind: the number '5' stands where a text is wanted"),
    ],
)
def test_numbers_that_do_not_fit_are_findings_and_never_rounded(
    text: str, kind: str, currency: str, message: str
) -> None:
    found = exact(number(text), kind, currency, CURRENCIES)
    assert isinstance(found, Problem)
    assert f"{found.code}: {found.message}" == message


@pytest.mark.parametrize(
    ("text", "kind", "help"),
    [
        ("5.000", "money", "write 5_000 where the point parts thousands"),
        ("999.125", "days", "write 999_125 where the point parts thousands"),
        ("1_000.125", "money", "write the exact amount, for amounts are never rounded"),
        ("5.0001", "money", "write the exact amount, for amounts are never rounded"),
        ("2.1", "percent", "write 2.1%"),
        ("2", "percent", "write 200% or 2%"),
    ],
)
def test_a_number_that_does_not_fit_is_told_with_what_was_meant(text: str, kind: str, help: str) -> None:
    found = exact(number(text), kind, "CNY", CURRENCIES)
    assert isinstance(found, Problem)
    assert found.help == help


@pytest.mark.parametrize(
    ("text", "kind"), [("5", None), ("5%", "percent"), ("5 days", "days"), ("5 years", "months"), ("5 hours", "hours"),
                       ("5 CNY", "money"), ("5% per year", "rate")],
)  # fmt: skip
def test_a_unit_says_the_kind(text: str, kind: str | None) -> None:
    assert unit_kind(number(text), CURRENCIES) == kind


@pytest.mark.parametrize("text", ["5000", "2.5", "30%", "0.05% per day", "15 days", "2.50 CNY", "-7"])
def test_a_number_is_shown_as_it_was_written(text: str) -> None:
    assert number(written(number(text))).value == number(text).value
    assert written(number(text)).split(" ")[1:] == text.split(" ")[1:]


@pytest.mark.parametrize(
    ("value", "text"), [(Fraction(5), "5"), (Fraction(-5, 2), "-2.5"), (Fraction(1, 3), "1/3"),
                        (Fraction(1, 8), "0.125"), (Fraction(-1, 100), "-0.01")],
)  # fmt: skip
def test_exact_decimals_are_written_without_a_float(value: Fraction, text: str) -> None:
    assert float_free(value) == text
