"""A Program as z3 formulas: the same meaning as `rules/reference.py`, over every order at once.

Numbers are a numerator over a denominator that is never negative, so nothing is divided; words are whole numbers; a
condition has a formula for true and one for false, and is unknown where neither holds. Figures over lists are free
numbers of their kind. Only the months of the calendar are looser here than in the engines: a proof stays a proof, and
what would refute is replayed by the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import z3

from policy.kinds import COUNT_MAX, MONEY_MAX, NO_LIMIT, TOKENS, UNLIMITED
from policy.program import Calc, Compare, Const, Fact, First, In, Logic, Node, Program, Round, Span
from rules.prove_steps import FEW, Pairs, followers, relation
from rules.prove_values import (
    BeyondProof,
    Formula,
    Truth,
    Value,
    both,
    compared,
    either,
    goes_up,
    is_none,
    known_alike,
    known_truth,
    negation,
    negative_of,
    pick,
    sum_of,
)

LAST_DAY = 3_652_059
NATURAL = ("count", "months", "hours")
REAL = ("percent", "ratio", "rate", "number")
NEVER_NEGATIVE = ("order.amount", "order.prepaid", "order.credit_amount", "order.unsecured_amount")
NO_WORD = 0


class Words:
    """Words, offers and securities as whole numbers from 1; 0 is any other word."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}

    def place(self, word: Any) -> int:
        """The number of a word."""
        return self._places.setdefault(word, len(self._places) + 1)

    def word(self, place: int) -> Any:
        """The word of a number."""
        return next((word for word, at in self._places.items() if at == place), "other")

    def __len__(self) -> int:
        return len(self._places)


class World:
    """What two copies of a decision share: words, the facts that do not move, and what is known of every order.

    Tables in `free` give any of their rows' values: a proof without them is a proof, an example is none. Of those that
    move, `pairs` says which row may decide after which.
    """

    def __init__(self, program: Program, nodes: Sequence[Node], asked: Sequence[str], free: frozenset[int],
                 pairs: Mapping[int, Pairs]) -> None:  # fmt: skip
        self.program, self.nodes, self.asked, self.free, self.pairs = program, tuple(nodes), asked, free, pairs
        self.words, self.rules = Words(), list[Formula]()
        for node in nodes:
            if isinstance(node, Const) and isinstance(node.value, (str, tuple)):
                self.words.place(node.value)
            if isinstance(node, In):
                [self.words.place(point) for point in node.points if isinstance(point, str)]
        for text in (*asked, *(word for fact in program.facts.values() for word in fact.choices)):
            self.words.place(text)
        self.months = z3.Function("add_months", z3.IntSort(), z3.IntSort(), z3.IntSort())

    def fact(self, node: Fact, copy: str = "") -> Value:
        """The formula of a fact that an order gives."""
        name = f"{node.name}{copy}"
        if node.kind == "flag":
            return Value(z3.Bool(name))
        if node.kind in TOKENS:
            return self._token(node, name)
        found = z3.Real(name) if node.kind in REAL else z3.Int(name)
        most = MONEY_MAX if node.kind in ("money", "limit") else LAST_DAY if node.kind == "date" else COUNT_MAX
        counted = any(f.name == node.name and f.word == "count" for f in self.program.figures)
        declared = self.program.facts.get(node.name)
        least = 0 if node.kind in NATURAL or node.name in NEVER_NEGATIVE or counted else -most
        if declared is not None and declared.least is not None:
            least = declared.least
        if declared is not None and declared.scale:
            least, most = 1, len(declared.choices)
        low = 1 if node.kind == "date" else least
        if node.kind == "limit":
            marks = (found == NO_LIMIT, found == UNLIMITED)
            self.rules.append(z3.Or(*marks, z3.And(found >= 0, found <= most)))
        else:
            self.rules += [found >= low, found <= most]
        return Value(found)

    def any_of(self, given: Sequence[Value], name: str, sure: bool = False) -> Value:
        """A value of one row or another, or none where it is not `sure` that a row decides."""
        row, known = z3.Int(f"row of {name}"), sure or z3.Bool(f"row of {name} known")
        distinct = list({str((one.top, one.under, one.known)): one for one in given}.values())
        found = distinct[-1]
        whole = all(isinstance(one.top, int) and not isinstance(one.top, bool) for one in distinct)
        if whole and all(one.under == 1 and one.known is True for one in distinct):
            number = z3.Int(f"value of {name}")
            tops = [one.top for one in distinct]
            self.rules += [number >= min(tops), number <= max(tops)]
            if len(tops) <= FEW:
                self.rules.append(z3.Or(*[number == top for top in tops]))
            return Value(number, 1, known)
        for place, one in enumerate(distinct[:-1]):
            found = pick(row == place, one, found)
        return Value(found.top, found.under, both(known, found.known))

    def _token(self, node: Fact, name: str) -> Value:
        found = z3.Int(name)
        if node.kind == "terms":
            allowed = [self.words.place(text) for text in self.asked]
            self.rules.append(z3.Or(*[found == place for place in (NO_WORD, *allowed)]))
            return Value(found, known=found != NO_WORD)
        declared = self.program.facts.get(node.name)
        if declared is not None and declared.choices:
            self.rules.append(z3.Or(*[found == self.words.place(word) for word in declared.choices]))
        else:
            self.rules += [found >= 0, found <= len(self.words)]
        return Value(found)


