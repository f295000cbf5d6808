"""A streak counts closed stretches backwards; today's never counts, an empty one is passed over or ends it."""

from __future__ import annotations

from datetime import date

import pytest

from policy.program import DayWindow, Figure, Logic
from rules.streaks import Stretch, in_a_row, number_of, stretch_text, stretches


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def streak(word: str, months: int = 1, breaks: bool = False) -> Figure:
    window = DayWindow("in_a_row", months, "on")
    return Figure("late", word, "payments", (Logic("and", ()),), 0, -1, "months", window, (), breaks)


@pytest.mark.parametrize(
    ("first", "months", "text"),
    [("2026-10-31", 1, "2026-10"), ("2026-12-31", 3, "2026-Q4"), ("2026-01-01", 3, "2026-Q1"),
     ("0001-01-01", 1, "0001-01")],
)  # fmt: skip
def test_a_stretch_has_a_name(first: str, months: int, text: str) -> None:
    assert stretch_text(number_of(day(first), months), months) == text


def test_items_of_the_stretch_that_is_not_over_are_left_out() -> None:
    judged = [(day("2026-10-31"), True), (day("2026-10-01"), False), (day("2026-11-01"), True)]
    october = number_of(day("2026-10-01"), 1)
    assert stretches(streak("any_in_a_row"), day("2026-11-01"), judged) == {october: Stretch(october, 1, 2)}


@pytest.mark.parametrize(
    ("word", "breaks", "numbers"),
    [("any_in_a_row", False, [9, 8, 6]), ("any_in_a_row", True, [9, 8]), ("every_in_a_row", False, [9]),
     ("every_in_a_row", True, [9])],
)  # fmt: skip
def test_the_latest_comes_first_until_one_is_unlike(word: str, breaks: bool, numbers: list[int]) -> None:
    year = 2026 * 12
    found = {year + one.number: Stretch(year + one.number, one.fitting, one.items)
             for one in (Stretch(9, 1, 1), Stretch(8, 1, 2), Stretch(6, 2, 2), Stretch(5, 0, 1), Stretch(4, 1, 1))}
    counted = in_a_row(streak(word, breaks=breaks), day("2026-11-15"), found)
    assert [one.number - year for one in counted] == numbers
