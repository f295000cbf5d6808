"""A stage settles the row of each of its tables and tells which checks fail, here on an engine made of plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from policy.program import Fold, Program
from rules import reference
from rules.flatten import flatten
from rules.outcome import Missing
from rules.ranges import Field
from rules.readings import Unsettled
from rules.reference import Evaluation
from rules.shards import Payload, Rule
from rules.stages import Stage
from tests.programs import Builder, random_facts, random_program


class Plain:
    """Rules evaluated one by one."""

    def __init__(self, rules: Sequence[Rule], fields: Mapping[str, Field]) -> None:
        self.rules, self.names = rules, tuple(fields)

    def collect(self, values: tuple[int, ...]) -> list[Payload]:
        known = dict(zip(self.names, values, strict=True))
        return [rule.payload for rule in self.rules if all(low <= known[name] <= high for name, low, high in rule.box)]

    def first(self, values: tuple[int, ...]) -> Payload | None:
        return next(iter(self.collect(values)), None)


def settled(program: Program, facts: dict[str, Any]) -> tuple[Evaluation, int, int]:
    flat, evaluation = flatten(program), Evaluation(program.nodes, program.tables, facts)
    fails = applies = 0
    for tables in flat.stages:
        failing, applying = Stage(tables, flat.fields, program.nodes, Plain).ask(facts, evaluation)
        fails, applies = fails | failing, applies | applying
    return evaluation, fails, applies


def test_rows_of_random_programs_are_the_references() -> None:
    compared = 0
    for seed in range(150):
        program, facts = random_program(Random(seed)), random_facts(Random(-seed))
        fold = program.nodes[program.fold]
        assert isinstance(fold, Fold)
        try:
            evaluation, _, _ = settled(program, facts)
        except Unsettled:
            continue
        wanted = Evaluation(program.nodes, program.tables, facts)
        for index in (fold.tiers, fold.limits, fold.terms, fold.security):
            if index >= 0:
                assert evaluation.value(index) == wanted.value(index), seed
                compared += 1
    assert compared > 100


def test_a_table_without_a_row_is_missing_by_its_name() -> None:
    b = Builder()
    b.first("tiers", ("tier",), (b.test("customer.score", ">", 5), (b.const("choice", "A"),)))
    program = b.program(())
    evaluation, _, _ = settled(program, {"customer.score": 5})
    assert evaluation.value(program.tables["tiers"]) == Missing(frozenset({"no_row:tiers"}))
    assert reference.decide(program, {"customer.score": 5}).missing == ("no_row:tiers",)
