"""One order decision as every engine must make it: five tables, 42 rows, the tier table also with 100 and 1,000 rows.

The tables are data; `policy_text` writes them as an Aval policy, `peers.py` in each peer's own form, and `answer` is
the plain Python that all of them are compared with. Amounts are minor units; utilisation is compared exactly:
used x 100 > limit x 90.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Test = tuple[str, str, Any]  # fact, one of == >= <= > < in, value
COUNTRIES = [
    "DE", "FR", "NL", "BE", "AT", "CH", "PL", "CZ", "IT", "ES",
    "PT", "GB", "IE", "DK", "SE", "NO", "FI", "TR", "RU", "BY",
]
EMBARGO, WATCHED = ("RU", "BY", "TR"), ("IT", "PT", "CZ", "GB")
FACTS = {
    "score": "count", "months_trading": "months", "max_days_overdue": "days", "amount": "money", "exposure": "money",
    "limit": "money", "country": "choice", "is_new": "flag", "insured": "flag", "insured_limit": "money",
    "review_in_days": "days",
}
Facts = dict[str, Any]
Answer = tuple[Any, ...]


@dataclass(frozen=True)
class Line:
    """A row: tests that must all hold, and what it gives."""

    tests: tuple[Test, ...]
    gives: tuple[Any, ...]


def tiers(rows: int) -> list[Line]:
    """Four rows by score, time and lateness; or a grid of that many cells, shuffled, none overlapping."""
    if rows == 4:
        steps = ((75, 24, 5, "A"), (55, 12, 15, "B"), (35, 6, 30, "C"))
        named = [Line((("score", ">=", s), ("months_trading", ">=", m), ("max_days_overdue", "<=", d)), (tier,))
                 for s, m, d, tier in steps]
        return [*named, Line((), ("D",))]
    chance = random.Random(7)
    lines = [Line(tests, (chance.choice("ABCD"),)) for tests in _grid(rows)]
    chance.shuffle(lines)
    return lines


def _grid(rows: int) -> Iterator[tuple[Test, ...]]:
    months = (0, 12, 1000) if rows == 100 else (0, 6, 12, 24, 60, 1000)
    bands = rows // 20 // (len(months) - 1)
    edges = [round(101 * step / bands) for step in range(bands + 1)]
    if rows == 100:
        cells = [(0, 40, 0, 1000), (40, 70, 0, 12), (40, 70, 12, 1000), (70, 101, 0, 24), (70, 101, 24, 1000)]
    else:
        cells = [(low, high, m, n) for low, high in zip(edges, edges[1:], strict=False)
                 for m, n in zip(months, months[1:], strict=False)]
    for country in COUNTRIES:
        for low, high, first, last in cells:
            yield (("score", ">=", low), ("score", "<", high), ("country", "==", country),
                   ("months_trading", ">=", first), ("months_trading", "<", last))


def _terms() -> Iterator[Line]:
    by_tier = {"A": ((30, 100), (60, 200), (45, 150)), "B": ((21, 50), (45, 100), (30, 75)),
               "C": ((14, 0), (30, 50), (21, 25)), "D": ((0, 0), (14, 0), (7, 0))}
    cases: tuple[tuple[Test, ...], ...] = (
        (("insured", "==", False),),
        (("insured", "==", True), ("cover", ">=", 0)),
        (("insured", "==", True), ("cover", "<", 0)),
    )
    for tier, offers in by_tier.items():
        for case, gives in zip(cases, offers, strict=True):
            yield Line((("tier", "==", tier), *case), gives)


TERMS = list(_terms())
_NEW, _OLD = ("is_new", "==", True), ("is_new", "==", False)
_ROOM, _OVER = ("headroom", ">=", 0), ("headroom", "<", 0)
SECURITY = [
    Line((("tier", "==", "A"), _OLD, _ROOM), (0, False, False)),
    Line((("tier", "==", "A"), _NEW, _ROOM), (10, False, False)),
    Line((("tier", "==", "A"), _OVER), (20, False, True)),
    Line((("tier", "==", "B"), _OLD, _ROOM), (0, False, False)),
    Line((("tier", "==", "B"), _NEW, _ROOM), (20, False, False)),
    Line((("tier", "==", "B"), _OVER), (30, False, True)),
    Line((("tier", "==", "C"), _OLD, ("headroom", ">=", 500_000)), (20, False, False)),
    Line((("tier", "==", "C"), _OLD), (30, True, False)),
    Line((("tier", "==", "C"), _NEW, _ROOM), (50, True, False)),
    Line((("tier", "==", "C"),), (60, True, True)),
    Line((("tier", "==", "D"), _OLD), (80, True, False)),
    Line((), (100, True, True)),
]
CHECKS = [
    Line((_OVER,), ("over_limit", "refer")),
    Line((("max_days_overdue", ">", 15),), ("overdue_15", "refer")),
    Line((("max_days_overdue", ">", 60),), ("overdue_60", "deny")),
    Line((("country", "in", EMBARGO),), ("embargo", "deny")),
    Line((("review_in_days", "<", 0),), ("review_passed", "refer")),
    Line((("over_90", "==", True),), ("utilisation_90", "warn")),
    Line((("tier", "==", "D"), ("over_100", "==", True)), ("tier_d_over", "deny")),
    Line((("is_new", "==", True), ("amount", ">", 1_000_000)), ("new_and_large", "refer")),
    Line((("insured", "==", True), ("cover", "<", 0)), ("cover_short", "warn")),
    Line((("country", "in", WATCHED),), ("watched_country", "refer")),
]
_HOLDS = {
    "==": lambda a, b: a == b, ">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    "<": lambda a, b: a < b, "in": lambda a, b: a in b,
}


def derived(facts: Facts) -> Facts:
    """The facts and the figures that follow from them."""
    used, limit = facts["exposure"] + facts["amount"], facts["limit"]
    return {**facts, "headroom": limit - used, "cover": facts["insured_limit"] - facts["amount"],
            "over_90": used * 100 > limit * 90, "over_100": used > limit}


def holds(line: Line, facts: Facts) -> bool:
    """Whether every test of a row holds."""
    return all(_HOLDS[op](facts[name], value) for name, op, value in line.tests)


def verdict(severities: list[str]) -> str:
    """The most severe; a warning changes nothing."""
    return "deny" if "deny" in severities else "refer" if "refer" in severities else "approve"


def first(lines: list[Line], facts: Facts) -> tuple[Any, ...]:
    """What the first row that holds gives."""
    return next(line.gives for line in lines if holds(line, facts))


def answer(rows: int) -> Any:
    """The decision in plain Python: verdict, tier, days, discount, prepayment, letter, guarantee, reasons."""
    table = tiers(rows)

    def decide(given: Facts) -> Answer:
        facts = derived(given)
        facts["tier"] = first(table, facts)[0]
        hits = [line.gives for line in CHECKS if holds(line, facts)]
        reasons = tuple(name for name, _ in hits)
        return (verdict([severity for _, severity in hits]), facts["tier"], *first(TERMS, facts),
                *first(SECURITY, facts), reasons)

    return decide


def inputs(count: int, seed: int = 42) -> list[Facts]:
    """Orders of a mixed book, some exactly at their limit or exactly insured."""
    chance = random.Random(seed)
    return [_order(chance, number) for number in range(count)]


def _order(chance: random.Random, number: int) -> Facts:
    limit = chance.randrange(5_000, 5_000_001) * 10
    exposure = limit * chance.choice((0, 10, 20, 35, 50, 65, 80, 95, 110, 135)) // 100 + chance.randrange(100)
    amount = chance.randrange(1_000, max(2_000, limit // 2))
    if number % 97 == 0:
        amount = max(1, limit - exposure)
    if number % 101 == 0:
        amount = max(1, limit * 9 // 10 - exposure)
    months, insured = chance.randrange(120), chance.random() < 0.4
    days = chance.choice((0, 0, 0, 0, 2, 5, 6, 15, 16, 30, 31, 60, 61, chance.randrange(120)))
    covered = amount if number % 89 == 0 else chance.randrange(2 * amount + 1)
    country = chance.choice(COUNTRIES[:17]) if chance.random() < 0.93 else chance.choice(COUNTRIES)
    return {"score": chance.randrange(101), "months_trading": months, "max_days_overdue": days, "amount": amount,
            "exposure": exposure, "limit": limit, "country": country, "is_new": months < 12 and chance.random() < 0.7,
            "insured": insured, "insured_limit": covered if insured else 0,
            "review_in_days": chance.randrange(-40, 400)}
