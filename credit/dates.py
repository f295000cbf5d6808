"""Days of the business: calendar months that clip to the month's last day, and business days of a calendar.

What a business day is comes as a function, for holidays are facts of a country and a year and not of arithmetic.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta

IsBusinessDay = Callable[[date], bool]
LONGEST_CLOSURE = 60  # days in a row without a business day; more is a broken calendar


def add_months(day: date, months: int) -> date:
    """The same day of a later (or earlier) month, its last day where it is shorter: 31 January + 1 is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def is_weekday(day: date) -> bool:
    """Monday to Friday: the business days where no calendar is named."""
    return day.weekday() < 5


def add_business_days(day: date, number: int, is_business_day: IsBusinessDay) -> date:
    """The number-th business day after a day (before it, below 0); 0 gives the day itself or the next business day.

    Raises: ValueError where a calendar has no business day for two months.
    """
    step, left = (timedelta(-1), -number) if number < 0 else (timedelta(1), number)
    if number == 0 and is_business_day(day):
        return day
    left, closed = max(left, 1), 0
    while left:
        day += step
        closed = 0 if is_business_day(day) else closed + 1
        if closed > LONGEST_CLOSURE:
            raise ValueError(f"the calendar has no business day for {LONGEST_CLOSURE} days; check it")
        left -= closed == 0
    return day
