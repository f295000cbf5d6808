"""Months in a row: the closed stretches of a list's days, from the last one backwards, counted while they are alike.

The stretch that as_of is in is not over and never counts. One item that cannot be judged, in any closed stretch, leaves
the whole streak open: it might be the one that goes on or ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from policy.program import Figure

STRETCHES = {1: "month", 3: "quarter"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """One closed month or quarter: how many of its items fit, and how many there are; `number` counts from year 0."""

    number: int
    fitting: int
    items: int


def number_of(day: int, months: int) -> int:
    """The number of the stretch that a day (an ordinal number) is in."""
    when = date.fromordinal(day)
    return (when.year * 12 + when.month - 1) // months


def stretches(figure: Figure, today: int, judged: Iterable[tuple[int, bool]]) -> Mapping[int, Stretch]:
    """The closed stretches that have items, by number; each item is its day and whether it fits."""
    assert figure.window is not None
    size = figure.window.size
    found: dict[int, Stretch] = {}
    for day, fits in judged:
        number = number_of(day, size)
        if number < number_of(today, size):
            before = found.get(number, Stretch(number, 0, 0))
            found[number] = Stretch(number, before.fitting + fits, before.items + 1)
    return found


def in_a_row(figure: Figure, today: int, found: Mapping[int, Stretch]) -> list[Stretch]:
    """The stretches that count, the latest first."""
    assert figure.window is not None
    counted: list[Stretch] = []
    expected = number_of(today, figure.window.size) - 1
    for number in sorted(found, reverse=True):
        one = found[number]
        alike = one.fitting > 0 if figure.word == "any_in_a_row" else one.fitting == one.items
        if not alike or (figure.empty_breaks and number != expected):
            break
        counted.append(one)
        expected = number - 1
    return counted


def stretch_text(number: int, months: int) -> str:
    """A month as 2026-10, a quarter as 2026-Q4."""
    each = 12 // months
    year, place = divmod(number, each)
    return f"{year:04d}-{place + 1:02d}" if months == 1 else f"{year:04d}-Q{place + 1}"
