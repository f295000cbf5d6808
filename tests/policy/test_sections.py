"""Sections to the document: which keys belong where, otherwise rows, groups of checks, tests and bases."""

from __future__ import annotations

import pytest

from policy.problems import Problem
from policy.sections import read_document
from policy.source import read_source
from policy.syntax import Block, Comparison
from tests.policy.written import HEAD, checked, codes, told

LIMITS = "limits:\n  - {otherwise: true, limit: 5}\n"


def test_a_fragment_needs_no_header() -> None:
    node, _ = read_source(b"settings: {a: 5}\n", "f")
    assert node is not None
    assert read_document(node, "f", fragment=True)[1] == ()
    missing: list[Problem] = [one for one in read_document(node, "f")[1] if one.code == "missing-key"]
    assert [one.message for one in missing] == [
        f"the file has no '{key}'" for key in ("aval", "policy", "title", "currency")
    ]


def test_another_version_of_the_language_is_not_guessed() -> None:
    assert codes("let: {}\n", HEAD.replace("aval: 1", "aval: 2")) == ["not-yet-supported"]


@pytest.mark.parametrize("section", ["insurance", "alerts",
                                     "review"])  # fmt: skip
def test_a_section_of_later_is_an_error(section: str) -> None:
    assert codes(f"{section}: [a]\n") == ["not-yet-supported"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("{tier: a, otherwise: true, ladder: x}", "unknown-ladder"),
        ("{tier: a, otherwise: true, color: x}", "unknown-key"),
        ("{tier: a, othrwise: true}", "unknown-key"),
        ("{otherwise: true}", "missing-key"),
        ("{tier: a}", "missing-key"),
        ("{tier: a, when: customer.score > 5}", "gap"),
        ("{tier: a, otherwise: yes}", "otherwise-place"),
        ("{tier: a, when: customer.score > 5, otherwise: true}", "otherwise-place"),
        ("{tier: A, otherwise: true}", "bad-name"),
        ("{tier: [a], otherwise: true}", "wrong-shape"),
        ("a", "wrong-shape"),
    ],
)
def test_a_row_is_told_once_what_is_wrong(row: str, code: str) -> None:
    assert codes(f"tiers:\n  - {row}\n") == [code]


def test_a_misspelled_key_is_read_as_the_one_meant() -> None:
    policy = checked("teirs:\n  - {teir: prime, otherwise: true}\n").policy
    assert [row.cells["tier"].text for row in policy.rows["tiers"]] == ["prime"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("{require: none}", None),
        ("{require: {prepayment: 30%}}", None),
        ("{require_one_of: [{prepayment: 30%}, {bank_guarantee: 100%}]}", None),
        ("{require: none, require_one_of: [{prepayment: 30%}]}", "missing-key"),
        ("{require: some}", "wrong-shape"),
        ("{require_one_of: []}", "wrong-shape"),
        ("{require: {letter_of_credit: 100%, of: A}}", "wrong-shape"),
    ],
)
def test_securities(cell: str, code: str | None) -> None:
    row = cell.replace("{", "{otherwise: true, ", 1)
    assert codes(f"security:\n  - {row}\n") == ([code] if code else [])


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ("{check: a, verdict: deny, when: customer.score > 5}", None),
        ("{check: a, verdict: warn, measure: order.amount, at_least: 5, only_when: customer.score > 5}", None),
        ("{check: a, verdict: deny, measure: customer.score, in: '[1..5]'}", None),
        ("{check: a, verdict: deny, measure: customer.score, in: [1, 5]}", None),
        ("{check: a, verdict: deny, measure: order.amount, at_least: 5, above: 7}", "unknown-key"),
        ("{check: a, verdict: deny, measure: order.amount, at_least: 5, when: as_of is known}", "unknown-key"),
        ("{check: a, verdict: deny, measure: order.amount}", "missing-key"),
        ("{check: a, verdict: deny, at_most: 5}", "missing-key"),
        ("{check: a, verdict: deny}", "missing-key"),
        ("{check: a, when: customer.score > 5}", "missing-key"),
        ("{verdict: deny, when: customer.score > 5}", "missing-key"),
        ("{check: a, verdict: approve, when: customer.score > 5}", "unknown-word"),
        ("{check: a, verdict: deny, when: customer.score > 5, effect: hold orders}", "effect"),
    ],
)
def test_a_check_fails_by_a_condition_or_by_one_bound(check: str, code: str | None) -> None:
    assert codes(f"checks:\n  - {check}\n") == ([code] if code else [])


def test_a_group_asks_all_its_checks_under_one_condition() -> None:
    group = """
    checks:
      - group:
          only_when: order.amount > 5
          checks:
            - {check: a, when: customer.score > 5, verdict: deny}
            - {check: b, when: customer.score > 6, verdict: deny, only_when: customer.insolvent is false}
    """
    first, second = checked(group).policy.checks
    assert isinstance(first.only_when, Comparison)
    assert isinstance(second.only_when, Block)
    assert len(second.only_when.items) == 2


def test_the_other_lines_of_a_broken_row_are_still_checked() -> None:
    found = told("limits:\n  - {when: custmer.score > 5, limit: 5 * * 7}\n  - {otherwise: true, limit: 0}\n"
                 "checks:\n  - {check: a, measure: order.amunt, at_most: 5 +, verdict: deny}\n")  # fmt: skip
    assert [one.split(": ")[1] for one in found] == ["unknown-fact", "expression", "unknown-fact", "expression"]


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ("{kind: count}", None),
        ("{kind: choice, of: [a, b]}", None),
        ("{kind: choice}", "missing-key"),
        ("{kind: colour}", "unknown-word"),
        ("{from: bureau}", "missing-key"),
        ("{kind: count, from: newspaper}", "unknown-word"),
        ("{kind: count, missing: deny}", None),
        ("{kind: count, missing: 0}", "not-yet-supported"),
        ("{kind: rate}", "unknown-word"),
        ("{list: {amount: money}}", "bad-name"),
    ],
)
def test_declared_facts(fact: str, code: str | None) -> None:
    assert codes(f"facts:\n  customer.own: {fact}\n") == ([code] if code else [])
