"""A Program as flat rows for the Rete engine: fields that hold whole numbers, and rows that are boxes of closed ranges.

Rete engines are quick and exact for one thing only, flat tests of small whole numbers, so everything else is settled
here and once: tokens and flags become numbers of our own, an exact fraction becomes an order-preserving whole number,
a comparison of two figures the sign of their difference, and a condition with any and not becomes several boxes.
Nothing here touches the engine, and nothing is shared with the compiled engine's bands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import Any

from policy.program import Calc, Collect, Compare, Const, Fact, First, Fold, In, Lift, Logic, Node, Program, Round
from rules.outcome import Missing
from rules.ranges import Field, Ranges, both, compared, encode, joined, outside, within
from rules.reference import Evaluation

BOXES_PER_ROW = 64
WHOLE_KINDS = ("money", "count", "days", "hours", "months", "date", "limit")
WHOLE_CALCS = ("days_between", "add_days", "add_months")
KEEPS_WHOLE = ("add", "subtract", "multiply", "negate", "min", "max", "abs", "limit_minus", "stricter", "first_known",
               "none_as_zero")  # fmt: skip
FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

Term = Mapping[str, Ranges]  # all of its fields lie in their ranges
Box = tuple[tuple[str, int, int], ...]  # (field, lowest, highest), in order of field name


@dataclass(frozen=True, slots=True)
class FlatRow:
    """A row of a table (`part` "row"), or the `fails` or `applies` of a check; true where any of its boxes holds.

    `reads` are the fields that must be known for that, also those that no box tests any more: `x < 5 or x >= 5` is
    unknown where x is missing.
    """

    part: str
    number: int
    boxes: tuple[Box, ...]
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FlatTable:
    """A First or the Collect, by the index of its node, with its rows in document order."""

    index: int
    collects: bool
    rows: tuple[FlatRow, ...]


@dataclass(frozen=True, slots=True)
class FlatProgram:
    """Fields by name; tables in stages, each of which reads only facts and outputs of earlier stages.

    `authority` is asked last and only for a referral, so it stands outside the stages.
    """

    fields: Mapping[str, Field]
    stages: tuple[tuple[FlatTable, ...], ...]
    authority: FlatTable | None


def flatten(program: Program) -> FlatProgram:
    """The section tables and checks of a policy, ready for the Rete engine."""
    fold = program.nodes[program.fold]
    assert isinstance(fold, Fold)
    sections = [index for index in (fold.tiers, fold.limits, fold.terms, fold.security) if index >= 0]
    stages = in_stages(program, sections, fold.checks)
    conditions = [condition for stage in stages for index in stage for condition in _conditions(program.nodes[index])]
    if fold.authority >= 0:
        conditions += _conditions(program.nodes[fold.authority])
    rows = Flattening(program, conditions)
    tables = tuple(tuple(rows.table(index) for index in stage) for stage in stages)
    authority = rows.table(fold.authority) if fold.authority >= 0 else None
    return FlatProgram(rows.fields, tables, authority)


def in_stages(program: Program, sections: Sequence[int], checks: int) -> list[list[int]]:
    """Tables by stage, each as late as its readers allow, so that few stages hold many tables."""
    every = [*sections, checks]
    needs = {index: reads_of(program, _conditions(program.nodes[index]), sections) for index in every}
    readers = {index: [other for other in every if index in needs[other]] for index in every}

    def height(index: int) -> int:
        return max((height(reader) + 1 for reader in readers[index]), default=0)

    heights = {index: height(index) for index in every}
    return [[i for i in every if heights[i] == level] for level in range(max(heights.values()), -1, -1)]


def reads_of(program: Program, roots: Sequence[int], sections: Sequence[int]) -> set[int]:
    """The section tables whose row must be known before these nodes can be evaluated."""
    found: set[int] = set()
    seen: set[int] = set()
    todo = list(roots)
    while todo:
        index = todo.pop()
        if index in seen:
            continue
        seen.add(index)
        node = program.nodes[index]
        if index in sections:
            assert isinstance(node, First)
            found.add(index)
            todo += [output for row in node.rows for output in row.outputs]
        elif isinstance(node, Fact) and node.scope in program.tables:
            todo.append(program.tables[node.scope])
        else:
            todo += _below(node)
    return found


def _below(node: Node) -> list[int]:
    match node:
        case Calc(args=args) | Logic(args=args):
            return list(args)
        case Round(arg=arg) | In(arg=arg):
            return [arg]
        case Compare(left=left, right=right):
            return [left, right]
        case First(rows=rows):
            return [index for row in rows for index in (row.condition, *row.outputs)]
    return []


def _conditions(node: Node) -> list[int]:
    if isinstance(node, First):
        return [row.condition for row in node.rows]
    assert isinstance(node, Collect)
    tests = [index for row in node.rows for index in (row.applies, row.fails) if index >= 0]
    return tests + [exception.condition for exception in lifts_of(node)]


def lifts_of(collect: Collect) -> list[Lift]:
    """The exceptions of all checks, check by check."""
    return [exception for row in collect.rows for exception in row.lifts]


class Flattening:
    """Turns conditions into boxes; fields are planned from all conditions first, so that each has one scale."""

    def __init__(self, program: Program, conditions: Sequence[int]) -> None:
        self.program, self.nodes = program, program.nodes
        self.fields: dict[str, Field] = {}
        self._names: dict[tuple[Any, ...], str] = {}
        self._constants: dict[tuple[Any, ...], list[Any]] = {}
        self._reads: set[str] = set()
        self._fixed = Evaluation(program.nodes, program.tables, {})
        for leaf in dict.fromkeys(leaf for condition in conditions for leaf in self._leaves(condition)):
            found = self._test(leaf)
            if found is not None:
                self._constants.setdefault(self._key(found[0]), []).extend(found[1])

    def table(self, index: int) -> FlatTable:
        """The rows of one table; a check has a row for what it fails on and one for what it applies to.

        Behind the checks stand those for what each exception applies to, in the order of `lifts_of`.
        """
        node = self.nodes[index]
        if isinstance(node, First):
            rows = [self.row("row", number, row.condition) for number, row in enumerate(node.rows)]
            return FlatTable(index, False, _first_boxes(rows))
        assert isinstance(node, Collect)
        parts = [(part, number, getattr(row, part)) for number, row in enumerate(node.rows)
                 for part in ("applies", "fails")]  # fmt: skip
        lifts = enumerate(lifts_of(node), len(node.rows))
        parts += [("applies", number, exception.condition) for number, exception in lifts]
        return FlatTable(index, True, tuple(self.row(*part) for part in parts if part[2] >= 0))

    def row(self, part: str, number: int, condition: int) -> FlatRow:
        """One condition, with the fields that it reads."""
        self._reads = set()
        boxes = self.boxes(condition)
        return FlatRow(part, number, boxes, frozenset(self._reads))

    def boxes(self, condition: int) -> tuple[Box, ...]:
        """The boxes of which any one makes the condition true; () is never, ((),) is always."""
        found: dict[Box, None] = {}
        for term in self._terms(condition, True):
            names = sorted(term)
            for corner in product(*(term[name] for name in names)):
                tests = zip(names, corner, strict=True)
                found[tuple((name, *span) for name, span in tests if span != self.fields[name].domain)] = None
        return ((),) if () in found else tuple(found)

    def _terms(self, index: int, wanted: bool) -> list[Term]:
        node = self.nodes[index]
        if isinstance(node, Logic) and node.op == "not":
            return self._terms(node.args[0], not wanted)
        if isinstance(node, Logic):
            parts = [self._terms(arg, wanted) for arg in node.args]
            if (node.op == "and") is wanted:
                return _all_of(self._narrowed(parts, node.args, wanted))
            either = _any_of(parts)
            return either if _width(either) <= BOXES_PER_ROW else self._as_truth(index, wanted)
        if isinstance(node, Const):
            return [{}] if bool(node.value) is wanted else []
        field, ranges = self._leaf(index)
        ranges = ranges if wanted else outside(ranges, field.domain)
        if len(ranges) > BOXES_PER_ROW:
            return self._as_truth(index, wanted)
        return [{field.name: ranges}] if ranges else []

    def _narrowed(self, parts: list[list[Term]], args: Sequence[int], wanted: bool) -> list[list[Term]]:
        """Past the cap the widest sub-condition becomes a truth that the reference's code finds."""
        while prod(map(_width, parts)) > BOXES_PER_ROW:
            widest = max(range(len(parts)), key=lambda place: _width(parts[place]))
            parts[widest] = self._as_truth(args[widest], wanted)
        return parts

    def _as_truth(self, index: int, wanted: bool) -> list[Term]:
        return [{self._field(("truth", index), "truth", index).name: ((int(wanted), int(wanted)),)}]

    def _leaves(self, index: int) -> Iterator[int]:
        node = self.nodes[index]
        if isinstance(node, Logic):
            for arg in node.args:
                yield from self._leaves(arg)
        else:
            yield index

    def _test(self, index: int) -> tuple[int, list[Any]] | None:
        """The node that a leaf tests and the constants it is tested against, None for any other leaf."""
        node = self.nodes[index]
        if isinstance(node, In) and not node.missing:
            ends = [end for span in node.spans for end in (span.low, span.high) if end is not None]
            return node.arg, [*node.points, *ends]
        if isinstance(node, Compare):
            left, right = self._constant(node.left), self._constant(node.right)
            if (left is None) is not (right is None):
                return (node.left, [right]) if left is None else (node.right, [left])
        return (index, [True]) if isinstance(node, Fact) else None

    def _leaf(self, index: int) -> tuple[Field, Ranges]:
        node, found = self.nodes[index], self._test(index)
        form = self._form(found[0]) if found else ""
        if found and form:
            field = self._column(found[0], form)
            if isinstance(node, In):
                return field, within(field, node)
            if isinstance(node, Compare):
                op = node.op if found[0] == node.left else FLIPPED[node.op]
                return field, compared(field, op, found[1][0])
            return field, ((1, 1),)
        if isinstance(node, Compare):
            field = self._field(("sign", node.left, node.right), "sign", node.left, node.right)
            return field, compared(field, node.op, 0)
        return self._field(("truth", index), "truth", index), ((1, 1),)

    def _constant(self, index: int) -> Any:
        """The value of a node that reads no fact, None for all others."""
        todo = [index]
        while todo:
            node = self.nodes[todo.pop()]
            if isinstance(node, Fact | First):
                return None
            todo += _below(node)
        value = self._fixed.value(index)
        return None if isinstance(value, Missing) else value

    def _key(self, index: int) -> tuple[Any, ...]:
        node = self.nodes[index]
        return ("fact", node.scope, node.name) if isinstance(node, Fact) else ("node", index)

    def _form(self, index: int) -> str:
        """The form of a tested figure by its constants; "" where they are none or mixed, so that it is a truth."""
        found = {type(constant) for constant in self._constants[self._key(index)]}
        if found in ({bool}, {str}):
            return "flag" if found == {bool} else "token"
        if found and found <= {int, Fraction}:
            return "integer" if self._is_whole(index) else "rational"
        return ""

    def _column(self, index: int, form: str) -> Field:
        key, node = self._key(index), self.nodes[index]
        constants = self._constants[key]
        scale = lcm(*(Fraction(constant).denominator for constant in constants)) if form == "rational" else 1
        tokens = tuple(dict.fromkeys(constants)) if form == "token" else ()
        fact = node.name if isinstance(node, Fact) and node.scope in ("fact", "figure") else ""
        field = self._field(key, form, index, scale=scale, tokens=tokens, fact=fact)
        if isinstance(node, Fact) and node.scope in self.program.tables and field.table < 0:
            field = self.fields[field.name] = self._by_row(field, node)
        return field

    def _by_row(self, field: Field, node: Fact) -> Field:
        """The field with its number for each row of the table it reads, where these are constants."""
        index = self.program.tables[node.scope]
        table = self.nodes[index]
        assert isinstance(table, First)
        outputs = [self.nodes[row.outputs[table.outputs.index(node.name)]] for row in table.rows]
        values = [output.value for output in outputs if isinstance(output, Const)]
        if len(values) < len(outputs):
            return field
        return replace(field, table=index, by_row=tuple(encode(field, value) for value in values))

    def _field(self, key: tuple[Any, ...], form: str, node: int, other: int = -1, **more: Any) -> Field:
        name = self._names.setdefault(key, f"f{len(self._names)}")
        if name not in self.fields:
            self.fields[name] = Field(name, form, node, other, **more)
        self._reads.add(name)
        return self.fields[name]

    def _is_whole(self, index: int) -> bool:
        node = self.nodes[index]
        match node:
            case Const(value=value):
                return type(value) is int
            case Fact(scope="fact" | "figure", kind=kind):
                return kind in WHOLE_KINDS
            case Fact(scope=scope, name=name):
                table = self.nodes[self.program.tables[scope]]
                assert isinstance(table, First)
                place = table.outputs.index(name)
                return all(self._is_whole(row.outputs[place]) for row in table.rows)
            case Calc(op=op, args=args):
                return op in WHOLE_CALCS or (op in KEEPS_WHOLE and all(map(self._is_whole, args)))
            case Round(step=step):
                return step.denominator == 1
        return False


