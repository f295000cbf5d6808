"""Numbers that stand for values keep their order at every threshold, and ranges are exactly where a test holds."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import pytest

from policy.program import In, Span
from rules.ranges import INT64_MAX, Field, both, compared, encode, joined, outside, within

OPERATORS = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
WHOLE = Field("f0", "integer", 0)
EXACT = Field("f1", "rational", 0, scale=6)


def holds(field: Field, ranges: Any, value: Any) -> bool:
    return any(low <= encode(field, value) <= high for low, high in ranges)


@pytest.mark.parametrize("op", OPERATORS)
def test_a_test_of_whole_numbers_holds_exactly_in_its_ranges(op: str) -> None:
    for constant, value in product((F(-5, 2), -1, 0, F(1, 3), 2, F(5, 2)), range(-4, 5)):
        assert holds(WHOLE, compared(WHOLE, op, constant), value) is OPERATORS[op](value, constant)


@pytest.mark.parametrize("op", OPERATORS)
def test_a_test_of_fractions_holds_exactly_in_its_ranges(op: str) -> None:
    values = [F(top, under) for top in range(-13, 14) for under in (1, 2, 3, 6, 7, 60)]
    for constant, value in product((F(-5, 6), F(-1, 2), 0, F(1, 3), F(1, 2), 1), values):
        assert holds(EXACT, compared(EXACT, op, constant), value) is OPERATORS[op](value, constant)


def test_one_part_in_ten_to_the_fifteenth_is_seen() -> None:
    third = Field("f", "rational", 0, scale=3)
    at_most = compared(third, "<=", F(1, 3))
    assert holds(third, at_most, F(1, 3)) and not holds(third, at_most, F(10**15 + 1, 3 * 10**15))


def test_words_and_signs_are_numbers_of_our_own() -> None:
    word = Field("f", "token", 0, tokens=("DE", "RU"))
    assert [encode(word, text) for text in ("DE", "RU", "ru", "")] == [1, 2, 0, 0]
    assert compared(word, "!=", "DE") == ((0, 0), (2, 2))
    sign = Field("f", "sign", 0, 1)
    assert [encode(sign, *pair) for pair in ((1, 2), (2, F(4, 2)), (3, 2), ("a", "a"), ("a", "b"))] == [-1, 0, 1, 0, 1]
    assert compared(sign, ">=", 0) == ((0, 1),)


def test_a_constant_past_int64_is_never_met_nor_passed() -> None:
    assert compared(WHOLE, "=", 2**70) == ()
    assert compared(WHOLE, "<", 2**70) == ((-INT64_MAX, INT64_MAX),)


def test_several_points_and_spans_are_one_set_of_ranges() -> None:
    node = In(0, (1, 9), (Span(2, True, 4, False), Span(None, False, -7, True)))
    assert within(WHOLE, node) == ((-INT64_MAX, -7), (1, 3), (9, 9))
    turned = within(WHOLE, In(0, (1, 9), (Span(2, True, 4, False),), negated=True))
    assert turned == ((-INT64_MAX, 0), (4, 8), (10, INT64_MAX))


def test_ranges_join_meet_and_turn_round() -> None:
    assert joined([(5, 6), (1, 2), (3, 3)]) == ((1, 3), (5, 6))
    assert both(((1, 3), (5, 9)), ((2, 6),)) == ((2, 3), (5, 6))
    assert outside(((1, 3),), (0, 9)) == ((0, 0), (4, 9))
    assert outside((), (0, 9)) == ((0, 9),) and outside(((0, 9),), (0, 9)) == ()
