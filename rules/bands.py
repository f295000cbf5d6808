"""Bands: the places where the tests on one figure change their answer, and which rows each answer leaves open.

A column is one figure and every test of it against constants, in all rows of some tables. Its thresholds cut the line
of values into bands; each band maps to two bit sets of rows: those whose tests are true, and those true or unknown.
The AND over all columns gives the rows that apply, at a cost that does not grow with the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from policy.kinds import Value
from policy.program import Compare, Const, Fact, First, In, Logic, Node, Span

Atom = tuple[int, bool]  # a test's node, and the truth that the row wants of it
Tests = Mapping[frozenset[Atom], int]  # all tests of one row on one figure, to the bits of the rows that make them
OPERATORS = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Rows:
    """Two bit sets of rows: `true`, and `possible`, which is true or unknown."""

    true: int
    possible: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A place between two bands: just below the threshold, or just above it."""

    at: int | Fraction
    above: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One figure's bands, rising, one more than its cuts; of words each has its rows, any other `bands[0]`."""

    cuts: tuple[Cut, ...]
    bands: tuple[Rows, ...]
    words: Mapping[Value, Rows]
    missing: Rows


def canonical(nodes: Sequence[Node]) -> tuple[int, ...]:
    """For each node the first that means the same, so that one figure written twice is one column."""
    seen: dict[object, int] = {}
    same: list[int] = []
    for index, node in enumerate(nodes):
        same.append(seen.setdefault(index if isinstance(node, First) else _meaning(node, same), index))
    return tuple(same)


def conjunction(nodes: Sequence[Node], index: int, wanted: bool = True) -> Iterator[Atom]:
    """The tests that must all hold for a condition: "and" opened, "not" moved inwards, any other node as it is."""
    node = nodes[index]
    if isinstance(node, Logic) and node.op == "not":
        yield from conjunction(nodes, node.args[0], not wanted)
    elif isinstance(node, Logic) and node.op == ("and" if wanted else "or"):
        for arg in node.args:
            yield from conjunction(nodes, arg, wanted)
    else:
        yield index, wanted


def operand(nodes: Sequence[Node], same: Sequence[int], index: int) -> int | None:
    """The one figure that a test reads beside constants; None where it reads several, or none."""
    node = nodes[index]
    if isinstance(node, Logic):
        found = {operand(nodes, same, arg) for arg in node.args}
        return found.pop() if len(found) == 1 else None
    if isinstance(node, Compare):
        sides = [side for side in (node.left, node.right) if not isinstance(nodes[side], Const)]
        return same[sides[0]] if len(sides) == 1 else None
    if isinstance(node, In):
        return None if isinstance(nodes[node.arg], Const) else same[node.arg]
    return same[index] if isinstance(node, Fact) else None


def truth(nodes: Sequence[Node], index: int, sample: Value | None) -> bool | None:
    """What a test says when its one figure has this value (None: missing); None is unknown."""
    node = nodes[index]
    if isinstance(node, Logic):
        return joined(node.op, [truth(nodes, arg, sample) for arg in node.args])
    if isinstance(node, In) and node.missing:
        return (sample is None) is not node.negated
    if sample is None:
        return None
    if isinstance(node, Compare):
        left, right = _side(nodes, node.left, sample), _side(nodes, node.right, sample)
        return bool(OPERATORS[node.op](left, right))
    if isinstance(node, In):
        inside = any(sample == point for point in node.points) or any(encloses(span, sample) for span in node.spans)
        return inside is not node.negated
    return bool(sample)


def joined(op: str, truths: Sequence[bool | None]) -> bool | None:
    """Kleene's and, or, not over true, false and unknown (None)."""
    if op == "not":
        return None if truths[0] is None else not truths[0]
    if op == "and":
        return False if False in truths else None if None in truths else True
    return True if True in truths else None if None in truths else False