def _width(terms: Sequence[Term]) -> int:
    return sum(prod(len(ranges) for ranges in term.values()) for term in terms)


def _all_of(parts: Sequence[Sequence[Term]]) -> list[Term]:
    found: list[Term] = [{}]
    for part in parts:
        found = [term for one in found for two in part if (term := _merged(one, two)) is not None]
    return found


def _merged(one: Term, two: Term) -> Term | None:
    term = dict(one)
    for name, ranges in two.items():
        term[name] = both(term[name], ranges) if name in term else ranges
    return term if all(term.values()) else None


def _any_of(parts: Sequence[Sequence[Term]]) -> list[Term]:
    """All alternatives; those that test one and the same field become one."""
    found: list[Term] = []
    single: dict[str, Ranges] = {}
    for term in (term for part in parts for term in part):
        if len(term) == 1:
            ((name, ranges),) = term.items()
            single[name] = joined([*single.get(name, ()), *ranges])
        else:
            found.append(term)
    return [*({name: ranges} for name, ranges in single.items()), *found]


def _first_boxes(rows: Sequence[FlatRow]) -> tuple[FlatRow, ...]:
    """Rows of a first-match table without boxes that an earlier row takes already."""
    kept: list[FlatRow] = []
    seen: set[Box] = set()
    for row in rows:
        kept.append(replace(row, boxes=tuple(box for box in row.boxes if box not in seen)))
        seen.update(row.boxes)
        if () in seen:
            break
    return tuple(kept)
