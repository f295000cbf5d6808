"""Rounding and calendar months by definition: part of the reference engine, kept apart for its length.

The compiled engine has its own of both (`rules/emit.py`), so that a fault here is seen.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from policy.kinds import plain

LAST_DAY = date.max.toordinal()


def rounded(value: int | Fraction, step: Fraction, mode: str) -> int | Fraction:
    """The value to a whole multiple of the step; half_even and half_up (away from zero) differ only at the middle."""
    part = value.denominator * step.numerator
    below, rest = divmod(value.numerator * step.denominator, part)
    if mode in ("floor", "ceil"):
        up = mode == "ceil" and rest > 0
    else:
        up = 2 * rest > part or (2 * rest == part and (value > 0 if mode == "half_up" else below % 2 == 1))
    steps = (below + up) * step.numerator
    return steps if step.denominator == 1 else plain(Fraction(steps, step.denominator))


def add_months(day: int, months: int) -> int:
    """The same day so many calendar months later, or the last day of that month; the calendar's ends at the least."""
    start = date.fromordinal(min(max(day, 1), LAST_DAY))
    years, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= years <= 9999:
        return 1 if years < 1 else LAST_DAY
    last = LAST_DAY
    if (years, month) != (9999, 11):
        last = date(years + month // 11, (month + 1) % 12 + 1, 1).toordinal() - 1
    return min(date(years, month + 1, 1).toordinal() + start.day - 1, last)
