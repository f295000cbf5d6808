"""A memo gives the answer to equal values again, and to no others; figures by it are those without it."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from policy.load import load_policy
from rules.facts import trade_vocabulary
from rules.figures import with_figures
from rules.ledger_facts import ApprovedOrder, earlier_order_items
from rules.memo import Memo, of_each

DAY = date(2026, 11, 23)
STANDARD = Path(__file__).parents[2] / "policy" / "library" / "standard.yaml"
LINES = """
  like_this: count of earlier_orders where amount >= order.amount
  small_part: share of earlier_orders.amount where unsecured_amount > 500
""".strip("\n")


def test_a_question_is_asked_again_only_of_other_values() -> None:
    memo, asked = Memo(), []
    for values in ((1, "a"), (1, "a"), (2, "a"), (1, "a")):
        assert memo.of("sum", values, lambda values=values: asked.append(values) or f"of {values}") == f"of {values}"  # type: ignore[misc]
    assert asked == [(1, "a"), (2, "a"), (1, "a")]


def test_only_new_items_are_asked_about() -> None:
    memo, asked = Memo(), []

    def answer(item: int) -> int:
        asked.append(item)
        return item * 10

    for items in ((3, 2, 1), (3, 2, 1), (5, 4, 3, 2, 1), (4, 3, 2, 1), (), (1,)):
        assert memo.of_each("tens", (DAY,), items, answer) == tuple(one * 10 for one in items)
    assert asked == [3, 2, 1, 5, 4, 4, 3, 2, 1, 1]
    assert of_each(None, "tens", (), (7,), answer) == (70,)


def test_other_values_beside_the_items_ask_about_all_of_them() -> None:
    memo = Memo()
    assert memo.of_each("days", (1,), (10, 20), lambda item: item + 1) == (11, 21)
    assert memo.of_each("days", (2,), (10, 20), lambda item: item + 2) == (12, 22)


@pytest.mark.parametrize("seed", range(5))
def test_figures_by_a_memo_are_the_figures_without_one(seed: int) -> None:
    written = STANDARD.read_text().replace("\n  with_2_days:", f"\n{LINES}\n  with_2_days:", 1)
    loaded = load_policy(written.encode(), "figures.yaml", trade_vocabulary())
    program = loaded.program
    assert program is not None and len(program.figures) == 4, loaded.problems
    chance, memo, orders = random.Random(seed), Memo(), ()
    for step in range(60):
        if chance.random() < 0.2:
            orders = tuple(one for one in orders if chance.random() < 0.8)
        orders = (*(an_order(chance) for _ in range(chance.randrange(3))), *orders)
        day = DAY + timedelta(days=step // 10)
        facts = {"as_of": day.toordinal(), "order.amount": chance.choice((100, 700))}
        mine = with_figures(program, facts, {"earlier_orders": earlier_order_items(orders, day, memo)}, memo)
        assert mine == with_figures(program, facts, {"earlier_orders": earlier_order_items(orders, day)})


def an_order(chance: random.Random) -> ApprovedOrder:
    amount = chance.randrange(1, 1_000)
    return ApprovedOrder(amount, chance.randrange(amount + 1), DAY + timedelta(days=chance.randrange(-5, 8)))
