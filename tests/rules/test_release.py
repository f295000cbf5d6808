"""What a release lifts: what failed when the order was referred, no further than it reaches, by a role high enough."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from policy.load import load_policy
from policy.program import Program
from rules import reference
from rules.facts import computed_facts, trade_vocabulary
from rules.outcome import CheckOutcome, Missing, Outcome
from rules.release import (
    Released,
    authority_of,
    excess_of,
    is_releasable,
    released,
    released_before,
    roles_unmet,
    rows_of,
    seen_in,
)

POLICY = """
aval: 1
policy: one
title: {en: One, zh: 一}
currency: JPY
roles: {rising: [analyst, manager, cfo], also: [finance]}
terms:
  - otherwise: true
    offer: [net 30, net 60]
checks:
  - {check: large, measure: order.amount, at_most: 1_000, verdict: refer}
  - {check: young, measure: customer.months_trading, at_least: 6, verdict: refer}
  - {check: fraud, when: customer.court_cases > 3, verdict: deny}
  - {check: insolvent, when: customer.insolvent is true, verdict: hard_stop, release_by: cfo}
  - {check: desk, when: customer.type is school, verdict: refer, release_by: finance}
facts:
  customer.court_cases: {kind: count, from: bureau, meaning: {en: court cases, zh: 案件}}
authority:
  - {when: order.amount <= 2_000, release: analyst}
  - {otherwise: true, release: manager}
