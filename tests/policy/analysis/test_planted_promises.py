"""Mistakes planted into the shipped standard policy that break a promise: each is refuted by orders that replay.

The orders of a finding are decided here by the reference engine and looked at word by word, without the code that
refuted the promise. Each promise is proved of the policy into which the mistake is planted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from rules import reference
from rules.outcome import VERDICTS, Outcome
from rules.proving import all_findings, proofs_of
from tests.policy.analysis.test_planted import STANDARD
from tests.policy.analysis.test_planted_places import MANUAL, planted

pytest.importorskip("z3", reason="the prover is an extra of its own")

FIRST = "  - better score never worse\n"
LATE = "  - monotone: {fact: customer.average_days_late, better: lower, on: [verdict]}\n"
NEVER_SOLD = "  - always: {when: customer.insolvent is true, then: {verdict: deny}}\n"
NET = "  - always: {when: [order.unsecured_amount > 0, with_2_days > 2_000_000], then: {verdict: [refer, deny]}}\n"
INSOLVENT = STANDARD[STANDARD.index("    verdict: hard_stop  "):STANDARD.index('    say: {en: "insolvency')]
SIZE = next(line for line in STANDARD.splitlines(True) if line.startswith("    measure: with_2_days "))
Show = Callable[[Outcome, Outcome], bool]


@dataclass(frozen=True)
class Broken:
    """A promise, what is changed so that it is not kept, the fact that moves (which way), and what the orders show."""

    promise: str
    added: str
    old: str
    new: str
    moves: tuple[str, int]
    shows: Show


def stricter(one: Outcome, other: Outcome) -> bool:
    """Whether the second order is decided worse than the first."""
    return VERDICTS.index(other.verdict) > VERDICTS.index(one.verdict)


BROKEN = {
    "a higher limit for those whom nobody trusts": Broken(
        "better score never worse", "", "    limit: 0  ", "    limit: 1_000_000  ", ("customer.score", 1),
        lambda one, other: other.limits["limit"] < one.limits["limit"]),  # type: ignore[operator]
    "prime customers who may ask for shorter terms than standard ones": Broken(
        "better score never worse", "", "    longest: net 90", "    longest: net 40", ("customer.score", 1),
        lambda one, other: (one.longest, other.longest) == ("net 45", "net 40")),
    "a guarantee from prime customers alone": Broken(
        "better score never worse", "", "    require: none", "    require: {bank_guarantee: 100%}",
        ("customer.score", 1),
        lambda one, other: bool(other.security) and other.security != one.security),
    "a larger order that is easier": Broken(
        "larger order never easier", "", SIZE, "    measure: ordered_2_days - order.unsecured_amount\n",
        ("order.amount", -1), stricter),
    "no section that says who releases": Broken(
        "every referral can be released by someone", "", MANUAL, "", ("", 0),
        lambda one, _: (one.verdict, one.authority) == ("refer", None)),
    "lines on days late that leave out the best": Broken(
        "better customer.average_days_late never worse in verdict", LATE, "customer.average_days_late <= 5",
        "customer.average_days_late in [1..5]", ("customer.average_days_late", -1), stricter),
    "a hard stop that became a referral": Broken(
        "always", NEVER_SOLD, INSOLVENT, "    verdict: refer\n", ("", 0),
        lambda one, _: one.verdict == "refer"),
    "a largest order that became a warning": Broken(
        "always", NET, "    at_most: limit.largest_order\n    verdict: refer\n",
        "    at_most: limit.largest_order\n    verdict: warn\n", ("", 0),
        lambda one, _: one.verdict not in ("refer", "deny")),
}  # fmt: skip


FOLLOWING = ("order.unsecured_amount", "order.credit_amount")  # move with the amount of an order


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_planted_mistake_breaks_its_promise_by_orders_that_replay(name: str) -> None:
    case = BROKEN[name]
    _, loaded = planted((case.old, case.new), *([(FIRST, case.added + FIRST)] if case.added else []))
    assert loaded.program is not None
    (proof,) = [one for one in proofs_of(loaded) if one.promise.startswith(case.promise)]
    assert proof.status == "refuted" and proof.harm
    outcomes = [reference.decide(loaded.program, facts) for facts in proof.orders]
    assert case.shows(outcomes[0], outcomes[-1]), (proof.orders, outcomes)
    fact, direction = case.moves
    if not fact:
        assert len(outcomes) == 1
        return
    values = [facts[fact] for facts in proof.orders]
    assert (values[1] - values[0]) * direction > 0
    rest = [{key: value for key, value in facts.items() if key not in (fact, *FOLLOWING)}
            for facts in proof.orders]  # fmt: skip
    assert rest[0] == rest[1]


@pytest.mark.slow
@pytest.mark.parametrize("added", ["", LATE, NEVER_SOLD, NET], ids=["as shipped", "monotone", "insolvent", "large"])
def test_every_promise_is_proved_of_what_the_mistakes_are_planted_into(added: str) -> None:
    _, loaded = planted((FIRST, added + FIRST))
    assert {proof.status for proof in proofs_of(loaded)} == {"proved"}
    assert all_findings(loaded) == ()


def test_steps_in_order_is_refused_by_name_and_told_where_steps_stand_out_of_order() -> None:
    (told,) = planted((FIRST, "  - steps in order\n" + FIRST))[1].problems
    assert told.code == "not-yet-supported" and "steps in order" in told.message
    _, loaded = planted(("at: due - 7 days", "at: due + 16 days"))
    assert [one.code for one in loaded.problems] == ["step-order"] and "2024-01-16" in loaded.problems[0].message


def test_the_texts_that_are_replaced_stand_in_the_shipped_policy_once() -> None:
    assert [STANDARD.count(case.old) for case in BROKEN.values()] == [1] * len(BROKEN)
