"""States that stay and recorded acts: what may be written, what is found wrong, and what they become."""

from __future__ import annotations

import pytest

from policy.program import First
from tests.policy.written import HEAD, hints, load, program, told

ROLES = HEAD + "roles: {rising: [analyst, cfo], also: [finance]}\n"
HELD = """
states:
  held:
    enter: account.oldest_overdue_days > 60
    leave: account.overdue_amount is 0
"""
READ = """
checks:
  - check: held
    when: state.held is active
    verdict: deny
"""


def test_a_sound_state_has_no_finding_and_a_table_of_three_rows() -> None:
    made = program(HELD + READ)
    table = made.nodes[made.tables["state.held"]]
    assert isinstance(table, First) and len(table.rows) == 3
    assert [state.name for state in made.states] == ["held"]
    assert [line.text for line in made.states[0].leave] == ["account.overdue_amount is 0"]
    assert made.facts["state.held"].source == "ledger"


@pytest.mark.parametrize(("old", "new", "wanted"), [
    ("> 60", "> 60 days", []),
    ("    leave: account.overdue_amount is 0\n", "",
     ["2:3: never-left: 'held' can be entered but never left; add 'leave: ...', the lines that end it, such as "
      "'reopened by cfo' where only a person may"]),
    ("    enter: account.oldest_overdue_days > 60\n", "",
     ["2:3: missing-key: state 'held' has no 'enter'; add 'enter: ...'"]),
    ("enter:", "of: group\n    enter:", ["3:9: not-yet-supported: a state of a 'group' is part of the language, but "
                                        "this version does not run it; write 'of: customer'; "
                                        "lines of group.exposure and group.limit hold for every member"]),
    ("enter:", "of: order\n    enter:",
     ["3:9: unknown-word: 'order' is not a subject of a state; one of: customer, group"]),
    ("enter:", "of: customer\n    until: 1\n    enter:",
     ["4:5: unknown-key: 'until' is not a key of state 'held'; one of: of, enter, leave, while"]),
    ("state.held is active", "state.held is actve",
     ["8:25: unknown-word: 'actve' is not one of the words that may stand here; did you mean 'active'?"]),
    ("state.held is active", "state.hold is active",
     ["8:11: unknown-fact: the file has no state 'hold'; did you mean 'held'?"]),
    ("state.held is active", "state.held.weeks > 2", ["8:11: unknown-fact: a state has no 'weeks'; did you mean "
                                                      "'state.held.days'?"]),
    ("state.held is active", "state.held.days > 2 months",
     ["8:11: kind: 'state.held.days' (days) is compared with '2 months' (months)"]),
    ("state.held is active", "Cleared by finance", ["8:11: bad-name: 'Cleared' is not a word of an act; write acts in "
                                                    "small letters"]),
    ("state.held is active", "cleared by finanse", ["8:11: unknown-role: 'finanse' is not a role of this file; did you "
                                                    "mean 'finance'? roles: analyst, cfo, finance"]),
    ("account.overdue_amount is 0", "cleared by finanse",
     ["4:12: never-left: 'held' can be entered but never left: 'finanse' is not a role of this file; did you mean "
      "'finance'? roles: analyst, cfo, finance"]),
    ("account.oldest_overdue_days > 60", "put on hold by anybody",
     ["3:12: unknown-role: 'anybody' is not a role of this file; roles: analyst, cfo, finance"]),
    ("account.overdue_amount is 0", "state.held.days > 5",
     ["4:12: section-order: 'leave' reads 'state.held.days', known only after 'states'; it may read only what stands "
      "above it: facts"]),
])  # fmt: skip
def test_what_is_wrong_with_a_state_is_told_once(old: str, new: str, wanted: list[str]) -> None:
    body = HELD + READ
    assert old in body
    found = told(body.replace(old, new), ROLES)
    assert [line for line in found if "kind" not in wanted or "kind" in line] == wanted


