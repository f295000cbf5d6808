"""A written number to the exact value that a Program holds: minor units, whole days, exact fractions."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from policy.kinds import COUNT_MAX, MONEY_MAX, Value, plain
from policy.problems import Problem
from policy.suggest import did_you_mean
from policy.syntax import Number

UNITS = {"days": ("days", 1), "months": ("months", 1), "years": ("months", 12), "hours": ("hours", 1)}
WHOLE = ("count", "days", "months", "hours")
THOUSANDS = 3  # digits behind a point that may have been meant to part thousands


def unit_kind(number: Number, currencies: Mapping[str, int]) -> str | None:
    """The kind that a number's own unit gives it; None for a bare number."""
    if not number.unit:
        return None
    if number.unit == "%":
        return "percent"
    if number.unit in UNITS:
        return UNITS[number.unit][0]
    return "rate" if number.unit.startswith("%") else "money"


def exact(number: Number, kind: str, currency: str, currencies: Mapping[str, int]) -> Value | Problem:
    """The value in the unit of its kind; `currency` is that of an amount, written or the policy's own."""
    if kind in ("money", "limit"):
        return _amount(number, currency, currencies)
    if kind in WHOLE:
        return _whole(number, kind)
    if kind in ("ratio", "number", "rate") or (kind == "percent" and number.unit):
        return plain(number.value)
    shown = f"{float_free(number.value)}"
    if kind == "percent":
        return Problem("percent", number.at, f"a share is wanted here, '{shown}' is a bare number",
                       f"write {shown}%" if number.value > 2 else
                       f"write {float_free(number.value * 100)}% or {shown}%")  # fmt: skip
    return Problem("kind", number.at, f"the number '{shown}' stands where a {kind} is wanted")


def written(number: Number) -> str:
    """A number as the officer wrote it, in one spelling: `5_000 CNY`, `30%`, `15 days`."""
    share = number.unit.startswith("%")
    digits = float_free(number.value * 100 if share else number.value)
    return digits + (number.unit if share or not number.unit else f" {number.unit}")


def _amount(number: Number, currency: str, currencies: Mapping[str, int]) -> Value | Problem:
    if currency not in currencies:
        return Problem("currency", number.at, f"'{currency}' is not a currency",
                       did_you_mean(currency, currencies, "write its ISO 4217 code, such as USD"))  # fmt: skip
    digits = currencies[currency]
    minor = number.value * 10**digits
    if minor.denominator != 1 or number.decimals > digits:
        most = f"at most {digits} digits" if digits else "no digits"
        return Problem("currency", number.at, f"an amount in {currency} has {most} after the point",
                       _thousands(number) or "write the exact amount, for amounts are never rounded")  # fmt: skip
    if abs(minor) > MONEY_MAX:
        return Problem("range", number.at, f"amounts go up to {MONEY_MAX // 10**digits:_} {currency}")
    return int(minor)


def _whole(number: Number, kind: str) -> Value | Problem:
    value = number.value * UNITS.get(number.unit, (kind, 1))[1]
    if value.denominator != 1 or _thousands(number):
        return Problem("number", number.at, f"'{_as_written(number)}' is not a whole number of {kind}",
                       _thousands(number))  # fmt: skip
    if abs(value) > COUNT_MAX:
        return Problem("range", number.at, f"{kind} go up to {COUNT_MAX:_}")
    return int(value)


def _as_written(number: Number) -> str:
    whole, _, decimals = float_free(number.value).partition(".")
    return f"{whole}.{decimals.ljust(number.decimals, '0')}" if number.decimals else whole


def _thousands(number: Number) -> str:
    """What to write where the point was meant to part thousands, as in the 5.000 of many countries."""
    if number.decimals != THOUSANDS or abs(number.value) >= 1000:
        return ""
    return f"write {int(number.value * 1000):_} where the point parts thousands"


def float_free(value: Fraction) -> str:
    """An exact decimal as text where it has one, else as a fraction."""
    for digits in range(13):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            sign, text = ("-" if scaled < 0 else ""), str(abs(scaled.numerator)).rjust(digits + 1, "0")
            return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)
    return f"{value.numerator}/{value.denominator}"
