"""Formulas over limits: what may be none is no amount, and what may be unlimited has no sign."""

from __future__ import annotations

import pytest

from policy import load_policy
from policy.problems import errors
from rules.facts import trade_vocabulary

POLICY = """aval: 1
policy: limits
title: {en: Limits}
currency: CNY
checks:
  - {check: one, verdict: warn, measure: "MEASURE", at_most: 10}
"""


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        ("limit.granted", "limit-state"),
        ("first known of [limit.granted, 5_000 CNY]", "limit-state"),
        ("stricter of [limit.granted, limit.policy]", "limit-state"),
        ("-limit.effective", "kind"),
        ("abs(limit.effective)", "kind"),
        ("stricter of [limit.granted, 5_000 CNY]", ""),
        ("stricter of [limit.granted, 5_000]", ""),
        ("first known of [limit.effective, 5_000]", ""),
        ("limit.effective - order.amount", ""),
    ],
)
def test_a_limit_is_measured_only_where_it_is_an_amount(measure: str, code: str) -> None:
    text = POLICY.replace("MEASURE", measure)
    found = errors(load_policy(text.encode(), "f.yaml", trade_vocabulary()).problems)
    assert [problem.code for problem in found] == ([code] if code else [])
