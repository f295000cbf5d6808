"""What must hold for every order under the policies that ship: size never helps, and what is missing never approves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy import load_policy
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.program import Program
from rules import reference
from rules.facts import computed_facts, trade_vocabulary
from rules.figures import with_figures
from rules.outcome import VERDICTS, Outcome

DAY = date(2026, 11, 23).toordinal()
CENTS = st.integers(0, 30_000_000) | st.sampled_from([5_000_000, 10_000_000, 30_000_000, 50_000_000, 200_000_000])
FACTS: dict[str, st.SearchStrategy[Any]] = {
    "as_of": st.just(DAY),
    "customer.score": st.sampled_from([0, 59, 60, 79, 80, 85]),
    "customer.months_trading": st.sampled_from([0, 5, 6, 30]),
    "customer.average_days_late": st.sampled_from([0, 5, 6, 40]),
    "customer.court_cases": st.sampled_from([0, 0, 1]),
    "customer.insolvent": st.sampled_from([False, False, False, True]),
    "customer.annual_revenue": st.integers(0, 10**10),
    "limit.granted": st.sampled_from([NO_LIMIT, 0, 50_000_000, 10**9, UNLIMITED]),
    "account.exposure": CENTS,
    "order.amount": CENTS,
    "order.prepaid": st.sampled_from([0, 0, 1_000_000, 30_000_000]),
    "order.requested_terms": st.sampled_from(["net 30", "net 60", "net 90", "net 91", "2/10 net 30", "prepaid"]),
    "order.placed_on": st.sampled_from([DAY, DAY - 30, DAY - 31]),
}
OPTIONAL = ("order.requested_terms", "order.placed_on", "order.prepaid")
OVERDUE, OPEN = st.sampled_from([0, 14, 15]), st.sampled_from([1, 100_000, 100_001])
INVOICE = st.fixed_dictionaries({"days_overdue": OVERDUE, "open_amount": OPEN})
EARLIER = st.fixed_dictionaries({"placed_on": st.sampled_from([DAY - 2, DAY - 3]), "unsecured_amount": CENTS})
LISTS = st.fixed_dictionaries(
    {"invoices": st.lists(INVOICE, max_size=2), "earlier_orders": st.lists(EARLIER, max_size=2)}
)
Facts = dict[str, Any]
GOOD: Facts = {
    "as_of": DAY, "customer.score": 85, "customer.months_trading": 30, "customer.average_days_late": 3,
    "customer.court_cases": 0, "customer.insolvent": False, "customer.annual_revenue": 10**10,
    "limit.granted": 50_000_000, "account.exposure": 0, "order.amount": 10_000_000,
}  # fmt: skip


@cache
def standard() -> Program:
    """The standard policy."""
    source = files("policy").joinpath("library/standard.yaml").read_bytes()
    program = load_policy(source, "standard.yaml", trade_vocabulary()).program
    assert program is not None
    return program


def decided(facts: Mapping[str, Any], lists: Mapping[str, Any]) -> Outcome:
    """The standard policy's answer."""
    return reference.decide(standard(), with_figures(standard(), computed_facts(facts), lists))


def severity(outcome: Outcome) -> int:
    """How severe an answer is, a hard stop above all."""
    return VERDICTS.index(outcome.verdict) + outcome.hard_stop


def approves(outcome: Outcome) -> bool:
    """With or without conditions."""
    return outcome.verdict in ("approve", "approve_with_conditions")


@given(st.fixed_dictionaries(FACTS), LISTS, CENTS)
def test_a_larger_order_is_never_decided_more_mildly(facts: Facts, lists: Facts, more: int) -> None:
    larger = facts | {"order.amount": facts["order.amount"] + more}
    assert severity(decided(larger, lists)) >= severity(decided(facts, lists))


@given(st.fixed_dictionaries(FACTS), LISTS, st.sampled_from(sorted({*FACTS} - {*OPTIONAL})), st.data())
def test_what_is_approved_without_a_fact_is_approved_with_any_value_of_it(
    facts: Facts, lists: Facts, name: str, data: st.DataObject
) -> None:
    without = {key: value for key, value in facts.items() if key != name}
    outcome = decided(without, lists)
    assume(approves(outcome))
    value = data.draw(FACTS[name])
    assert decided(without | {name: value}, lists).verdict == outcome.verdict


@given(st.fixed_dictionaries(FACTS), LISTS, st.sets(st.sampled_from(sorted({*FACTS} - {*OPTIONAL})), min_size=1))
def test_a_missing_fact_never_makes_an_answer_milder(facts: Facts, lists: Facts, lost: set[str]) -> None:
    without = {key: value for key, value in facts.items() if key not in lost}
    outcome = decided(without, lists)
    if approves(outcome):
        assert decided(facts, lists).verdict == outcome.verdict


@pytest.mark.parametrize("name", [*GOOD, "invoices", "earlier_orders"])
def test_every_fact_that_an_approval_needs_is_missed(name: str) -> None:
    lists: Facts = {"invoices": [], "earlier_orders": [{"placed_on": DAY - 3, "unsecured_amount": 1}]}
    assert decided(GOOD, lists).verdict == "approve"
    outcome = decided({key: value for key, value in GOOD.items() if key != name},
                      {key: value for key, value in lists.items() if key != name})  # fmt: skip
    assert not approves(outcome)
    assert outcome.missing


@given(st.fixed_dictionaries(FACTS), LISTS)
def test_an_approval_never_passes_the_limit(facts: Facts, lists: Facts) -> None:
    outcome = decided(facts, lists)
    assume(approves(outcome))
    new_risk = facts["order.amount"] - facts["order.prepaid"]
    limit = outcome.limits["effective"]
    assert isinstance(limit, int)
    assert new_risk <= 0 or facts["account.exposure"] + new_risk <= limit
