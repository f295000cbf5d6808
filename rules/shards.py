"""Rules small enough for the Rete engine: what one ruleset may hold, and how larger tables are cut.

The engine walks every sibling test, stops with a fault at 65 matching ones, hangs at 513 and dies at 256 equal rules:
its network is simulated here before it is built (guard 6). A table that is too large is cut by the equality column with
most values, each value its own ruleset behind a dictionary, else into blocks of rows asked one after the other.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.flatten import Box, FlatTable
from rules.ranges import Field

RULES = 300  # of 4,096 that the engine takes: start and complete each scan all of them
CHILDREN = 200  # of 511 under one node
MATCHES = 60  # of 64 waiting at once
EQUAL = 200  # of 255 with the same condition
KEYED = 16  # values of a key by which collected rules are kept apart; with fewer rules it is not worth it

Tests = tuple[tuple[str, str, int], ...]  # (field, "eq" | "$gte" | "$lte", number), in the order of the network
Payload = tuple[str, int, int]  # part, index of the table, number of the row


class TooLarge(ValueError):
    """A policy that the Rete engine cannot hold within its limits."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One box of one row: when it holds, its payload is what was found."""

    box: Box
    payload: Payload


@dataclass(frozen=True, slots=True)
class Keyed:
    """A table cut by one field: the shard of its value, else `rest`."""

    field: str
    shards: Mapping[int, Plan]
    rest: Plan


@dataclass(frozen=True, slots=True)
class Blocks:
    """Rules cut into blocks: of a first-match table the first block that finds a row has the lowest."""

    parts: tuple[Plan, ...]


Plan = tuple[Rule, ...] | Keyed | Blocks


def rules_of(table: FlatTable) -> tuple[Rule, ...]:
    """One rule for each box, in document order; the row of a first-match table that holds always needs none."""
    rows = [row for row in table.rows if table.collects or () not in row.boxes]
    return tuple(Rule(box, (row.part, table.index, row.number)) for row in rows for box in row.boxes)


def plan_first(rules: tuple[Rule, ...], fields: Mapping[str, Field]) -> Plan:
    """How a first-match table is held: one ruleset where it fits, else shards by a key, else blocks of rows."""
    if fits(rules, fields):
        return rules
    values = {name: {low for low, high in spans if low == high} for name, spans in _spans(rules).items()}
    for name in sorted(values, key=lambda name: (-len(values[name]), name)):
        rest = tuple(rule for rule in rules if not _is_equality(rule, name))
        shards = {value: _shard(rules, name, value) for value in sorted(values[name])}
        sizes = [len(rest), *map(len, shards.values())]
        if len(shards) > 1 and max(sizes) < len(rules) and sum(sizes) <= 4 * len(rules):
            planned = {value: plan_first(shard, fields) for value, shard in shards.items()}
            return Keyed(name, planned, plan_first(rest, fields))
    return Blocks(tuple(plan_first(block, fields) for block in blocks(rules)))


def plan_collected(rules: tuple[Rule, ...], fields: Mapping[str, Field]) -> Plan:
    """Rules of which every match is wanted: by the key that most of them test, such as the tier, then in blocks.

    The engine looks at every rule of a ruleset for every action, so half the rules is worth a dictionary.
    """
    equal = Counter(test[0] for rule in rules for test in rule.box if test[1] == test[2])
    name, tested = equal.most_common(1)[0] if equal else ("", 0)
    values = sorted({test[1] for rule in rules for test in rule.box if test[0] == name and test[1] == test[2]})
    if 2 * tested >= len(rules) > KEYED and 1 < len(values) <= KEYED:
        shards = {value: in_blocks(_shard(rules, name, value), fields) for value in values}
        rest = tuple(rule for rule in rules if not _is_equality(rule, name))
        return Keyed(name, shards, in_blocks(rest, fields))
    return in_blocks(rules, fields)


