"""Exchange rates: exact decimals with their day, and the one place where money of one currency becomes another's.

A rate is so many whole units of one currency for `per` whole units of another, as banks quote it (4.8512 CNY for 100
JPY). It is held as digits and a scale, never as a float; what it converts is rounded once, half-even, to minor units of
the other currency. Nothing is turned round and nothing goes through a third currency: a rate says one direction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from credit.money import Money, minor_digits, round_fraction, shown

MOST_DECIMALS = 12
LARGEST_DIGITS = 10**15
LARGEST_PER = 1_000_000

_VALUE = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,12}))?")


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """`digits` with `scale` decimals of `to_currency` for `per` units of `from_currency`.

    Raises: ValueError for an unknown currency, one and the same on both sides, or a figure that is no rate.
    """

    from_currency: str
    to_currency: str
    digits: int
    scale: int
    per: int = 1

    def __post_init__(self) -> None:
        for currency in (self.from_currency, self.to_currency):
            minor_digits(currency)
        if self.from_currency == self.to_currency:
            raise ValueError(f"a rate from {self.from_currency} to itself says nothing; name two currencies")
        if not (0 < self.digits <= LARGEST_DIGITS and 0 <= self.scale <= MOST_DECIMALS):
            raise ValueError("a rate is above zero and has at most 15 digits; write it as in 7.1234")
        if not 1 <= self.per <= LARGEST_PER:
            raise ValueError(f"a rate is for 1 to {LARGEST_PER:,} units; write 1 or 100")

    @classmethod
    def parse(cls, text: str, from_currency: str, to_currency: str, per: int = 1) -> ExchangeRate:
        """Read a rate as machines write it: "7.1234", without sign, exponent or thousands marks.

        Raises: ValueError with a sentence for the person who wrote it.
        """
        found = _VALUE.fullmatch(text) if len(text) <= 40 else None
        if found is None:
            raise ValueError(f"'{shown(text)}' is not a rate; write plain digits 0 to 9 and a point, such as 7.1234")
        decimals = (found[2] or "").rstrip("0")
        return cls(from_currency, to_currency, int(found[1] + decimals), len(decimals), per)

    @property
    def value(self) -> str:
        """The rate as it was written, without zeros at its end: "7.1234"."""
        text = str(self.digits).rjust(self.scale + 1, "0")
        return f"{text[:-self.scale]}.{text[-self.scale:]}" if self.scale else text

    def convert(self, money: Money) -> Money:
        """The same money in the other currency, rounded once, half-even.

        Raises: ValueError for money of a third currency, or more than the other currency's money can be.
        """
        if money.currency != self.from_currency:
            raise ValueError(f"the rate is for {self.from_currency}, the money is in {money.currency}")
        minor_units = Fraction(10) ** (minor_digits(self.to_currency) - minor_digits(self.from_currency))
        exact = Fraction(money.minor * self.digits, 10**self.scale * self.per) * minor_units
        return Money(round_fraction(exact), self.to_currency)
