"""Which row may follow which, held against all orders of small tables; and the promises of large tables."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from policy.load import Loaded, load_policy
from policy.program import First, Program
from rules.facts import trade_vocabulary
from rules.prove_steps import Moved, Steps, relation
from rules.prove_values import Value
from rules.reference import Evaluation
from tests.generated.large_policies import large_policy
from tests.policy.written import program

pytest.importorskip("z3", reason="the prover is an extra of its own")
from rules.proving import proofs_of

FACTS = ("customer.score", "customer.months_trading", "customer.average_days_late")
VALUES = range(-1, 9)


def made(random: Random) -> str:
    """A table of rows that ask for stretches of up to three facts."""
    text = "tiers:\n"
    for row in range(random.randint(2, 8)):
        lines = []
        for name in random.sample(FACTS, random.randint(1, 3)):
            low, high = sorted(random.sample(range(8), 2))
            lines.append(random.choice([f"{name} >= {low}", f"{name} < {high}", f"{name} in [{low}..{high})",
                                        f"{name} in [{low}, {high}]"]))  # fmt: skip
        text += f"  - tier: t{row}\n    when:\n" + "".join(f"      - {line}\n" for line in lines)
    return text + "  - tier: last\n    otherwise: true\n"


def happening(made_of: Program, table: First, better: range) -> set[tuple[int, int]]:
    """The pairs of different rows over all orders and all steps of the score to the next value."""
    found = set()
    for months, late in product(VALUES[1:], VALUES[1:]):  # neither is ever below zero
        rows = [row_of(made_of, table, (score, months, late)) for score in better]
        found |= {pair for pair in zip(rows, rows[1:], strict=False) if pair[0] != pair[1]}
    return found


def row_of(made_of: Program, table: First, values: tuple[int, ...]) -> int:
    facts = dict(zip(FACTS, values, strict=True))
    row: Any = Evaluation(made_of.nodes, made_of.tables, facts).value(made_of.tables[table.name])
    assert isinstance(row, int)
    return row


@pytest.mark.parametrize("seed", range(60))
def test_exactly_the_rows_that_may_follow_each_other_are_found(seed: int) -> None:
    text = made(Random(seed))
    made_of = program(text)
    index = made_of.tables["tiers"]
    table = made_of.nodes[index]
    assert isinstance(table, First)
    for upward in (True, False):
        moved = Moved(frozenset({FACTS[0]}), frozenset({place for place, node in enumerate(made_of.nodes)
                      if getattr(node, "name", "") == FACTS[0]}), upward)  # fmt: skip
        pairs = Steps(made_of).pairs(table, moved)
        if FACTS[0] in text:
            assert pairs is not None and set(pairs) == happening(made_of, table, VALUES if upward else VALUES[::-1])


def test_the_relation_is_that_of_all_pairs() -> None:
    given = [Value(1), Value(3, 2), Value(2), Value(2)]
    assert relation(given, {(0, 1): None, (1, 2): None}) == "<="  # type: ignore[dict-item]
    assert relation(given, {(2, 1): None}) == ">="  # type: ignore[dict-item]
    assert relation(given, {(2, 3): None}) == "="  # type: ignore[dict-item]
    assert relation(given, {(0, 1): None, (2, 1): None}) == ""  # type: ignore[dict-item]
    assert relation([Value(1), Value(2, known=False)], {(0, 1): None}) == ""  # type: ignore[dict-item]


def large(old: str = "", new: str = "") -> Loaded:
    """A policy of 1,000 rows with one text in place of another."""
    text = large_policy(1_000)
    assert old in text
    loaded = load_policy(text.replace(old, new, 1).encode(), "large.yaml", trade_vocabulary())
    assert loaded.program is not None
    return loaded


@pytest.mark.slow
def test_the_promises_of_a_thousand_rows_are_proved() -> None:
    assert [proof.status for proof in proofs_of(large())] == ["proved"] * 4


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "promise"), [
    ("limit: 303020\n", "limit: 203020\n", "better score never worse"),
    ("customer.score >= 480\n      - customer.months_trading >= 54\n", "customer.score in [480..520)\n"
     "      - customer.months_trading in [54..60)\n", "better months_trading never worse"),
])  # fmt: skip
def test_one_row_that_breaks_a_promise_among_a_thousand_is_found(old: str, new: str, promise: str) -> None:
    proofs = {proof.promise: proof for proof in proofs_of(large(old, new))}
    assert proofs[promise].status == "refuted" and "limit goes from" in proofs[promise].harm
