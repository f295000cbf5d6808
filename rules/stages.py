"""One step of a decision on the Rete engine: tables that read only what is known by now, asked together.

A stage of one first-match table sends its numbers as an event, which the first rule consumes. A stage of several tables
sends them once as a fact and collects every rule that holds, each named by table and row; the lowest row of each
first-match table is kept here. Tables too large for one ruleset are asked shard by shard (`shards`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Protocol

from policy.program import First, Node
from rules.flatten import FlatTable
from rules.outcome import Missing
from rules.ranges import Field
from rules.readings import Reading
from rules.reference import Evaluation
from rules.shards import Blocks, Keyed, Payload, Plan, Rule, fits, plan_collected, plan_first, rules_of


class Askable(Protocol):
    """A ruleset of the engine: `names` are the fields it wants, in the order of the fields it was made with."""

    names: tuple[str, ...]

    def first(self, values: tuple[int, ...]) -> Payload | None: ...
    def collect(self, values: tuple[int, ...]) -> list[Payload]: ...


Make = Callable[[Sequence[Rule], Mapping[str, Field]], Askable]
Numbers = tuple[int, ...]
NO_ROW = 2**31  # past every row
FirstOf = Callable[[Numbers], Payload | None]
AllOf = Callable[[Numbers], Sequence[Payload]]


class Stage:
    """Tables whose conditions read only facts and what earlier stages found."""

    def __init__(
        self, tables: Sequence[FlatTable], fields: Mapping[str, Field], nodes: Sequence[Node], make: Make
    ) -> None:
        self._make = make
        self._otherwise = {table.index: _otherwise(table) for table in tables if not table.collects}
        rules = {table.index: rules_of(table) for table in tables}
        reads = {name for table in tables for row in table.rows for name in row.reads}
        self.reading = Reading([field for name, field in fields.items() if name in reads], nodes)
        self._fields = {name: fields[name] for name in self.reading.names}
        alone, together = _apart(tables, rules, fields)
        self._alone = [(index, self._first(plan_first(rules[index], fields))) for index in alone]
        self._collected = self._collect(plan_collected(_joined(rules, together), fields))

    def ask(self, facts: Mapping[str, Any], evaluation: Evaluation) -> tuple[int, int]:
        """Settle the row of each table; the checks that fail and those that apply, as bits. Raises Unsettled."""
        numbers = self.reading.numbers(facts, evaluation)
        rows = dict(self._otherwise)
        fails = applies = 0
        for index, first in self._alone:
            if (found := first(numbers)) is not None:
                rows[index] = found[2]
        for part, index, number in self._collected(numbers):
            if part == "row":
                if number < rows[index]:
                    rows[index] = number
            elif part == "fails":
                fails |= 1 << number
            else:
                applies |= 1 << number
        for index, row in rows.items():
            evaluation.settle(index, row if row < NO_ROW else _no_row(evaluation.nodes[index]))
        return fails, applies

    def _first(self, plan: Plan) -> FirstOf:
        if isinstance(plan, Keyed):
            place = self.reading.names.index(plan.field)
            shards = {value: self._first(shard) for value, shard in plan.shards.items()}
            rest = self._first(plan.rest)
            return lambda numbers: shards.get(numbers[place], rest)(numbers)
        if isinstance(plan, Blocks):
            parts = [self._first(part) for part in plan.parts]
            return lambda numbers: next((found for part in parts if (found := part(numbers)) is not None), None)
        if not plan:
            return lambda numbers: None
        ruleset = self._make(plan, self._fields)
        pick = self._pick(ruleset.names)
        return lambda numbers: ruleset.first(pick(numbers))

    def _collect(self, plan: Plan) -> AllOf:
        if isinstance(plan, Keyed):
            place = self.reading.names.index(plan.field)
            shards = {value: self._collect(shard) for value, shard in plan.shards.items()}
            rest = self._collect(plan.rest)
            return lambda numbers: shards.get(numbers[place], rest)(numbers)
        if isinstance(plan, Blocks):
            parts = [self._collect(part) for part in plan.parts]
            return lambda numbers: [found for part in parts for found in part(numbers)]
        if not plan:
            return lambda numbers: ()
        ruleset = self._make(plan, self._fields)
        pick = self._pick(ruleset.names)
        return lambda numbers: ruleset.collect(pick(numbers))

    def _pick(self, names: Sequence[str]) -> Callable[[Numbers], Numbers]:
        if names == self.reading.names:
            return lambda numbers: numbers
        places = [self.reading.names.index(name) for name in names]
        if len(places) < 2:
            return lambda numbers: tuple([numbers[place] for place in places])
        return itemgetter(*places)


def _apart(
    tables: Sequence[FlatTable], rules: Mapping[int, tuple[Rule, ...]], fields: Mapping[str, Field]
) -> tuple[list[int], list[int]]:
    """The first-match tables asked by themselves, and the tables asked together: the largest leave until all fits."""
    firsts = [table.index for table in tables if not table.collects]
    together = [table.index for table in tables]
    alone: list[int] = []
    while firsts and (together == firsts[:1] or not fits(_joined(rules, together), fields)):
        largest = max(firsts, key=lambda index: len(rules[index]))
        firsts.remove(largest)
        together.remove(largest)
        alone.append(largest)
    return alone, together


def _otherwise(table: FlatTable) -> int:
    """The row that holds always, if there is one: it decides where the engine finds none before it."""
    return next((row.number for row in table.rows if () in row.boxes), NO_ROW)


def _joined(rules: Mapping[int, tuple[Rule, ...]], indices: Sequence[int]) -> tuple[Rule, ...]:
    return tuple(rule for index in indices for rule in rules[index])


def _no_row(node: Node) -> Missing:
    assert isinstance(node, First)
    return Missing(frozenset({f"no_row:{node.name}"}))
