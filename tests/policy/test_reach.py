"""A figure never asks a list for more than it holds."""

from __future__ import annotations

import pytest

from policy import load_policy
from rules.facts import LOOK_BACK_DAYS, trade_vocabulary

POLICY = """aval: 1
policy: reach
title: {{en: Reach}}
currency: CNY
let:
  long_ago: as_of - 90 days
  ordered: sum of earlier_orders.unsecured_amount where placed_on >= {since}
checks:
  - check: much
    measure: ordered
    at_most: 5_000
    verdict: warn
"""


def codes(since: str) -> list[str]:
    loaded = load_policy(POLICY.format(since=since).encode(), "reach.yaml", trade_vocabulary())
    return [problem.code for problem in loaded.problems if problem.code != "unused-fact"]


@pytest.mark.parametrize("since", [f"as_of - {LOOK_BACK_DAYS} days", "as_of - 1 month", "as_of"])
def test_what_the_list_holds_may_be_asked(since: str) -> None:
    assert codes(since) == []


TOO_LONG = [f"as_of - {LOOK_BACK_DAYS + 1} days", "as_of - 3 months", "as_of - 1 year", "long_ago", "2026-01-01"]


@pytest.mark.parametrize("since", TOO_LONG)
def test_what_is_older_is_a_finding(since: str) -> None:
    assert codes(since) == ["range"]


def test_the_ledger_hands_over_as_many_days_as_the_list_says() -> None:
    from storage.exposure_ledger import LOOK_BACK_DAYS as handed

    assert handed == LOOK_BACK_DAYS
