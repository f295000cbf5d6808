"""Refusals that show the way out: what a credit manager wrote, and the line that may stand there instead."""

from __future__ import annotations

import pytest

from policy.load import load_policy
from rules.facts import trade_vocabulary

HEAD = """aval: 1
policy: ways
title: {en: Ways, zh: 出路}
currency: CNY
roles: {rising: [clerk, credit_manager, cfo]}
"""


def told(text: str) -> list[str]:
    found = load_policy((HEAD + text).encode(), "f", trade_vocabulary())
    return [f"{one.code}: {one.message}; {one.help}" for one in found.problems if one.severity == "error"]


@pytest.mark.parametrize(("text", "wanted"), [
    ("settings: {a: 1% per month}\nlet: {b: settings.a + settings.a}\n",
     "kind: rates are added only where a late charge reads them; write the sum there: rate: settings.base + 8% per "
     "year"),
    ("checks:\n  - {check: a, measure: limit.effective + 5_000 CNY, at_least: order.amount, verdict: refer}\n",
     "kind: 'limit.effective' (a limit) cannot be added to '5000 CNY' (an amount); a limit may be unlimited; take the "
     "amount off what is measured: account.exposure - 5_000 CNY"),
    ("let: {a: average of last 2 payments.days_late}\n",
     "not-yet-supported: 'last 2 payments' is not run by this version; a figure looks at days: write 'in last 90 days' "
     "behind the list, or a streak of months"),
    ("let: {a: payments in a row where days_late > 0}\n",
     "not-yet-supported: 'payments in a row' is not run by this version; streaks go by months: write 'months in a row "
     "with every payment where ...', or 'with any'"),
    ("let: {a: 90% of account.exposure}\n",
     "expression: 'of' cannot stand after '%'; write '90% * account.exposure'"),
    ("let: {a: sum of invoices.open_amount * days_overdue}\n",
     "not-yet-supported: 'sum of invoices.open_amount *' is not run by this version; a figure adds up one field: weigh "
     "items by several sums, each with its own where"),
    ("tables:\n  d: {by: customer.score, rows: {\"< 60\": 30 days, \">= 60\": 60 days}}\n"
     "terms:\n  - {otherwise: true, offer: [net 30], longest: d}\n",
     "not-yet-supported: 'longest' that is worked out, as by 'd', is not run by this version; write a row of terms for "
     "each value, or a check: measure: order.requested_days, at_most: d"),
    ("late_charge: {rate: 2% per year + 8 points, on: open principal, from: due + 1 day, count_days: actual/365}\n",
     "unit: 'points' is not a unit; write points of a rate as a rate: + 8% per year"),
    ("late_charge: {rate: 2% per month + 8% per year, on: open principal, from: due + 1 day, count_days: 30/360}\n",
     "unit: 'rate' adds two rates that count differently, or that both change on days; write both per year, the dated "
     "one first: settings.base + 8% per year"),
    ("tiers:\n  - {tier: a, otherwise: true, ladder: standard}\nescalation:\n"
     "  - {step: first, at: due + 10 days, do: send reminder by email}\n",
     "wrong-shape: 'escalation' has its ladders by name, and these steps have none; write a name above them, such as "
     "'standard:', and indent them"),
    ("tables:\n  t: {by: order.amount, rows: {\"<= 5_000\": low, \"> 5_000 JPY\": high}}\n",
     "currency: '> 5_000 JPY' is in JPY, but the cells of a table meet in CNY alone; write the amount in CNY"),
    ("tests:\n  - base: a\n    given: {order.amount: 5_000 JPY}\n",
     "currency: '5_000 JPY' is not in CNY; given amounts are in CNY: convert it; for the rows give the rate, as in "
     "rates.JPY: 0.05"),
])  # fmt: skip
def test_a_refusal_says_once_what_to_write_instead(text: str, wanted: str) -> None:
    assert told(text) == [wanted]


@pytest.mark.parametrize("text", [
    "checks:\n  - {check: a, when: order.amount > 5, verdict: refer, release_by: credit_manager or above}\n"
    "authority:\n  - {otherwise: true, release: clerk or higher}\n",
    "documents:\n  - require: [bank_reference_1, bank_reference_2]\n",
    "settings:\n  ecb: [{until: 2026-06-30, value: 2.15% per year}, {from: 2026-07-01, value: 2% per year}]\n"
    "late_charge: {rate: settings.ecb + 8% per year, on: open principal, from: due + 1 day, count_days: actual/365}\n",
])  # fmt: skip
def test_what_people_write_without_a_second_meaning_is_taken(text: str) -> None:
    assert told(text) == []


def test_a_base_rate_and_points_are_one_rate_on_every_day() -> None:
    text = HEAD + (
        "settings:\n  ecb: [{until: 2026-06-30, value: 2.15% per year}, {from: 2026-07-01, value: 2% per year}]\n"
        "  points: 8% per year\nlate_charge: {rate: settings.points + settings.ecb, on: open principal, "
        "from: due + 1 day, count_days: actual/365}\n"
    )
    program = load_policy(text.encode(), "f", trade_vocabulary()).program
    assert program is not None
    (charge,) = program.charges
    assert [(str(rate.share), rate.per) for rate in charge.rates] == [("203/2000", "year"), ("1/10", "year")]


def test_a_test_gives_the_rate_of_a_currency_that_the_rows_use() -> None:
    text = HEAD + (
        "checks:\n  - {check: a, measure: order.amount, at_most: 100_000 JPY, verdict: deny}\n"
        "tests:\n  - base: b\n    given: {order.amount: 5_000.01, rates.JPY: 0.05, limit.granted: none}\n"
        "  - name: c\n    given: {like: b}\n    expect: {verdict: deny}\n"
    )
    loaded = load_policy(text.encode(), "f", trade_vocabulary())
    assert loaded.program is not None
    assert str(loaded.tests[0].facts["rates.JPY"]) == "1/20"
