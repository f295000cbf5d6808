"""The tests inside a policy: what passes, and every difference in the officer's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from policy import Loaded, load_policy
from rules import reference
from rules.agreement import Agreement
from rules.facts import trade_vocabulary
from rules.outcome import Outcome
from rules.selftest import differences, facts_of, run_tests

LIBRARY = Path(__file__).resolve().parents[2] / "policy" / "library"
POLICY = """\
aval: 1
policy: small
title: {en: Small}
currency: CNY
timezone: Asia/Shanghai
roles: {rising: [analyst, cfo]}
tiers:
  - tier: good
    when: customer.score >= 80
  - tier: other
    otherwise: true
limits:
  - when: tier is good
    limit: 1_000
  - otherwise: true
    limit: none
terms:
  - when: tier is good
    offer: [net 30]
    longest: net 45
  - otherwise: true
    offer: [prepaid]
security:
  - when: tier is good
    require_one_of:
      - {prepayment: 30%, letter_of_credit: 70%}
      - {bank_guarantee: 100%}
  - otherwise: true
    require: none
checks:
  - check: over_limit
    measure: account.exposure
    at_most: limit.effective
    verdict: refer
authority:
  - otherwise: true
    release: cfo
tests:
  - base: good order
    given: {customer.score: 80, account.exposure: 900, order.amount: 100, limit.granted: 1_000}
  - name: the one test
    given: {like: good order, EXTRA}
    expect: {EXPECT}
"""
GOOD = "{customer.score: 80}"


def small(expect: str, given: str = "order.unsecured_amount: 100") -> Loaded:
    """The small policy with one test."""
    text = POLICY.replace("EXTRA", given).replace("{EXPECT}", expect)
    loaded = load_policy(text.encode(), "small.yaml", trade_vocabulary())
    assert loaded.program is not None, loaded.problems
    return loaded


def told(expect: str, given: str = "order.unsecured_amount: 100") -> list[str]:
    """What the one test says of the policy, in words."""
    loaded = small(expect, given)
    assert loaded.program is not None
    (result,) = run_tests(loaded.program, loaded.tests)
    return [str(difference) for difference in result.differences]


@pytest.mark.parametrize("expect", [
    "{verdict: approve_with_conditions, hard_stop: false, tier: good, terms: net 30, longest: net 45, missing: []}",
    "{limit.policy: 1_000, limit.effective: 1_000, checks.over_limit: pass, authority: none}",
    "{security: [{bank_guarantee: 100%}, {letter_of_credit: 70%, prepayment: 30%}]}",
])
def test_what_the_policy_says_passes_in_any_order_of_securities(expect: str) -> None:
    assert told(expect) == []


@pytest.mark.parametrize(("expect", "difference"), [
    ("{tier: other}", "tier: wanted other, found good"),
    ("{tier: none}", "tier: wanted none, found good"),
    ("{limit.effective: 900.50}", "limit.effective: wanted CNY 900.50, found CNY 1,000.00"),
    ("{limit.policy: unlimited}", "limit.policy: wanted unlimited, found CNY 1,000.00"),
    ("{limit.policy: missing}", "limit.policy: wanted missing, found CNY 1,000.00"),
    ("{terms: net 60}", "terms: wanted net 60, found net 30"),
    ("{authority: cfo}", "authority: wanted cfo, found none"),
    ("{hard_stop: true}", "hard_stop: wanted true, found false"),
    ("{checks.over_limit: refer}", "checks.over_limit: wanted refer, found pass"),
    ("{missing: [customer.score]}", "missing: wanted customer.score, found none"),
    ("{security: none}", "security: wanted none, "
                         "found prepayment 30% and letter_of_credit 70%, or bank_guarantee 100%"),
    ("{security: {bank_guarantee: 90%}}", "security: wanted bank_guarantee 90%, "
                                          "found prepayment 30% and letter_of_credit 70%, or bank_guarantee 100%"),
])
def test_a_difference_says_what_was_wanted_and_what_was_found(expect: str, difference: str) -> None:
    assert told(expect) == [difference]


def test_a_wrong_verdict_says_what_made_it() -> None:
    assert told("{verdict: approve}", "account.exposure: 1_000.01") == [
        "verdict: wanted approve, found refer (over_limit: refer)"
    ]
    assert told("{verdict: deny}", "customer.score: missing") == [
        "verdict: wanted deny, found refer (over_limit: not_evaluated; missing customer.score)"
    ]


def test_what_is_missing_on_purpose_is_expected_as_missing() -> None:
    expect = "{tier: none, terms: none, limit.effective: missing, missing: [customer.score], authority: cfo}"
    assert told(expect, "customer.score: missing") == []


def test_all_differences_of_a_test_are_told_and_what_is_not_named_is_not_compared() -> None:
    assert len(told("{tier: other, terms: net 60, verdict: deny}")) == 3
    assert told("{checks.over_limit: pass}") == []


def test_a_given_figure_wins_over_the_computed_one() -> None:
    loaded = small("{tier: good}", "order.prepaid: 40, order.unsecured_amount: 7")
    assert loaded.program is not None
    facts = facts_of(loaded.program, loaded.tests[0])
    assert (facts["order.credit_amount"], facts["order.unsecured_amount"]) == (6_000, 700)


def test_an_engine_of_another_opinion_fails_the_test_that_names_it() -> None:
    loaded = small("{verdict: approve_with_conditions, limit.effective: 1_000}")
    program = loaded.program
    assert program is not None

    def wrong(facts: Mapping[str, Any]) -> Outcome:
        return replace(reference.decide(program, facts), limits={"effective": Fraction(100_001)})

    (result,) = run_tests(program, loaded.tests, wrong)
    assert [one.part for one in result.differences] == ["limit.effective"]
    assert not result.passed
    assert run_tests(program, loaded.tests)[0].passed


def test_an_engine_that_fails_on_a_value_fails_the_test_and_not_the_run() -> None:
    loaded = small("{tier: good}")
    assert loaded.program is not None

    def broken(facts: Mapping[str, Any]) -> Outcome:
        raise OverflowError("date value out of range")

    (result,) = run_tests(loaded.program, loaded.tests, broken)
    assert str(result.differences[0]) == "answer: wanted a decision, found none, because date value out of range"


def test_an_unknown_part_of_a_policy_without_that_section_is_none() -> None:
    loaded = small("{tier: good}")
    assert loaded.program is not None
    outcome = reference.decide(loaded.program, facts_of(loaded.program, loaded.tests[0]))
    found = differences(loaded.program, outcome, {"limit.largest_order": 500})
    assert [str(one) for one in found] == ["limit.largest_order: wanted CNY 5.00, found missing"]


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_policies_pass_their_tests_on_the_reference_and_on_both_engines(path: Path) -> None:
    loaded = load_policy(path.read_bytes(), path.name, trade_vocabulary())
    assert loaded.program is not None, loaded.problems
    assert len(loaded.tests) > (2 if path.stem == "escalation" else 20)
    agreement = Agreement(loaded.program, allow_single=True)
    try:
        for engine in (None, lambda facts: agreement.decide(facts).outcome):
            results = run_tests(loaded.program, loaded.tests, engine)
            assert [(r.name, [*map(str, r.differences)]) for r in results if not r.passed] == []
    finally:
        agreement.close()
