"""The digest of a Program changes with any meaning, and with nothing else."""

from __future__ import annotations

import pytest

from tests.policy.written import HEAD, program

BODY = """\
timezone: Asia/Shanghai
roles: {rising: [analyst, manager]}
facts:
  customer.cases: {kind: count, missing: refer}
settings: {most: 5_000 CNY}
let:
  big: count of invoices where days_overdue > 5
tiers:
  - {tier: prime, when: customer.score >= 80}
  - {tier: standard, otherwise: true}
limits:
  - {otherwise: true, limit: 5_000}
terms:
  - {otherwise: true, offer: [net 30]}
security:
  - {otherwise: true, require: {prepayment: 30%}}
checks:
  - check: large
    measure: order.amount
    at_most: settings.most
    verdict: refer
    say: {en: "{measured} is much"}
  - {check: old, measure: big, at_most: 3, verdict: deny, release_by: manager}
  - {check: cases, when: customer.cases > 0, verdict: warn}
authority:
  - {otherwise: true, release: analyst}
"""
DIGEST = program(BODY).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("checks:\n", "# a comment\n\nchecks:\n"),
        ("is much", "is a lot"),
        ("{tier: prime, when: customer.score >= 80}", "\n    tier: prime\n    when:\n      - customer.score >= 80"),
        ("5_000 CNY", "5000.00 CNY"),
        ("    say: {en: \"{measured} is much\"}\n", ""),
        ("{kind: count, missing: refer}", "{kind: count, meaning: {en: open cases}}"),
    ],
)  # fmt: skip
def test_comments_messages_places_and_spellings_are_no_meaning(old: str, new: str) -> None:
    assert old in BODY
    assert program(BODY.replace(old, new)).digest == DIGEST


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">= 80", "> 80"),
        (">= 80", ">= 81"),
        ("5_000 CNY", "5_000.01 CNY"),
        ("days_overdue > 5", "days_overdue >= 5"),
        ("big: count of invoices", "big: count of earlier_orders"),
        ("tier: prime", "tier: gold"),
        ("limit: 5_000}", "limit: 5_001}"),
        ("net 30", "net 31"),
        ("[net 30]", "[net 30], pay_by: card"),
        ("30%", "31%"),
        ("at_most: settings.most", "below: settings.most"),
        ("verdict: refer", "verdict: deny"),
        ("release_by: manager", "release_by: analyst"),
        ("release: analyst", "release: manager"),
        ("[analyst, manager]", "[manager, analyst]"),
        ("missing: refer", "missing: deny"),
        ("Asia/Shanghai", "Europe/Berlin"),
        ("check: large", "check: largest"),
    ],
)  # fmt: skip
def test_every_meaning_counts(old: str, new: str) -> None:
    text = BODY.replace(old, new)
    text = text.replace("where days_overdue >", "where amount >") if "earlier_orders" in new else text
    assert program(text).digest != DIGEST


def test_another_currency_is_another_meaning() -> None:
    assert program(BODY.replace("5_000 CNY", "5_000 USD"), HEAD.replace("CNY", "USD")).digest != DIGEST


def test_the_source_digest_is_that_of_the_bytes() -> None:
    assert program(BODY + "# more\n").source_digest != program(BODY).source_digest
    assert program(BODY).digest.startswith("sha256:")
