"""Business days by country, held against the published Chinese notices."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from rules.calendars import LAST_CONFIRMED, business_calendar, is_calendar


def test_china_agrees_with_the_notices_on_every_day_of_2025_and_2026() -> None:
    china = business_calendar("CN")
    days = [date(2025, 1, 1) + timedelta(number) for number in range(730)]
    assert days[-1] == date(2026, 12, 31)
    assert [day for day in days if china.is_business_day(day) is not chinese_calendar.is_workday(day)] == []


def test_a_saturday_worked_in_exchange_is_a_business_day() -> None:
    assert business_calendar("CN").is_business_day(date(2026, 2, 14))
    assert not business_calendar("").is_business_day(date(2026, 2, 14))


def test_a_year_without_a_notice_is_not_confirmed() -> None:
    china = business_calendar("CN")
    last = LAST_CONFIRMED["CN"]
    assert china.is_confirmed(date(last, 12, 31))
    assert not china.is_confirmed(date(last + 1, 1, 1))
    with pytest.raises(NotImplementedError):
        chinese_calendar.is_workday(date(last + 1, 1, 1))


def test_weekdays_stand_in_where_no_calendar_is_named() -> None:
    plain = business_calendar("")
    assert plain.is_confirmed(date(2099, 1, 1))
    assert plain.is_business_day(date(2026, 1, 1))
    assert plain.name_of(date(2026, 1, 1)) == ""
    assert plain.version == "monday to friday"


def test_a_calendar_names_its_holidays_and_its_source() -> None:
    germany = business_calendar("DE")
    assert not germany.is_business_day(date(2026, 10, 3))
    assert not germany.is_business_day(date(2026, 12, 25))
    assert germany.name_of(date(2026, 12, 25))
    assert germany.version == "DE holidays 0.109"


def test_the_named_source_is_the_package_that_answers() -> None:
    import holidays

    assert business_calendar("CN").version == f"CN holidays {holidays.__version__}"


def test_a_code_without_a_calendar_is_refused() -> None:
    assert not is_calendar("XX")
    with pytest.raises(ValueError, match="no calendar 'XX'"):
        business_calendar("XX")
