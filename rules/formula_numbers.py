"""The nodes of several Programs as numbers: equal numbers only where formulas mean the same for every order.

What is commutative has no order, lines of an "and" inside an "and" are its lines, and a name counts by what it reads.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import fields

from policy.program import Calc, Compare, Const, Fact, First, In, Logic, Node, Program, Round

COMMUTATIVE = ("add", "multiply", "min", "max", "stricter")
INSIDE = ("nodes", "where", "field")  # of a figure: compared by what they mean
UNREAD = ("meaning", "better")  # of a declaration: no decision reads it
FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Terms:
    """The nodes of a Program as numbers that two Programs share: equal numbers mean the same for every order."""

    def __init__(self, program: Program, numbers: dict[Hashable, int], nodes: Sequence[Node] | None = None) -> None:
        self.program, self.numbers = program, numbers
        self.nodes = program.nodes if nodes is None else nodes
        self.tables = {node.name: index for index, node in enumerate(self.nodes) if isinstance(node, First)}
        self.memo: dict[int, int] = {}

    def number(self, index: int) -> int:
        """The number of a node; -1 for no node."""
        if index < 0:
            return -1
        if index not in self.memo:
            self.memo[index] = self.numbers.setdefault(self._key(self.nodes[index]), len(self.numbers))
        return self.memo[index]

    def _key(self, node: Node) -> Hashable:
        match node:
            case Const(kind=kind, value=value):
                return "const", kind, type(value).__name__, value
            case Fact():
                return self._fact(node)
            case Calc(op=op, args=args, kind=kind):
                found = [self.number(arg) for arg in args]
                return "calc", op, kind, tuple(sorted(found) if op in COMMUTATIVE else found)
            case Round(arg=arg, step=step, mode=mode):
                return "round", self.number(arg), step, mode
            case Compare(op=op, left=left, right=right):
                one, other = self.number(left), self.number(right)
                return ("compare", op, one, other) if one <= other else ("compare", FLIPPED[op], other, one)
            case In():
                told = (frozenset(map(_typed, node.points)), frozenset(node.spans), node.negated, node.missing)
                return "in", self.number(node.arg), *told
            case Logic(op="not", args=(arg,)):
                return "not", self.number(arg)
            case Logic(op=op):
                parts = frozenset(self._parts(op, node))
                return ("only", next(iter(parts))) if len(parts) == 1 else ("logic", op, parts)
            case First(outputs=outputs, rows=rows):
                told_rows = ((self.number(r.condition), *map(self.number, r.outputs)) for r in rows)
                return "first", outputs, tuple(told_rows)
        return "alone", id(self), repr(node)  # a node that this argument does not know is like no other

    def _parts(self, op: str, node: Logic) -> Iterator[int]:
        """The lines under an "and" or "or", those of an "and" inside an "and" among them."""
        for arg in node.args:
            below = self.nodes[arg]
            if isinstance(below, Logic) and below.op == op:
                yield from self._parts(op, below)
            elif isinstance(below, Logic) and below.op != "not" and len(below.args) == 1:
                yield from self._parts(op, Logic(op, below.args))
            else:
                yield self.number(arg)

    def _fact(self, node: Fact) -> Hashable:
        if node.scope in self.tables:
            return "output", self.number(self.tables[node.scope]), node.name
        if node.scope == "figure":
            return "figure", self._figure(node.name)
        return "fact", node.scope, node.name, node.kind, self._declared(node.name)

    def _figure(self, name: str) -> Hashable:
        figure = next((one for one in self.program.figures if one.name == name), None)
        if figure is None:
            return name
        inside = Terms(self.program, self.numbers, figure.nodes)
        rest = [repr(getattr(figure, one.name)) for one in fields(figure) if one.name not in ("name", *INSIDE)]
        read = (inside.number(figure.where), inside.number(figure.field))
        return read, tuple(rest), self._declared(figure.list_name)

    def _declared(self, name: str) -> Hashable:
        """What the declaration of a fact or list says of its values and of their absence."""
        declared = self.program.facts.get(name)
        if declared is None:
            return ""
        return tuple(repr(getattr(declared, one.name)) for one in fields(declared) if one.name not in UNREAD)


def _typed(value: object) -> Hashable:
    return type(value).__name__, value
