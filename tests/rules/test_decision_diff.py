"""For whom two policies differ: the orders shown are truly decided otherwise, and every planted change finds some."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy import Loaded, load_policy
from rules import reference
from rules.decision_diff import DecisionDiff, decision_diff
from rules.facts import trade_vocabulary

STANDARD = (Path(__file__).resolve().parents[2] / "policy" / "library" / "standard.yaml").read_text("utf-8")


def loaded(text: str) -> Loaded:
    found = load_policy(text.encode(), "f", trade_vocabulary())
    assert found.program is not None
    return found


OLD = loaded(STANDARD)
PLANTED = [
    ("customer.score >= 80\n", "customer.score >= 85\n"), ("average_days_late <= 5", "average_days_late < 5"),
    ("months_trading < 6\n", "months_trading < 7\n"), ("with_2_days <= 50_000", "with_2_days <= 60_000"),
    ("days_overdue >= 15", "days_overdue > 15"), ("and open_amount > 1_000", "and open_amount > 1_001"),
    ("min(5% *", "min(6% *"), ("net 60, 2/10", "net 75, 2/10"), ("    at_most: 0\n", "    at_most: 2\n"),
    ("at_most: limit.effective", "below: limit.effective"), ("verdict: deny", "verdict: refer"),
    ("require: none", "require: {prepayment: 10%}"), ("    missing: refer\n", "    missing: deny\n"),
    ("largest_order: 300_000", "largest_order: 300_001"), ("longest: net 90", "longest: net 75"),
]  # fmt: skip


def diff_to(before: str, after: str) -> tuple[DecisionDiff, Loaded]:
    assert before in STANDARD
    new = loaded(STANDARD.replace(before, after, 1))
    assert OLD.program is not None and new.program is not None
    return decision_diff(OLD.program, new.program, (*OLD.tests, *new.tests), 3_000), new


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), PLANTED)
def test_every_planted_change_finds_an_order_that_is_decided_otherwise(before: str, after: str) -> None:
    found, new = diff_to(before, after)
    assert found.found and not found.proof
    for one in found.found:
        for program, outcome in ((OLD.program, one.old), (new.program, one.new)):
            assert program is not None
            assert reference.decide(program, one.order.whole(program)) == outcome
        assert one.old != one.new


def test_a_threshold_that_moved_shows_an_order_at_the_threshold() -> None:
    found, _ = diff_to("customer.score >= 80\n", "customer.score >= 85\n")
    first = found.found[0]
    assert (first.old.verdict, first.new.verdict) == ("approve", "approve_with_conditions")
    assert first.order.facts["customer.score"] in range(80, 85)
    assert found.differing() == sum(one.like_it for one in found.found) <= found.tried


def test_a_proof_makes_trying_needless() -> None:
    found, _ = diff_to("customer.score >= 80\n", "customer.score > 79\n")
    assert (found.tried, found.found) == (0, ())
    assert found.proof == "all 448 combinations of the thresholds that differ were compared"


def test_without_tests_orders_begin_at_the_corners_of_rows() -> None:
    new = loaded(STANDARD.replace("customer.score >= 80\n", "customer.score >= 85\n", 1))
    assert OLD.program is not None and new.program is not None
    assert decision_diff(OLD.program, new.program, (), 3_000).found


def test_a_window_of_days_that_moved_shows_an_order_with_an_item_at_its_edge() -> None:
    text = """aval: 1
policy: p
title: {en: P}
currency: CNY
let:
  ordered: sum of earlier_orders.amount in last 30 days
checks:
  - {check: many, measure: ordered, at_most: 500, verdict: refer}
tests:
  - name: nothing ordered before
    given: {as_of: 2026-11-23, order.amount: 10, limit.granted: unlimited, earlier_orders: []}
    expect: {verdict: approve}
"""
    old, new = loaded(text), loaded(text.replace("last 30 days", "last 29 days"))
    assert old.program is not None and new.program is not None
    found = decision_diff(old.program, new.program, old.tests).found
    assert (found[0].old.verdict, found[0].new.verdict) == ("refer", "approve")
