"""Figures over lists: `count of invoices where ...`, computed from the rows before a Program runs.

Engines never loop; they read a figure as a fact. The `where` lines are Program nodes and run by the reference engine.
Source: docs/decisions/0003-figures-are-computed-in-rules.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policy.kinds import Value
from policy.program import Fact, Figure, First, Program
from rules.outcome import Missing
from rules.reference import Evaluation

Item = Mapping[str, Value | None]


def with_figures(
    program: Program, facts: Mapping[str, Value | None], lists: Mapping[str, Sequence[Item]]
) -> dict[str, Any]:
    """The facts and every figure that is not already given; a list that is not there makes its figures missing."""
    found: dict[str, Any] = dict(facts)
    for figure in program.figures:
        if figure.name not in facts:
            items = lists.get(figure.list_name)
            found[figure.name] = (
                Missing(frozenset({figure.list_name})) if items is None else compute(figure, found, items)
            )
    return found


def compute(figure: Figure, facts: Mapping[str, Value | None], items: Sequence[Item]) -> Any:
    """One figure; an item whose `where` or summed field is missing makes all of it missing, never dropped silently."""
    tables = {node.name: index for index, node in enumerate(figure.nodes) if isinstance(node, First)}
    total = 0
    for item in items:
        evaluation = Evaluation(figure.nodes, tables, facts)
        evaluation.item = item
        counted = evaluation.value(figure.where)
        if isinstance(counted, Missing):
            return _of(figure, counted)
        if counted:
            amount = 1 if figure.field < 0 else evaluation.value(figure.field)
            if isinstance(amount, Missing):
                return _of(figure, amount)
            total += amount
    return total


def _of(figure: Figure, missing: Missing) -> Missing:
    """Reasons that are fields of an item named with their list."""
    fields = {node.name for node in figure.nodes if isinstance(node, Fact) and node.scope == "item"}
    return Missing(frozenset(f"{figure.list_name}.{reason}" if reason in fields else reason
                             for reason in missing.reasons))  # fmt: skip
