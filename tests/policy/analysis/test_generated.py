"""Hundreds of policies by chance: no order near their thresholds ever proves a finding of the analysis wrong."""

from __future__ import annotations

from collections import Counter

from policy.load import load_policy
from rules.facts import trade_vocabulary
from tests.generated.comparison import facts_of, situations
from tests.generated.documents import document
from tests.policy.analysis.replay import contradictions, findings, untrue_examples

SEEDS = range(7_000, 7_250)
ORDERS = 40  # for each policy, so thousands near its thresholds


def test_no_order_proves_a_finding_wrong_and_every_example_shows_it() -> None:
    wrong: list[str] = []
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
            wrong += contradictions(loaded.program, problems, facts_of(loaded.program, situation))
    assert wrong == []
    assert min(told[code] for code in ("dead-row", "redundant-row", "dead-row with example")) > 20, told
