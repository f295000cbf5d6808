"""What the transcribed policies charge for late payment, on the last free day and on the first that costs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rules.ladders import charges_on
from tests.examples.written import program

DUE = date(2024, 1, 15)


def charged(name: str, minor: int, day: int) -> int | None:
    """The charge in minor units on a day after the due date."""
    [one] = charges_on(program(name), minor, {"due": DUE}, [], DUE + timedelta(day))
    return one.minor


@pytest.mark.parametrize(("day", "minor"), [(29, 0), (30, 0), (31, 50), (60, 1_550)])
def test_princeton_charges_from_the_31st_day_past_due(day: int, minor: int) -> None:
    # 15 February to 15 March is 31 days where every month has 30: 1.5% of 1,000.00 is 50 cents a day
    assert charged("princeton-chemco", 100_000, day) == minor


@pytest.mark.parametrize(("day", "minor"), [(0, 0), (1, 2_000), (90, 2_000)])
def test_leisure_pool_charges_two_per_cent_of_what_is_past_due(day: int, minor: int) -> None:
    assert charged("leisure-pool", 100_000, day) == minor
