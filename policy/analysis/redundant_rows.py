"""Rows that give what would follow anyway: whoever fits such a row gets the same from the rows below it.

Rows that decide nothing are told as such and not again here; the last row, `otherwise`, always stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.analysis.boxes import Box, TooHardError, meet
from policy.analysis.dead_rows import example
from policy.analysis.tables import Table, Tables
from policy.problems import Problem


def redundant_rows(tables: Tables) -> Iterator[Problem]:
    """A finding for each row whose orders would be decided alike without it."""
    for table in tables.of.values():
        if table.open_end:
            continue
        unclear = max((row for row, region in enumerate(table.true) if region is None), default=-1)
        for row in range(max(unclear, 0), table.last):
            region = table.true[row]
            if table.live[row] and region is not None and _is_redundant(tables, table, row, region):
                yield Problem("redundant-row", table.places[row],
                              "who fits this row would get the same from the rows below it",
                              "take it out, or let it give something else", "warning",
                              example(tables, table, row))  # fmt: skip


def _is_redundant(tables: Tables, table: Table, row: int, region: tuple[Box, ...]) -> bool:
    try:
        return not any(_differs(tables, table, row, box) for box in region)
    except TooHardError:
        return False


def _differs(tables: Tables, table: Table, row: int, box: Box) -> bool:
    """Whether some order of the box that reaches the row would get something else, or nothing sure, from below."""
    shelf, own = table.shelf, tables.outputs(table, row)
    between = 0
    for number in shelf.meeting(box, row + 1, len(table.node.rows)):
        later, blocker = shelf.rows[number], shelf.boxes[number]
        same = tables.outputs(table, later) == own
        both = meet(box, blocker)
        if both == box and not between and not same and len(table.true[row] or ()) == 1:
            return True  # the row is live, so some order of it comes as far as this
        if both is not None and not (same and table.true[later] == table.loose[later]) \
                and tables.escapes(both, (table, row), without=between):  # fmt: skip
            return True
        between |= 1 << number
    return False
