"""Windows have their first and last day, and a figure says what is missing by the name of its list."""

from __future__ import annotations

from datetime import date

import pytest

from policy.load import load_policy
from policy.program import DayWindow, Figure, Logic
from rules.facts import trade_vocabulary
from rules.figures import CutOff, compute, days_of, with_figures
from rules.memo import Memo
from rules.outcome import Missing


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


@pytest.mark.parametrize(("unit", "size", "today", "first", "last"), [
    ("days", 1, "2026-05-31", "2026-05-31", "2026-05-31"), ("days", 30, "2026-05-31", "2026-05-02", "2026-05-31"),
    ("months", 3, "2026-05-31", "2026-03-01", "2026-05-31"), ("months", 12, "2028-02-29", "2027-03-01", "2028-02-29"),
    ("calendar", 12, "2026-01-01", "2025-01-01", "2025-12-31"),
    ("calendar", 3, "2026-05-31", "2026-01-01", "2026-03-31"),
    ("calendar", 3, "2026-03-31", "2025-10-01", "2025-12-31"),
    ("calendar", 1, "2028-03-01", "2028-02-01", "2028-02-29"),
])  # fmt: skip
def test_a_window_has_a_first_and_a_last_day(unit: str, size: int, today: str, first: str, last: str) -> None:
    assert days_of(DayWindow(unit, size, "on"), day(today)) == (day(first), day(last))


def test_an_item_without_a_day_and_a_decision_without_one_are_missing_by_name() -> None:
    figure = Figure("late", "count", "invoices", (Logic("and", ()),), 0, -1, "count", DayWindow("days", 5, "on"))
    assert compute(figure, {}, [{"on": None}]) == Missing(frozenset({"invoices.on", "as_of"}))
    assert compute(figure, {}, []) == 0


CUT = """
aval: 1
policy: cut
title: {en: Cut}
currency: JPY
let:
  recent: sum of earlier_orders.amount where placed_on >= as_of - 2 days
  large: count of earlier_orders where amount > 100
  small_then: count of earlier_orders where amount < 100 and placed_on >= as_of - 2 days
  every_one: every earlier_orders where placed_on >= as_of - 2 days
checks:
  - {check: one, measure: recent, at_most: 1, verdict: refer}
  - {check: two, measure: large, at_most: 1, verdict: refer}
  - {check: three, measure: small_then, at_most: 1, verdict: refer}
  - {check: four, when: every_one is true, verdict: refer}
"""


@pytest.mark.parametrize("memo", [None, Memo()])
def test_a_list_that_was_cut_gives_the_figures_that_do_not_look_at_its_unread_days(memo: Memo | None) -> None:
    program = load_policy(CUT.encode(), "cut.yaml", trade_vocabulary()).program
    assert program is not None
    items = [{"amount": 10, "unsecured_amount": 0, "placed_on": day} for day in (100, 99, 98)]
    whole = with_figures(program, {"as_of": 101}, {"earlier_orders": items}, memo)
    assert whole["recent"] == 20  # 99 and later
    for last, known in ((98, True), (99, False), (100, False)):
        cut = CutOff.of(items, "placed_on", range(41, last + 1))
        found = with_figures(program, {"as_of": 101}, {"earlier_orders": cut}, memo)
        missing = Missing(frozenset({"earlier_orders"}))
        assert found["recent"] == (20 if known else missing)
        assert found["small_then"] == (2 if known else missing)
        assert found["large"] == found["every_one"] == missing
