"""What the lowering adds to what the officer wrote: amounts that leave a Program are whole minor units."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy import load_policy
from policy.program import First, Round
from rules.facts import trade_vocabulary
from rules.reference import decide

POLICY = """\
aval: 1
policy: small
title: {en: Small}
currency: CNY
timezone: Asia/Shanghai
tables:
  share: {by: customer.score, rows: {"< 80": 10%, ">= 80": 20%}, missing: refer}
limits:
  - otherwise: true
    limit: LIMIT
checks:
  - {check: over_limit, measure: account.exposure, at_most: limit.effective, verdict: deny}
"""


@pytest.mark.parametrize(("limit", "revenue", "found"), [
    ("10% * customer.annual_revenue", 4_999_999_999, 500_000_000),
    ("10% * customer.annual_revenue", 4_999_999_995, 500_000_000),  # a half goes to the even fen
    ("10% * customer.annual_revenue", 4_999_999_985, 499_999_998),
    ("10% * customer.annual_revenue", 4_999_999_990, 499_999_999),
    ("customer.annual_revenue / 3", 100, 33),
    ("min(10% * customer.annual_revenue, 1_000)", 4_999_999_999, 100_000),
    ("share * customer.annual_revenue", 4, 1),
    ("customer.annual_revenue - account.open_amount", 500, 200),
    ("unlimited", 1, 10**18),
    ("none", 1, -1),
])
def test_a_limit_is_whole_minor_units_rounded_half_even(limit: str, revenue: int, found: int) -> None:
    loaded = load_policy(POLICY.replace("LIMIT", limit).encode(), "small.yaml", trade_vocabulary())
    assert loaded.program is not None, loaded.problems
    facts = {"customer.annual_revenue": revenue, "customer.score": 85, "account.open_amount": 300}
    given = decide(loaded.program, facts).limits["limit"]
    assert (given, type(given)) == (found, int)


@pytest.mark.parametrize(("limit", "rounds"), [
    ("customer.annual_revenue", False), ("min(customer.annual_revenue, 5_000)", False), ("1_000", False),
    ("1% * customer.annual_revenue", True), ("share * customer.annual_revenue", True),
])
def test_only_what_may_hold_a_fraction_is_rounded(limit: str, rounds: bool) -> None:
    loaded = load_policy(POLICY.replace("LIMIT", limit).encode(), "small.yaml", trade_vocabulary())
    assert loaded.program is not None, loaded.problems
    table = loaded.program.nodes[loaded.program.tables["limits"]]
    assert isinstance(table, First)
    node = loaded.program.nodes[table.rows[0].outputs[0]]
    assert isinstance(node, Round) is rounds
    assert not rounds or (isinstance(node, Round) and (node.step, node.mode) == (Fraction(1), "half_even"))
