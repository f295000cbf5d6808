"""What a node of a Program reads: the nodes directly below it, a table's outputs by way of the table.

Every node stands behind those it reads, so one pass from the first node to the last sees all that a value depends on.
"""

from __future__ import annotations

from policy.program import Calc, Check, Collect, Compare, Fact, First, Fold, In, Logic, Node, Program, Round


def below_of(node: Node, program: Program) -> tuple[int, ...]:
    """The places of the nodes that one reads."""
    match node:
        case Fact():
            return (program.tables[node.scope],) if node.scope in program.tables else ()
        case Calc() | Logic():
            return node.args
        case Round() | In():
            return (node.arg,)
        case Compare():
            return (node.left, node.right)
        case First():
            return tuple(index for row in node.rows for index in (row.condition, *row.outputs))
        case Collect():
            return tuple(index for row in node.rows for index in _of_check(row))
        case Fold():
            parts = (getattr(node, name) for name in node.__dataclass_fields__)
            return tuple(index for index in parts if index >= 0)
    return ()


def _of_check(row: Check) -> tuple[int, ...]:
    parts = (row.fails, row.applies, row.measure, row.allowed, *(lift.condition for lift in row.lifts))
    return tuple(index for index in parts if index >= 0)
