"""Counter-offers: each is approved by the policy itself, the next minor unit back is not; also where it is unsteady.

The comparison is with a search over every amount of a small range, which is slow and obviously right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from policy.load import load_policy
from policy.program import Program
from rules import reference
from rules.counter_offers import MOST_ASKED, MOST_OF_ONE, Offer, Proposal, Search, chosen, excesses, money_constants
from rules.facts import computed_facts, trade_vocabulary
from rules.outcome import Outcome

HEAD = "aval: 1\npolicy: one\ntitle: {en: One, zh: 一}\ncurrency: JPY\nroles: {rising: [cfo]}\n"
TAIL = "\nauthority:\n  - {otherwise: true, release: cfo}\n"
LIMIT = """
terms:
  - otherwise: true
    offer: [net 30, net 15]
    longest: net 60
security:
  - when: customer.score >= 60
    require: none
  - otherwise: true
    require_one_of: [{bank_guarantee: 100%}, {prepayment: 40%, letter_of_credit: 60%}]
let:
  committed_after: account.exposure + order.unsecured_amount
checks:
  - check: over_limit
    measure: committed_after
    only_when: order.unsecured_amount > 0
    at_most: limit.effective
    verdict: refer
"""
UNSTEADY = """
checks:
  - check: gap
    when: order.amount in (100..480]
    verdict: refer
  - {check: small, measure: order.amount, at_least: 40, verdict: refer}
  - {check: large, measure: order.amount, at_most: 500, verdict: deny}
"""
TERMS = """
terms:
  - otherwise: true
    offer: [net 60, net 45, net 30, net 10]
checks:
  - {check: long, measure: order.requested_days, at_most: 30, verdict: refer}
