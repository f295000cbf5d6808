"""Small tables by chance against every order there is: the analysis finds all that is so, and nothing that is not."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from policy.program import First, Program
from rules.reference import Evaluation
from tests.policy.analysis.replay import after, facts_of, findings
from tests.policy.written import load

FACTS = ("customer.score", "customer.months_trading", "customer.average_days_late")
VALUES = (range(-1, 6), range(6), range(6))  # months and days late are never below zero


def line(random: Random) -> str:
    """A test on one fact with small thresholds."""
    name, low = random.choice(FACTS), random.randrange(5)
    return random.choice((f"{name} >= {low}", f"{name} < {low}", f"{name} > {low}", f"{name} <= {low}",
                          f"{name} is {low}", f"{name} is not {low}", f"{name} in [{low}..{low + 2})",
                          f"{name} not in [{low}, {low + 2}]"))  # fmt: skip


def table(random: Random, ends: bool) -> str:
    """A tier table of a few rows, with or without otherwise."""
    rows = []
    for _ in range(random.randrange(3, 8)):
        lines = [f"      - {line(random)}" for _ in range(random.randrange(1, 3))]
        if random.random() < 0.3:
            lines += ["      - any:", f"          - {line(random)}", f"          - {line(random)}"]
        rows.append("\n".join([f"  - tier: t{random.randrange(3)}", "    when:", *lines]))
    last = ["  - tier: t0", "    otherwise: true"] if ends else []
    return "\n".join(["tiers:", *rows, *last, ""])


def orders() -> list[dict[str, Any]]:
    """Every order: thresholds are whole and lie between the smallest and the largest value."""
    return [dict(zip(FACTS, values, strict=True)) for values in product(*VALUES)]


def rows_that_decide(program: Program) -> tuple[First, list[tuple[int, dict[str, Any]]]]:
    """The tier table, and for each order the row that decides it."""
    node = program.nodes[program.tables["tiers"]]
    assert isinstance(node, First)
    decided = [(Evaluation(program.nodes, program.tables, facts).value(program.tables["tiers"]), facts)
               for facts in orders()]  # fmt: skip
    return node, decided


@pytest.mark.parametrize("seed", range(40))
def test_dead_and_redundant_rows_are_exactly_those_that_every_order_shows(seed: int) -> None:
    loaded = load(table(Random(seed), ends=True))
    assert loaded.program is not None
    node, decided = rows_that_decide(loaded.program)
    lines = [row.line for row in node.rows[:-1]]
    dead = {line for number, line in enumerate(lines) if number not in {row for row, _ in decided}}
    redundant = {line for number, line in enumerate(lines) if line not in dead and
                 all(after(loaded.program, node, number, facts) == node.rows[number].outputs
                     for row, facts in decided if row == number)}  # fmt: skip
    told = findings(loaded)
    assert {one.where.line for one in told if one.code == "dead-row"} == dead
    assert {one.where.line for one in told if one.code == "redundant-row"} == redundant


@pytest.mark.parametrize("seed", range(40))
def test_a_gap_is_told_exactly_where_an_order_fits_no_row(seed: int) -> None:
    text = table(Random(seed), ends=False)
    whole = load(text + "  - tier: nobody\n    otherwise: true\n").program
    assert whole is not None
    node, decided = rows_that_decide(whole)
    left = [facts for row, facts in decided if row == len(node.rows) - 1]
    (told,) = (one for one in load(text).problems if one.code in ("gap", "no-otherwise"))
    assert told.code == ("gap" if left else "no-otherwise")
    if left:
        facts = {**left[0], **facts_of(whole, told.example)}
        assert Evaluation(whole.nodes, whole.tables, facts).value(whole.tables["tiers"]) == len(node.rows) - 1
