"""The language's kinds of value, how they combine, and the marks that stand for "no limit" and "unlimited".

Every value inside a Program is an exact integer, an exact fraction, a truth value or a token; a kind says what it
counts.
"""

from __future__ import annotations

from fractions import Fraction

# money: minor units of the policy currency · percent, ratio: exact fractions (30 % is 3/10) · date: ordinal day number
KINDS = (
    "money", "percent", "ratio", "count", "days", "hours", "months", "rate", "date", "flag", "choice", "text", "terms",
    "limit", "number",
)  # fmt: skip
NUMERIC = ("money", "percent", "ratio", "count", "days", "hours", "months", "rate", "limit", "number")
TOKENS = ("choice", "text", "terms")

NO_LIMIT = -1  # "none": nobody granted a limit; only stricter, first known and "is none" may see it
UNLIMITED = 10**18  # above every amount, so plain comparisons are right
MONEY_MAX = 10**15
COUNT_MAX = 10**9

Value = int | Fraction | bool | str | tuple  # type: ignore[type-arg]  # tuple: offers, alternatives (constants only)


def plain(value: Fraction | int) -> int | Fraction:
    """An exact number as an int where it is whole, so that equal numbers have one form."""
    return value.numerator if value.denominator == 1 else value
