"""Shares as people write them, "30%" or "1.5%", and as we count them, exact fractions of one."""

from __future__ import annotations

import re
from fractions import Fraction

_PERCENT = re.compile(r"(0|[1-9][0-9]{0,4})(?:\.([0-9]{1,6}))?%")


def percent_text(share: Fraction) -> str:
    """A share as exact per cent: 3/10 is "30%", 3/200 is "1.5%"; a share without an end in decimals stays "1/3"."""
    scaled = Fraction(share) * 100 * 10**6
    if scaled.denominator != 1:
        return str(share)
    whole, rest = divmod(abs(scaled.numerator), 10**6)
    after_point = f"{rest:06d}".rstrip("0")
    return f"{'-' if share < 0 else ''}{whole}{'.' if after_point else ''}{after_point}%"


def parse_percent(text: str) -> Fraction:
    """Read "30%" or "1.5%" exactly, at most 6 digits after the point.

    Raises: ValueError for any other spelling.
    """
    found = _PERCENT.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text[:40]}' is not a share; write it in per cent, such as 30%")
    after_point = found[2] or ""
    return Fraction(int(found[1] + after_point), 100 * 10 ** len(after_point))
