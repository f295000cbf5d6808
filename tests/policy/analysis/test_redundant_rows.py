"""Rows that give what follows anyway, and rows that look like it and are needed."""

from __future__ import annotations

from tests.policy.analysis.replay import found


def table(*rows: tuple[str, str]) -> str:
    """Tiers with one condition each, the last row otherwise."""
    lines = [f"  - tier: {tier}\n    when: {when}\n" if when else f"  - tier: {tier}\n    otherwise: true\n"
             for tier, when in rows]  # fmt: skip
    return "tiers:\n" + "".join(lines)


def test_a_row_that_gives_what_otherwise_gives_is_redundant() -> None:
    assert found(table(("a", "customer.score > 5"), ("b", "customer.score > 3"), ("b", ""))) == ["4: redundant-row"]


def test_a_row_that_shields_its_orders_from_another_row_is_needed() -> None:
    assert found(table(("b", "customer.score > 5"), ("a", "customer.months_trading > 3"), ("b", ""))) == []


def test_a_row_is_redundant_where_the_rows_between_do_not_meet_it() -> None:
    rows = table(("b", "customer.score > 5"), ("a", "customer.score < 3"), ("b", ""))
    assert found(rows) == ["2: redundant-row"]


def test_a_row_above_one_that_asks_whether_a_fact_is_missing_is_needed_for_it() -> None:
    rows = table(("b", "order.placed_on is missing"), ("a", "order.placed_on > 2026-01-01"), ("b", ""))
    assert found(rows) == []
