"""Calendar months clip, business days step over weekends and holidays."""

from __future__ import annotations

from datetime import date

import pytest

from credit.dates import add_business_days, add_months, is_weekday, month_end

FRIDAY = date(2026, 7, 3)


@pytest.mark.parametrize(
    ("day", "months", "wanted"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_months_clip_to_the_last_day(day: date, months: int, wanted: date) -> None:
    assert add_months(day, months) == wanted


def test_the_end_of_a_month_knows_leap_years() -> None:
    assert [month_end(date(year, 2, 3)).day for year in (2023, 2024, 2100)] == [28, 29, 28]


@pytest.mark.parametrize(
    ("start", "number", "wanted"),
    [
        (FRIDAY, 1, date(2026, 7, 6)),
        (FRIDAY, 5, date(2026, 7, 10)),
        (FRIDAY, -1, date(2026, 7, 2)),
        (date(2026, 7, 4), 1, date(2026, 7, 6)),
        (date(2026, 7, 4), 0, date(2026, 7, 6)),
        (FRIDAY, 0, FRIDAY),
        (date(2026, 7, 5), -1, FRIDAY),
    ],
)
def test_business_days_step_over_weekends(start: date, number: int, wanted: date) -> None:
    assert add_business_days(start, number, is_weekday) == wanted


def test_a_calendar_without_business_days_is_told_and_not_searched_for_ever() -> None:
    with pytest.raises(ValueError, match="no business day for 60 days"):
        add_business_days(FRIDAY, 1, lambda day: False)
