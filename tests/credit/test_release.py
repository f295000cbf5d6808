"""How long a release counts, and up to what amount."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from credit.release import ReleaseTerms

TERMS = ReleaseTerms(30, 0, Fraction(11, 10))
ON = date(2026, 11, 23)


def test_a_release_counts_up_to_its_last_day_and_its_largest_amount() -> None:
    assert TERMS.last_day(ON) == date(2026, 12, 23)
    assert TERMS.covers(100_000, ON, 110_000, date(2026, 12, 23))
    assert not TERMS.covers(100_000, ON, 110_001, date(2026, 12, 23))
    assert not TERMS.covers(100_000, ON, 110_000, date(2026, 12, 24))
    assert not TERMS.covers(100_000, ON, 1, date(2026, 11, 22))


def test_a_part_of_a_minor_unit_is_not_covered() -> None:
    assert TERMS.most(101) == 111


def test_months_of_a_release_clip() -> None:
    assert ReleaseTerms(0, 1, Fraction(1)).last_day(date(2026, 1, 31)) == date(2026, 2, 28)