def encloses(span: Span, value: Any) -> bool:
    """Whether a number lies in an interval, ends as written."""
    if span.low is not None and not (value >= span.low if span.low_closed else value > span.low):
        return False
    return span.high is None or bool(value <= span.high if span.high_closed else value < span.high)


def answer(nodes: Sequence[Node], atoms: frozenset[Atom], sample: Value | None) -> bool | None:
    """Whether all of one row's tests hold for this value."""
    found = [(truth(nodes, test, sample), wanted) for test, wanted in atoms]
    return joined("and", [None if said is None else said is wanted for said, wanted in found])


def rows_at(nodes: Sequence[Node], tests: Tests, everything: int, sample: Value | None) -> Rows:
    """The rows left open by one value of the figure; rows without a test on it stay."""
    rows = Rows(everything, everything)
    for atoms, bits in tests.items():
        rows = _settled(rows, bits, answer(nodes, atoms, sample))
    return rows


def column(nodes: Sequence[Node], tests: Tests, everything: int) -> Column:
    """The bands of one figure; `everything` has the bits of all rows."""
    constants = {atoms: frozenset(value for test, _ in atoms for value in _constants(nodes, test)) for atoms in tests}
    points = set().union(*constants.values())
    missing = rows_at(nodes, tests, everything, None)
    if any(isinstance(point, bool | str) for point in points):
        words = {point: rows_at(nodes, tests, everything, point) for point in points}
        return Column((), (rows_at(nodes, tests, everything, ""),), words, missing)
    return _numbers(nodes, tests, everything, constants)


def _numbers(
    nodes: Sequence[Node], tests: Tests, everything: int, constants: Mapping[frozenset[Atom], frozenset[Value]]
) -> Column:
    """Sweeps the thresholds upwards: at each, only the tests that name it can change their answer."""
    places: list[int | Fraction] = sorted(set().union(*constants.values()))  # type: ignore[arg-type]
    rows = rows_at(nodes, tests, everything, places[0] - 1 if places else 0)
    cuts: list[Cut] = []
    bands = [rows]
    for number, place in enumerate(places):
        following = (place + places[number + 1]) / Fraction(2) if number + 1 < len(places) else place + 1
        moved = [(atoms, bits) for atoms, bits in tests.items() if place in constants[atoms]]
        for above, sample in ((False, place), (True, following)):
            for atoms, bits in moved:
                rows = _settled(rows, bits, answer(nodes, atoms, sample))
            if rows != bands[-1]:
                cuts.append(Cut(place, above))
                bands.append(rows)
    return Column(tuple(cuts), tuple(bands), {}, rows_at(nodes, tests, everything, None))


def _settled(rows: Rows, bits: int, said: bool | None) -> Rows:
    true = rows.true | bits if said else rows.true & ~bits
    return Rows(true, rows.possible & ~bits if said is False else rows.possible | bits)


def _constants(nodes: Sequence[Node], index: int) -> Iterator[Value]:
    node = nodes[index]
    if isinstance(node, Logic):
        for arg in node.args:
            yield from _constants(nodes, arg)
    elif isinstance(node, Compare):
        sides = (nodes[node.left], nodes[node.right])
        yield from (side.value for side in sides if isinstance(side, Const) and side.value is not None)
    elif isinstance(node, In):
        yield from () if node.missing else node.points
        for span in () if node.missing else node.spans:
            yield from (end for end in (span.low, span.high) if end is not None)
    else:
        yield from (True, False)


def _side(nodes: Sequence[Node], index: int, sample: Value) -> Any:
    node = nodes[index]
    return node.value if isinstance(node, Const) else sample


def _meaning(node: Node, same: Sequence[int]) -> object:
    """A key equal for nodes that mean the same: their fields, with the nodes they read replaced by the first alike."""
    links = {"args", "arg", "left", "right"}
    parts: list[object] = [type(node)]
    for part in fields(node):
        value = getattr(node, part.name)
        if part.name in links:
            value = same[value] if isinstance(value, int) else tuple(same[arg] for arg in value)
        parts.append((type(value), value))
    return tuple(parts)
