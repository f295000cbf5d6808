"""How values and checks read: plain for machines, with currency and unit for people, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from policy import load_policy
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.program import Program
from rules.facts import computed_facts, trade_vocabulary
from rules.figures import with_figures
from rules.reference import decide
from rules.wording import Wording, distance_kind

POLICY = """aval: 1
policy: words
title: {en: Words, zh: 文字}
currency: CNY
let:
  owed: account.exposure + order.unsecured_amount
  late_share: account.late_invoices / account.paid_invoices
checks:
  - check: over
    measure: owed
    at_most: limit.effective
    verdict: refer
    say:
      en: "{measured} over {allowed} by {excess}, score {customer.score}"
      zh: "{measured}，{allowed}，{excess}，{customer.score}"
  - check: share
    measure: late_share
    at_most: 30%
    verdict: warn
  - check: type
    when: customer.type in [school, hospital]
    verdict: warn
  - check: review
    measure: as_of
    at_most: order.deliver_by
    verdict: warn
    say: {en: "{measured} is {excess} after {allowed}", zh: "{measured} 晚于 {allowed} {excess}"}
  - check: room
    measure: limit.effective - account.exposure
    at_least: 1_000
    verdict: warn
"""
FACTS: dict[str, Any] = {
    "limit.granted": 100_000, "account.exposure": 90_000, "order.unsecured_amount": 20_050, "customer.score": 7,
    "account.late_invoices": 1, "account.paid_invoices": 3, "customer.type": "school",
}  # fmt: skip


@pytest.fixture(scope="module")
def program() -> Program:
    loaded = load_policy(POLICY.encode(), "words.yaml", trade_vocabulary())
    assert loaded.program is not None, loaded.problems
    return loaded.program


def told(program: Program, check: str, **changed: Any) -> tuple[Wording, Any, dict[str, str]]:
    facts = with_figures(program, computed_facts({**FACTS, **changed}), {})
    outcome = next(one for one in decide(program, facts).checks if one.name == check)
    wording = Wording(program)
    fields = {"customer.score": facts["customer.score"]}
    return wording, outcome, wording.message(outcome, fields)


@pytest.mark.parametrize(("value", "kind", "plain", "shown"), [
    (123_456_789, "money", "1234567.89", "CNY 1,234,567.89"), (-1, "money", "-0.01", "CNY -0.01"),
    (10**17, "money", "1000000000000000.00", "CNY 1,000,000,000,000,000.00"), (NO_LIMIT, "limit", "none", "none"),
    (UNLIMITED, "limit", "unlimited", "unlimited"), (0, "limit", "0.00", "CNY 0.00"), (15, "days", "15", "15 days"),
    (Fraction(1, 3), "percent", "33.333333%", "33.333333%"), (Fraction(5, 4), "ratio", "1.25", "1.25"),
    (739_000, "date", "2024-04-24", "2024-04-24"), (True, "flag", "true", "true"), ("CN", "text", "CN", "CN"),
    (None, "money", None, "missing"),
])  # fmt: skip
def test_values_read_plainly_and_for_people(program: Program, value: Any, kind: str, plain: str, shown: str) -> None:
    wording = Wording(program)
    assert (wording.plain(value, kind), wording.shown(value, kind, "en")) == (plain, shown)


def test_a_failed_check_says_what_the_policy_wrote(program: Program) -> None:
    _, _, message = told(program, "over")
    assert message == {"en": "CNY 1,100.50 over CNY 1,000.00 by CNY 100.50, score 7",
                       "zh": "CNY 1,100.50，CNY 1,000.00，CNY 100.50，7"}  # fmt: skip


def test_a_passed_check_says_what_was_measured(program: Program) -> None:
    _, _, message = told(program, "over", **{"order.unsecured_amount": 10_000})
    assert message["en"] == "passed: owed CNY 1,000.00, wanted <= CNY 1,000.00"
    assert message["zh"] == "通过：owed CNY 1,000.00（要求 <= CNY 1,000.00）"


def test_a_missing_fact_is_named(program: Program) -> None:
    _, _, message = told(program, "over", **{"account.exposure": None})
    assert message["en"] == "not evaluated, missing: account.exposure"


def test_a_ratio_wanted_in_percent_is_shown_in_percent(program: Program) -> None:
    _, _, message = told(program, "share")
    assert message["en"] == "warn: late_share 33.333333%, wanted <= 30%"


def test_what_was_wanted_is_what_would_have_passed(program: Program) -> None:
    wording, outcome, _ = told(program, "type")
    assert wording.wanted(outcome.evidence[0]) == "not in [school, hospital]"


def test_the_distance_is_negative_where_a_check_fails(program: Program) -> None:
    wording, outcome, _ = told(program, "over")
    assert wording.distance(outcome.evidence[0]) == -10_050
    wording, outcome, _ = told(program, "room", **{"limit.granted": UNLIMITED})
    assert wording.distance(outcome.evidence[0]) is None


def test_the_distance_between_dates_counts_days(program: Program) -> None:
    late, due = date(2026, 11, 24).toordinal(), date(2026, 11, 23).toordinal()
    wording, check, message = told(program, "review", **{"as_of": late, "order.deliver_by": due})
    assert message == {"en": "2026-11-24 is 1 day after 2026-11-23", "zh": "2026-11-24 晚于 2026-11-23 1 天"}
    assert wording.plain(wording.distance(check.evidence[0]), distance_kind("date")) == "-1"


def test_a_policy_without_titles_still_speaks_english(program: Program) -> None:
    wording = Wording(replace(program, wording=replace(program.wording, title={})))
    facts = with_figures(program, computed_facts(FACTS), {})
    assert list(wording.message(decide(program, facts).checks[0], {"customer.score": 7})) == ["en"]


def test_an_amount_of_a_part_of_a_cent_is_shown_with_its_currency(program: Program) -> None:
    wording = Wording(program)
    assert wording.shown(Fraction(123457, 10), "money", "en") == f"{program.currency} 123.457"
    assert wording.shown(12345, "money", "en") == f"{program.currency} 123.45"
    assert wording.shown(Fraction(1, 2), "number", "en") == "0.5"
