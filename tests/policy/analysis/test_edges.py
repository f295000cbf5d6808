"""Edges of two sections on two sides of one value."""

from __future__ import annotations

from tests.policy.analysis.replay import findings, found
from tests.policy.written import load

BODY = """terms:
  - when: account.oldest_overdue_days {terms}
    offer: [prepaid]
  - otherwise: true
    offer: [net 30]
checks:
  - check: late
    measure: account.oldest_overdue_days
    {check}
    verdict: deny
"""


def test_a_day_on_which_two_sections_disagree_is_told() -> None:
    (told,) = findings(load(BODY.format(terms=">= 15", check="at_most: 15")))
    assert (told.code, told.where.line, told.example) == ("off-by-one", 12, (("account.oldest_overdue_days", "15"),))


def test_sections_that_agree_or_use_two_numbers_are_left_alone() -> None:
    agreeing = (("> 15", "at_most: 15"), (">= 15", "below: 15"), ("<= 15", "at_most: 15"), (">= 15", "at_most: 30"))
    for terms, check in agreeing:
        assert found(BODY.format(terms=terms, check=check)) == [], (terms, check)


def test_a_setting_counts_as_its_number() -> None:
    body = "settings:\n  hold_days: 15 days\n" + BODY.format(terms=">= settings.hold_days", check="at_most: 15")
    assert found(body) == ["10: off-by-one"]
