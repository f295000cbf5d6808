"""Formulas in a straight line have the values of the reference's walk, or none at all."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from policy.program import Calc, Const, Fact
from rules.outcome import Missing
from rules.reference import Evaluation
from rules.schedule import Absent, Schedule
from tests.programs import random_facts, random_program

NODES = (
    Fact("a", "money"), Fact("b", "money"), Const("number", Fraction(1, 3)), Calc("add", (0, 1), "money"),
    Calc("multiply", (3, 2), "money"), Calc("divide", (0, 1), "ratio"), Calc("min", (0, 1, 4), "money"),
    Calc("first_known", (0, 1), "money"), Calc("add", (7, 0), "money"), Fact("tier", "choice", "tiers"),
)  # fmt: skip


def test_shared_parts_are_computed_once_and_exactly() -> None:
    schedule = Schedule(NODES, [4, 6, 3])
    values = schedule.values({"a": 1, "b": 1})
    assert [values[schedule.slots[index]] for index in (3, 4, 6)] == [2, Fraction(2, 3), Fraction(2, 3)]
    assert len(schedule.slots) == 6


@pytest.mark.parametrize("facts", [{"a": 1}, {"a": 1, "b": None}, {"a": Missing(frozenset({"x"})), "b": 1}])
def test_a_missing_fact_leaves_no_value(facts: dict[str, object]) -> None:
    with pytest.raises(Absent):
        Schedule(NODES, [3]).values(facts)


def test_a_zero_divisor_leaves_no_value() -> None:
    with pytest.raises(Absent):
        Schedule(NODES, [5]).values({"a": 1, "b": 0})


@pytest.mark.parametrize("index", [7, 8, 9])
def test_what_may_do_without_a_fact_or_reads_a_table_is_left_to_the_walk(index: int) -> None:
    assert Schedule(NODES, [index]).slots == {}


@pytest.mark.parametrize("seed", range(40))
def test_random_formulas_have_the_values_of_the_walk(seed: int) -> None:
    chance = Random(seed)
    program = random_program(chance)
    wanted = [index for index, node in enumerate(program.nodes) if isinstance(node, Calc)]
    schedules = {index: Schedule(program.nodes, [index]) for index in wanted}
    for _ in range(20):
        facts = random_facts(chance)
        walk = Evaluation(program.nodes, program.tables, facts)
        for index, schedule in schedules.items():
            if index not in schedule.slots:
                continue
            try:
                found = schedule.values(facts)[schedule.slots[index]]
            except Absent:
                assert isinstance(walk.value(index), Missing)
            else:
                assert found == walk.value(index)