def test_a_state_may_not_read_a_tier_or_a_limit() -> None:
    tiers = "tiers:\n  - {tier: only, otherwise: true}\n"
    [found] = told(HELD.replace("account.oldest_overdue_days > 60", "tier is only") + READ + tiers)
    assert "section-order: 'enter' reads 'tier', known only after 'tiers'" in found


def test_a_figure_and_a_value_table_may_not_read_a_state() -> None:
    figure = "let:\n  big: count of invoices where state.held.days > 5\n"
    [found] = told(HELD + READ + figure)
    assert "a figure over a list reads 'state.held.days'" in found
    table = "tables:\n  much: {by: state.held.days, rows: {'< 5': 1, '>= 5': 2}}\n"
    assert any("the table 'much' reads 'state.held.days'" in line for line in told(HELD + READ + table))


def test_terms_while_it_lasts_need_a_section_terms_and_stand_first() -> None:
    body = HELD + "    while: {terms: [net 5], ship_when: paid}\n"
    assert ["missing-key" in line for line in told(body)] == [True]
    made = program(body + "terms:\n  - {offer: [net 30], otherwise: true}\n")
    table = made.nodes[made.tables["terms"]]
    assert isinstance(table, First) and len(table.rows) == 2
    assert [getattr(made.nodes[output], "value", None) for output in table.rows[0].outputs] == [
        ("net 5",), None, "paid"]  # fmt: skip


def test_a_state_that_nothing_reads_is_a_hint() -> None:
    assert hints(HELD) == ["2:3: unused-fact: nothing reads 'state.held'"]
    assert hints(HELD + "let:\n  times: count of entries of held ever\nchecks:\n"
                 "  - {check: c, measure: times, at_most: 1, verdict: warn}\n") == []  # fmt: skip


def test_a_declared_fact_may_not_have_the_name_of_a_state_or_an_act() -> None:
    facts = "facts:\n  state.held.days: {kind: days}\n  act.cleared_by_cfo: {kind: flag}\n"
    found = [line for line in told(HELD + READ + facts) if "duplicate-name" in line]
    assert [line.split(": ")[2].split("'")[1] for line in found] == ["state.held.days", "act.cleared_by_cfo"]


def test_an_act_in_a_state_is_another_fact_than_for_the_customer() -> None:
    body = HELD.replace("account.overdue_amount is 0", "{any: [cleared by finance, large order agreed by cfo]}")
    both = READ.replace("state.held is active", "[cleared by finance, state.held is active]")
    made = load(body + both, ROLES).program
    assert made is not None
    assert {name for name in made.facts if "_by_" in name} == {
        "state.held.cleared_by_finance", "state.held.large_order_agreed_by_cfo", "act.cleared_by_finance"}  # fmt: skip


def test_a_test_gives_states_acts_and_entries() -> None:
    body = HELD.replace("account.overdue_amount is 0", "cleared by finance") + READ + """
tests:
  - name: cleared
    given: {state.held: active, state.held.since: 2026-01-01, cleared by finance: true, account.oldest_overdue_days: 3,
            entries of held: [{entered_on: 2025-01-01, left_on: 2025-01-02}]}
    expect: {state.held: not active}
"""
    [test] = load(body, ROLES).tests
    assert test.facts["state.held"] is True and test.facts["state.held.cleared_by_finance"] is True
    assert "act.cleared_by_finance" not in test.facts
    assert list(test.lists) == ["entries_of_held"] and test.expect == {"state.held": "not active"}
    for old, new, wanted in (
        ("state.held: active,", "state.held: true,", "'true' is no word of a state; one of: active, not active"),
        ("cleared by finance: true", "paid by finance: true", "no line asks for 'paid by finance'"),
        ("not active}", "gone}", "'gone' is no word of a state"),
    ):
        [found] = told(body.replace(old, new), ROLES)
        assert wanted in found


def test_a_ladder_cannot_read_a_state_yet() -> None:
    step = "{step: call, at: due + 5 days, when: state.held is active, do: hold orders}"
    ladder = f"escalation:\n  standard:\n    - {step}\n"
    [found] = told(HELD + READ + ladder)
    assert "not-yet-supported: a ladder cannot read 'state.held' in this version" in found
