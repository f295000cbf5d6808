"""The formulas that one stage reads, in the order in which they need each other: one straight line instead of a walk.

The arithmetic is the reference's own table; only formulas over given facts and constants are lined up, where reading
early and reading when needed are the same. Everything else stays with the reference's walk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from policy.program import Calc, Const, Fact, Node
from rules.outcome import Missing
from rules.reference import ARITHMETIC

LAZY = ("first_known",)  # may do without an argument
MAY_MISS = ("divide", "money_over_limit")  # may have no value although every argument has one


class Absent(Exception):
    """A fact is missing or a divisor is zero, so a formula has no value."""


class Schedule:
    """Formulas ready to be computed; `slots` says where the value of each node that is lined up stands."""

    def __init__(self, nodes: Sequence[Node], wanted: Sequence[int]) -> None:
        self._nodes = nodes
        self.slots: dict[int, int] = {}
        self._start: list[Any] = []
        self._given: list[tuple[int, str]] = []
        self._steps: list[tuple[int, Callable[..., Any], tuple[int, ...], bool]] = []
        for index in wanted:
            if self._is_plain(index):
                self._line_up(index)
        steps = self._steps
        self._pairs = [(slot, function, *args, careful) for slot, function, args, careful in steps if len(args) == 2]
        self._only_pairs = len(self._pairs) == len(self._steps)

    def values(self, facts: Mapping[str, Any]) -> list[Any]:
        """The value of every slot. Raises Absent; whatever arithmetic raises on a value of another kind."""
        values = self._start.copy()
        for slot, name in self._given:
            value = values[slot] = facts.get(name)
            if value is None or value.__class__ is Missing:
                raise Absent
        if self._only_pairs:
            for slot, function, left, right, careful in self._pairs:
                value = values[slot] = function(values[left], values[right])
                if careful and value.__class__ is Missing:
                    raise Absent
            return values
        for slot, function, args, careful in self._steps:
            value = values[slot] = function(*[values[arg] for arg in args])
            if careful and value.__class__ is Missing:
                raise Absent
        return values

    def _is_plain(self, index: int) -> bool:
        node = self._nodes[index]
        if isinstance(node, Fact):
            return node.scope in ("fact", "figure")
        if isinstance(node, Calc):
            return node.op not in LAZY and all(self._is_plain(arg) for arg in node.args)
        return isinstance(node, Const)

    def _line_up(self, index: int) -> int:
        if index in self.slots:
            return self.slots[index]
        node = self._nodes[index]
        args = tuple(self._line_up(arg) for arg in node.args) if isinstance(node, Calc) else ()
        slot = self.slots[index] = len(self._start)
        self._start.append(node.value if isinstance(node, Const) else None)
        if isinstance(node, Fact):
            self._given.append((slot, node.name))
        elif isinstance(node, Calc):
            self._steps.append((slot, ARITHMETIC[node.op], args, node.op in MAY_MISS))
        return slot
