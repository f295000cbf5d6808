"""From bytes to a Program: built-in checks join every policy, may be replaced by name, and their setting overridden."""

from __future__ import annotations

import pytest

from policy.program import Check, Collect, Const
from policy.program import Program as Compiled
from tests.policy.written import codes, load, program, told

CHECK = "checks:\n  - {check: late, when: account.overdue_amount > 0, verdict: deny}\n"


def checks(compiled: Compiled) -> list[Check]:
    return [check for node in compiled.nodes if isinstance(node, Collect) for check in node.rows]


def test_built_in_checks_follow_the_files_own() -> None:
    compiled = program(CHECK)
    assert [check.name for check in checks(compiled)] == ["late", "no_limit", "placed_on"]
    assert compiled.wording.built_in == {"no_limit", "placed_on"}


def test_a_policy_replaces_a_built_in_check_by_its_name() -> None:
    compiled = program(CHECK + "  - {check: no_limit, when: limit.granted is none, verdict: deny}\n")
    assert [(check.name, check.verdict) for check in checks(compiled)][:2] == [("late", "deny"), ("no_limit", "deny")]
    assert compiled.wording.built_in == {"placed_on"}


@pytest.mark.parametrize(("own", "days"), [("", 30), ("settings: {placed_on_days: 5 days}\n", 5)])
def test_a_policy_sets_how_old_an_order_may_be(own: str, days: int) -> None:
    compiled = program(own + CHECK)
    placed_on = next(check for check in checks(compiled) if check.name == "placed_on")
    assert compiled.nodes[placed_on.allowed] == Const("days", days)


def test_a_setting_of_another_kind_is_told_where_the_file_can_mend_it() -> None:
    assert told("settings: {placed_on_days: 5 CNY}\n" + CHECK) == [
        "1:12: kind: a built-in check cannot read this: "
        "'days_from_order' (days) is compared with 'settings.placed_on_days' (an amount)"
    ]


def test_a_policy_with_errors_has_no_program_but_what_was_read() -> None:
    loaded = load(CHECK.replace("> 0", "> 0 days"))
    assert (loaded.program, loaded.tests) == (None, ())
    assert loaded.policy is not None
    assert loaded.policy.name.text == "small"


def test_hints_stop_nothing() -> None:
    assert load("let: {a: order.amount}\n" + CHECK).program is not None


def test_findings_come_in_the_order_of_the_file_each_once() -> None:
    found = load("let: {b: orde.amount, a: orde.amount}\nchecks: {}\n").problems
    places = [(one.where.line, one.where.column) for one in found]
    assert places == sorted(places)
    assert len(set(map(str, found))) == len(found)


@pytest.mark.parametrize("text", ["", "# x\n", "- a\n", "a\n", "{}\n", "null\n"])
def test_what_is_no_policy_has_no_program(text: str) -> None:
    assert load(text, head="").program is None
    assert len(codes(text, head="")) >= 1
