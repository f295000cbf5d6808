"""Which inputs of a decision table no row fits, and which fit rows that contradict each other; exact, with an example.

Constants cut each column into edges, the stretches between them and beyond; combinations with the same rows left are
looked at once, so a table of hundreds of rows is judged at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from policy.dmn.evaluate import Inexact, Value, evaluate, fits
from policy.dmn.feel import Literal, Range, Scalar, Tests
from policy.dmn.model import Rule, Table, TableInput, listed_values

STEPS_MAX = 50_000
TOLD_MAX = 5


@dataclass(frozen=True, slots=True)
class Example:
    """An input that shows a fault: the value of each tested column, by its label, and the rows that fit it."""

    values: tuple[tuple[str, Scalar], ...]
    rules: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was found: gaps, overlaps of rows with different results, and of rows with equal ones.

    `exact` is false where a cell reads another value, or the table is too large: then not all was looked at.
    """

    gaps: tuple[Example, ...] = ()
    conflicts: tuple[Example, ...] = ()
    repeats: tuple[Example, ...] = ()
    exact: bool = True


def coverage(table: Table) -> Coverage:
    """The gaps and overlaps of a table."""
    columns = _columns(table)
    if columns is None:
        return Coverage(exact=False)
    search = _Search(table.rules, columns)
    search.look(0, (1 << len(table.rules)) - 1, ())
    return Coverage(tuple(search.gaps[:TOLD_MAX]), tuple(search.conflicts[:TOLD_MAX]), tuple(search.repeats[:TOLD_MAX]),
                    search.steps < STEPS_MAX)  # fmt: skip


Column = tuple[str, dict[int, Scalar]]  # its label; for each set of rows that stays possible, a value that leaves it


def _columns(table: Table) -> list[Column] | None:
    groups: dict[object, list[int]] = {}
    for number, column in enumerate(table.inputs):
        groups.setdefault(column.expression, []).append(number)
    found = []
    for numbers in groups.values():
        values = _values(table, numbers)
        if values is None:
            return None
        masks: dict[int, Scalar] = {}
        for value in values:
            masks.setdefault(_mask(table.rules, numbers, value), value)
        found.append((table.inputs[numbers[0]].label, masks))
    return found


def _mask(rules: Sequence[Rule], numbers: Iterable[int], value: Scalar) -> int:
    """The rows whose cells in these columns hold for a value, as bits."""
    return sum(1 << place for place, rule in enumerate(rules)
               if all(fits(rule.cells[number], value, {}) is True for number in numbers))  # fmt: skip


def _values(table: Table, numbers: Sequence[int]) -> list[Scalar] | None:
    """One value of every kind that the cells of a column tell apart, edges first; None where a cell is no constant."""
    columns: list[TableInput] = [table.inputs[number] for number in numbers]
    allowed = [column.allowed for column in columns if column.allowed is not None]
    cells = [rule.cells[number] for rule in table.rules for number in numbers]
    edges = constants([*cells, *allowed])
    if edges is None:
        return None
    words = next((listed_values(tests) for tests in allowed if listed_values(tests)), None)
    values = [value for value in words or candidates(edges) if value is not None]
    return [value for value in values if all(fits(tests, value, {}) is True for tests in allowed)]


def constants(cells: Iterable[Tests]) -> list[Value] | None:
    """The values that cells are written with; None where one is not a constant."""
    found: list[Value] = []
    for cell in cells:
        for test in cell.tests:
            for end in (test.low, test.high) if isinstance(test, Range) else (test.value,):
                value = _constant(end)
                if value is None and not (isinstance(end, Literal) and end.value is None):
                    return None
                found += value if isinstance(value, tuple) else [value]
    return found


def _constant(expression: object) -> Value:
    try:
        return evaluate(expression, {})  # type: ignore[arg-type]  # ends of tests are expressions
    except Inexact:
        return None


def candidates(edges: Iterable[Value]) -> list[Scalar]:
    """Every edge, a value between each two and one beyond either end; words stand for themselves."""
    edges = list(edges)
    if any(isinstance(value, bool) for value in edges):
        return [True, False]
    numbers = sorted({value for value in edges if isinstance(value, Fraction)})
    days = sorted({value for value in edges if isinstance(value, date)})
    if numbers:
        between = [(low + high) / 2 for low, high in zip(numbers, numbers[1:], strict=False)]
        return [*numbers, *between, numbers[0] - 1, numbers[-1] + 1]
    if days:
        step = timedelta(1)
        near = [day + move for day in days for move in (-step, step) if date.min < day < date.max]
        return [*days, *near]
    return list(dict.fromkeys(value for value in edges if isinstance(value, str))) or ["any"]


class _Search:
    """Column by column, the rows that are still possible."""

    def __init__(self, rules: Sequence[Rule], columns: list[Column]) -> None:
        self.rules, self.columns, self.steps = rules, columns, 0
        self.gaps: list[Example] = []
        self.conflicts: list[Example] = []
        self.repeats: list[Example] = []
        self.seen: set[tuple[int, int]] = set()
        self.told: set[tuple[int, int]] = set()

    def look(self, place: int, mask: int, values: tuple[tuple[str, Scalar], ...]) -> None:
        """Everything below one choice of values."""
        self.steps += 1
        if (place, mask) in self.seen or self.steps > STEPS_MAX:
            return
        self.seen.add((place, mask))
        if mask == 0:
            rest = [(label, next(iter(masks.values()))) for label, masks in self.columns[place:] if masks]
            self.gaps.append(Example((*values, *rest)))
        elif place == len(self.columns):
            self._overlaps([number for number in range(len(self.rules)) if mask >> number & 1], values)
        else:
            label, masks = self.columns[place]
            for own, value in masks.items():
                if mask & own == 0:
                    self.seen.discard((place + 1, 0))  # each stretch without a row is a gap of its own
                self.look(place + 1, mask & own, (*values, (label, value)))

    def _overlaps(self, fitting: list[int], values: tuple[tuple[str, Scalar], ...]) -> None:
        first = fitting[0]
        for other in fitting[1:]:
            if (first, other) not in self.told:
                self.told.add((first, other))
                equal = self.rules[first].results == self.rules[other].results
                (self.repeats if equal else self.conflicts).append(Example(values, (first, other)))


