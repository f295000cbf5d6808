"""Hundreds of policies by chance: no order near their thresholds ever proves a finding of the analysis wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from policy.load import load_policy
from policy.program import Program
from rules.facts import trade_vocabulary
from tests.generated.comparison import facts_of, situations
from tests.generated.documents import document
from tests.policy.analysis.replay import contradictions, findings, untrue_examples

SEEDS = range(7_000, 7_250)
ORDERS = 40  # for each policy, so thousands near its thresholds


def can_be(program: Program, facts: Mapping[str, Any]) -> bool:
    """Whether every fact is one that the doors let in and the ledger can count."""
    least = {name: one.least for name, one in program.facts.items() if one.least is not None}
    return all(not isinstance(value, int) or value >= least.get(name, value) for name, value in facts.items())


@pytest.mark.slow
def test_no_order_proves_a_finding_wrong_and_every_example_shows_it() -> None:
    wrong: list[str] = []
    asked = 0
    told: Counter[str] = Counter()
    for seed in SEEDS:
        made = document(seed)
        loaded = load_policy(made.text.encode(), f"{seed}.yaml", trade_vocabulary(), made.shelf)
        assert loaded.program is not None
        problems = findings(loaded)
        told.update(problem.code for problem in problems)
        told.update(f"{problem.code} with example" for problem in problems if problem.example)
        wrong += untrue_examples(loaded.program, problems)
        for situation in situations(made, loaded.program, ORDERS if problems else 0):
            facts = facts_of(loaded.program, situation)
            if can_be(loaded.program, facts):
                asked += 1
                wrong += contradictions(loaded.program, problems, facts)
    assert wrong == []
    assert asked > 1_000
    assert min(told[code] for code in ("dead-row", "redundant-row", "dead-row with example")) > 20, told
