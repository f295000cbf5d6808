"""What one ruleset may hold is counted before it is built, and larger tables are cut without losing a row."""

from __future__ import annotations

import pytest

from rules import shards
from rules.ranges import Field
from rules.shards import Blocks, Keyed, Plan, Rule, TooLarge, fits, plan_collected, plan_first

FIELDS = {name: Field(name, "integer", 0) for name in ("a", "b")}


def rule(number: int, **spans: tuple[int, int]) -> Rule:
    return Rule(tuple((name, low, high) for name, (low, high) in sorted(spans.items())), ("row", 0, number))


def rulesets(plan: Plan) -> list[tuple[Rule, ...]]:
    if isinstance(plan, Keyed):
        return [part for shard in (*plan.shards.values(), plan.rest) for part in rulesets(shard)]
    return [part for block in plan.parts for part in rulesets(block)] if isinstance(plan, Blocks) else [plan]


def found(plan: Plan, values: dict[str, int]) -> int | None:
    """The first row by the plan, its rules evaluated in Python."""
    if isinstance(plan, Keyed):
        return found(plan.shards.get(values[plan.field], plan.rest), values)
    if isinstance(plan, Blocks):
        return next((row for part in plan.parts if (row := found(part, values)) is not None), None)
    rows = [r.payload[2] for r in plan if all(low <= values[name] <= high for name, low, high in r.box)]
    return min(rows, default=None)


@pytest.mark.parametrize("rules", [
    [rule(n, a=(n % 150, n % 150), b=(n // 150, n // 150)) for n in range(301)],  # too many rules
    [rule(n, a=(n, n)) for n in range(201)],  # too many children of one node
    [rule(n, a=(n, 2**63 - 1)) for n in range(61)],  # 61 tests that one value passes
    [rule(n, a=(5, 5)) for n in range(201)],  # too often the same condition
])  # fmt: skip
def test_what_passes_a_limit_does_not_fit_and_one_less_does(rules: list[Rule]) -> None:
    assert not fits(rules, FIELDS)
    assert fits(rules[1:], FIELDS)


@pytest.mark.slow
@pytest.mark.parametrize("rules", [
    tuple(rule(n, a=(n % 20, n % 20), b=(n, n + 9)) for n in range(1000)),  # by key
    tuple(rule(n, a=(0, n)) for n in range(500)),  # only by blocks
    (*(rule(n, a=(n, n)) for n in range(400)), rule(400, b=(3, 5)), rule(401)),  # by key, with rows for every key
])  # fmt: skip
def test_a_cut_table_finds_the_same_row_in_rulesets_that_fit(rules: tuple[Rule, ...]) -> None:
    plan = plan_first(rules, FIELDS)
    assert all(fits(part, FIELDS) for part in rulesets(plan))
    for a in range(-1, 501, 3):
        for b in (0, 4, 777):
            assert found(plan, {"a": a, "b": b}) == found(rules, {"a": a, "b": b})


def test_collected_rules_are_kept_apart_by_a_key_that_most_of_them_test() -> None:
    plan = plan_collected(tuple(rule(n, a=(n % 4, n % 4), b=(n, n)) for n in range(40)), FIELDS)
    assert isinstance(plan, Keyed) and plan.field == "a"
    assert [len(part) for part in rulesets(plan)] == [10, 10, 10, 10, 0]


def test_collected_rules_without_such_a_key_are_in_blocks_and_none_is_lost() -> None:
    plan = plan_collected(tuple(rule(n, a=(n, n + 1)) for n in range(700)), FIELDS)
    assert sorted(r.payload[2] for part in rulesets(plan) for r in part) == list(range(700))


def test_equalities_come_first_and_an_end_of_the_field_is_no_test() -> None:
    rules = [rule(0, a=(0, 9), b=(1, 1)), rule(1, a=(3, FIELDS["a"].domain[1]))]
    assert shards.field_order(rules) == ("b", "a")
    assert shards.single_tests(rules[0].box, ("b", "a"), FIELDS) == (("b", "eq", 1), ("a", "$gte", 0), ("a", "$lte", 9))
    assert shards.single_tests(rules[1].box, ("b", "a"), FIELDS) == (("a", "$gte", 3),)


def test_one_rule_that_does_not_fit_is_refused() -> None:
    with pytest.raises(TooLarge):
        shards.blocks((rule(0, a=(1, 1)),))
