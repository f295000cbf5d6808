"""Windows have their first and last day, and a figure says what is missing by the name of its list."""

from __future__ import annotations

from datetime import date

import pytest

from policy.program import DayWindow, Figure, Logic
from rules.figures import compute, days_of
from rules.outcome import Missing


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


@pytest.mark.parametrize(("unit", "size", "today", "first", "last"), [
    ("days", 1, "2026-05-31", "2026-05-31", "2026-05-31"), ("days", 30, "2026-05-31", "2026-05-02", "2026-05-31"),
    ("months", 3, "2026-05-31", "2026-03-01", "2026-05-31"), ("months", 12, "2028-02-29", "2027-03-01", "2028-02-29"),
    ("calendar", 12, "2026-01-01", "2025-01-01", "2025-12-31"),
    ("calendar", 3, "2026-05-31", "2026-01-01", "2026-03-31"),
    ("calendar", 3, "2026-03-31", "2025-10-01", "2025-12-31"),
    ("calendar", 1, "2028-03-01", "2028-02-01", "2028-02-29"),
])  # fmt: skip
def test_a_window_has_a_first_and_a_last_day(unit: str, size: int, today: str, first: str, last: str) -> None:
    assert days_of(DayWindow(unit, size, "on"), day(today)) == (day(first), day(last))


def test_an_item_without_a_day_and_a_decision_without_one_are_missing_by_name() -> None:
    figure = Figure("late", "count", "invoices", (Logic("and", ()),), 0, -1, "count", DayWindow("days", 5, "on"))
    assert compute(figure, {}, [{"on": None}]) == Missing(frozenset({"invoices.on", "as_of"}))
    assert compute(figure, {}, []) == 0
