"""One decision explained: why, why not, by how much, and what one other fact would change; all of it is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy import load_policy
from rules import reference
from rules.better import better_by_one_fact, rank
from rules.facts import trade_vocabulary
from rules.nearby import OrderFacts
from rules.why import explain_decision

STANDARD = Path(__file__).resolve().parents[2] / "policy" / "library" / "standard.yaml"
LOADED = load_policy(STANDARD.read_bytes(), "f", trade_vocabulary())
assert LOADED.program is not None
PROGRAM = LOADED.program
TESTS = {test.name: OrderFacts(dict(test.facts), dict(test.lists)) for test in LOADED.tests}
LATE = TESTS["six days late on average is standard, not high risk"]
ABOVE = TESTS["one fen above the limit is referred"]


def told(order: OrderFacts, language: str = "en") -> list[str]:
    return [one.text for one in explain_decision(PROGRAM, order, language)]


def line_of(text: str) -> int:
    return STANDARD.read_text("utf-8").splitlines().index(text) + 1


def test_the_row_that_decided_is_told_with_its_lines_and_values() -> None:
    found = told(LATE)
    place = found.index(f"tiers: row 3 (line {line_of('  - tier: standard')}), tier standard")
    assert found[place + 1 : place + 4] == [
        "customer.score is 85, as wanted: 60 or more",
        f"not row 1, new (line {line_of('  - tier: new')}): customer.months_trading is 30 months, wanted: less than "
        "6 months (24 months away)",
        f"not row 2, prime (line {line_of('  - tier: prime')}): customer.average_days_late is 6 days, wanted: not more "
        "than 5 days (1 day away)",
    ]


def test_a_check_is_told_with_what_was_measured_and_how_far() -> None:
    line = line_of("  - check: over_limit")
    wanted = (f"check over_limit (line {line}): refer: committed_after is CNY 500,000.01, wanted: not more than "
              "CNY 500,000.00 (CNY 0.01 away) [limit.effective]")  # fmt: skip
    assert wanted in told(ABOVE)
    assert f"check insolvent (line {line_of('  - check: insolvent')}): pass" in told(ABOVE)


def test_what_one_other_fact_would_change_is_the_least_change() -> None:
    better = [line for line in told(ABOVE) if "alone" in line]
    assert better == [
        "approve with one other fact alone: limit.granted CNY 500,000.01 (now CNY 500,000.00)",
        "approve with one other fact alone: account.exposure CNY 399,999.99 (now CNY 400,000.00)",
        "approve with one other fact alone: order.amount CNY 100,000.00 (now CNY 100,000.01)",
        "approve with one other fact alone: order.prepaid CNY 0.01 (now not given)",
    ]
    assert "approve with one other fact alone: customer.average_days_late 5 days (now 6 days)" in told(LATE)


def test_chinese_says_the_same() -> None:
    found = told(LATE, "zh")
    assert len(found) == len(told(LATE))
    assert f"不是第 2 行 prime（文件第 {line_of('  - tier: prime')} 行）：customer.average_days_late 为 6 天，" \
           "要求：不超过 5 天（含）（相差 1 天）" in found  # fmt: skip
    assert "仅改一项即可 approve：customer.average_days_late 5 天（现为 6 天）" in found


def test_a_missing_fact_is_told_where_it_stops_the_table() -> None:
    facts = {name: value for name, value in LATE.facts.items() if name != "customer.score"}
    found = told(OrderFacts(facts | {"customer.average_days_late": 3}, LATE.lists))
    assert found[0].startswith("refer")
    assert f"tiers: stops at row 2, prime (line {line_of('  - tier: prime')}); missing: customer.score" in found
    assert found[-1] == "what is missing must be told before anything better can be said: customer.score"


def test_an_approved_order_needs_nothing_better() -> None:
    found = explain_decision(PROGRAM, TESTS["exactly the limit passes"])
    assert found[0].text == "approve: tier prime, terms net 60, limit.effective CNY 500,000.00"
    assert not [one for one in found if one.about == "better"]


def test_a_hard_stop_is_lifted_by_no_other_fact_but_its_own() -> None:
    order = OrderFacts({**LATE.facts, "customer.insolvent": True}, LATE.lists)
    assert [one.name for one in better_by_one_fact(PROGRAM, order)] == ["customer.insolvent"]


@pytest.mark.parametrize("name", [test.name for test in LOADED.tests][::4])
def test_every_change_that_is_offered_truly_gives_its_verdict(name: str) -> None:
    order = TESTS[name]
    before = reference.decide(PROGRAM, order.whole(PROGRAM))
    for one in better_by_one_fact(PROGRAM, order):
        after = reference.decide(PROGRAM, (moved := order.moved(PROGRAM, one.name, one.then)).whole(PROGRAM))
        assert after.verdict == one.verdict and rank(after) < rank(before), moved
