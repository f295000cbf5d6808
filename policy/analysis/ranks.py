"""Which of two rows is the better one for the customer, where the policy's own constants say so beyond doubt.

A tier is as good as the limit, the largest order and the longest terms that it alone brings. Rows are compared on what
both are known to give; where one is better here and worse there, neither is.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from policy.analysis.tables import Table, Tables
from policy.program import Const, First, Program

Rank = Mapping[str, int | Fraction]
SECTIONS = ("limits", "terms")


def ranks(tables: Tables, table: Table) -> list[Rank]:
    """How good each row of a table is for the customer; empty where nothing is known."""
    if table.name != "tiers":
        return [_of_row(tables.program, table.node, row) for row in range(len(table.node.rows))]
    by_tier: dict[str, Rank] = {}
    for row in range(len(table.node.rows)):
        tier = tables.tier_of(row)
        if tier not in by_tier:
            by_tier[tier] = _of_tier(tables, tier)
    return [by_tier[tables.tier_of(row)] for row in range(len(table.node.rows))]


def is_better(one: Rank, other: Rank) -> bool:
    """Whether one gives more than the other somewhere and less nowhere."""
    shared = one.keys() & other.keys()
    return all(one[name] >= other[name] for name in shared) and any(one[name] > other[name] for name in shared)


def _of_row(program: Program, node: First, row: int) -> Rank:
    """The constant amounts and days that a row of limits or terms gives."""
    found: dict[str, int | Fraction] = {}
    for name, output in zip(node.outputs, node.rows[row].outputs, strict=True):
        given = program.nodes[output]
        if not isinstance(given, Const):
            continue
        if name in ("limit", "largest_order") and isinstance(given.value, (int, Fraction)):
            found[name] = max(given.value, 0)
        elif name in ("offer", "longest") and given.value is not None:
            texts = given.value if isinstance(given.value, tuple) else (given.value,)
            found["days"] = max(found.get("days", 0), *(program.terms[str(text)].net_days for text in texts))
    return found


def _of_tier(tables: Tables, tier: str) -> Rank:
    """What a tier brings in the sections that decide by the tier alone."""
    number = tables.tier_axis()
    found: dict[str, int | Fraction] = {}
    for name in SECTIONS:
        table = tables.of.get(name)
        if table is None or number is None:
            continue
        row = _row_of(table, number, tables.axes[number].points((tier,)))
        if row is not None:
            found.update(_of_row(tables.program, table.node, row))
    return found


def _row_of(table: Table, number: int, cell: int) -> int | None:
    """The row that every order of a tier gets; None where that depends on more than the tier."""
    for row, region in enumerate(table.loose):
        if region is None:
            return None
        meeting = [box for box in region if number not in box or box[number] & cell]
        if any(not box.keys() - {number} for box in meeting):
            return row
        if meeting:
            return None
    return None
