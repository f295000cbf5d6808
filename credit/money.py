"""Money as whole minor units and their currency, inseparable, so that no cent is ever lost or mixed with another's.

Amounts of people and machines are plain decimal text ("120000.00"); inside they are integers, never floats. Shares are
exact fractions, and there is one place where a fraction becomes money again: `round_fraction`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from credit.currencies import MINOR_DIGITS

LARGEST_AMOUNT = 10**15  # in minor units; a larger amount is a slip of the pen
ROUNDING_MODES = ("half_even", "half_up", "floor", "ceil")

_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")


def minor_digits(currency: str) -> int:
    """How many digits a currency has after the point: 2 for CNY, 0 for JPY, 3 for KWD.

    Raises: ValueError for anything but an active ISO 4217 code in capitals.
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise ValueError(f"no currency '{shown(currency)}'; write its ISO 4217 code in capitals, such as CNY")
    return digits


def round_fraction(exact: Fraction | int, mode: str = "half_even") -> int:
    """The whole number nearest to an exact one; half_even unless the policy says half_up, floor or ceil.

    half_up takes a half away from zero, floor goes down and ceil up, also below zero.
    """
    match mode:
        case "half_even":
            return round(exact)
        case "half_up":
            return floor(exact + Fraction(1, 2)) if exact >= 0 else ceil(exact - Fraction(1, 2))
        case "floor":
            return floor(exact)
        case "ceil":
            return ceil(exact)
    raise ValueError(f"no rounding '{mode}'; choose one of {', '.join(ROUNDING_MODES)}")


def allocate(total_minor: int, shares: Sequence[Fraction]) -> tuple[int, ...]:
    """Divide an amount by shares so that the parts add up to the whole, none off by a full minor unit.

    Largest remainder: every part is rounded down, then the units left over go to the largest remainders, on a tie to
    the first. Shares that do not add up to 1 divide `total_minor` times their sum, rounded half-even.
    Raises: ValueError for a share below zero.
    """
    if any(share < 0 for share in shares):
        raise ValueError("a share is below zero; every share is 0 % or more")
    exact = [total_minor * Fraction(share) for share in shares]
    parts = [floor(part) for part in exact]
    left_over = round_fraction(sum(exact, Fraction(0))) - sum(parts)
    by_remainder = sorted(range(len(exact)), key=lambda index: parts[index] - exact[index])
    for index in by_remainder[:left_over]:
        parts[index] += 1
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency, held as whole minor units (12000000 is CNY 120,000.00); it may be below zero.

    Only money of the same currency adds, subtracts and compares.
    Raises: ValueError for an unknown currency, a mix of two, or more than 10**15 minor units.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        assert type(self.minor) is int, "money counts whole minor units"
        minor_digits(self.currency)
        if abs(self.minor) > LARGEST_AMOUNT:
            raise ValueError(f"the amount {decimal_text(self.minor, self.currency)} is too large; "
                             f"at most {decimal_text(LARGEST_AMOUNT, self.currency)} {self.currency}")  # fmt: skip

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in this currency."""
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str, signed: bool = False) -> Money:
        """Read an amount as machines write it: "120000.00" or "120000", never "120,000", "1.2e5" or "１２０".

        A sign is refused unless `signed`, more digits after the point than the currency has are refused, never rounded.
        Raises: ValueError with a sentence for the person who wrote it.
        """
        digits = minor_digits(currency)
        found = _AMOUNT.fullmatch(text) if len(text) <= 40 else None
        if found is None or (found[1] and not signed):
            raise ValueError(f"'{shown(text)}' is not an amount; {_amount_help(text, digits)}")
        after_point = found[3] or ""
        if len(after_point) > digits:
            raise ValueError(f"'{text}' has {len(after_point)} digits after the point; {currency} has {digits}")
        minor = int(found[2] + after_point.ljust(digits, "0"))
        return cls(-minor if found[1] else minor, currency)

    @property
    def amount(self) -> str:
        """The plain decimal text, with all digits of the currency: "120000.00"."""
        return decimal_text(self.minor, self.currency)

    def __str__(self) -> str:
        return self.amount

    def display(self) -> str:
        """The amount as people read it: "CNY 120,000.00"."""
        whole, point, after_point = decimal_text(abs(self.minor), self.currency).partition(".")
        return f"{self.currency} {'-' if self.minor < 0 else ''}{int(whole):,}{point}{after_point}"

    def portion(self, share: Fraction, mode: str = "half_even") -> Money:
        """A share of the amount, rounded once to a whole minor unit."""
        return Money(round_fraction(self.minor * share, mode), self.currency)

    def divided(self, shares: Sequence[Fraction]) -> tuple[Money, ...]:
        """The amount in parts that add up to it again, by `allocate`."""
        return tuple(Money(part, self.currency) for part in allocate(self.minor, shares))

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._minor_of(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._minor_of(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._minor_of(other)

    def _minor_of(self, other: Money) -> int:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix; convert one of them first")
        return other.minor


def decimal_text(minor: int, currency: str) -> str:
    """Minor units as plain decimal text with all digits of the currency, also for a sum that no one order can have."""
    digits = minor_digits(currency)
    text = str(abs(minor)).rjust(digits + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text


def shown(text: str) -> str:
    """The user's own word, short and printable, for a message."""
    short = text if len(text) <= 40 else text[:40] + "…"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in short)


def _amount_help(text: str, digits: int) -> str:
    example = "1234." + "5" * digits if digits else "1234"
    if text[:1] in ("-", "+", "−"):
        return f"write it without a sign, such as {example}"
    if any(mark in text for mark in ",' _\u00a0\u202f"):
        return f"write it without thousands marks, such as {example}"
    if "e" in text.lower():
        return f"write all digits, without an exponent, such as {example}"
    return f"write plain digits 0 to 9 and a point, such as {example}"