"""
FACTS: dict[str, Any] = {
    "order.amount": 700, "order.prepaid": 0, "account.exposure": 200, "limit.granted": 600, "customer.score": 60,
    "as_of": 740_000,
}  # fmt: skip


def program_of(text: str) -> Program:
    """A policy of these sections."""
    loaded = load_policy((HEAD + text + TAIL).encode(), "one.yaml", trade_vocabulary())
    assert loaded.program is not None, [str(one) for one in loaded.problems]
    return loaded.program


def decided(program: Program, proposal: Proposal, facts: dict[str, Any]) -> Outcome:
    """What the reference says of a proposal."""
    order = {"order.amount": proposal.amount, "order.prepaid": proposal.prepaid,
             "order.requested_terms": proposal.terms}  # fmt: skip
    if proposal.secured:
        order["order.unsecured_amount"] = max(0, proposal.amount - proposal.prepaid - proposal.secured)
    return reference.decide(program, computed_facts({**facts, **order}))


def offers_of(
    text: str, asked: Proposal, most: int = MOST_ASKED, **changed: Any
) -> tuple[dict[str, Offer], Search, Callable[[Proposal], str]]:
    """The offers by what they change, the search, and the way to ask."""
    program, facts = program_of(text), FACTS | changed
    first = decided(program, asked, facts)

    def ask(proposal: Proposal) -> str:
        return decided(program, proposal, facts).verdict

    search = Search(ask, asked, first.verdict, most)
    found = search.offers(program, first)
    return {one.instrument or one.what: one for one in found}, search, ask


ASKED = Proposal(700, 0, "net 30")


def test_the_largest_amount_is_what_the_limit_leaves_to_the_unit() -> None:
    offers, _, ask = offers_of(LIMIT, ASKED)
    assert offers["amount"].proposal == replace(ASKED, amount=400)
    assert offers["amount"].beyond == replace(ASKED, amount=401)
    assert [ask(replace(ASKED, amount=amount)) for amount in (399, 400, 401)] == ["approve", "approve", "refer"]


def test_the_smallest_prepayment_and_security_are_what_is_too_much() -> None:
    offers, _, ask = offers_of(LIMIT, ASKED)
    assert offers["prepaid"].proposal == replace(ASKED, prepaid=300)
    assert offers["prepaid"].beyond == replace(ASKED, prepaid=299)
    assert [ask(replace(ASKED, prepaid=paid)) for paid in (299, 300, 301)] == ["refer", "approve", "approve"]
    assert offers["bank_guarantee"].proposal == offers["letter_of_credit"].proposal == replace(ASKED, secured=300)
    assert offers["bank_guarantee"].beyond == replace(ASKED, secured=299)
    assert offers["in_advance"].proposal == Proposal(700, 700, "prepaid")


def test_what_is_prepaid_already_counts() -> None:
    offers, _, _ = offers_of(LIMIT, replace(ASKED, prepaid=250))
    assert (offers["amount"].proposal.amount, offers["prepaid"].proposal.prepaid) == (650, 300)


def test_an_approval_with_conditions_is_offered_what_needs_none() -> None:
    offers, _, ask = offers_of(LIMIT, replace(ASKED, amount=300), **{"customer.score": 59})
    assert ask(replace(ASKED, amount=300)) == "approve_with_conditions"
    assert set(offers) == {"in_advance"}


def test_every_amount_of_a_policy_that_answers_unsteadily_is_found_as_by_counting() -> None:
    program = program_of(UNSTEADY)
    verdicts = {n: decided(program, replace(ASKED, amount=n), FACTS).verdict for n in range(1, 900)}
    for amount in (900, 501, 480, 300, 101, 39):
        offers, _, _ = offers_of(UNSTEADY, replace(ASKED, amount=amount))
        best = max((n for n in range(1, amount) if verdicts[n] == "approve"), default=None)
        found = offers["amount"].proposal.amount if "amount" in offers else None
        assert found == best, amount


def test_a_search_that_believes_in_steadiness_would_be_caught() -> None:
    """The control: halving between one and what was asked ends below the gap, and misses the 500 that are approved."""
    program = program_of(UNSTEADY)
    low, high = 1, 900
    while high - low > 1:
        middle = (low + high) // 2
        fits = decided(program, replace(ASKED, amount=middle), FACTS).verdict == "approve"
        low, high = (middle, high) if fits else (low, middle)
    assert (low, offers_of(UNSTEADY, replace(ASKED, amount=900))[0]["amount"].proposal.amount) == (100, 500)


def test_the_longest_shorter_term_that_is_approved_is_offered() -> None:
    offers, _, ask = offers_of(TERMS, replace(ASKED, terms="net 60"))
    assert offers["terms"].proposal.terms == "net 30"
    assert ask(replace(ASKED, terms="net 45")) == "refer"
    assert "amount" not in offers and "prepaid" not in offers


@pytest.mark.parametrize("verdict", ["approve", "deny", "refer", "approve_with_conditions"])
def test_only_what_is_better_than_the_answer_is_offered(verdict: str) -> None:
    search = Search(lambda proposal: "approve_with_conditions", ASKED, verdict)
    better = verdict in ("deny", "refer")
    assert search.fits(replace(ASKED, amount=1)) is better


def test_a_hard_stop_is_offered_nothing_and_the_policy_is_not_asked() -> None:
    text = "checks:\n  - {check: insolvent, when: customer.insolvent is true, verdict: hard_stop}\n"
    offers, search, _ = offers_of(text, ASKED, **{"customer.insolvent": True})
    assert (offers, search.evaluations) == ({}, 0)


def test_the_policy_is_asked_only_so_often() -> None:
    rows = "\n".join(f"  - {{check: c_{n}, when: order.amount is {n}, verdict: warn}}" for n in range(1000, 3000, 9))
    text = f"checks:\n{rows}\n  - {{check: never, when: order.amount > 0, verdict: refer}}\n"
    offers, search, _ = offers_of(text, replace(ASKED, amount=9_000_000))
    assert offers == {} and search.evaluations <= MOST_ASKED
    for most in (0, 1, 7):
        assert offers_of(LIMIT, ASKED, most)[1].evaluations <= most


def test_a_search_that_ends_early_does_not_say_what_lies_beyond() -> None:
    search = Search(lambda proposal: "approve" if proposal.amount <= 400 else "refer", ASKED, "refer", most=3)
    edge = search.nearest(lambda n: replace(ASKED, amount=n), 700, 1, ())
    assert edge is not None and edge.beyond is None and edge.found <= 400
    full = Search(lambda proposal: "approve" if proposal.amount <= 400 else "refer", ASKED, "refer")
    edge = full.nearest(lambda n: replace(ASKED, amount=n), 700, 1, ())
    assert edge is not None and (edge.found, edge.beyond) == (400, 401)
    assert full.evaluations <= MOST_OF_ONE


def test_the_places_to_ask_at_come_from_the_policy_and_the_failed_checks() -> None:
    program = program_of(LIMIT + "limits:\n  - {otherwise: true, limit: 5_000}\n")
    assert 5_000 in money_constants(program)
    assert excesses(decided(program, ASKED, FACTS), program) == [300, 301]
    assert chosen([5], range(100, 100_000, 10)) > {5} and len(chosen([5], range(100, 100_000, 10))) <= 50
