"""Why the compiled engine answers as it does: the reasons of what is unknown, and the tests that decided a check.

It reads the values that the complete function found, and is asked only where a value is missing or for evidence.
Written apart from the reference on purpose: a fault of one must show as a difference from the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy.kinds import Value
from policy.program import Calc, Check, Compare, Const, Fact, First, In, Logic, Program, Round
from rules.bands import OPERATORS, encloses, joined
from rules.outcome import CheckOutcome, Evidence, Missing

NOTHING: frozenset[str] = frozenset()


class Reasons:
    """One decision's values, by the first node alike (`same`), and its rows, by table (-1: none)."""

    def __init__(self, program: Program, same: tuple[int, ...], facts: Mapping[str, Any]) -> None:
        self.program, self.nodes, self.same, self.facts = program, program.nodes, same, facts
        self.values: Mapping[int, Any] = {}
        self.rows: Mapping[str, int] = {}

    def value(self, index: int) -> Any:
        """A value as an exact number, a word or a flag; None where it is missing."""
        node = self.nodes[index]
        return node.value if isinstance(node, Const) else self.values[self.same[index]]

    def truth(self, index: int) -> bool | None:
        """A condition's truth; None is unknown."""
        node = self.nodes[index]
        if isinstance(node, Logic):
            return joined(node.op, [self.truth(arg) for arg in node.args])
        if isinstance(node, Compare):
            left, right = self.value(node.left), self.value(node.right)
            return None if left is None or right is None else bool(OPERATORS[node.op](left, right))
        value = self.value(node.arg if isinstance(node, In) else index)
        if isinstance(node, In) and node.missing:
            return (value is None) is not node.negated
        if value is None or not isinstance(node, In):
            return None if value is None else bool(value)
        return (value in node.points or any(encloses(span, value) for span in node.spans)) is not node.negated

    def of(self, index: int) -> frozenset[str]:
        """The reasons why a value is missing or a condition unknown; none where it is neither."""
        node = self.nodes[index]
        if isinstance(node, Compare | In | Logic):
            return self._of_test(node) if self.truth(index) is None else NOTHING
        if isinstance(node, Const) or self.value(index) is not None:
            return NOTHING
        if isinstance(node, Fact):
            return self._of_fact(node)
        assert isinstance(node, Calc | Round)
        args = node.args if isinstance(node, Calc) else (node.arg,)
        return self._all(args) or frozenset({"zero_divisor"})

    def of_row(self, name: str) -> frozenset[str]:
        """Why a table gave no row: the reasons of the first row that is not false, or that none fits."""
        table = self.nodes[self.program.tables[name]]
        assert isinstance(table, First)
        for row in table.rows:
            if self.truth(row.condition) is not False:
                return self.of(row.condition)
        return frozenset({f"no_row:{name}"})

    def check(self, row: Check, applies: bool | None, fails: bool | None) -> CheckOutcome:
        """One check's status, evidence and reasons, from what the bit sets say of its two conditions."""
        if applies is None:
            return CheckOutcome(row.name, "not_evaluated", (), tuple(sorted(self.of(row.applies))))
        if not applies:
            return CheckOutcome(row.name, "does_not_apply", ())
        evidence = tuple(self.deciding(row.fails, fails))
        if row.measure >= 0:
            allowed = self.value(row.allowed) if row.allowed >= 0 else None
            evidence = (Evidence(row.measure, row.fails, self.value(row.measure), allowed),)
        if fails is None:
            return CheckOutcome(row.name, "not_evaluated", evidence, tuple(sorted(self.of(row.fails))))
        exceptions = [exception.name for exception in row.lifts if fails and self.truth(exception.condition)]
        if exceptions:
            return CheckOutcome(row.name, "lifted", evidence, (), exceptions[0])
        return CheckOutcome(row.name, row.verdict if fails else "pass", evidence)

    def deciding(self, index: int, said: bool | None) -> Iterator[Evidence]:
        """The single tests that make a condition what it is said to be."""
        node = self.nodes[index]
        if self.truth(index) is not said:
            return
        if isinstance(node, Logic):
            below = not said if node.op == "not" and said is not None else said
            for arg in node.args:
                yield from self.deciding(arg, below)
        elif isinstance(node, Compare):
            yield Evidence(node.left, index, self.value(node.left), self.value(node.right))
        elif isinstance(node, In):
            yield Evidence(node.arg, index, self.value(node.arg), None)

    def _of_test(self, node: Compare | In | Logic) -> frozenset[str]:
        if isinstance(node, Compare):
            return self._all((node.left, node.right))
        return self._all((node.arg,) if isinstance(node, In) else node.args)

    def _of_fact(self, node: Fact) -> frozenset[str]:
        if node.scope in ("fact", "figure"):
            given: Value | Missing | None = self.facts.get(node.name)
            return given.reasons if isinstance(given, Missing) else frozenset({node.name})
        table, row = self.nodes[self.program.tables[node.scope]], self.rows[node.scope]
        assert isinstance(table, First)
        if row < 0:
            return self.of_row(node.scope)
        return self.of(table.rows[row].outputs[table.outputs.index(node.name)])

    def _all(self, indexes: tuple[int, ...]) -> frozenset[str]:
        return NOTHING.union(*(self.of(index) for index in indexes))
