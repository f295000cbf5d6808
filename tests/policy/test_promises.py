"""Promises as written: sentences, general forms, names and directions, and every way to write one wrongly."""

from __future__ import annotations

import pytest

from policy.compile_promises import Question
from policy.load import Loaded, load_policy
from rules.facts import trade_vocabulary

OPENING = """aval: 1
policy: promised
title: {en: Promised}
currency: CNY
roles: {rising: [analyst]}
checks:
  - {check: weak, when: customer.score < 40, verdict: refer}
authority:
  - {otherwise: true, release: analyst}
promises:
"""


def loaded(*lines: str) -> Loaded:
    text = OPENING + "".join(f"  - {line}\n" for line in lines)
    return load_policy(text.encode(), "p.yaml", trade_vocabulary())


def question(line: str) -> Question:
    found = loaded(line)
    assert found.program is not None, [str(problem) for problem in found.problems]
    (only,) = found.promises
    return only


def told(line: str) -> str:
    (problem,) = loaded(line).problems
    return f"{problem.code}: {problem.message}"


def test_a_fact_may_be_named_by_its_last_part() -> None:
    found = question("better score never worse")
    assert (found.fact, found.better, found.form) == ("customer.score", "higher", "never_worse")


def test_a_larger_order_is_a_worse_amount() -> None:
    found = question("larger order never easier")
    assert (found.fact, found.better) == ("order.amount", "lower")


def test_what_is_late_is_better_low() -> None:
    assert question("better average_days_late never worse").better == "lower"


def test_monotone_says_its_direction_and_its_parts() -> None:
    found = question("monotone: {fact: account.paid_invoices, better: higher, on: [verdict, limit]}")
    assert (found.fact, found.better, found.aspects) == ("account.paid_invoices", "higher", ("verdict", "limit"))


def test_the_conditions_of_always_stand_behind_the_program() -> None:
    found = loaded("always: {when: customer.score < 10, then: {verdict: [refer, deny]}}")
    assert found.program is not None
    (only,) = found.promises
    assert only.nodes[: len(found.program.nodes)] == found.program.nodes
    assert only.when >= len(found.program.nodes)
    assert only.answers == (("verdict", ("refer", "deny")),)


def test_a_promise_is_no_part_of_what_a_policy_means() -> None:
    one, other = loaded("better score never worse"), loaded(RELEASED := "every referral can be released by someone")
    assert RELEASED and one.program is not None and other.program is not None
    assert one.program.digest == other.program.digest


@pytest.mark.parametrize(("line", "wanted"), [
    ("better paid_invoices never worse", "promise: nothing says whether a higher or a lower 'account.paid_invoices'"),
    ("better customer.type never worse", "promise: 'customer.type' has no order in which one value is better"),
    ("better colour never worse", "unknown-fact: 'colour' is not a fact"),
    ("better amount never better", "promise: 'better amount never better' is not a promise that can be proved"),
    ("steps in order", "not-yet-supported: 'steps in order' is part of the language"),
    ("monotone: {fact: customer.score, on: [price]}", "unknown-word: 'price' is not a part of a decision"),
    ("monotone: {fact: customer.score, better: up}", "unknown-word: 'up' is not a direction"),
    ("{always: {when: customer.score < 1, then: {verdict: maybe}}}", "promise: 'maybe' is not a verdict"),
    ("{always: {when: customer.scor < 1, then: {verdict: deny}}}", "unknown-fact: no fact, figure or setting is named"),
    ("{always: {when: customer.score < 1}}", "missing-key: always has no 'then'"),
    ("{}", "promise: a promise is one sentence, or one block"),
])  # fmt: skip
def test_a_promise_written_wrongly_is_told(line: str, wanted: str) -> None:
    assert told(line).startswith(wanted)
