"""What the deciding row says beside its decision: carried to the answer, to tests and to the table, and not read."""

from __future__ import annotations

from datetime import UTC, date, datetime

from policy import load_policy
from rules.beside import said_with_terms
from rules.facts import computed_facts, trade_vocabulary
from rules.present import Circumstances, present
from rules.reference import decide
from rules.selftest import run_tests

POLICY = """\
aval: 1
policy: words
title: {en: Words}
currency: CNY
terms:
  - when: customer.score >= 60
    offer: [net 30]
  - otherwise: true
    offer: [prepaid]
    pay_by: credit_card
tests:
  - name: said and wanted
    given: {customer.score: 59, order.unsecured_amount: 0, limit.granted: none}
    expect: {pay_by: credit_card}
  - name: not said, but wanted
    given: {customer.score: 60, order.unsecured_amount: 0, limit.granted: none}
    expect: {pay_by: credit_card}
  - name: said, but not wanted
    given: {customer.score: 59, order.unsecured_amount: 0, limit.granted: none}
    expect: {pay_by: none}
"""
LOADED = load_policy(POLICY.encode(), "f", trade_vocabulary())


def test_a_test_compares_what_is_said() -> None:
    assert LOADED.program is not None
    told = [[str(one) for one in result.differences] for result in run_tests(LOADED.program, LOADED.tests)]
    assert told == [[], ["pay_by: wanted credit_card, found none"], ["pay_by: wanted none, found credit_card"]]


def test_the_answer_shows_a_word_only_where_its_row_says_it() -> None:
    program = LOADED.program
    assert program is not None
    around = Circumstances("d-1", datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 23), "agreed")
    shown = {}
    for score in (60, 59):
        facts = computed_facts({"customer.score": score, "order.amount": 100})
        shown[score] = present(program, decide(program, facts), facts, around).as_dict()["terms"]
    assert shown[60] == {"offer": "net 30", "net_days": 30, "discount": None, "due_on": "2026-12-23"}
    assert shown[59] == {"offer": "prepaid", "net_days": 0, "discount": None, "due_on": None, "pay_by": "credit_card"}


def test_a_policy_without_terms_says_nothing() -> None:
    found = load_policy(POLICY[: POLICY.index("terms:")].encode(), "f", trade_vocabulary()).program
    assert found is not None
    assert said_with_terms(found, decide(found, {})) == {}
