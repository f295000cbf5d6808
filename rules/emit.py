"""Values as generated code: every fact, sum and rounding of a Program becomes one variable of one function.

The same writer makes two functions. The quick one takes every value for given and stops with an error where one is
not; the complete one carries None for a missing value. Neither ever takes a missing value for a number.
"""

from __future__ import annotations

import ast
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from typing import Any

from policy.kinds import NO_LIMIT, UNLIMITED
from policy.program import Calc, Const, Fact, First, Node, Program, Round
from rules.bands import canonical
from rules.exact import Exact, Term, assign, both, call, compare, either, fraction, join, level, name, negative, tree
from rules.outcome import Missing

RATIONAL = ("percent", "ratio", "rate", "number")  # facts of these kinds may come as fractions


class Absent(Exception):
    """A value is missing, so that the quick function cannot answer."""


class Values:
    """Writes the code for values; `rows` writes that for a table's row number and answers its variable."""

    def __init__(self, program: Program, complete: bool, rows: Callable[[str], str]) -> None:
        self.nodes: Sequence[Node] = program.nodes
        self.tables: Mapping[str, int] = program.tables
        self.complete, self.rows = complete, rows
        self.same = canonical(program.nodes)
        self.body: list[ast.stmt] = []
        self.written: dict[int, Exact] = {}
        self.asked: set[str] = set()
        self.sections: dict[tuple[str, str], Exact] = {}
        self.bound: dict[str, Any] = {
            "absent": absent, "Missing": Missing, "plain": plain,
            "given": given, "half_even": half_even, "half_up": half_up, "month_later": month_later,
        }  # fmt: skip
        self._variables = 0

    def variable(self, letter: str = "v") -> str:
        self._variables += 1
        return f"{letter}{self._variables}"

    def bind(self, value: object) -> ast.expr:
        """A constant that syntax cannot hold, under a name of its own."""
        text = f"k{len(self.bound)}"
        self.bound[text] = value
        return name(text)

    @contextmanager
    def block(self) -> Iterator[list[ast.stmt]]:
        """Statements written aside; what they name is unknown outside."""
        saved = self.body, dict(self.written), set(self.asked)
        self.body = []
        try:
            yield self.body
        finally:
            self.body, self.written, self.asked = saved

    def value(self, index: int) -> Exact:
        """The value of a node, written where it is first read."""
        index = self.same[index]
        if index not in self.written:
            node = self.nodes[index]
            if isinstance(node, Const):
                found = self.constant(node.value)
            elif isinstance(node, Fact):
                found = self.fact(node)
            elif isinstance(node, Calc):
                found = _CALC[node.op](self, [self.value(arg) for arg in node.args])
            else:
                assert isinstance(node, Round)
                found = self.round(node, self.value(node.arg))
            self.written[index] = found
        return self.written[index]

    def constant(self, value: Any) -> Exact:
        if isinstance(value, int | Fraction) and not isinstance(value, bool):
            return fraction(value)
        return Exact(self.bind(value) if isinstance(value, tuple) else ast.Constant(value))

    def certain(self, value: Exact) -> Exact:
        """The same value; the quick function first stops if it is missing."""
        if value.sure or self.complete or value.name in self.asked:
            return value
        self.asked.add(value.name)
        kind = ast.Attribute(name(value.name), "__class__", ast.Load())
        none, reasons = compare(name(value.name), "is", None), compare(kind, "is", name("Missing"))
        self.body.append(ast.If(both([none, reasons], ast.Or), [ast.Expr(call("absent"))], []))
        return value

    def define(self, args: Sequence[Exact], top: Term, under: Term = 1) -> Exact:
        """A new variable, missing where an argument is; a sum that only copies would let a missing value through."""
        if isinstance(top, ast.Name):
            args = [self.certain(arg) for arg in args]
        text = self.variable()
        below = "" if isinstance(under, int) else "w" + text
        whole = [assign(text, top)] + ([assign(below, under)] if below else [])
        self._guarded(args, whole, [assign(text, None)] + ([assign(below, None)] if below else []))
        return Exact(name(text), name(below) if below else under, text)

    def _guarded(self, args: Sequence[Exact], given: list[ast.stmt], missing: list[ast.stmt]) -> None:
        guards = [compare(name(arg.name), "is", None) for arg in args if arg.name] if self.complete else []
        self.body += [ast.If(both(guards, ast.Or), missing, given)] if guards else given

    def fact(self, node: Fact) -> Exact:
        if node.scope not in ("fact", "figure"):
            return self.output(node)
        text = self.variable()
        read = ast.Subscript(name("facts"), tree(node.name), ast.Load())
        self.body.append(assign(text, call("given", name("facts"), node.name) if self.complete else read))
        if node.kind == "flag" or (node.scope == "fact" and node.kind not in RATIONAL):
            return Exact(name(text), 1, text, sure=False)
        raw = Exact(name(text), 1, text)
        return self.define((raw,), ast.Attribute(raw_tree := tree(raw.top), "numerator", ast.Load()),
                           ast.Attribute(raw_tree, "denominator", ast.Load()))  # fmt: skip

    def output(self, node: Fact) -> Exact:
        """An output of a table: of the row that was chosen only."""
        outputs = [self.same[output] for output in self.outputs(node)]
        for read in self.table_reads(outputs):
            self.value(read)  # before any block, as a row found in a block would be unknown outside
        row = self.rows(node.scope)
        constants = [found.value for output in outputs if isinstance(found := self.nodes[output], Const)]
        if len(constants) == len(outputs):
            return self._listed(row, constants)
        return self._selected(row, outputs)

    def section(self, table: str, output: str) -> Exact:
        """A section's own output, which must be there."""
        key = table, output
        if key not in self.sections:
            self.sections[key] = self.certain(self.output(Fact(output, "", table)))
        return self.sections[key]

    def outputs(self, node: Fact) -> list[int]:
        """The nodes of one output of a table, row by row."""
        table = self.nodes[self.tables[node.scope]]
        assert isinstance(table, First)
        place = table.outputs.index(node.name)
        return [row.outputs[place] for row in table.rows]

    def table_reads(self, indexes: Sequence[int]) -> Iterator[int]:
        """The outputs of other tables that these nodes read."""
        for index in indexes:
            node = self.nodes[index]
            if isinstance(node, Fact) and node.scope not in ("fact", "figure"):
                yield index
            elif isinstance(node, Calc | Round):
                yield from self.table_reads(node.args if isinstance(node, Calc) else (node.arg,))

    def _listed(self, row: str, values: Sequence[Any]) -> Exact:
        """Constant outputs as a tuple; the place behind the last row, which is also place -1, is no value."""
        exact = [self.constant(value) for value in values]
        numbers = all(isinstance(value.top, int) for value in exact)
        tops, under = level(exact) if numbers else (values, 1)
        text = self.variable()
        self.body.append(assign(text, ast.Subscript(self.bind((*tops, None)), name(row), ast.Load())))
        return Exact(name(text), under, text, sure=numbers)

    def _selected(self, row: str, outputs: Sequence[int]) -> Exact:
        text = self.variable()
        leaves: list[tuple[list[ast.stmt], Exact]] = []
        for output in outputs:
            if self.complete:
                leaves.append(([], self.value(output)))
                continue
            with self.block() as body:
                leaves.append((body, self.certain(self.value(output))))
        values = [value for _, value in leaves]
        fixed = all(isinstance(value.under, int) for value in values)
        tops, under = level(values) if fixed else ([value.top for value in values], name("w" + text))
        for (body, value), top in zip(leaves, tops, strict=True):
            saved, self.body = self.body, body
            whole = [assign(text, top)] + ([] if fixed else [assign("w" + text, value.under)])
            self._guarded((value,), whole, [assign(text, None)] + ([] if fixed else [assign("w" + text, None)]))
            self.body = saved
        chosen = _by_row(row, [body for body, _ in leaves], 0)
        if self.complete:
            nothing = [assign(text, None)] + ([] if fixed else [assign("w" + text, None)])
            chosen = [ast.If(compare(name(row), "<", 0), nothing, chosen)]
        self.body += chosen
        return Exact(name(text), under, text)

    def round(self, node: Round, value: Exact) -> Exact:
        """Whole steps of a number: floor division of whole numbers, whose remainder is never negative."""
        top, under = join(value.top, "*", node.step.denominator), join(value.under, "*", node.step.numerator)
        if node.mode == "floor":
            steps = join(top, "//", under)
        elif node.mode == "ceil":
            steps = negative(join(negative(top), "//", under))
        else:
            steps = call(node.mode, top, under)
        return self.define((value,), join(steps, "*", node.step.numerator), node.step.denominator)

    def pair(self, args: Sequence[Exact], make: Callable[[Term, Term, Term], Term]) -> Exact:
        """A new number from two over one denominator."""
        (left, right), under = level(args)
        return self.define(args, make(left, right, under), under)

    def sum(self, args: Sequence[Exact], sign: str) -> Exact:
        return self.pair(args, lambda left, right, _: join(left, sign, right))

    def product(self, args: Sequence[Exact]) -> Exact:
        left, right = args
        return self.define(args, join(left.top, "*", right.top), join(left.under, "*", right.under))

    def quotient(self, args: Sequence[Exact]) -> Exact:
        """Left over right, the denominator made positive; a divisor of 0 is no value."""
        left, right = (self.certain(arg) for arg in args)
        text = self.variable()
        top, under = name(text), name("w" + text)
        turned = [assign(text, negative(top)), assign("w" + text, negative(under))]
        none = [assign(text, None), assign("w" + text, None)]
        stop: list[ast.stmt] = none if self.complete else [ast.Expr(call("absent"))]
        sign = ast.If(compare(under, "<", 0), turned, stop)
        whole = [assign(text, join(left.top, "*", right.under)), assign("w" + text, join(left.under, "*", right.top)),
                 ast.If(compare(under, "<=", 0), [sign], [])]  # fmt: skip
        self._guarded(args, whole, none)
        return Exact(top, under, text)

    def chosen(self, args: Sequence[Exact], make: Callable[[Term, Term, Term], Term]) -> Exact:
        """Two and two together, first to last: min, max and the stricter of limits."""
        found = self.certain(args[0])
        for arg in args[1:]:
            found = self.pair((found, self.certain(arg)), make)
        return found

    def over_limit(self, args: Sequence[Exact]) -> Exact:
        """Money over a limit; over "unlimited" it is 0, as 0 divided by 1."""
        money, limit = (self.certain(arg) for arg in args)
        unlimited = compare(limit.top, "=", join(limit.under, "*", UNLIMITED))
        top = self.define((money, limit), either(unlimited, 0, money.top), money.under)
        under = self.define((limit,), either(unlimited, 1, limit.top), limit.under)
        return self.quotient((top, under))

    def first_known(self, args: Sequence[Exact]) -> Exact:
        if not self.complete:
            return self.certain(args[0])
        text = self.variable()
        chosen = [assign(text, None), assign("w" + text, None)]
        for arg in reversed(args):
            given = [assign(text, arg.top), assign("w" + text, arg.under)]
            chosen = [ast.If(compare(name(arg.name), "is not", None), given, chosen)] if arg.name else given
        self.body += chosen
        return Exact(name(text), 1 if all(arg.under == 1 for arg in args) else name("w" + text), text)


