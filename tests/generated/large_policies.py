"""Large policies as a bank would write them: a limits table of scores, months and countries, and many checks.

The rows cut the customers up from the best to the rest, so that every row decides something and nothing is found.
"""

from __future__ import annotations

from itertools import product

COUNTRIES = ("DE", "FR", "IT", "ES", "NL", "PL", "CZ", "AT", "CN", "JP", "KR", "SG", "US", "CA", "MX", "BR")
HEADER = """aval: 1
policy: large
title: {en: A large policy}
currency: EUR
roles: {rising: [analyst, manager, cfo]}
"""
END = """authority:
  - when: order.amount <= 50_000
    release: analyst
  - otherwise: true
    release: cfo
promises:
  - better score never worse
  - better months_trading never worse
  - larger order never easier
  - every referral can be released by someone
tests:
  - name: a middling customer
    given: {customer.score: 500, customer.months_trading: 30, customer.country: DE, customer.annual_revenue: 1_000_000,
            limit.granted: none, account.exposure: 0, order.amount: 100, as_of: 2026-11-23}
    expect: {verdict: approve}
"""


def large_policy(rows: int, tiers: int = 0, checks: int = 20) -> str:
    """A policy whose limits table has this many rows before `otherwise`, and so many tiers and measured checks."""
    facts = [f"  customer.figure_{n}: {{kind: count, from: ledger}}" for n in range(checks)]
    lines = [*(["facts:"] if facts else []), *facts, *_tiers(tiers), *_limits(rows), *_checks(checks)]
    return HEADER + "\n".join(lines) + "\n" + END


def _limits(rows: int) -> list[str]:
    """From the best score down, in each band from the longest trading down, a row for each group of countries."""
    bands, spans = -(-rows // 40), 10
    text = ["limits:"]
    cells = product(range(bands), range(spans), range(4))
    for _, (band, span, group) in zip(range(rows), cells, strict=False):
        countries = ", ".join(COUNTRIES[group * 4 : group * 4 + 4])
        low = 1000 - (band + 1) * (1000 // bands)
        limit = (bands - band) * 10_000 + (spans - span) * 500 + group * 10 + 50_000
        text += ["  - when:", f"      - customer.score >= {low}",
                 f"      - customer.months_trading >= {(spans - span - 1) * 6}",
                 f"      - customer.country in [{countries}]", f"    limit: {limit}"]  # fmt: skip
    return [*text, "  - otherwise: true", "    limit: 0"]


def _tiers(count: int) -> list[str]:
    if not count:
        return []
    text = ["tiers:"]
    for place in range(count):
        text += [f"  - tier: t{place}", f"    when: customer.annual_revenue >= {(count - place) * 10_000}"]
    return [*text, "  - tier: rest", "    otherwise: true"]


def _checks(count: int) -> list[str]:
    text = ["checks:", "  - check: over_limit", "    measure: account.exposure + order.amount",
            "    only_when: order.unsecured_amount > 0", "    at_most: limit.effective",
            "    verdict: refer"]  # fmt: skip
    for place in range(count):
        verdict = ("refer", "deny", "warn")[place % 3]
        text += [f"  - check: check_{place}", f"    measure: customer.figure_{place}", f"    at_most: {place % 7 + 1}",
                 f"    verdict: {verdict}"]  # fmt: skip
    return text
