"""A mistake hides no other: what is sound of a file with errors is looked at, and what is not is named."""

from __future__ import annotations

import pytest

from policy.load import Loaded, load_policy
from rules.facts import trade_vocabulary
from rules.proving import all_findings

TEXT = """aval: 1
policy: rest
title: {en: Rest, zh: 其余}
currency: CNY
roles: {rising: [credit_manager, cfo]}
let:
  room: 10% * customer.annual_revenue
tiers:
  - {tier: good, when: customer.score >= 70}
  - {tier: other, otherwise: true}
limits:
  - {when: customer.score >= 80, limit: 200_000}
  - {otherwise: true, limit: 100_000}
terms:
  - {when: customer.score >= 60, offer: [net 30]}
  - {when: customer.score >= 70, offer: [net 60]}
  - {otherwise: true, offer: [prepaid]}
checks:
  - {check: over_limit, measure: account.exposure, at_most: limit.effective, verdict: refer}
  - {check: of_room, measure: order.amount, at_most: room, verdict: refer}
  - {check: never, when: [customer.months_trading > 80, customer.months_trading < 70], verdict: deny}
authority:
  - {otherwise: true, release: cfo}
promises:
  - better score never worse
tests:
  - base: usual
    given: {customer.score: 80, customer.annual_revenue: 1_000_000, order.amount: 1_000, account.exposure: 0,
            limit.granted: none, order.unsecured_amount: 0}
  - name: one
    given: {like: usual}
    expect: {verdict: approve, tier: good}
"""
DEAD = {"dead-row:16", "dead-row:21"}


def _loaded(*changes: tuple[str, str]) -> Loaded:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return load_policy(text.encode(), "f", trade_vocabulary())


def _found(loaded: Loaded) -> set[str]:
    return {f"{problem.code}:{problem.where.line}" for problem in all_findings(loaded)}


def test_the_file_without_errors_has_both_dead_rows() -> None:
    loaded = _loaded()
    assert _found(loaded) == DEAD
    assert not loaded.left_out


@pytest.mark.parametrize(
    ("old", "new", "found", "left"),
    [
        ("limit: 200_000", "limit: 200,000", "comma:12", ("limits", "promises")),
        ("room: 10% *", "room: 10% + ", "kind:7", ("checks.of_room", "promises")),
        ("at_most: room", "at_most: roo", "unknown-fact:20", ("checks.of_room", "promises")),
        ("expect: {verdict: approve", "expect: {verdict: aprove", "test-value:32", ()),
        ("customer.score >= 70}\n", "customer.skore >= 70}\n", "unknown-fact:9", ("tiers", "promises")),
        ("room: 10% * customer.annual_revenue", "room: [1", "broken-yaml:7", ("checks.of_room", "promises")),
        ("limit: 200_000}", "limit: 200_000", "broken-yaml:12", ("limits", "promises")),
    ],
)  # fmt: skip
def test_one_error_hides_no_dead_row_elsewhere(old: str, new: str, found: str, left: tuple[str, ...]) -> None:
    loaded = _loaded((old, new))
    assert loaded.program is None
    assert found in _found(loaded)
    assert _found(loaded) >= DEAD
    assert loaded.left_out == left


def test_a_dead_row_inside_a_broken_section_is_not_told_and_the_section_is_named() -> None:
    loaded = _loaded(("offer: [net 30]", "offer: [net30]"))
    assert _found(loaded) == {"terms:15", "dead-row:21"}
    assert loaded.left_out == ("terms", "promises")


def test_a_gap_hides_neither_dead_rows_nor_a_refuted_promise() -> None:
    loaded = _loaded(("  - {otherwise: true, limit: 100_000}\n", ""),
                     ("customer.score >= 80, limit: 200_000", "customer.score < 80, limit: 200_000"))  # fmt: skip
    assert _found(loaded) == {"gap:12", "dead-row:15", "dead-row:20", "false-promise:24"}
    assert not loaded.left_out


def test_an_error_in_a_test_hides_no_refuted_promise() -> None:
    change = ("customer.score >= 80, limit: 200_000", "customer.score < 80, limit: 200_000")
    loaded = _loaded(change, ("name: one\n    given: {like: usual}", "name: one\n    given: {like: usul}"))
    assert _found(loaded) >= DEAD | {"false-promise:25"}
    assert not loaded.left_out


def test_two_slips_of_writing_are_told_with_the_mistakes_beside_them() -> None:
    loaded = _loaded(("when: customer.score >= 60", "when: {customer.score: >= 60}"), ("at_most: room", "at_most: roo"))
    assert _found(loaded) == {"quoting:15", "unknown-fact:20", "dead-row:21"}
    assert loaded.left_out == ("terms", "checks.of_room", "promises")


def test_an_error_in_the_head_leaves_all_unseen_and_says_so() -> None:
    loaded = _loaded(("currency: CNY", "currency: RMB"))
    assert _found(loaded) == {"currency:4"}
    assert loaded.left_out == ("tiers", "limits", "terms", "checks", "authority", "promises")


def test_names_of_a_section_with_a_slip_are_not_asked_for() -> None:
    loaded = _loaded(("limit: 200_000}", "limit: 200_000]"))
    assert {one.split(":")[0] for one in _found(loaded)} == {"broken-yaml", "dead-row"}
