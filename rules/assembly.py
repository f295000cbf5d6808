"""Tables and checks as generated code: columns of conditions, the AND of their bands, and the rows that it leaves.

Small tables share one bit set, a large one has its own. A table's row is read off when all columns that touch its rows
stand in the AND; columns on the outputs of an earlier table are looked up by that table's row.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from policy.program import Compare, Const, Fact, First, In, Logic
from rules import bands
from rules.bands import Atom, Column, Rows
from rules.emit import Values
from rules.exact import Exact, assign, both, call, compare, either, join, name, relation, tree
from rules.outcome import Missing
from rules.settlement import Settlement

SHARED_ROWS = 60  # bits that small tables share
CHAIN = 40  # columns in one expression: Python's compiler goes only so deep
Key = tuple[str, Any]  # ("figure", node) | ("table", name) | ("test", node)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table's rows stand: its bit set, the first bit, and what each row wants."""

    group: int
    first: int
    rows: tuple[tuple[Atom, ...], ...]

    @property
    def bits(self) -> int:
        return ((1 << len(self.rows)) - 1) << self.first


@dataclass(slots=True)
class Group:
    """One bit set: its width, its columns not yet written, and whether its variable is there."""

    width: int = 0
    columns: dict[Key, dict[frozenset[Atom], int]] = field(default_factory=dict)
    begun: bool = False


class Words(dict[Any, int]):
    """The rows that each word leaves; a word without a place of its own leaves `other`, a missing one is an error."""

    def __init__(self, words: Mapping[Any, int], other: int) -> None:
        super().__init__(words)
        self.other = other

    def __missing__(self, word: object) -> int:
        if word is None or isinstance(word, Missing):
            raise KeyError(word)
        return self.other


def lowest_row(rows: int) -> int:
    """The number of the first row in a bit set that has one."""
    return (rows & -rows).bit_length() - 1


def first_row(mask: int, first: int, count: int, width: int) -> int:
    """The first row that is not false, -1 where that is unknown or there is none: two bits for each row."""
    possible = mask >> (first + width) & ((1 << count) - 1)
    row = lowest_row(possible) if possible else 0
    return row if mask >> (first + row) & 1 else -1


