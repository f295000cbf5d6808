"""Whether two Programs decide every order alike: an exact argument, or none.

Formulas of both get numbers, equal only where they mean the same; a table that is written differently is compared on
every combination of its thresholds, each tested figure standing for itself. So "yes" is proved, and "no" only means
that this argument does not reach.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from policy.digest import AFTER
from policy.program import Check, Collect, Compare, Const, Fact, First, Fold, In, Logic, Node, Program
from rules.formula_numbers import FLIPPED, Terms
from rules.outcome import STATUS_RANK, Missing
from rules.reference import COMPARE

CELLS = 20_000
WHOLE = ("count", "days", "hours", "months", "money", "date", "limit")
COMPARED = ("nodes", "facts", "figures", "tables", "fold")  # node by node
UNREAD = ("name", "lets", "terms", "tiers", "wording", "digest", "source_digest", *AFTER)  # nothing more of an order
Cell = Mapping[Hashable, Any]


def proof_of_equality(old: Program, new: Program) -> str:
    """Why no order is decided differently, in a sentence; empty where that is not proved."""
    if old.digest and old.digest == new.digest:
        return "both files mean the same"
    like = [one.name for one in fields(Program) if one.name not in (*COMPARED, *UNREAD)]
    if any(getattr(old, name) != getattr(new, name) for name in like):
        return ""
    numbers: dict[Hashable, int] = {}
    first, second = (Terms(program, numbers) for program in (old, new))
    comparison = _Comparison(first, second)
    if not comparison.is_equal():
        return ""
    if comparison.cells:
        return f"all {comparison.cells:,} combinations of the thresholds that differ were compared"
    return "the rows that decide orders mean the same, however they are written"


@dataclass(slots=True)
class _Comparison:
    """Two Programs side by side; `cells` counts the combinations that had to be compared one by one."""

    old: Terms
    new: Terms
    cells: int = 0

    def is_equal(self) -> bool:
        """Every table in order of evaluation, so that readers of an equal table are equal; then the end."""
        before, after = self.old.program.tables, self.new.program.tables
        for name, index in after.items():
            if name in before and self.old.number(before[name]) != self.new.number(index):
                one, other = self.old.nodes[before[name]], self.new.nodes[index]
                assert isinstance(one, First) and isinstance(other, First)
                if one.outputs == other.outputs and self._alike(one, other):
                    self.new.memo[index] = self.old.number(before[name])
        first, second = (terms.nodes[terms.program.fold] for terms in (self.old, self.new))
        assert isinstance(first, Fold) and isinstance(second, Fold)
        return _end(self.old, first) == _end(self.new, second) and self._checks(first, second)

    def _checks(self, one: Fold, other: Fold) -> bool:
        rows = [terms.nodes[fold.checks] for terms, fold in ((self.old, one), (self.new, other))]
        assert isinstance(rows[0], Collect) and isinstance(rows[1], Collect)
        before, after = ([(_check(terms, row), row) for row in found.rows]
                         for terms, found in ((self.old, rows[0]), (self.new, rows[1])))  # fmt: skip
        counted = [Counter(key for key, _ in found) for found in (before, after)]
        if counted[0] == counted[1]:
            return True
        left = [row for key, row in before if counted[0][key] > counted[1][key]]
        right = [row for key, row in after if counted[1][key] > counted[0][key]]
        conditions = [[i for row in found for i in _conditions(row)] for found in (left, right)]
        cells = self._grid(conditions)
        return cells is not None and all(
            _status(_View(self.old, cell), left) == _status(_View(self.new, cell), right) for cell in cells
        )

    def _alike(self, one: First, other: First) -> bool:
        cells = self._grid([[row.condition for row in table.rows] for table in (one, other)])
        return cells is not None and all(
            _chosen(_View(self.old, cell), one) == _chosen(_View(self.new, cell), other) for cell in cells
        )

    def _grid(self, conditions: Sequence[Sequence[int]]) -> Iterator[Cell] | None:
        """Every combination of what these conditions test, None where there are too many."""
        axes: dict[Hashable, _Axis] = {}
        for terms, found in zip((self.old, self.new), conditions, strict=True):
            for condition in found:
                _gather(terms, condition, axes)
        domains = {key: axis.values(key) for key, axis in axes.items()}
        count = prod(map(len, domains.values()))
        if count > CELLS:
            return None
        self.cells += count
        return (dict(zip(domains, values, strict=True)) for values in product(*domains.values()))


@dataclass(slots=True)
class _Axis:
    """What one figure is compared with in both Programs; `form` is number, whole, word or sign."""

    form: str
    edges: set[Any] = field(default_factory=set)

    def values(self, key: Hashable) -> list[Any]:
        """One value for each way in which the figure can stand to its edges, and missing."""
        missing = Missing(frozenset({repr(key)}))
        if self.form == "sign":
            return [-1, 0, 1, missing]
        words = [edge for edge in self.edges if isinstance(edge, str | bool)]
        edges = sorted(edge for edge in self.edges if not isinstance(edge, str | bool))
        found: list[Any] = [*words, *edges, missing]
        if words and isinstance(words[0], bool):
            return [True, False, missing]
        for low, high in zip(edges, edges[1:], strict=False):
            if self.form != "whole" or high - low > 1:
                found.append(low + 1 if self.form == "whole" else Fraction(low + high) / 2)
        return [*found, *([edges[0] - 1, edges[-1] + 1] if edges else ["\0 another"])]


@dataclass(frozen=True, slots=True)
class _View:
    """One Program's conditions on one cell."""

    terms: Terms
    cell: Cell

    def truth(self, index: int) -> Any:
        """True, False, or missing with its reasons."""
        node = self.terms.nodes[index]
        if isinstance(node, Logic):
            args = [self.truth(arg) for arg in node.args]
            if node.op == "not":
                return args[0] if isinstance(args[0], Missing) else not args[0]
            if any(arg is (node.op == "or") for arg in args):
                return node.op == "or"
            reasons = [arg.reasons for arg in args if isinstance(arg, Missing)]
            return Missing(frozenset().union(*reasons)) if reasons else node.op == "and"
        if isinstance(node, Const):
            return node.value
        key, op, edge = _leaf(self.terms, node, index)
        value = self.cell[key]
        if isinstance(node, In):
            return _within(node, value)
        if isinstance(value, Missing) or op == "":
            return value
        return COMPARE[op](value, edge)