"""
FACTS: dict[str, Any] = {
    "order.amount": 1_100, "order.prepaid": 0, "customer.months_trading": 12, "customer.court_cases": 0,
    "customer.insolvent": False, "customer.type": "company", "limit.granted": 10**9, "as_of": 740_000,
    "order.requested_terms": "net 30", "order.placed_on": 740_000,
}  # fmt: skip
TENTH = Fraction(11, 10)


def program() -> Program:
    """The policy above."""
    loaded = load_policy(POLICY.encode(), "one.yaml", trade_vocabulary())
    assert loaded.program is not None, [str(one) for one in loaded.problems]
    return loaded.program


PROGRAM = program()


def decided(**changed: Any) -> Outcome:
    """The answer on these facts."""
    facts = FACTS | {name.replace("__", "."): value for name, value in changed.items()}
    return reference.decide(PROGRAM, computed_facts(facts))


def after(outcome: Outcome, role: str, seen: dict[str, Fraction | None], up_to: Fraction = TENTH) -> Released:
    """The answer after a release."""
    return released(PROGRAM, outcome, role, seen, up_to, "net 30")


def test_what_failed_then_is_lifted_and_the_order_approved() -> None:
    found = after(decided(), "analyst", {"large": Fraction(100)})
    assert (found.outcome.verdict, found.lifted, found.against) == ("approve", ("large",), {})
    large = found.outcome.checks[0]
    assert (large.status, large.lifted_by, found.outcome.authority) == ("lifted", "release", None)


def test_other_terms_than_asked_stay_a_condition() -> None:
    found = released(PROGRAM, decided(order__requested_terms="net 90"), "analyst", {"large": Fraction(100)}, TENTH,
                     "net 90")  # fmt: skip
    assert found.outcome.verdict == "approve_with_conditions"


@pytest.mark.parametrize(("amount", "lifted"), [(1_109, True), (1_110, True), (1_111, False)])
def test_a_release_reaches_to_its_share_and_no_further(amount: int, lifted: bool) -> None:
    found = after(decided(order__amount=amount), "analyst", {"large": Fraction(100)})
    assert (found.outcome.verdict == "approve") is lifted
    assert ("large" in found.against) is not lifted


@pytest.mark.parametrize(
    ("amount", "role", "unmet"),
    [
        (2_000, "analyst", ()), (2_001, "analyst", ("manager",)), (2_001, "manager", ()), (2_001, "cfo", ()),
        (2_000, "finance", ("analyst",)), (2_000, "king", ("analyst",)),
    ],
)  # fmt: skip
def test_authority_is_that_of_the_amount_or_above(amount: int, role: str, unmet: tuple[str, ...]) -> None:
    outcome = decided(order__amount=amount)
    assert roles_unmet(PROGRAM, outcome, role) == unmet
    assert bool(after(outcome, role, {"large": Fraction(10_000)}).against) is bool(unmet)


@pytest.mark.parametrize(("role", "lifted"), [("manager", False), ("cfo", True), ("finance", False)])
def test_release_by_names_the_only_role_for_a_hard_stop(role: str, lifted: bool) -> None:
    outcome = decided(customer__insolvent=True, order__amount=1)
    found = after(outcome, role, {"insolvent": None})
    assert (found.outcome.verdict, found.outcome.hard_stop) == (("approve", False) if lifted else ("deny", True))
    assert roles_unmet(PROGRAM, outcome, role) == (() if lifted else ("cfo",))


@pytest.mark.parametrize(("changed", "role"), [
    ({"order__amount": 900}, None),  # approved
    ({"order__amount": 2_000}, "analyst"), ({"order__amount": 2_001}, "manager"),
    ({"order__amount": 900, "customer__insolvent": True}, "cfo"), ({"customer__insolvent": True}, "cfo"),
    ({"customer__insolvent": True, "customer__court_cases": 4}, None),  # fraud is released by nobody
    ({"order__amount": 900, "customer__type": "school"}, "finance"),
    ({"order__amount": 2_001, "customer__type": "school"}, "manager"),  # finance stands beside: both have to
])  # fmt: skip
def test_the_answer_names_the_highest_role_that_is_wanted(changed: dict[str, Any], role: str | None) -> None:
    assert authority_of(PROGRAM, decided(**changed)) == role


def test_release_by_of_a_role_beside_is_not_for_those_who_rise() -> None:
    outcome = decided(customer__type="school", order__amount=1)
    assert after(outcome, "cfo", {"desk": None}).against and not after(outcome, "finance", {"desk": None}).against


def test_a_denial_stays_and_then_nothing_is_lifted() -> None:
    found = after(decided(customer__court_cases=4), "cfo", {"large": Fraction(100), "fraud": Fraction(1)})
    assert (found.outcome.verdict, found.lifted, set(found.against)) == ("deny", (), {"fraud"})
    assert found.outcome == decided(customer__court_cases=4)


def test_what_was_not_seen_is_not_released() -> None:
    found = after(decided(customer__months_trading=5), "cfo", {"large": Fraction(100)})
    assert found.outcome.verdict == "refer" and set(found.against) == {"young"}


def test_a_check_that_was_not_evaluated_and_now_fails_was_not_seen_so() -> None:
    outcome = decided(order__amount=1, customer__months_trading=None)
    assert not after(outcome, "cfo", {"young": None}).against
    assert set(after(decided(order__amount=1, customer__months_trading=5), "cfo", {"young": None}).against) == {"young"}


def test_what_was_seen_is_read_from_the_record() -> None:
    checks = [
        {"name": "large", "status": "refer", "evidence": [{"value": 1_100, "wanted": "2001/2"}]},
        {"name": "young", "status": "pass", "evidence": []},
        {"name": "insolvent", "status": "hard_stop", "evidence": [{"value": True, "wanted": False}]},
    ]
    assert seen_in(checks) == {"large": Fraction(199, 2), "insolvent": None}
    assert excess_of("x", 1) is None and excess_of(None, 1) is None


def test_a_denial_can_be_released_only_where_its_checks_name_a_role() -> None:
    names = [row.name for row in rows_of(PROGRAM)]
    status = dict.fromkeys(names, "pass")
    made = [{"name": name, "status": value} for name, value in (status | {"insolvent": "hard_stop"}).items()]
    assert is_releasable(PROGRAM, made)
    made = [{"name": name, "status": value} for name, value in (status | {"fraud": "deny"}).items()]
    assert not is_releasable(PROGRAM, made)


def with_no_rate(outcome: Outcome) -> Outcome:
    """The answer with a check that was told beside the policy, as that of a rate that is too old."""
    return replace(outcome, checks=(*outcome.checks, CheckOutcome("rate", "not_evaluated", ())))


def test_what_was_told_beside_the_policy_is_released_by_nobody_and_breaks_nothing() -> None:
    outcome = with_no_rate(decided(order__amount=1_100))
    assert roles_unmet(PROGRAM, outcome, "manager") == ()
    seen: dict[str, Fraction | None] = {"large": Fraction(100), "rate": None}
    found = released(PROGRAM, outcome, "cfo", seen, TENTH, None)
    assert (found.lifted, dict(found.against)) == ((), {"rate": "is no check of the policy, and no release reaches it"})
    assert found.outcome == outcome
    later = released_before(PROGRAM, outcome, {"large": {"status": "refer"}, "rate": {"status": "not_evaluated"}}, None)
    assert (later.lifted, set(later.against)) == ((), {"rate"})


def test_at_a_later_stage_the_same_checks_are_lifted_however_far_they_are_beyond() -> None:
    found = released_before(PROGRAM, decided(order__amount=5_000), {"large": {"status": "refer"}}, None)
    assert (found.lifted, found.outcome.verdict, found.against) == (("large",), "approve", {})


@pytest.mark.parametrize(
    ("changed", "seen", "why"),
    [
        ({"order__amount": 1_100}, {}, "did not fail when the order was released"),
        ({"order__amount": 1_100}, {"large": {"status": "not_evaluated"}},
         "fails otherwise than when the order was released"),
        ({"order__amount": 900, "customer__insolvent": True}, {"insolvent": {"status": "hard_stop"}},
         "denies the order; a release that was given before does not reach it"),
        ({"order__amount": 900, "customer__months_trading": Missing(frozenset({"customer.months_trading"}))},
         {"young": {"status": "not_evaluated", "missing": ["another.fact"]}},
         "fails otherwise than when the order was released"),
    ],
)  # fmt: skip
def test_what_stands_against_it_at_a_later_stage(changed: Any, seen: Any, why: str) -> None:
    found = released_before(PROGRAM, decided(**changed), seen, None)
    assert (found.lifted, set(found.against.values())) == ((), {why})
