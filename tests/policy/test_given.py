"""A file of facts is read like the given of a test, and its slips are told with their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy import load_policy
from policy.document import Policy
from policy.given import read_given
from policy.kinds import NO_LIMIT
from rules.facts import trade_vocabulary

STANDARD = Path(__file__).resolve().parents[2] / "policy" / "library" / "standard.yaml"


@pytest.fixture(scope="module")
def policy() -> Policy:
    loaded = load_policy(STANDARD.read_bytes(), "standard.yaml", trade_vocabulary())
    assert loaded.policy is not None
    return loaded.policy


def test_facts_and_lists_come_in_the_exact_values_of_their_kinds(policy: Policy) -> None:
    source = (b"order.amount: 1_200.50\ncustomer.court_cases: 2\ncustomer.insolvent: false\nlimit.granted: none\n"
              b"customer.score: missing\norder.requested_terms: net 30\nas_of: 2026-11-23\n"
              b"invoices: [{days_overdue: 3, open_amount: 9.99}]\nearlier_orders: []\n")  # fmt: skip
    found, problems = read_given(source, "facts.yaml", policy, trade_vocabulary())
    assert problems == ()
    assert found is not None
    assert found.facts == {
        "order.amount": 120_050, "customer.court_cases": 2, "customer.insolvent": False, "limit.granted": NO_LIMIT,
        "customer.score": None, "order.requested_terms": "net 30", "as_of": 739_943,
    }  # fmt: skip
    assert found.lists == {"invoices": ({"days_overdue": 3, "open_amount": 999},), "earlier_orders": ()}


def test_json_is_read_the_same(policy: Policy) -> None:
    source = b'{"order.amount": "1200.50", "customer.insolvent": false, "invoices": [{"days_overdue": 3}]}'
    found, problems = read_given(source, "facts.json", policy, trade_vocabulary())
    assert (problems, found is not None and found.facts) == (
        (), {"order.amount": 120_050, "customer.insolvent": False})


def test_every_slip_is_told_with_its_place_in_the_file_of_facts_alone(policy: Policy) -> None:
    source = b"customer.scor: 70\norder.amount: 10 days\ninvoices: [{days_overdu: 3}]\n"
    found, problems = read_given(source, "facts.yaml", policy, trade_vocabulary())
    assert found is None
    assert [(str(one.where), one.code) for one in problems] == [
        ("facts.yaml:1:1", "unknown-fact"), ("facts.yaml:2:15", "test-value"), ("facts.yaml:3:13", "unknown-field"),
    ]  # fmt: skip


@pytest.mark.parametrize(("source", "code"), [
    (b"[1, 2]", "wrong-shape"), (b"", "empty-file"), (b"\xff", "not-utf8"), (b"a: 1\na: 2\n", "duplicate-key"),
])
def test_what_is_no_block_of_facts_is_a_finding(policy: Policy, source: bytes, code: str) -> None:
    found, problems = read_given(source, "facts.yaml", policy, trade_vocabulary())
    assert found is None
    assert code in [one.code for one in problems]
