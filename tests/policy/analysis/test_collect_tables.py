"""Tables in which every row counts: rows may overlap, contain each other and leave orders alone, and none is told.

Eighty tables of checks and of documents are made by chance, four hundred in the long form. Only a check that no order
fails is a finding, and it is one exactly where none of all orders of the grid fails the check.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from random import Random

import pytest

from policy.load import Loaded, load_policy
from policy.program import Program
from rules import reference
from rules.facts import trade_vocabulary
from tests.conftest import SOAK

TABLES = 400 if SOAK else 80
MONTHS = (3, 6, 12)
HEAD = "aval: 1\npolicy: p\ntitle: {en: P}\ncurrency: CNY\nroles: {rising: [analyst]}\n"
AUTHORITY = "authority:\n  - otherwise: true\n    release: analyst\n"
EDGES = {"customer.score": (20, 40, 60, 80), "customer.months_trading": (3, 6, 12, 24)}
GRID = [dict(zip(EDGES, point, strict=True)) for point in product(
    *(sorted({edge + step for edge in edges for step in (-1, 0)}) for edges in EDGES.values()))]  # fmt: skip
Row = list[tuple[str, str, int]]


def rows(random: Random) -> list[Row]:
    """Rows of one to four lines each, often on the same facts, now and then in contradiction."""
    return [[(fact := random.choice(list(EDGES)), random.choice((">=", "<")), random.choice(EDGES[fact]))
             for _ in range(random.randint(1, 4))] for _ in range(random.randint(2, 12))]  # fmt: skip


def fits(row: Row, order: dict[str, int]) -> bool:
    """Whether an order fits every line of a row."""
    return all(order[fact] >= edge if op == ">=" else order[fact] < edge for fact, op, edge in row)


def lines(row: Row) -> str:
    """The lines of a row as they stand in a file."""
    return "[" + ", ".join(f"{fact} {op} {edge}" for fact, op, edge in row) + "]"


def loaded(body: str) -> Loaded:
    """What comes of a body behind the head."""
    return load_policy((HEAD + body).encode(), "f", trade_vocabulary())


def checks_of(table: list[Row]) -> str:
    """A section of checks, one for each row."""
    verdicts = ("refer", "deny", "warn")
    return "checks:\n" + "".join(f"  - {{check: c{place}, when: {lines(row)}, verdict: {verdicts[place % 3]}}}\n"
                                 for place, row in enumerate(table)) + AUTHORITY  # fmt: skip


def failed(program: Program, order: dict[str, int]) -> set[str]:
    """The checks that the reference engine finds failed."""
    facts = {**order, "order.amount": 100, "order.unsecured_amount": 100, "as_of": 739_578}
    outcome = reference.decide(program, facts)
    return {check.name for check in outcome.checks if check.status in ("refer", "deny", "warn")}


def test_checks_that_overlap_are_told_only_where_no_order_fails_them() -> None:
    told: Counter[str] = Counter()
    for seed in range(TABLES):
        table = rows(Random(seed))
        policy = loaded(checks_of(table))
        dead = {place for place, row in enumerate(table) if not any(fits(row, order) for order in GRID)}
        found = {one.message.split("'")[1]: one for one in policy.problems}
        assert {one.code for one in policy.problems} <= {"dead-row"}, (seed, policy.problems)
        assert set(found) == {f"c{place}" for place in dead}, (seed, found)
        assert policy.program is not None
        for order in Random(seed).sample(GRID, 6):
            wanted = {f"c{place}" for place, row in enumerate(table) if fits(row, order)}
            assert {name for name in failed(policy.program, order) if name[1:].isdigit()} == wanted, (seed, order)
        told.update(dead=len(dead), live=len(table) - len(dead))
    assert told["dead"] > TABLES / 4 and told["live"] > TABLES * 5 / 2, told


def test_documents_that_several_rows_ask_for_are_no_finding() -> None:
    names = ("registration", "bank_statements", "accounts")
    for seed in range(TABLES):
        random = Random(seed)
        table = [row for row in rows(random) if any(fits(row, order) for order in GRID)]
        body = "documents:\n" + "".join(
            f"  - {{when: {lines(row)}, require: {{{random.choice(names)}: {{months: {random.choice(MONTHS)}}}}}}}\n"
            for row in table)  # fmt: skip
        policy = loaded(body + AUTHORITY) if table else None
        assert policy is None or policy.problems == (), (seed, body, policy.problems)


@pytest.mark.parametrize("table", [
    [[("customer.score", ">=", 60)], [("customer.score", ">=", 60)]],
    [[("customer.score", ">=", 40)], [("customer.score", ">=", 60)]],
    [[("customer.score", "<", 40)], [("customer.score", ">=", 60)]],
], ids=["alike", "one in the other", "a gap between"])  # fmt: skip
def test_what_would_be_told_of_first_match_rows_is_none_of_checks(table: list[Row]) -> None:
    assert loaded(checks_of(table)).problems == ()
    tiers = "".join(f"  - {{tier: t{place}, when: {lines(row)}}}\n" for place, row in enumerate(table))
    assert {one.code for one in loaded("tiers:\n" + tiers).problems} & {"gap", "no-otherwise", "dead-row"}