class Assembly:
    """Writes the body of one function for one Program."""

    def __init__(self, settlement: Settlement, complete: bool) -> None:
        self.settlement, self.program, self.complete = settlement, settlement.program, complete
        self.values = Values(self.program, complete, self.row)
        self.values.bound |= {"joined": bands.joined, "first_row": first_row}
        self.nodes, self.same = self.program.nodes, self.values.same
        self.groups: list[Group] = [Group()]
        self.known_rows: dict[str, str] = {}
        tables = {table: self.table(table).rows for table in self.program.tables}
        self.places = {table: self.place([row.condition for row in rows]) for table, rows in tables.items()}
        checks = settlement.checks
        self.fails = self.place([(row.applies, row.fails) if row.applies >= 0 else row.fails for row in checks])
        self.applies = self.place([row.applies for row in checks if row.applies >= 0 and complete])

    def table(self, table: str) -> First:
        node = self.nodes[self.program.tables[table]]
        assert isinstance(node, First)
        return node

    def place(self, conditions: Sequence[int | tuple[int, int]]) -> Place:
        """A place for rows that want one condition, or two together, and their tests sorted into columns."""
        count = len(conditions)
        number = 0
        if self.groups[0].width + count > SHARED_ROWS:
            self.groups.append(Group())
            number = len(self.groups) - 1
        group = self.groups[number]
        rows = []
        for place, condition in enumerate(conditions):
            wanted = (condition,) if isinstance(condition, int) else condition
            atoms = tuple(atom for index in wanted for atom in bands.conjunction(self.nodes, index))
            self.sort(group, atoms, 1 << (group.width + place))
            rows.append(atoms)
        group.width += count
        return Place(number, group.width - count, tuple(rows))

    def sort(self, group: Group, atoms: Sequence[Atom], bit: int) -> None:
        """Put one row's tests into the columns of the figures that they read."""
        by_key: dict[Key, set[Atom]] = {}
        for index, wanted in atoms:
            by_key.setdefault(self.key(index), set()).add((self.same[index], wanted))
        for key, tests in by_key.items():
            column = group.columns.setdefault(key, {})
            column[frozenset(tests)] = column.get(frozenset(tests), 0) | bit

    def key(self, index: int) -> Key:
        figure = bands.operand(self.nodes, self.same, index)
        if figure is None:
            return "test", self.same[index]
        node = self.nodes[figure]
        outputs = self.values.outputs(node) if isinstance(node, Fact) and node.scope in self.program.tables else []
        fixed = outputs and all(isinstance(self.nodes[output], Const) for output in outputs)
        return "table" if fixed else "figure", figure

    # rows

    def row(self, table: str) -> str:
        """The variable of a table's row number; the complete function has -1 for none."""
        if table not in self.known_rows:
            place = self.places[table]
            text = "r" + self.values.variable("")
            self.gather(place)
            self.values.body += self.resolved(text, place)
            self.known_rows[table] = text
        return self.known_rows[table]

    def resolved(self, text: str, place: Place) -> list[ast.stmt]:
        if self.complete:
            shape = (place.first, len(place.rows), self.groups[place.group].width)
            return [assign(text, call("first_row", name(f"m{place.group}"), *shape))]
        own = self.own(place)
        if len(place.rows) <= 12:
            found: list[int | None] = [None]
            found += [lowest_row(left) for left in range(1, 1 << len(place.rows))]
            none = [ast.If(compare(name(text), "is", None), [ast.Expr(call("absent"))], [])] if all(place.rows) else []
            return [assign(text, ast.Subscript(self.values.bind(found), own, ast.Load())), *none]
        lowest = ast.BinOp(name(text), ast.BitAnd(), ast.UnaryOp(ast.USub(), name(text)))
        length = ast.Call(ast.Attribute(lowest, "bit_length", ast.Load()), [], [])
        none = [ast.If(ast.UnaryOp(ast.Not(), name(text)), [ast.Expr(call("absent"))], [])]
        return [assign(text, own), *none, assign(text, join(length, "-", 1))]

    def own(self, place: Place) -> ast.expr:
        """The bits of a table's own rows in the quick function; the topmost need no mask."""
        mask = name(f"m{place.group}")
        shifted = join(mask, ">>", place.first) if place.first else mask
        topmost = place.first + len(place.rows) == self.groups[place.group].width
        return tree(shifted if topmost else join(shifted, "&", (1 << len(place.rows)) - 1))

    def gather(self, place: Place) -> None:
        """Write every column that touches these rows into the AND of their group."""
        group = self.groups[place.group]
        keys = [key for key, tests in group.columns.items() if any(bits & place.bits for bits in tests.values())]
        # Preparing may gather for an earlier table, so nothing may be half written meanwhile.
        ready = {key: self.prepared(key) for key in keys}
        parts = [self.column(key, group.columns.pop(key), group, ready[key]) for key in keys if key in group.columns]
        text = f"m{place.group}"
        everything = (1 << group.width) - 1
        if not group.begun:
            group.begun = True
            parts = parts or [tree(self.packed(Rows(everything, everything), group))]
            self.values.body.append(assign(text, parts.pop(0)))
        for first in range(0, len(parts), CHAIN):
            self.values.body.append(assign(text, reduce(_and, parts[first : first + CHAIN], name(text))))

    def packed(self, rows: Rows, group: Group) -> int:
        """A row's two bits in one number: what is true below, what is possible above it."""
        return rows.true | rows.possible << group.width if self.complete else rows.true

    def prepared(self, key: Key) -> Any:
        """The variables that a column reads, written before it."""
        kind, index = key
        if kind == "table":
            node = self.nodes[index]
            assert isinstance(node, Fact)
            return self.row(node.scope)
        return self.values.value(index) if kind == "figure" else self.test(index)

    def column(self, key: Key, tests: Mapping[frozenset[Atom], int], group: Group, ready: Any) -> ast.expr:
        everything = (1 << group.width) - 1
        kind, index = key
        if kind == "table":
            node = self.nodes[index]
            assert isinstance(node, Fact)
            samples = [self.nodes[output].value for output in self.values.outputs(node)] + [None]  # type: ignore[union-attr]
            rows = [bands.rows_at(self.nodes, tests, everything, sample) for sample in samples]
            masks = self.values.bind(tuple(self.packed(left, group) for left in rows))
            return ast.Subscript(masks, name(ready), ast.Load())
        if kind == "test":
            rows = [_said(tests, everything, said) for said in (True, False, None)]
            return self.chosen(ready, [self.packed(left, group) for left in rows])
        return self.banded(index, bands.column(self.nodes, tests, everything), group, ready)

    def chosen(self, test: ast.expr, masks: Sequence[int]) -> ast.expr:
        if not self.complete:
            return either(test, masks[0], masks[1])
        return either(compare(test, "is", None), masks[2], either(test, masks[0], masks[1]))

    # columns of one figure

    def banded(self, index: int, column: Column, group: Group, value: Exact) -> ast.expr:
        masks = [self.packed(rows, group) for rows in column.bands]
        missing = self.packed(column.missing, group)
        if column.words:
            found = self.worded(index, column, group, value)
        else:
            moved = [place for place in range(len(column.cuts)) if masks[place + 1] != masks[place]]
            if not moved:
                self.values.certain(value)
            cuts = [column.cuts[place] for place in moved]
            found = self.between(value, cuts, [masks[0]] + [masks[place + 1] for place in moved])
        return either(compare(name(value.name), "is", None), missing, found) if self.complete and value.name else found

    def between(self, value: Exact, cuts: Sequence[bands.Cut], masks: Sequence[int]) -> ast.expr:
        """A tree of comparisons, so that a thousand thresholds take ten of them."""
        if not cuts:
            return tree(masks[0])
        half = len(cuts) // 2
        at = Exact(cuts[half].at.numerator, cuts[half].at.denominator)
        below = relation(value, "<=" if cuts[half].above else "<", at)
        low = self.between(value, cuts[:half], masks[: half + 1])
        return either(below, low, self.between(value, cuts[half + 1 :], masks[half + 1 :]))

    def worded(self, index: int, column: Column, group: Group, value: Exact) -> ast.expr:
        other = self.packed(column.bands[0], group)
        words = {word: self.packed(rows, group) for word, rows in column.words.items()}
        if set(words) <= {True, False} and not self.complete:
            true, false = words.get(True, other), words.get(False, other)
            stated = either(compare(value.top, "is", ast.Constant(False)), false, call("absent"))
            return either(compare(value.top, "is", ast.Constant(True)), true, stated)
        node = self.nodes[index]
        declared = self.program.facts.get(node.name) if isinstance(node, Fact) else None
        choices = declared.choices if declared else ()
        for word in choices:
            words.setdefault(word, other)
        # Where every word is declared, a plain mapping is quicker; a foreign word is then the complete function's.
        table = words if choices and not self.complete else Words(words, other)
        return ast.Subscript(self.values.bind(table), tree(value.top), ast.Load())

    # tests of several figures

    def test(self, index: int) -> ast.expr:
        """A condition that is no column: true or false; in the complete function a variable that may be None."""
        found = self._three(index) if self.complete else self._two(index)
        if not self.complete:
            return found
        text = self.values.variable("t")
        self.values.body.append(assign(text, found))
        return name(text)

    def _two(self, index: int) -> ast.expr:
        node = self.nodes[index]
        if isinstance(node, Logic):
            args = [self._two(arg) for arg in node.args]
            if node.op == "not":
                return ast.UnaryOp(ast.Not(), args[0])
            return both(args, ast.And if node.op == "and" else ast.Or)
        return self._single(index)

    def _three(self, index: int) -> ast.expr:
        node = self.nodes[index]
        if isinstance(node, Logic):
            args = [self._three(arg) for arg in node.args]
            return call("joined", node.op, ast.Tuple(args, ast.Load()))
        if isinstance(node, In) and node.missing:
            return self._single(index)
        parts = [node.left, node.right] if isinstance(node, Compare) else [node.arg if isinstance(node, In) else index]
        guards = [compare(name(value.name), "is", None) for part in parts if (value := self.values.value(part)).name]
        return either(both(guards, ast.Or), None, self._single(index)) if guards else self._single(index)

    def _single(self, index: int) -> ast.expr:
        """One test whose values are known."""
        node = self.nodes[index]
        if isinstance(node, Compare):
            return relation(self.sure(node.left), node.op, self.sure(node.right))
        if not isinstance(node, In):
            return compare(self.sure(index).top, "is", ast.Constant(True))
        value = self.sure(node.arg)
        if node.missing:
            absent = compare(name(value.name), "is", None) if self.complete and value.name else ast.Constant(False)
            return ast.UnaryOp(ast.Not(), absent) if node.negated else absent
        inside = [relation(value, "=", self.values.constant(point)) for point in node.points]
        inside += [both(self._ends(value, span)) for span in node.spans]
        found = both(inside, ast.Or)
        return ast.UnaryOp(ast.Not(), found) if node.negated else found

    def _ends(self, value: Exact, span: Any) -> list[ast.expr]:
        low = (span.low, ">=" if span.low_closed else ">")
        high = (span.high, "<=" if span.high_closed else "<")
        return [relation(value, op, self.values.constant(end)) for end, op in (low, high) if end is not None]

    def sure(self, index: int) -> Exact:
        return self.values.certain(self.values.value(index))


def _and(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.BinOp(left, ast.BitAnd(), right)


def _said(tests: Mapping[frozenset[Atom], int], everything: int, said: bool | None) -> Rows:
    """The rows left open where one test of several figures is true, false or unknown.

    Where it is unknown, so is a row that wants it both true and false.
    """
    true = possible = everything
    for atoms, bits in tests.items():
        wanted = {want for _, want in atoms}
        if wanted != {said}:
            true &= ~bits
            possible &= everything if said is None else ~bits
    return Rows(true, possible)
