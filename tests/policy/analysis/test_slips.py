"""Slips through otherwise: told where the better value is known to be better, and silent where it is not."""

from __future__ import annotations

from tests.policy.analysis.replay import findings, found
from tests.policy.written import load

TIERS = """tiers:
  - tier: prime
    when:
      - customer.score >= 80
      - customer.average_days_late <= 5
  - tier: standard
    when: customer.score {standard}
  - tier: high_risk
    otherwise: true
"""
TERMS = """terms:
  - when: tier is prime
    offer: [{prime}]
  - when: tier is standard
    offer: [net 30]
  - otherwise: true
    offer: [prepaid]
"""
GOOD = TERMS.format(prime="net 60")


def test_a_better_score_that_falls_to_otherwise_is_told_with_both_orders() -> None:
    (told,) = findings(load(TIERS.format(standard="in [60..80)") + GOOD))
    assert told.code == "otherwise-slip" and told.severity == "warning"
    assert "'customer.score' of 79 gets 'standard'" in told.message and "80 gets 'high_risk'" in told.message
    assert dict(told.example) == {"customer.average_days_late": "6", "customer.score": "80"}


def test_a_row_without_an_upper_end_lets_nobody_slip() -> None:
    assert found(TIERS.format(standard=">= 60") + GOOD) == []


def test_nothing_is_told_where_nothing_says_which_tier_is_better() -> None:
    assert found(TIERS.format(standard="in [60..80)")) == []
    worse = found(TIERS.format(standard="in [60..80)") + TERMS.format(prime="net 7"))
    assert worse == []


def test_fewer_days_late_can_be_the_better_value() -> None:
    tiers = "tiers:\n  - tier: prime\n    when:\n" \
            "      - customer.average_days_late <= 5\n      - customer.score >= 80\n" \
            "  - tier: standard\n    when: customer.average_days_late in (5..15]\n  - tier: high_risk\n" \
            "    otherwise: true\n"
    (told,) = findings(load(tiers + GOOD))
    assert told.help == "did you mean 'customer.average_days_late <= 15' in this row?"
    assert "of 6 gets 'standard'" in told.message and "the better 5 gets 'high_risk'" in told.message


def test_a_table_of_constant_limits_is_looked_at_as_well() -> None:
    limits = "limits:\n  - when:\n      - customer.score >= 80\n      - customer.insolvent is false\n    limit: 900\n" \
             "  - when: customer.score in [60..80)\n    limit: 500\n  - otherwise: true\n    limit: 0\n"
    (told,) = findings(load(limits))
    assert (told.code, told.where.line) == ("otherwise-slip", 10)
    assert dict(told.example) == {"customer.insolvent": "true", "customer.score": "80"}


def test_a_rating_is_said_by_its_word() -> None:
    scale = "scales:\n  agency: {best_first: [A, B+, B, C]}\nfacts:\n" \
            "  customer.rating: {kind: rating, of: agency, from: bureau, meaning: {en: a rating, zh: 评级}}\n"
    limits = "limits:\n  - when:\n      - customer.rating is A\n      - customer.insolvent is false\n    limit: 900\n" \
             "  - when:\n      - customer.rating is B or better\n      - customer.rating is worse than A\n" \
             "    limit: 500\n  - otherwise: true\n    limit: 0\n"
    (told,) = findings(load(scale + limits))
    assert "'customer.rating' of B+ gets" in told.message and "the better A gets" in told.message
    assert told.help == "did you mean 'customer.rating is B or better' in this row?"
