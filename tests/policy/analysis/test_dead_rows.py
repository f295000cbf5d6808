"""Rows that decide nothing: found where that is certain, and never in a table of checks."""

from __future__ import annotations

from tests.policy.analysis.replay import findings, found
from tests.policy.written import load

OTHERWISE = "  - tier: other\n    otherwise: true\n"


def test_a_row_behind_one_that_takes_all_its_orders_is_dead() -> None:
    rows = "tiers:\n  - tier: a\n    when: customer.score >= 60\n  - tier: b\n    when: customer.score >= 80\n"
    body = rows + OTHERWISE
    (told,) = findings(load(body))
    assert (told.code, told.where.line, told.severity) == ("dead-row", 8, "warning")
    assert "the row in line 6 takes" in told.message and dict(told.example) == {"customer.score": "80"}


def test_a_row_that_several_rows_take_together_is_dead() -> None:
    rows = "".join(f"  - tier: {name}\n    when: customer.score {test}\n"
                   for name, test in (("a", "< 50"), ("b", ">= 49"), ("c", "in [40..60]")))  # fmt: skip
    (told,) = findings(load("tiers:\n" + rows + OTHERWISE))
    assert told.where.line == 10 and "the rows above take" in told.message


def test_whole_numbers_leave_no_room_between_neighbours() -> None:
    body = "tiers:\n  - tier: a\n    when:\n      - customer.score > 59\n      - customer.score < 60\n" + OTHERWISE
    assert found(body) == ["2: dead-row"]


def test_shares_leave_room_between_neighbours() -> None:
    facts = "facts:\n  customer.share: {kind: percent, from: master}\n"
    rows = "tiers:\n  - tier: a\n    when:\n      - customer.share > 59%\n      - customer.share < 60%\n"
    assert found(facts + rows + OTHERWISE) == []


def test_a_formula_is_an_axis_of_its_own() -> None:
    body = "let:\n  total: account.exposure + order.amount\ntiers:\n  - tier: a\n    when: total <= 1_000\n" \
           "  - tier: b\n    when: account.exposure <= 500\n  - tier: c\n    when: total <= 500\n" + OTHERWISE
    assert found(body) == ["8: dead-row"]


def test_a_row_that_a_missing_fact_stops_above_is_dead() -> None:
    body = "tiers:\n  - tier: a\n    when: order.placed_on is missing\n  - tier: b\n" \
           "    when: order.placed_on is known\n  - tier: c\n    when: customer.score > 5\n" + OTHERWISE
    assert found(body) == ["6: dead-row"]


def test_a_check_that_cannot_fail_is_told_and_overlapping_checks_are_not() -> None:
    body = "checks:\n  - check: a\n    when: order.amount > 5\n    verdict: warn\n  - check: b\n" \
           "    when: order.amount > 9\n    verdict: deny\n  - check: c\n    only_when: order.amount > 9\n" \
           "    measure: order.amount\n    at_least: 8\n    verdict: deny\n"
    assert found(body) == ["8: dead-row"]


def test_a_row_for_a_tier_that_no_order_gets_waits_in_vain() -> None:
    body = "tiers:\n  - tier: a\n    when: customer.score >= 60\n  - tier: b\n    when: customer.score >= 80\n" \
           + OTHERWISE + "terms:\n  - when: tier is b\n    offer: [net 60]\n  - otherwise: true\n    offer: [net 30]\n"
    assert found(body) == ["4: dead-row", "9: unreachable-outcome"]


def test_a_tier_and_other_lines_are_looked_at_together() -> None:
    tiers = "tiers:\n  - tier: a\n    when: customer.score >= 60\n" + OTHERWISE
    body = tiers + "terms:\n  - when:\n      - tier is a\n      - customer.score {}\n    offer: [net 60]\n" \
        "  - otherwise: true\n    offer: [net 30]\n"
    assert found(body.format("< 60")) == ["7: unreachable-outcome"]
    assert found(body.format("<= 61")) == []