def _by_row(row: str, blocks: Sequence[list[ast.stmt]], first: int) -> list[ast.stmt]:
    """A tree of questions about the row number, so that a thousand rows take ten of them."""
    if len(blocks) == 1:
        return blocks[0]
    half = len(blocks) // 2
    low, high = _by_row(row, blocks[:half], first), _by_row(row, blocks[half:], first + half)
    return [ast.If(compare(name(row), "<", first + half), low, high)]


def _stricter(left: Term, right: Term, under: Term) -> Term:
    none = join(under, "*", NO_LIMIT)
    lower = either(compare(left, "<=", right), left, right)
    return either(compare(left, "=", none), right, either(compare(right, "=", none), left, lower))


def _limit_minus(values: Values, args: Sequence[Exact]) -> Exact:
    def rest(limit: Term, money: Term, under: Term) -> Term:
        unlimited = join(under, "*", UNLIMITED)
        return either(compare(limit, "=", unlimited), unlimited, join(limit, "-", money))

    return values.pair([values.certain(arg) for arg in args], rest)


def _none_as_zero(values: Values, args: Sequence[Exact]) -> Exact:
    limit = values.certain(args[0])
    none = compare(limit.top, "=", join(limit.under, "*", NO_LIMIT))
    return values.define((limit,), either(none, 0, limit.top), limit.under)


