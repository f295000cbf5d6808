"""The Decision that leaves: terms with their day, securities with their amounts, the limit and what is left of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from credit.decision import Decision
from policy import load_policy
from policy.kinds import NO_LIMIT, UNLIMITED
from rules.facts import computed_facts, trade_vocabulary
from rules.figures import with_figures
from rules.present import Circumstances, limit_of, present, terms_offered
from rules.reference import decide

STANDARD = Path(__file__).resolve().parents[2] / "policy" / "library" / "standard.yaml"
DAY = date(2026, 11, 23)


def decided(**changed: Any) -> Decision:
    loaded = load_policy(STANDARD.read_bytes(), "standard.yaml", trade_vocabulary())
    assert loaded.program is not None
    test = loaded.tests[0]
    given = {**test.facts, "customer.score": 70, "order.amount": 12_000_000, "order.prepaid": 0, **changed}
    del given["order.unsecured_amount"]
    facts = with_figures(loaded.program, computed_facts(given), test.lists)
    around = Circumstances("d-1", datetime(2026, 11, 23, 8, tzinfo=UTC), DAY, "agreed", 7, deliver_by=date(2026, 12, 5))
    return present(loaded.program, decide(loaded.program, facts), facts, around)


def test_securities_come_with_their_amounts_and_alternatives() -> None:
    first, second, *_ = decided().as_dict()["conditions"]  # type: ignore[misc]
    assert first == {"alternative": 1, "security": "prepayment", "share": "30%", "amount": "36000.00"}
    assert second == {"alternative": 1, "security": "letter_of_credit", "share": "70%", "amount": "84000.00"}


def test_what_is_prepaid_lowers_the_amounts() -> None:
    first, *_ = decided(**{"order.prepaid": 4_000_000}).as_dict()["conditions"]  # type: ignore[misc]
    assert first == {"alternative": 1, "security": "letter_of_credit", "share": "70%", "amount": "80000.00"}


def test_the_due_date_counts_from_the_delivery() -> None:
    assert decided().as_dict()["terms"] == {"offer": "net 30", "net_days": 30, "discount": None, "due_on": "2027-01-04"}


def test_the_exposure_shows_limit_before_after_and_headroom() -> None:
    shown = decided(**{"account.exposure": 40_000_000}).as_dict()["exposure"]
    assert shown == {"limit": "500000.00", "before": "400000.00", "after": "520000.00", "headroom": "-20000.00"}


def test_an_unlimited_customer_has_unlimited_headroom() -> None:
    shown = decided(**{"limit.granted": UNLIMITED, "customer.annual_revenue": 10**15}).as_dict()["exposure"]
    assert shown["limit"] == "1000000.00"  # type: ignore[index]  # the policy's own limit is the lower


def test_checks_name_their_row_and_line_and_built_in_ones_do_not() -> None:
    checks = {entry.check: entry for entry in decided().checks}
    line = STANDARD.read_text("utf-8").splitlines()[checks["over_limit"].rule["line"] - 1]  # type: ignore[index]
    assert "check: over_limit" in line
    assert checks["no_limit"].rule is None


def test_terms_from_the_delivery_count_from_the_expected_delivery() -> None:
    offered = terms_offered("net 14 from delivery", DAY)
    assert offered is not None
    assert offered.due_on == date(2026, 12, 7)


def test_prepaid_terms_have_no_due_date() -> None:
    offered = terms_offered("prepaid", DAY)
    assert offered is not None and offered.due_on is None
    assert terms_offered(None, DAY) is None


@pytest.mark.parametrize(("value", "text"), [(NO_LIMIT, "none"), (UNLIMITED, "unlimited"), (12_345, "123.45")])
def test_limits_leave_as_the_business_writes_them(value: int, text: str) -> None:
    assert str(limit_of(value, "CNY")) == text


def test_a_missing_limit_is_no_limit_of_zero() -> None:
    assert limit_of(None, "CNY") is None


SCOPED = b"""aval: 1
policy: scoped
title: {en: Scoped, zh: \xe8\x8c\x83\xe5\x9b\xb4}
currency: CNY
checks:
  - {check: big, measure: order.amount, at_most: 100, verdict: deny, say: {en: "big: {measured}", zh: "x"}}
  - check: big
    for: group A
    measure: order.amount
    at_most: 200
    verdict: deny
    say: {en: "very: {measured}", zh: "x"}
exceptions:
  - {exception: friend, for: customer B, lifts: [big]}
"""


@pytest.mark.parametrize(("facts", "status", "message", "line"), [
    ({}, "deny", "big: CNY 300.00", 6), ({"customer.group": "A"}, "deny", "very: CNY 300.00", 7),
    ({"customer.id": "B"}, "lifted", "lifted by friend: order.amount CNY 300.00, wanted <= CNY 100.00", 6),
])  # fmt: skip
def test_of_one_name_the_check_that_was_asked_is_shown(
    facts: dict[str, Any], status: str, message: str, line: int
) -> None:
    loaded = load_policy(SCOPED, "f", trade_vocabulary())
    assert loaded.program is not None
    given = {"order.amount": 30_000, "limit.granted": UNLIMITED, **facts}
    around = Circumstances("d", datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 23), "agreed")
    decision = present(loaded.program, decide(loaded.program, computed_facts(given)), given, around)
    (entry,) = [check for check in decision.checks if check.check == "big"]
    assert (entry.status, entry.message["en"]) == (status, message)
    assert entry.rule is not None
    assert entry.rule["line"] == line
    assert entry.as_dict().get("lifted_by") == ("friend" if status == "lifted" else None)