def in_blocks(rules: tuple[Rule, ...], fields: Mapping[str, Field]) -> Plan:
    """All of these rules, in as many rulesets as they need."""
    if fits(rules, fields):
        return rules
    return Blocks(tuple(in_blocks(block, fields) for block in blocks(rules)))


def blocks(rules: tuple[Rule, ...]) -> list[tuple[Rule, ...]]:
    """Rules in document order, cut into blocks; a block that is small enough by number is halved."""
    if len(rules) < 2:
        raise TooLarge("one condition alone passes the limits of the Rete engine; write it as several lets")
    size = RULES if len(rules) > RULES else (len(rules) + 1) // 2
    return [rules[at : at + size] for at in range(0, len(rules), size)]


def fits(rules: Sequence[Rule], fields: Mapping[str, Field]) -> bool:
    """Whether these rules keep the engine's limits, found by building its network of tests in Python (guard 6)."""
    if len(rules) > RULES or max(Counter(rule.box for rule in rules).values(), default=0) > EQUAL:
        return False
    order = field_order(rules)
    return _pending([single_tests(rule.box, order, fields) for rule in rules]) <= MATCHES


def field_order(rules: Sequence[Rule]) -> tuple[str, ...]:
    """Fields in the order their tests are written: the equality that most rules share first, ranges after."""
    equal = Counter(name for rule in rules for name, low, high in rule.box if low == high)
    used = Counter(name for rule in rules for name, _, _ in rule.box)
    return tuple(sorted(used, key=lambda name: (-equal[name], -used[name], name)))


def single_tests(box: Box, order: Sequence[str], fields: Mapping[str, Field]) -> Tests:
    """The single tests of a box, in order; an end that the field cannot pass needs no test."""
    found: list[tuple[str, str, int]] = []
    for name, low, high in sorted(box, key=lambda test: order.index(test[0])):
        lowest, highest = fields[name].domain
        if low == high:
            found.append((name, "eq", low))
            continue
        if low > lowest:
            found.append((name, "$gte", low))
        if high < highest:
            found.append((name, "$lte", high))
    return tuple(found)


def _pending(paths: Iterable[Tests]) -> int:
    """The most tests that can wait on the engine's stack below one node; past all limits where it has many children."""
    below: dict[tuple[str, str, int], list[Tests]] = {}
    for path in paths:
        if path:
            below.setdefault(path[0], []).append(path[1:])
    if len(below) > CHILDREN:
        return MATCHES + 1
    here = sum(_matching([test[1:] for test in below if test[0] == name]) for name in {test[0] for test in below})
    return max([here, *(here - 1 + _pending(rest) for rest in below.values())])


def _matching(tests: Sequence[tuple[str, int]]) -> int:
    """The most of these tests of one field that one value can pass."""
    equal = {number for op, number in tests if op == "eq"}
    floors = sorted(number for op, number in tests if op == "$gte")
    tops = sorted(number for op, number in tests if op == "$lte")

    def passed(value: int) -> int:
        return (value in equal) + bisect_right(floors, value) + len(tops) - bisect_left(tops, value)

    return max(passed(number) for _, number in tests)


def _spans(rules: Sequence[Rule]) -> dict[str, set[tuple[int, int]]]:
    found: dict[str, set[tuple[int, int]]] = {}
    for rule in rules:
        for name, low, high in rule.box:
            found.setdefault(name, set()).add((low, high))
    return found


def _is_equality(rule: Rule, name: str) -> bool:
    return any(test[0] == name and test[1] == test[2] for test in rule.box)


def _shard(rules: Sequence[Rule], name: str, value: int) -> tuple[Rule, ...]:
    """The rules that can hold for this value, without the test of it."""
    kept = [rule for rule in rules if all(test[0] != name or test[1] <= value <= test[2] for test in rule.box)]
    return tuple(Rule(tuple(test for test in rule.box if test[0] != name), rule.payload) for rule in kept)
