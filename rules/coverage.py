"""Which rows and thresholds of a policy its own tests touch, and exactly which they do not.

A row counts once a test ends in it, a check once it is seen failing and once passing. A threshold counts three times:
exactly there, and within one unit below and above. One unit is one minor unit of money, one day, month, hour or one
counted thing, one percentage point of a percentage or ratio, one basis point of a rate. Where two figures are compared
their distance counts; a word, a flag or "is missing" counts once true and once false. Nothing is asked below zero of a
fact that is recorded or counted, only of computed ones. Checks that every policy carries, and the days from which a
setting holds, are not the file's to test. The reference engine looks; which engine runs the tests makes no difference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from policy.asked_documents import SECTION, check_name
from policy.load import Loaded
from policy.lower_limits import OF_GROUP
from policy.meaning import STATE, CheckedTest
from policy.program import Check, Collect, Fact, Figure, First, Fold, In, Node, Program
from policy.scopes import FACTS
from rules.facts import computed_facts
from rules.fold import fold
from rules.reference import Evaluation
from rules.selftest import facts_of
from rules.thresholds import Threshold, side_of, thresholds_of

Tables = Mapping[str, int]
ROW_NUMBER = re.compile(r"^row \d+(?= of )")  # counts within one subject


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that the tests of a file should show: its line, its words, and whether a test shows it."""

    line: int
    words: str
    covered: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """All rows and all thresholds of a file, in its order."""

    rows: tuple[Point, ...]
    boundaries: tuple[Point, ...]

    @property
    def complete(self) -> bool:
        """Whether every row and every threshold is covered."""
        return not self.uncovered()

    def uncovered(self) -> tuple[Point, ...]:
        """What no test shows, by line."""
        return tuple(sorted((p for p in (*self.rows, *self.boundaries) if not p.covered), key=lambda p: p.line))


def percent(points: Sequence[Point]) -> int:
    """The share covered in whole percent, rounded down, so that 100 means all; of nothing, all is covered."""
    return 100 * sum(point.covered for point in points) // len(points) if points else 100


def cover(loaded: Loaded) -> Coverage:
    """What the tests of a loaded policy touch.

    The policy must have loaded without errors.
    """
    assert loaded.program is not None and loaded.policy is not None
    lines = {let.name.text: let.name.at.line for let in loaded.policy.lets}
    found = []
    for subject, program in loaded.programs.items():
        found.append(_cover(program, [test for test in loaded.tests if test.subject == subject], lines))
    rows, boundaries = (_merged([one[part] for one in found]) for part in (0, 1))
    return Coverage(tuple(sorted(rows, key=_place)), tuple(sorted(boundaries, key=_place)))


def _cover(program: Program, tests: Sequence[CheckedTest], lines: Mapping[str, int]) -> tuple[list[Point], list[Point]]:
    """The rows and thresholds of one subject's Program."""
    seen = _Seen()
    own = tuple(_program_thresholds(program))
    by_figure = {figure.name: tuple(_figure_thresholds(program, figure, lines)) for figure in program.figures}
    for test in tests:
        facts = facts_of(program, test)
        seen.decision(program, facts, own)
        for figure in program.figures:
            if figure.name not in test.facts:
                items = test.lists.get(figure.list_name, ())
                seen.items(figure, computed_facts(test.facts), items, by_figure[figure.name])
    thresholds = [*own, *(one for found in by_figure.values() for one in found)]
    once: dict[tuple[object, ...], Threshold] = {}
    for one in thresholds:
        once.setdefault(one.key, one)  # of the same edge in several rows the first is told
    points = [point for one in once.values() for point in seen.points(one)]
    return [*_row_points(program, seen), *_check_points(program, seen)], points


def _merged(of_subjects: Sequence[Sequence[Point]]) -> list[Point]:
    """The points of all subjects; what stands for several is covered once a test of one of them shows it."""
    found: dict[tuple[int, str, int], Point] = {}
    for points in of_subjects:
        counts: Counter[tuple[int, str]] = Counter()
        for point in points:
            told = point.line, ROW_NUMBER.sub("row", point.words)
            key = (*told, counts[told])
            counts[told] += 1
            first = found.get(key, point)
            found[key] = replace(first, covered=first.covered or point.covered)
    return list(found.values())


_STATE_WORDS = ("stays active", "is entered", "is not active")


class _Watched(Evaluation):
    """An evaluation that keeps every value it came to, by node."""

    def __init__(self, nodes: Sequence[Node], tables: Tables, facts: Mapping[str, object]) -> None:
        super().__init__(nodes, tables, facts)
        self.reached: dict[int, object] = {}

    def value(self, index: int) -> Any:
        found = self.reached[index] = super().value(index)
        return found


