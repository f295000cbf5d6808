"""The definition itself, where it is not plain to the eye: rounding, months, and what missing does."""

from __future__ import annotations

from datetime import date
from fractions import Fraction as F

import pytest

from policy.program import Calc, Const, Fact, Logic
from rules.arithmetic import LAST_DAY, add_months, rounded
from rules.emit import month_later
from rules.outcome import Missing
from rules.reference import Evaluation


@pytest.mark.parametrize(("mode", "wanted"), [
    ("half_even", [-2, -2, -1, 0, 0, 0, 1, 2, 2]), ("half_up", [-3, -2, -1, -1, 0, 1, 1, 2, 3]),
    ("floor", [-3, -2, -1, -1, 0, 0, 0, 2, 2]), ("ceil", [-2, -2, -1, 0, 0, 1, 1, 2, 3]),
])  # fmt: skip
def test_rounding_at_and_beside_the_middle(mode: str, wanted: list[int]) -> None:
    values = [F(-5, 2), -2, -1, F(-1, 2), 0, F(1, 2), F(2, 3), 2, F(5, 2)]
    found = [rounded(value, F(1), mode) for value in values]
    assert found == wanted and {type(value) for value in found} == {int}


def test_rounding_to_a_step_that_is_not_one() -> None:
    assert [rounded(F(7, 8), F(1, 4), mode) for mode in ("half_even", "half_up", "floor")] == [1, 1, F(3, 4)]
    assert [rounded(value, F(250), "half_even") for value in (125, 375, 374, 126)] == [0, 500, 250, 250]


def test_a_month_later_is_the_same_day_or_the_last_of_the_month() -> None:
    day = date(2024, 1, 31).toordinal()
    later = [date.fromordinal(add_months(day, months)) for months in (1, 13, -2, 12)]
    assert later == [date(2024, 2, 29), date(2025, 2, 28), date(2023, 11, 30), date(2025, 1, 31)]


def test_missing_goes_through_arithmetic_with_all_its_reasons_and_stops_at_what_is_decided() -> None:
    nodes = (Fact("a", "money"), Fact("b", "money"), Calc("min", (0, 1), "money"), Const("flag", False),
             Fact("c", "flag"), Logic("and", (4, 3)), Logic("or", (4, 3)), Calc("first_known", (0, 1), "money"),
             Const("money", 0), Calc("divide", (8, 8), "ratio"))  # fmt: skip
    evaluation = Evaluation(nodes, {}, {})
    assert evaluation.value(2) == evaluation.value(7) == Missing(frozenset({"a", "b"}))
    assert evaluation.value(5) is False and evaluation.value(6) == Missing(frozenset({"c"}))
    assert evaluation.value(9) == Missing(frozenset({"zero_divisor"}))


@pytest.mark.parametrize(("day", "months", "wanted"), [
    (LAST_DAY, 1, LAST_DAY), (LAST_DAY - 40, 1, LAST_DAY - 10), (LAST_DAY, 0, LAST_DAY), (LAST_DAY + 5, 0, LAST_DAY),
    (1, -1, 1), (-3, 0, 1), (739_000, 10**9, LAST_DAY), (739_000, -(10**9), 1),
])
def test_months_beyond_the_calendar_end_with_it_on_both_engines(day: int, months: int, wanted: int) -> None:
    assert add_months(day, months) == month_later(day, months) == wanted
