"""FEEL text: what is read, with which precedence, and where a slip is told."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from policy.dmn.evaluate import Inexact, evaluate, fits
from policy.dmn.feel import FeelError
from policy.dmn.read_feel import read_expression, read_tests

SCOPE = {"Full Name": "Ann", "Approved/Declined": "yes", "a": Fraction(3), "b": Fraction(4), "on": True, "gone": None}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 ** 3 ** 2", 64), ("-2 ** 2", 4), ("10 - 3 - 2", 5), ("7 / 2", "3.5"),
        ("1 / 0", None), ("a * b", 12), ("a + gone", None), ('"x" + Full Name', "xAnn"), ("a = 3 and b > 4", False),
        ("a = 3 or gone", True), ("gone and on", None), ("gone and not(on)", False), ("not(on)", False),
        ("not(gone)", None), ("if a > b then 1 else 2", 2), ("if gone then 1 else 2", 2), ("a between 3 and 4", True),
        ("a in (1, 2)", False), ("a in [3..4)", True), ("b in [3..4)", False), ("Approved/Declined", "yes"),
        ('date("2026-02-28") < date("2026-03-01")', True), ('date("2026-02-30")', None), ("gone = null", True),
        ("a = null", False), ('a = "3"', None), ("min(a, b, 1)", 1), ("sum([1, 2.5])", "3.5"), ("count([1, 2])", 2),
        ("0.1 + 0.2 = 0.3", True), ("abs(-2)", 2), ("floor(-1.5)", -2),
    ],
)  # fmt: skip
def test_expressions(text: str, wanted: Any) -> None:
    exact = Fraction(wanted) if isinstance(wanted, int) and not isinstance(wanted, bool) else wanted
    found = evaluate(read_expression(text, SCOPE), SCOPE)
    assert found == (Fraction("3.5") if wanted == "3.5" else exact)
    assert isinstance(found, bool) is isinstance(wanted, bool)


@pytest.mark.parametrize(
    ("text", "fitting", "others"),
    [
        ("-", [1, None, "x"], []), (">= 18", [18, 19], [17]), ("[1..3)", [1, 2], [0, 3]), ("]1..3[", [2], [1, 3]),
        ("1, 5..", [], []), ("< 2, > 8", [1, 9], [2, 8]), ("not(1, 2)", [3], [1, 2]), ("null", [None], [1]),
        ("not(null)", [1], [None]), ('"a", "b"', ["a", "b"], ["c"]), ("-5", [-5], [5]), ("a", [3], [4]),
        ("[1, 2]", [1, 2], [3]),
    ],
)  # fmt: skip
def test_cells(text: str, fitting: list[Any], others: list[Any]) -> None:
    if text.endswith(".."):
        with pytest.raises(FeelError):
            read_tests(text, SCOPE)
        return
    tests = read_tests(text, SCOPE)
    exact = [Fraction(one) if isinstance(one, int) else one for one in [*fitting, *others]]
    assert [fits(tests, value, SCOPE) is True for value in exact] == [True] * len(fitting) + [False] * len(others)


@pytest.mark.parametrize(
    ("text", "offset", "foreign"),
    [
        ("1 +", 3, False), ("1 2", 2, False), ("for x in [1] return x", 0, True), ("a[1]", 1, True),
        ("1 + # 2", 4, False),
        ("some x in y satisfies x", 0, True), ("if a then 1", 11, False), ("date(a)", 0, True), ('"open', 0, False),
        ("then", 0, False),
    ],
)  # fmt: skip
def test_a_slip_is_told_at_its_place(text: str, offset: int, foreign: bool) -> None:
    with pytest.raises(FeelError) as caught:
        read_expression(text, SCOPE)
    assert (caught.value.offset, caught.value.foreign) == (offset, foreign)


@pytest.mark.parametrize("text", ["(" * 500 + "1" + ")" * 500, "1" + "+1" * 4_000, "-" * 5_000 + "1", "not(" * 900,
                                  "x" * 20_000, "if " * 900, "[" * 900, "a in (" * 500])  # fmt: skip
def test_a_deep_or_long_text_is_told_and_never_crashes(text: str) -> None:
    for read in (read_expression, read_tests):
        with pytest.raises(FeelError):
            read(text, SCOPE)


@pytest.mark.parametrize("text", ["2 ** 0.5", "10 ** 100000", "(10 ** 4000) ** 4000", "sort(a)",
                                  'date("2026-01-02") - date("2026-01-01")'])  # fmt: skip
def test_what_is_not_exact_is_not_answered(text: str) -> None:
    with pytest.raises(Inexact):
        evaluate(read_expression(text, SCOPE), SCOPE)


def test_a_date_is_a_date() -> None:
    assert evaluate(read_expression('date("2026-11-23")'), {}) == date(2026, 11, 23)
