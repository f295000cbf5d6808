"""Slips through `otherwise`: a better value gets a worse outcome, only because no other row fits it.

A row with an upper end leaves those beyond it to the rows above; who fails a second line there falls past both. It is
no gap, for `otherwise` catches it, and no overlap, so a table with such a slip looks clean.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from policy.analysis.axes import FREE, Axis
from policy.analysis.boxes import Box, TooHardError, bits, uncovered
from policy.analysis.orders import Facts, fact_text, lies, order_in, shown
from policy.analysis.ranks import Rank, is_better, ranks
from policy.analysis.tables import Table, Tables
from policy.document import ROW_SECTIONS
from policy.problems import Problem
from policy.program import Const, Fact

GRADES = {"<=": "{} or better", ">=": "{} or worse", "<": "better than {}", ">": "worse than {}"}  # of ranks
BEYOND = 8  # neighbouring cells that are looked at beyond a row's end
PAIRS_MAX = 40_000  # rows compared with each other in one table


def otherwise_slips(tables: Tables) -> Iterator[Problem]:
    """A finding for each row beyond whose end a better value falls to `otherwise`."""
    for name in ROW_SECTIONS[:3]:
        table = tables.of.get(name)
        if table is None or table.open_end or table.last < 2:
            continue
        worth = ranks(tables, table)
        for number in sorted({number for region in table.true for box in region or () for number in box}):
            if not _can_move(tables, table, number):
                continue
            upward = _better_way(table, worth, number, tables.axes[number])
            if upward is not None:
                for row in range(table.last):
                    if table.live[row] and is_better(worth[row], worth[-1]):
                        yield from islice(_slip(tables, table, row, number, upward), 1)


def _can_move(tables: Tables, table: Table, number: int) -> bool:
    """Whether one fact alone moves along an axis, and no tier with it."""
    axis, tiers = tables.axes[number], tables.of.get("tiers")
    if not axis.is_number or axis.missing or not isinstance(axis.node, Fact) or axis.node.scope not in FREE:
        return False
    return table.name == "tiers" or tiers is None or not any(number in box for box in tiers.shelf.boxes)


def _better_way(table: Table, worth: list[Rank], number: int, axis: Axis) -> bool | None:
    """True where more is better by every row, False where less is; None where rows disagree or say nothing."""
    told: list[tuple[int, int, Rank]] = []
    for row in range(table.last):
        for box in table.true[row] or ():
            if number in box and table.live[row]:
                told.append((box[number] & -box[number], box[number].bit_length(), worth[row]))
    if len(told) ** 2 > PAIRS_MAX:
        return None
    lowest, highest, other = axis.full & -axis.full, axis.full.bit_length(), worth[-1]
    up = any(end == highest and start != lowest and is_better(rank, other) for start, end, rank in told)
    down = any(start == lowest and end != highest and is_better(rank, other) for start, end, rank in told)
    pairs = [(below, above) for _, end, below in told for start, _, above in told if start.bit_length() > end]
    rising = any(is_better(above, below) for below, above in pairs)
    falling = any(is_better(below, above) for below, above in pairs)
    if up and not down and not falling:
        return True
    return False if down and not up and not rising else None


def _slip(tables: Tables, table: Table, row: int, number: int, upward: bool) -> Iterator[Problem]:
    axis = tables.axes[number]
    for box in table.true[row] or ():
        cells = box.get(number, axis.full) & axis.full
        inside = cells.bit_length() - 1 if upward else (cells & -cells).bit_length() - 1
        lower = (1 << inside) - 1
        beyond = list(bits(axis.full & ~lower & ~(1 << inside) if upward else axis.full & lower))
        for outside in islice(beyond if upward else reversed(beyond), BEYOND):
            try:
                facts = _fall(tables, table, row, number, box, inside, outside)
            except TooHardError:
                return
            if facts is not None:
                yield _problem(tables, table, row, axis, box.get(number, 0), facts, upward)


def _fall(
    tables: Tables, table: Table, row: int, number: int, box: Box, inside: int, outside: int
) -> tuple[Facts, Facts] | None:  # fmt: skip
    """Two orders that differ in one fact: one that the row decides, one that only `otherwise` fits."""
    rest = {axis: cells for axis, cells in box.items() if axis != number}
    blockers = [
        {axis: cells for axis, cells in table.shelf.boxes[one].items() if axis != number}
        for cell, last in ((inside, row), (outside, table.last))
        for one in table.shelf.meeting({**rest, number: 1 << cell}, 0, last)
        if table.shelf.boxes[one].get(number, 1 << cell) >> cell & 1
    ]
    if any(region is None for region in table.loose):
        return None
    found = uncovered(rest, blockers, tables.axes, tables.effort)
    whole = None if found is None else tables.with_tier(found)
    if whole is None:
        return None
    axis = tables.axes[number]
    assert isinstance(axis.node, Fact)
    facts = order_in(tables.program, tables.axes, {**whole, number: 1 << inside}, tables.together)
    value = axis.sample(outside)
    near = axis.sample(inside, upper=outside > inside)
    if facts is None or value is None or near is None:
        return None
    facts[axis.node.name] = near
    if not lies(tables.program, tables.axes, whole, facts):
        return None
    moved = {**facts, axis.node.name: value}
    return (facts, moved) if lies(tables.program, tables.axes, whole, moved) else None


def _problem(
    tables: Tables, table: Table, row: int, axis: Axis, cells: int, facts: tuple[Facts, Facts], upward: bool
) -> Problem:  # fmt: skip
    assert isinstance(axis.node, Fact)
    name = axis.node.name
    here, beyond = (fact_text(tables.program, name, order[name]) for order in facts)
    order = shown(tables.program, facts[1])
    others = ", ".join(f"'{fact}' is {value}" for fact, value in order if fact != name)
    where = f", all else equal ({others})" if others else ", all else equal"
    message = (f"'{name}' of {here} gets {_outcome(tables, table, row)} by this row, but the better {beyond} gets "
               f"{_outcome(tables, table, table.last)}, because only otherwise fits{where}")  # fmt: skip
    return Problem("otherwise-slip", table.places[row], message, _meant(tables, axis, cells, name, upward),
                   "warning", order)  # fmt: skip


def _meant(tables: Tables, axis: Axis, cells: int, name: str, upward: bool) -> str:
    """The line without its far end, as it was probably meant."""
    end = (cells & -cells).bit_length() - 1 if upward else cells.bit_length() - 1
    at = end // 2 if end % 2 else end // 2 - 1 if upward else end // 2
    if not 0 <= at < len(axis.cuts):
        return f"take the end of '{name}' out of this row"
    sign, told = (">" if upward else "<") + "=" * (end % 2), fact_text(tables.program, name, axis.cuts[at])
    declared = tables.program.facts.get(name)
    line = f"is {GRADES[sign].format(told)}" if declared and declared.scale else f"{sign} {told}"
    return f"did you mean '{name} {line}' in this row?"


def _outcome(tables: Tables, table: Table, row: int) -> str:
    """What a row gives, in a few words."""
    if table.name == "tiers":
        return f"'{tables.tier_of(row)}'"
    first = tables.program.nodes[table.node.rows[row].outputs[0]]
    if isinstance(first, Const) and isinstance(first.value, tuple):
        return " or ".join(f"'{text}'" for text in first.value)
    return f"what line {table.places[row].line} gives"