def _sized(values: Values, args: Sequence[Exact]) -> Exact:
    top = args[0].top
    return values.define(args, either(compare(top, ">=", 0), top, negative(top)), args[0].under)


_CALC: dict[str, Callable[[Values, list[Exact]], Exact]] = {
    "add": lambda values, args: values.sum(args, "+"), "subtract": lambda values, args: values.sum(args, "-"),
    "days_between": lambda values, args: values.sum(args, "-"), "add_days": lambda values, args: values.sum(args, "+"),
    "multiply": Values.product, "divide": Values.quotient, "abs": _sized,
    "negate": lambda values, args: values.define(args, negative(args[0].top), args[0].under),
    "min": lambda values, args: values.chosen(args, lambda a, b, _: either(compare(a, "<=", b), a, b)),
    "max": lambda values, args: values.chosen(args, lambda a, b, _: either(compare(a, ">=", b), a, b)),
    "stricter": lambda values, args: values.chosen(args, _stricter), "none_as_zero": _none_as_zero,
    "limit_minus": _limit_minus, "money_over_limit": Values.over_limit, "first_known": Values.first_known,
    "add_months": lambda values, args: values.define(args, call("month_later", args[0].top, args[1].top)),
}  # fmt: skip


def plain(top: int | None, under: int | None) -> int | Fraction | None:
    """A value as it is shown: whole where it is whole, None where it is missing."""
    if top is None or under is None:
        return None
    return Fraction(top, under) if top % under else top // under


def absent() -> None:
    """Stop the quick function."""
    raise Absent


def given(facts: Mapping[str, Any], fact: str) -> Any:
    """A fact's value, None where there is none."""
    value = facts.get(fact)
    return None if isinstance(value, Missing) else value


def half_even(top: int, under: int) -> int:
    """The nearest whole number, the even one of two equally near."""
    whole, rest = divmod(top, under)
    return whole + (2 * rest > under or (2 * rest == under and whole % 2 == 1))


def half_up(top: int, under: int) -> int:
    """The nearest whole number, of two equally near the one farther from 0."""
    return (2 * top + under) // (2 * under) if top >= 0 else -((under - 2 * top) // (2 * under))


def month_later(day: int, months: int) -> int:
    """The same day of a month so many months later, the month's last where it is shorter; never past the calendar."""
    start = date.min if day < 1 else date.max if day > date.max.toordinal() else date.fromordinal(day)
    year, month = divmod(12 * start.year + start.month - 1 + months, 12)
    if year < 1 or year > 9999:
        return (date.min if year < 1 else date.max).toordinal()
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])).toordinal()
