"""Value tables: exactly one cell for every value, found by trying each edge and each stretch between."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy.cells import misfits
from policy.document import Cell
from policy.expression import read_tests
from policy.kinds import Value
from policy.problems import Problem, Where
from policy.syntax import Expr, Name, Number

AT = Where("f", 1, 1)


def cells(*tests: str) -> list[Cell]:
    found = []
    for text in tests:
        test = read_tests(text, Name("x", AT), AT)
        assert not isinstance(test, Problem), test
        found.append(Cell(test, text, AT))
    return found


def read(expr: Expr) -> Value | None:
    if isinstance(expr, Number):
        return expr.value
    return expr.text if isinstance(expr, Name) else None


@pytest.mark.parametrize(
    "tests",
    [
        ("< 60", ">= 60"),
        ("< 60", "[60..80)", ">= 80"),
        ("<= 60", "(60..80]", "> 80"),
        ("not(5)", "5"),
        ("[1..5]", "not([1..5])"),
        ("-",),
        ("< 0, > 10", "[0..10]"),
    ],
)
def test_cells_that_meet_fit_each_value_once(tests: tuple[str, ...]) -> None:
    assert misfits(cells(*tests), read, ()) == []


@pytest.mark.parametrize(
    ("tests", "value", "fitting"),
    [
        (("< 60", "> 60"), 60, []),
        (("<= 60", ">= 60"), 60, ["<= 60", ">= 60"]),
        (("< 60", ">= 70"), 60, []),
        (("< 60", "[60..80]", ">= 80"), 80, ["[60..80]", ">= 80"]),
        (("> 5",), 4, []),
        (("[1..5)", "[5..9]"), 0, []),
        (("5", "6"), 4, []),
    ],
)
def test_a_gap_and_an_overlap_are_shown_with_a_value(tests: tuple[str, ...], value: int, fitting: list[str]) -> None:
    first, found = misfits(cells(*tests), read, ())[0]
    assert (first, [cell.text for cell in found]) == (Fraction(value), fitting)


def test_words_are_tried_one_by_one() -> None:
    assert misfits(cells("school, hospital", "company"), read, ("school", "hospital", "company")) == []
    missed = misfits(cells("school", "not(company)"), read, ("school", "hospital", "company"))
    assert [(value, [cell.text for cell in found]) for value, found in missed] == [
        ("school", ["school", "not(company)"]), ("company", []),
    ]  # fmt: skip
