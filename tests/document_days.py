"""Days and months of the second evaluator: other ways to the same windows and streaks than those in `rules/`."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from fractions import Fraction

from policy.syntax import FigureOf, Window


def months_later(day: Fraction, months: Fraction) -> Fraction:
    """The same day of a later month, or that month's last day."""
    start = date.fromordinal(int(day))
    month = start.month - 1 + int(months)
    year, month = start.year + month // 12, month % 12 + 1
    if not 1 <= year <= 9999:
        return Fraction(1 if year < 1 else date.max.toordinal())
    return Fraction(date(year, month, min(start.day, monthrange(year, month)[1])).toordinal())


def in_window(window: Window, given: int, today: int, since: int | None) -> bool:
    """Whether a day lies in a window that ends with, or is over by, today."""
    day, now = date.fromordinal(given), date.fromordinal(today)
    if window.unit == "since":
        return since is not None and since <= given <= today
    if window.unit == "in_a_row":
        return month_of(given) // window.size < month_of(today) // window.size
    if window.unit == "days":
        return 0 <= (now - day).days < window.size
    if window.unit == "months":
        return day <= now and given > months_later(Fraction(today), Fraction(-window.size))
    stretches = [(one.year * 12 + one.month - 1) // window.size for one in (now, day)]
    return stretches[0] - stretches[1] == 1


def month_of(day: int) -> int:
    """The number of the month that a day is in, counted from year 0."""
    when = date.fromordinal(day)
    return when.year * 12 + when.month - 1


def in_a_row(figure: FigureOf, this_month: int, with_one: set[int], without: set[int]) -> Fraction:
    """Backwards month by month, or quarter by quarter, from the one before that of as_of.

    `with_one` are the months that have an item which fits, `without` those that have one which does not.
    """
    assert figure.window is not None
    size, streak = figure.window.size, 0
    fit, others = ({month // size for month in months} for months in (with_one, without))
    first = min(fit | others, default=this_month)
    for stretch in range(this_month // size - 1, first - 1, -1):
        if stretch not in fit | others and not figure.empty_breaks:
            continue
        if stretch not in fit or (figure.word == "every_in_a_row" and stretch in others):
            break
        streak += 1
    return Fraction(streak)