class _Seen:
    """What the tests showed so far."""

    def __init__(self) -> None:
        self.rows: set[tuple[str, int]] = set()
        self.statuses: set[tuple[int, str]] = set()  # by the line of the check
        self.named: set[tuple[str, str]] = set()
        self.lifted: set[tuple[str, str]] = set()
        self.sides: set[tuple[tuple[object, ...], str]] = set()

    def decision(self, program: Program, facts: Mapping[str, object], own: Sequence[Threshold]) -> None:
        evaluation = _Watched(program.nodes, program.tables, facts)
        outcome = fold(program, evaluation.value(program.fold))
        for name, index in program.tables.items():
            if isinstance(row := evaluation.reached.get(index), int):
                self.rows.add((name, row))
        lines = [check.line for check in _collect(program).rows]
        self.statuses |= {(line, check.status) for line, check in zip(lines, outcome.checks, strict=True)}
        self.named |= {(check.name, check.status) for check in outcome.checks}
        self.lifted |= {(check.name, check.lifted_by) for check in outcome.checks}
        self._sides(evaluation, own)

    def items(self, figure: Figure, facts: Mapping[str, object], items: Sequence[Mapping[str, object]],
              thresholds: Sequence[Threshold]) -> None:  # fmt: skip
        tables = {node.name: index for index, node in enumerate(figure.nodes) if isinstance(node, First)}
        for item in items:
            evaluation = _Watched(figure.nodes, tables, facts)
            evaluation.item = item
            evaluation.value(figure.where)
            self._sides(evaluation, thresholds)

    def _sides(self, evaluation: _Watched, thresholds: Sequence[Threshold]) -> None:
        for one in thresholds:
            if one.test in evaluation.reached and (side := side_of(evaluation, one)):
                self.sides.add((one.key, side))

    def points(self, one: Threshold) -> Iterator[Point]:
        for side, words in one.sides.items():
            yield Point(one.line, words, (one.key, side) in self.sides)


def _program_thresholds(program: Program) -> Iterator[Threshold]:
    """Those of the sections, the value tables and the file's own checks."""
    conditions = [(row.condition, row.line) for _, table in _tables(program) for row in table.rows]
    of_documents = [check_name(asked.name) for asked in program.documents]
    conditions += [(index, check.line) for check in _checks(program) for index in (check.applies, check.fails)
                   if check.name not in of_documents]  # fmt: skip
    parts = [part for asked in program.documents for part in (*asked.required, *asked.may)]
    conditions += [(part.applies, part.line) for part in parts]
    conditions += [(lift.condition, lift.line) for check in _checks(program) for lift in check.lifts]
    for index, line in conditions:
        if index >= 0:
            yield from (one for one in thresholds_of(program, index, line) if not _asks_for_whom(program, one))


def _asks_for_whom(program: Program, one: Threshold) -> bool:
    """Whether this asks if a customer has a number or a group at all, which a scope does and no test need show."""
    test, subject = program.nodes[one.test], program.nodes[one.subject]
    return isinstance(test, In) and test.missing and isinstance(subject, Fact) and subject.name in FACTS.values()


def _figure_thresholds(program: Program, figure: Figure, lines: Mapping[str, int]) -> Iterator[Threshold]:
    yield from thresholds_of(program, figure.where, lines[figure.name], figure)


def _row_points(program: Program, seen: _Seen) -> Iterator[Point]:
    states = {state.table: state.name for state in program.states}
    for name, table in _tables(program):
        for number, row in enumerate(table.rows):
            if name in states:
                yield Point(row.line, f"state {states[name]} {_STATE_WORDS[number]}", (name, number) in seen.rows)
            if name.startswith(STATE):
                continue
            gives = _gives(program.nodes, table, number)
            yield Point(row.line, f"row {number + 1} of {name}{gives} is reached", (name, number) in seen.rows)


def _gives(nodes: Sequence[Node], table: First, number: int) -> str:
    """The tier or role of a row, which says more to its reader than its number."""
    value = getattr(nodes[table.rows[number].outputs[0]], "value", None)
    return f" ({value})" if isinstance(value, str) else ""


def _check_points(program: Program, seen: _Seen) -> Iterator[Point]:
    of_documents = {check_name(asked.name): asked.name for asked in program.documents}
    for check in _checks(program):
        if check.name in of_documents:
            for words, statuses in (("good", ("pass",)), ("not good", (check.verdict, "not_evaluated"))):
                shown = any((check.name, status) in seen.named for status in statuses)
                yield Point(check.line, f"document {of_documents[check.name]} is {words}", shown)
            continue
        for status, words in ((check.verdict, f"fails ({check.verdict})"), ("pass", "passes")):
            yield Point(check.line, f"check {check.name} {words}", (check.line, status) in seen.statuses)
        for lift in check.lifts:
            words = f"exception {lift.name} lifts {check.name}"
            yield Point(lift.line, words, (check.name, lift.name) in seen.lifted)


def _tables(program: Program) -> Iterator[tuple[str, First]]:
    for name, index in program.tables.items():
        node = program.nodes[index]
        assert isinstance(node, First)
        if not name.startswith(("settings.", f"{SECTION}.")) and name != OF_GROUP:
            yield name, node


def _checks(program: Program) -> Iterator[Check]:
    return (check for check in _collect(program).rows if check.name not in program.wording.built_in)


def _collect(program: Program) -> Collect:
    end = program.nodes[program.fold]
    assert isinstance(end, Fold)
    collect = program.nodes[end.checks]
    assert isinstance(collect, Collect)
    return collect


def _place(point: Point) -> int:
    return point.line
