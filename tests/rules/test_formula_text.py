"""Formulas and conditions come back in the officer's words."""

from __future__ import annotations

import pytest

from policy import load_policy
from policy.program import Collect, Fold
from rules.facts import trade_vocabulary
from rules.formula_text import FormulaText

POLICY = """\
aval: 1
policy: small
title: {en: Small}
currency: CNY
timezone: Asia/Shanghai
let:
  owed: account.exposure + order.unsecured_amount
limits:
  - otherwise: true
    limit: 5_000
    largest_order: 100
checks:
  - check: one
    when: CONDITION
    verdict: deny
"""


@pytest.mark.parametrize("condition", [
    "customer.score >= 80",
    "owed > limit.effective",
    "order.unsecured_amount > limit.largest_order",
    "account.overdue_amount / account.open_amount > 50%",
    "account.overdue_amount / (account.open_amount + account.exposure) > 50%",
    "as_of - 2 days > order.placed_on",
    "order.placed_on + 3 months < as_of",
    "days_between(order.placed_on, as_of) > 30 days",
    "max(account.open_amount, account.exposure) > CNY 1,000.00",
    "customer.type is school",
    "customer.type is not school",
    "customer.type in [school, hospital]",
    "customer.score not in [1, 2]",
    "customer.score in [60..80)",
    "limit.granted is none",
    "limit.granted is not none",
    "customer.score is missing",
    "customer.score is known",
])
def test_a_line_reads_as_it_was_written(condition: str) -> None:
    written = condition.replace("CNY 1,000.00", "1_000")
    loaded = load_policy(POLICY.replace("CONDITION", written).encode(), "small.yaml", trade_vocabulary())
    program = loaded.program
    assert program is not None, loaded.problems
    end = program.nodes[program.fold]
    assert isinstance(end, Fold)
    checks = program.nodes[end.checks]
    assert isinstance(checks, Collect)
    assert FormulaText(program).condition(checks.rows[0].fails) == condition
