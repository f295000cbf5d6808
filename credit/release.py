"""What a released referral allows: how long, and up to how much of the amount that a person released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from credit.dates import add_months


@dataclass(frozen=True, slots=True)
class Release:
    """What one release allows: at most an amount, in minor units, from the day it was given to its last day."""

    most_minor: int
    first_day: date
    last_day: date

    def covers(self, minor: int, on: date) -> bool:
        """Whether an amount on a day is within both its time and its amount."""
        return self.first_day <= on <= self.last_day and minor <= self.most_minor


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
    """A policy's `release`: valid for days and months after the release, up to a share (110 % is 11/10) of it."""

    days: int
    months: int
    up_to: Fraction

    def last_day(self, released_on: date) -> date:
        """The last day on which the release still counts."""
        return add_months(released_on, self.months) + timedelta(self.days)

    def most(self, released_minor: int) -> int:
        """The largest amount that it covers, in minor units; a part of a unit is left out."""
        return floor(released_minor * self.up_to)

    def covers(self, released_minor: int, released_on: date, minor: int, on: date) -> bool:
        """Whether an amount on a day is within both the time and the amount of a release."""
        return self.given(released_minor, released_on).covers(minor, on)

    def given(self, released_minor: int, on: date) -> Release:
        """What a release of an amount on a day allows."""
        return Release(self.most(released_minor), on, self.last_day(on))