class Copy:
    """One decision: every node's formula, made when it is asked for; what does not move is taken from `still`."""

    def __init__(self, world: World, given: Mapping[str, Value], moves: frozenset[int], still: Copy | None) -> None:
        self.world, self.given, self.moves, self.still = world, given, moves, still
        self._values: dict[int, Value] = {}
        self._truths: dict[int, Truth] = {}
        self._outputs: dict[tuple[int, Any], Value] = {}

    def value(self, index: int) -> Value:
        """The formula of a number, word or flag."""
        if self.still is not None and index not in self.moves:
            return self.still.value(index)
        if index not in self._values:
            self._values[index] = self._value(self.world.nodes[index])
        return self._values[index]

    def truth(self, index: int) -> Truth:
        """The formulas of a condition."""
        if self.still is not None and index not in self.moves:
            return self.still.truth(index)
        if index not in self._truths:
            self._truths[index] = self._truth(index, self.world.nodes[index])
        return self._truths[index]

    def row_of(self, index: int, given: Sequence[Value], key: Any) -> Value:
        """What the chosen row of a First gives, of one value for each row."""
        if self.still is not None and index not in self.moves:
            return self.still.row_of(index, given, key)
        if (index, key) not in self._outputs:
            table = self.world.nodes[index]
            assert isinstance(table, First)
            if index in self.world.free:
                self._outputs[index, key] = self._free(index, table.name, given, key)
                return self._outputs[index, key]
            found = Value(given[-1].top, given[-1].under, False)
            for row, value in zip(reversed(table.rows), reversed(given), strict=True):
                truth = self.truth(row.condition)
                found = pick(truth.yes, value, found)
                found = Value(found.top, found.under, both(negation(truth.unknown), found.known))
            self._outputs[index, key] = found
        return self._outputs[index, key]

    def _free(self, index: int, table: str, given: Sequence[Value], key: Any) -> Value:
        """Any row's value; where the table moves, one that may stand after the value before."""
        name, pairs = f"{table}:{key}", self.world.pairs.get(index)
        if pairs is None:
            return self.world.any_of(given, name)
        if self.still is None:
            return self.world.any_of(given, name, sure=True)
        before, found = self.still.row_of(index, given, key), self.world.any_of(given, f"{name}'", sure=True)
        after = followers(given, pairs)
        if after is not None:
            self.world.rules.append(either(*(both(before.top == value, either(*(found.top == one for one in may_be)))
                                             for value, may_be in after.items())))  # fmt: skip
        sign = relation(given, pairs)
        if sign:
            self.world.rules += [compared(before, sign, found), known_alike(before, found)]
        return found

    def _value(self, node: Node) -> Value:
        if isinstance(node, Const):
            return self._constant(node.value)
        if isinstance(node, Fact):
            if node.scope in ("fact", "figure"):
                return self.given[node.name]
            index = self.world.program.tables[node.scope]
            table = self.world.nodes[index]
            assert isinstance(table, First)
            place = table.outputs.index(node.name)
            return self.row_of(index, [self.value(row.outputs[place]) for row in table.rows], place)
        if isinstance(node, Round):
            return self._round(self.value(node.arg), node)
        assert isinstance(node, Calc), node
        return self._calc(node, [self.value(arg) for arg in node.args])

    def _constant(self, value: Any) -> Value:
        if isinstance(value, bool):
            return Value(value)
        if isinstance(value, (int, Fraction)):
            return Value(value.numerator, value.denominator)
        return Value(NO_WORD if value is None else self.world.words.place(value))

    def _calc(self, node: Calc, args: list[Value]) -> Value:
        known = both(*(arg.known for arg in args))
        first, second = args[0], args[1] if len(args) > 1 else args[0]
        match node.op:
            case "first_known":
                found = args[-1]
                for arg in reversed(args[:-1]):
                    found = pick(arg.known, arg, found)
                return Value(found.top, found.under, either(*(arg.known for arg in args)))
            case "add" | "add_days":
                found = sum_of(first, second)
            case "subtract" | "days_between":
                found = sum_of(first, negative_of(second))
            case "multiply":
                found = Value(first.top * second.top, first.under * second.under)
            case "negate":
                found = negative_of(first)
            case "abs":
                found = pick(compared(first, "<", Value(0)), negative_of(first), first)
            case "min" | "max":
                found = args[0]
                for arg in args[1:]:
                    found = pick(compared(found, "<=" if node.op == "min" else ">=", arg), found, arg)
            case "divide":
                return self._divided(first, second, known)
            case "money_over_limit":
                share = self._divided(first, second, known)
                free = compared(second, "=", Value(UNLIMITED))
                found = pick(free, Value(0), share)
                return Value(found.top, found.under, both(known, either(free, share.known)))
            case "limit_minus":
                free = compared(first, "=", Value(UNLIMITED))
                found = pick(free, Value(UNLIMITED), sum_of(first, negative_of(second)))
            case "stricter":
                found = args[0]
                for arg in args[1:]:
                    lower = pick(compared(found, "<=", arg), found, arg)
                    found = pick(is_none(found), arg, pick(is_none(arg), found, lower))
            case "none_as_zero":
                found = pick(is_none(first), Value(0), first)
            case "add_months":
                found = Value(self._months_later(first, second))
            case _:
                raise BeyondProof(f"the prover does not know '{node.op}'")
        return Value(found.top, found.under, known)

    def _divided(self, first: Value, second: Value, known: Formula) -> Value:
        top, under = first.top * second.under, first.under * second.top
        if isinstance(second.top, int) and second.top != 0:
            top, under = (-top, -under) if second.top < 0 else (top, under)
            return Value(top, under, known)
        negative = second.top < 0
        if not isinstance(negative, bool):
            top, under = z3.If(negative, -top, top), z3.If(negative, -under, under)
        zero = second.top == 0
        return Value(top, under, both(known, negation(zero)))

    def _months_later(self, day: Value, months: Value) -> Formula:
        found = self.world.months(day.top, months.top)
        if isinstance(months.top, int) and abs(months.top) <= 1200:
            ends = sorted((28 * months.top, 31 * months.top))
            inside = z3.And(found >= day.top + ends[0], found <= day.top + ends[1])
            clamped = z3.Or(day.top + ends[1] > LAST_DAY, day.top + ends[0] < 1)
            self.world.rules.append(z3.Or(clamped, inside))
        return found

    def _round(self, value: Value, node: Round) -> Value:
        top, part = value.top * node.step.denominator, value.under * node.step.numerator
        if isinstance(top, int) and isinstance(part, int):
            below, rest = divmod(top, part)
            up: Formula = goes_up(node.mode, below, rest, part, top > 0)
            return Value((below + int(up)) * node.step.numerator, node.step.denominator, value.known)
        if z3.is_real(top) or z3.is_real(part):
            below = z3.ToInt(top / part)
            rest = top - z3.ToReal(below) * part
        else:
            below = top / part if z3.is_expr(top) else z3.IntVal(top) / part
            rest = top - below * part
        up = goes_up(node.mode, below, rest, part, top > 0)
        found = below + z3.If(up, 1, 0) if z3.is_expr(up) else below + int(up)
        return Value(found * node.step.numerator, node.step.denominator, value.known)

    def _truth(self, index: int, node: Node) -> Truth:
        if isinstance(node, Logic):
            parts = [self.truth(arg) for arg in node.args]
            if node.op == "not":
                return Truth(parts[0].no, parts[0].yes, parts[0].sure)
            join, part = (both, either) if node.op == "and" else (either, both)
            yes, sure = join(*(one.yes for one in parts)), all(one.sure for one in parts)
            return Truth(yes, negation(yes) if sure else part(*(one.no for one in parts)), sure)
        if isinstance(node, Compare):
            left, right = self.value(node.left), self.value(node.right)
            return known_truth(compared(left, node.op, right), both(left.known, right.known))
        value = self.value(node.arg if isinstance(node, In) else index)
        if not isinstance(node, In):
            return known_truth(value.top, value.known)
        if node.missing:
            absent = negation(value.known)
            return Truth(*((value.known, absent) if node.negated else (absent, value.known)), sure=True)
        points = [compared(value, "=", self._constant(point)) for point in node.points]
        inside = either(*points, *(self._inside(value, span) for span in node.spans))
        return known_truth(negation(inside) if node.negated else inside, value.known)

    def _inside(self, value: Value, span: Span) -> Formula:
        low = span.low is None or compared(value, ">=" if span.low_closed else ">", self._constant(span.low))
        high = span.high is None or compared(value, "<=" if span.high_closed else "<", self._constant(span.high))
        return both(low, high)
