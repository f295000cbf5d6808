"""States that nobody enters or leaves, because the lines that say so never hold together.

A state entered for good is a trap: nothing that a customer or an officer does ends it.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.analysis.dead_rows import possible
from policy.analysis.tables import Tables
from policy.meaning import STATE
from policy.problems import Problem
from policy.program import First


def dead_states(tables: Tables) -> Iterator[Problem]:
    """A finding for each state whose 'enter' or 'leave' no facts fulfil."""
    for state in tables.checked.policy.states:
        name = state.name.text
        if _never(tables, f"{STATE}{name}.enter"):
            told = f"nothing ever enters '{name}', for the lines of 'enter' never hold together"
            yield Problem("dead-row", state.name.at, told, "correct a line, or take the state out", "warning")
        if _never(tables, f"{STATE}{name}.leave"):
            told = f"'{name}' can be entered but never left, for the lines of 'leave' never hold together"
            yield Problem("never-left", state.name.at, told, "correct a line of 'leave'", "warning")


def _never(tables: Tables, name: str) -> bool:
    """Whether the lines of a state's table hold for no facts."""
    if name not in tables.program.tables:
        return False
    node = tables.program.nodes[tables.program.tables[name]]
    assert isinstance(node, First)
    region = tables.conditions.true(node.rows[0].condition)
    return region is not None and not any(possible(tables, box) for box in region)
