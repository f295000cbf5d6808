"""Business days by country, as policies name them: `calendar: CN`.

Holidays come from the `holidays` package, which also predicts years whose notice has not been published. So each
country has a last confirmed year; days after it are told apart, and nobody takes a forecast for a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from credit.dates import is_weekday

SOURCE = "holidays 0.109"
# The last year whose days are published: for China by the notice of the State Council, which comes each autumn.
LAST_CONFIRMED: Mapping[str, int] = MappingProxyType({"CN": 2026})
PUBLISHED = 2026  # for countries whose holidays a law fixes: the year of the package


@dataclass(frozen=True)
class BusinessCalendar:
    """The business days of one country; an empty code means Monday to Friday."""

    code: str
    _country: Any = field(default=None, repr=False, compare=False)

    @property
    def version(self) -> str:
        """Where its days are from, for the record of what was known."""
        return f"{self.code} {SOURCE}" if self.code else "monday to friday"

    def is_business_day(self, day: date) -> bool:
        """Whether business is done on a day; a weekend worked in exchange for a holiday counts."""
        return is_weekday(day) if self._country is None else bool(self._country.is_working_day(day))

    def is_confirmed(self, day: date) -> bool:
        """Whether the holidays of a day's year are published, not predicted."""
        return not self.code or day.year <= LAST_CONFIRMED.get(self.code, PUBLISHED)

    def name_of(self, day: date) -> str:
        """The holiday of a day, "" where it has none."""
        return "" if self._country is None else str(self._country.get(day, ""))


@cache
def calendar_codes() -> frozenset[str]:
    """The codes of every country with a calendar."""
    from holidays.registry import COUNTRIES  # imported when a policy names a calendar: it takes a while

    return frozenset(names[1] for names in COUNTRIES.values())


def is_calendar(code: str) -> bool:
    """Whether there is a calendar of this code."""
    return code in calendar_codes()


@cache
def business_calendar(code: str = "") -> BusinessCalendar:
    """The calendar of a country. Raises: ValueError for a code without one."""
    if not code:
        return BusinessCalendar("")
    if not is_calendar(code):
        raise ValueError(f"no calendar '{code}'; write a country code, such as CN")
    from holidays import country_holidays

    language = "en_US" if code == "CN" else None
    return BusinessCalendar(code, country_holidays(code, language=language))
