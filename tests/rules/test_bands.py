"""Bands cut a figure exactly at its thresholds, and say for every value which rows are true or possible."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from policy.program import In, Span
from rules import bands
from rules.bands import Column, Cut, Rows
from tests.programs import Builder, RandomProgram, random_facts

ALL = 0b111
F = Fraction


def row_tests(builder: Builder, conditions: list[int]) -> dict[frozenset[bands.Atom], int]:
    found: dict[frozenset[bands.Atom], int] = {}
    for place, condition in enumerate(conditions):
        key = frozenset(bands.conjunction(builder.nodes, condition))
        found[key] = found.get(key, 0) | 1 << place
    return found


def band_of(column: Column, value: int | Fraction) -> Rows:
    """The rows of the band that a value lies in, by counting the cuts below it."""
    return column.bands[sum(value > cut.at or (value == cut.at and not cut.above) for cut in column.cuts)]


def score_column() -> Column:
    b = Builder()
    score = b.fact("customer.score")
    conditions = [b.compare(score, ">=", b.const("count", 80)), b.compare(score, ">", b.const("count", 35))]
    conditions.append(b.add(In(score, (80,), (Span(0, True, 35, False),))))
    return bands.column(b.nodes, row_tests(b, conditions), ALL)


@pytest.mark.parametrize(
    ("score", "rows"),
    [(-1, 0), (0, 0b100), (34, 0b100), (35, 0), (36, 0b010), (79, 0b010), (80, 0b111), (81, 0b011), (F(71, 2), 2)],
)
def test_a_value_at_a_threshold_is_in_the_band_that_the_test_says(score: int, rows: int) -> None:
    assert band_of(score_column(), score) == Rows(rows, rows)


def test_a_missing_value_leaves_every_row_possible_and_none_true() -> None:
    assert score_column().missing == Rows(0, ALL)


def test_bands_alike_are_one() -> None:
    cuts = score_column().cuts
    assert cuts == (Cut(0, False), Cut(35, False), Cut(35, True), Cut(80, False), Cut(80, True))


def test_is_missing_is_true_of_the_missing_value_only() -> None:
    b = Builder()
    limit = b.fact("limit.granted")
    conditions = [b.add(In(limit, missing=True)), b.add(In(limit, missing=True, negated=True))]
    column = bands.column(b.nodes, row_tests(b, conditions), 0b11)
    assert column.missing == Rows(0b01, 0b01) and column.bands == (Rows(0b10, 0b10),) and column.cuts == ()


def test_any_and_not_on_one_figure_stay_one_column() -> None:
    b = Builder()
    score = b.fact("customer.score")
    low = b.compare(score, "<", b.const("count", 3))
    high = b.compare(b.fact("customer.score"), ">", b.const("count", 80))
    condition = b.no(b.any(low, high))
    same = bands.canonical(b.nodes)
    atoms = list(bands.conjunction(b.nodes, condition))
    assert {bands.operand(b.nodes, same, test) for test, _ in atoms} == {score}
    column = bands.column(b.nodes, {frozenset(atoms): 1}, 1)
    assert [band_of(column, value).true for value in (2, 3, 80, 81)] == [0, 1, 1, 0]


def test_two_figures_in_one_test_are_no_column() -> None:
    b = Builder()
    test = b.compare(b.fact("order.amount"), ">", b.fact("account.exposure"))
    assert bands.operand(b.nodes, bands.canonical(b.nodes), test) is None


def test_words_keep_the_rows_that_name_them() -> None:
    b = Builder()
    country = b.fact("customer.country")
    conditions = [b.add(In(country, ("DE", "RU"))), b.compare(country, "!=", b.const("choice", "RU"))]
    column = bands.column(b.nodes, row_tests(b, conditions), 0b11)
    assert {word: rows.true for word, rows in column.words.items()} == {"DE": 0b11, "RU": 0b01}
    assert column.bands[0].true == 0b10


@pytest.mark.parametrize("seed", range(60))
def test_every_band_says_what_its_tests_say_one_by_one(seed: int) -> None:
    random = Random(seed)
    b = RandomProgram(random)
    name = random.choice(("customer.score", "customer.leverage", "order.amount"))
    fact = b.fact(name)
    kind = {"customer.score": "count", "customer.leverage": "ratio", "order.amount": "money"}[name]
    leaves = [b.within(kind, fact) if random.random() < 0.5 else b.test(name, random.choice(("<", "<=", "=", "!=")),
              b.threshold(kind)) for _ in range(6)]  # fmt: skip
    conditions = [b.any(*random.sample(leaves, 2)), b.no(b.all(*random.sample(leaves, 3))), b.all(*leaves[:2])]
    tests = row_tests(b, conditions)
    column = bands.column(b.nodes, tests, ALL)
    for _ in range(40):
        value = random_facts(random).get(name)
        found = column.missing if value is None else band_of(column, value)
        assert found == bands.rows_at(b.nodes, tests, ALL, value)


def test_the_same_figure_written_twice_has_one_first_node() -> None:
    b = Builder()
    first = b.calc("add", b.fact("order.amount"), b.const("money", 1))
    second = b.calc("add", b.fact("order.amount"), b.const("money", 1))
    other = b.calc("add", b.fact("order.amount"), b.const("money", True))
    same = bands.canonical(b.nodes)
    assert same[second] == first and same[other] == other


def test_a_thousand_thresholds_are_cut_by_asking_each_test_only_at_its_own() -> None:
    b = Builder()
    score = b.fact("customer.score")
    conditions = [b.compare(score, ">=", b.const("count", threshold)) for threshold in range(1000)]
    column = bands.column(b.nodes, row_tests(b, conditions), (1 << 1000) - 1)
    assert len(column.cuts) == 1000 and band_of(column, 499).true == (1 << 500) - 1
