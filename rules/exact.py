"""Exact numbers in generated code: a whole numerator over a whole denominator, as trees of Python's own syntax.

Whatever is known when a policy is compiled is worked out then; comparisons multiply crosswise, so the generated code
never divides, rounds or makes a fraction. Trees are built node by node, never from text.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

Term = int | ast.expr  # a number known now, or the tree of one
_COMPARE: dict[str, type[ast.cmpop]] = {
    "=": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
    "is": ast.Is, "is not": ast.IsNot, "in": ast.In,
}  # fmt: skip
_JOIN: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "//": ast.FloorDiv, "&": ast.BitAnd, "|": ast.BitOr, ">>": ast.RShift,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exact:
    """A value in generated code: `top` over `under` (always positive); words and flags have `under` 1.

    `name` is the variable that is None where the value is missing, "" for a constant. `sure` says that this variable
    cannot be None without an error before, so that nothing need be asked again.
    """

    top: Term
    under: Term = 1
    name: str = ""
    sure: bool = True


def fraction(value: Fraction | int) -> Exact:
    """A constant number."""
    return Exact(value.numerator, value.denominator)


def name(text: str) -> ast.expr:
    """A variable of ours, read."""
    return ast.Name(text, ast.Load())


def tree(term: Term | str | None) -> ast.expr:
    """A term as syntax; text becomes a constant, never a name."""
    return term if isinstance(term, ast.expr) else ast.Constant(term)


def join(left: Term, sign: str, right: Term) -> Term:
    """Two terms with + - * // & | >> between, worked out now where both are known; a factor of 1 is left out."""
    if isinstance(left, int) and isinstance(right, int):
        return {"+": left + right, "-": left - right, "*": left * right, "//": left // (right or 1)}[sign]
    if sign == "*" and 1 in (left, right):
        return right if left == 1 else left
    if sign in ("+", "-") and right == 0:
        return left
    return ast.BinOp(tree(left), _JOIN[sign](), tree(right))


def negative(term: Term) -> Term:
    """The term with its sign turned."""
    return -term if isinstance(term, int) else ast.UnaryOp(ast.USub(), term)


def compare(left: Term, op: str, right: Term | None) -> ast.expr:
    """A comparison as it stands, without denominators."""
    return ast.Compare(tree(left), [_COMPARE[op]()], [tree(right)])


def either(test: ast.expr, then: Term | None, other: Term | None) -> ast.expr:
    """One value where the test holds, another where not."""
    return ast.IfExp(test, tree(then), tree(other))


def both(tests: Sequence[ast.expr], op: type[ast.boolop] = ast.And) -> ast.expr:
    """All tests together, or any with `ast.Or`; of none, what is true of an empty list."""
    if len(tests) < 2:
        return tests[0] if tests else ast.Constant(op is ast.And)
    return ast.BoolOp(op(), list(tests))


def call(function: str, *args: Term | str | None) -> ast.expr:
    """A call of one of the functions that the code is given."""
    return ast.Call(name(function), [tree(arg) for arg in args], [])


def assign(target: str, value: Term | None) -> ast.stmt:
    """A variable set."""
    return ast.Assign([ast.Name(target, ast.Store())], tree(value))


def level(values: Sequence[Exact]) -> tuple[list[Term], Term]:
    """The numerators of several values over one denominator."""
    known = lcm(*(value.under for value in values if isinstance(value.under, int)))
    unknown = [(place, value.under) for place, value in enumerate(values) if not isinstance(value.under, int)]
    under: Term = known
    for _, factor in unknown:
        under = join(under, "*", factor)
    tops: list[Term] = []
    for place, value in enumerate(values):
        top = join(value.top, "*", known // value.under if isinstance(value.under, int) else known)
        for other, factor in unknown:
            top = top if other == place else join(top, "*", factor)
        tops.append(top)
    return tops, under


def relation(left: Exact, op: str, right: Exact) -> ast.expr:
    """A comparison of two numbers, by cross-multiplication."""
    (low, high), _ = level((left, right))
    return compare(low, op, high)