def _gather(terms: Terms, index: int, axes: dict[Hashable, _Axis]) -> None:
    node = terms.nodes[index]
    if isinstance(node, Logic):
        for arg in node.args:
            _gather(terms, arg, axes)
    elif not isinstance(node, Const):
        key, op, edge = _leaf(terms, node, index)
        sign = isinstance(key, tuple)
        axis = axes.setdefault(key, _Axis("sign" if sign else _form(terms, node)))
        if isinstance(node, In):
            ends = (end for span in node.spans for end in (span.low, span.high) if end is not None)
            axis.edges.update((*node.points, *ends))
        elif not sign:
            axis.edges.add(edge if op else True)


def _leaf(terms: Terms, node: Node, index: int) -> tuple[Hashable, str, Any]:
    """What a single test is about, its sign and its edge; a test of two figures is about how they stand together."""
    if isinstance(node, In):
        return terms.number(node.arg), "", None
    if not isinstance(node, Compare):
        return terms.number(index), "", None
    left, right = terms.nodes[node.left], terms.nodes[node.right]
    if isinstance(right, Const):
        return terms.number(node.left), node.op, right.value
    if isinstance(left, Const):
        return terms.number(node.right), FLIPPED[node.op], left.value
    one, other = terms.number(node.left), terms.number(node.right)
    return ((one, other), node.op, 0) if one <= other else ((other, one), FLIPPED[node.op], 0)


def _form(terms: Terms, leaf: Node) -> str:
    subject = leaf
    if isinstance(leaf, In):
        subject = terms.nodes[leaf.arg]
    elif isinstance(leaf, Compare):
        left = terms.nodes[leaf.left]
        subject = terms.nodes[leaf.right] if isinstance(left, Const) else left
    given = isinstance(subject, Fact) and subject.scope in ("fact", "figure") and subject.kind in WHOLE
    return "whole" if given else "number"


def _within(node: In, value: Any) -> Any:
    if node.missing:
        return isinstance(value, Missing) is not node.negated
    if isinstance(value, Missing):
        return value
    spans = not isinstance(value, str) and any(_inside(value, span) for span in node.spans)
    return (value in node.points or spans) is not node.negated


def _inside(value: Any, span: Any) -> bool:
    low = span.low is None or COMPARE[">=" if span.low_closed else ">"](value, span.low)
    return low and (span.high is None or COMPARE["<=" if span.high_closed else "<"](value, span.high))


def _chosen(view: _View, table: First) -> Hashable:
    for row in table.rows:
        truth = view.truth(row.condition)
        if isinstance(truth, Missing):
            return truth.reasons
        if truth:
            return tuple(map(view.terms.number, row.outputs))
    return "no row"


def _conditions(row: Check) -> Iterator[int]:
    yield row.fails
    yield from (lift.condition for lift in row.lifts)
    if row.applies >= 0:
        yield row.applies


def _status(view: _View, rows: Sequence[Check]) -> Hashable:
    """What checks together say: the gravest verdict, who must release it, and all that is missing."""
    gravest, releases, missing = 0, set(), frozenset[str]()
    for row in rows:
        applies = view.truth(row.applies) if row.applies >= 0 else True
        fails = applies if applies is not True else view.truth(row.fails)
        if isinstance(fails, Missing):
            missing |= fails.reasons
        elif fails and not any(view.truth(lift.condition) is True for lift in row.lifts):
            gravest = max(gravest, STATUS_RANK[row.verdict])
            releases.add((row.verdict, row.release_by))
    return (gravest if gravest > STATUS_RANK["warn"] else 0), frozenset(releases), missing


def _check(terms: Terms, row: Check) -> Hashable:
    lifts = frozenset(terms.number(lift.condition) for lift in row.lifts)
    return terms.number(row.fails), row.verdict, terms.number(row.applies), row.release_by, lifts


def _end(terms: Terms, fold: Fold) -> Hashable:
    return tuple(terms.number(getattr(fold, one.name)) for one in fields(fold) if one.name != "checks")
