"""The quick function: one decision's core from facts that are all there, without amounts, evidence or reasons.

It stops with an error of `ABSENT` where a value is missing or no row fits, and never guesses: the complete function
then answers. What the policy fixes (offers, shares) is worked out here, once, into tables of plain numbers.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from policy.program import Check, Const, Fact, First
from rules.assembly import Assembly
from rules.emit import Absent
from rules.exact import Term, assign, both, call, compare, either, join, name, negative, tree
from rules.settlement import Alternatives, Settlement, offered

ABSENT = (Absent, KeyError, TypeError, AttributeError)  # what a missing value does to the quick function
Core = tuple[int, int, int, int, int, int, int, int]


class Offers(dict[Any, tuple[bool, bool]]):
    """One row's answer to terms asked for: whether other terms are given, and whether all is to be prepaid."""

    def __init__(self, settlement: Settlement, offers: Sequence[str], longest: str | None) -> None:
        super().__init__()
        self.settlement, self.offers, self.longest = settlement, offers, longest
        for asked in (None, *settlement.program.terms):
            self[asked] = self.given(asked)

    def given(self, asked: str | None) -> tuple[bool, bool]:
        offer = offered(self.settlement.program, self.offers, self.longest, asked)
        return asked is not None and offer is not None and offer != asked, offer == "prepaid"

    def __missing__(self, asked: object) -> tuple[bool, bool]:
        if not isinstance(asked, str):
            raise KeyError(asked)
        return self.given(asked)


def least_share(alternatives: Alternatives) -> tuple[int, int] | None:
    """The smallest sum of shares of any alternative, as two numbers: what covers it settles all. None is nothing."""
    if not alternatives or not all(alternatives):
        return None
    least = min(sum((Fraction(share) for _, share in alternative), Fraction(0)) for alternative in alternatives)
    return least.numerator, least.denominator


class Quick:
    """Writes the quick core of one Program; `possible` is false where offers or securities are no constants."""

    def __init__(self, settlement: Settlement) -> None:
        self.settlement, self.fold = settlement, settlement.fold
        self.assembly = Assembly(settlement, complete=False)
        self.values = self.assembly.values
        self.tables = [settlement.table(index) if index >= 0 else None for index in settlement.sections.values()]
        self.possible = all(self.constant(table) for table in self.tables[2:] if table) and self.shares_are_parts()

    def constant(self, table: First) -> bool:
        return all(isinstance(self.assembly.nodes[output], Const) for row in table.rows for output in row.outputs)

    def column(self, table: First | None, output: str) -> list[Any]:
        """One constant output, row by row; None where the table has no such output."""
        if table is None or output not in table.outputs:
            return [None] * (len(table.rows) if table else 0)
        place = table.outputs.index(output)
        return [self.assembly.nodes[row.outputs[place]].value for row in table.rows]  # type: ignore[union-attr]

    def shares_are_parts(self) -> bool:
        return all(share >= 0 for row in self.column(self.tables[3], "security") for way in row for _, share in way)

    def begin(self) -> None:
        """The rows of all sections but authority, the checks that failed, and all that must be there."""
        assembly, values = self.assembly, self.values
        self.rows: list[Term] = [name(assembly.row(table.name)) if table else -1 for table in self.tables]
        assembly.gather(assembly.fails)
        values.body.append(assign("failed", assembly.own(assembly.fails)))
        for place, row in enumerate(self.settlement.checks):
            if row.lifts:
                self.lift(place, row)
        self.demand()

    def lift(self, place: int, row: Check) -> None:
        """Takes a check out of those that failed where an exception lifts it; `by` and its place name the exception."""
        tests = [(exception.name, self.assembly.test(exception.condition)) for exception in row.lifts]
        text, bit, nobody = f"by{place}", tree(1 << place), ast.Constant("")
        found: ast.expr = nobody
        for exception, test in reversed(tests):
            found = either(test, ast.Constant(exception), found)
        is_failed = ast.BinOp(name("failed"), ast.BitAnd(), bit)
        spared = assign("failed", ast.BinOp(name("failed"), ast.BitXor(), bit))
        self.values.body += [assign(text, either(is_failed, found, nobody)), ast.If(name(text), [spared], [])]

    def body(self) -> list[ast.stmt]:
        """The function that answers the core."""
        self.begin()
        values = self.values
        lines = [*values.body, ast.If(self.failed("hard_stop", "deny"), [self.answer(3, -1)], [])]
        with values.block() as referred:
            row = self.authority()
        lines.append(ast.If(self.failed("refer"), [*referred, self.answer(2, row)], []))
        with values.block() as allowed:
            changed = self.conditions()
        return [*lines, *allowed, self.answer(either(changed, 1, 0), -1)]

    def demand(self) -> None:
        """What the decision needs beside its rows: the outputs of its tables and the limit, as a missing one refers."""
        for table in self.tables[:2]:
            for output in table.outputs if table else ():
                assert table is not None
                nodes = [row.outputs[table.outputs.index(output)] for row in table.rows]
                if not all(isinstance(self.assembly.nodes[node], Const) for node in nodes):
                    self.values.section(table.name, output)
        if self.fold.limit_effective >= 0:
            self.assembly.sure(self.fold.limit_effective)

    def failed(self, *verdicts: str) -> ast.expr:
        """Whether a check of these verdicts failed."""
        bits = sum((row.verdict in verdicts) << place for place, row in enumerate(self.settlement.checks))
        return tree(join(name("failed"), "&", bits))

    def authority(self) -> Term:
        if self.fold.authority < 0:
            return -1
        return name(self.assembly.row(self.settlement.table(self.fold.authority).name))

    def answer(self, verdict: Term, authority: Term) -> ast.stmt:
        parts: list[Term] = [verdict, *self.rows, authority, name("failed"), 0]
        return ast.Return(ast.Tuple([tree(part) for part in parts], ast.Load()))

    def conditions(self) -> ast.expr:
        """Whether other terms than asked are given, or security is still to bring."""
        bind, values, fold = self.values.bind, self.values, self.fold
        changed: ast.expr = ast.Constant(False)
        needs: ast.expr = ast.Constant(None)
        if self.tables[3]:
            shares = tuple(least_share(row) for row in self.column(self.tables[3], "security"))
            needs = ast.Subscript(bind(shares), tree(self.rows[3]), ast.Load())
        if self.tables[2]:
            columns = [self.column(self.tables[2], output) for output in ("offer", "longest")]
            offers = tuple(Offers(self.settlement, offer, longest) for offer, longest in zip(*columns, strict=True))
            if fold.requested_terms < 0 and not any(given[None][1] for given in offers):
                return self.brought(needs, changed)
            row = ast.Subscript(bind(offers), tree(self.rows[2]), ast.Load())
            asked = self.optional(fold.requested_terms)
            target = ast.Tuple([ast.Name("changed", ast.Store()), ast.Name("prepay", ast.Store())], ast.Store())
            values.body.append(ast.Assign([target], ast.Subscript(row, asked, ast.Load())))
            changed, needs = name("changed"), either(name("prepay"), ast.Tuple([tree(1), tree(1)], ast.Load()), needs)
        return self.brought(needs, changed)

    def optional(self, index: int) -> ast.expr:
        """A fact of the order that may well be absent: None then."""
        if index < 0:
            return ast.Constant(None)
        node = self.assembly.nodes[index]
        assert isinstance(node, Fact)
        return ast.Call(ast.Attribute(name("facts"), "get", ast.Load()), [tree(node.name)], [])

    def brought(self, needs: ast.expr, changed: ast.expr) -> ast.expr:
        """Is the least sum of shares, rounded half to even, more than what is prepaid? In whole numbers:
        2 × share × amount − (2 × prepaid + 1) × parts is above 0, or is 0 with an odd prepaid.
        """
        self.values.body.append(assign("needs", needs))
        if self.fold.amount < 0:
            return both([changed, compare(name("needs"), "is not", None)], ast.Or)
        amount = self.assembly.sure(self.fold.amount).top
        paid = self.optional(self.fold.prepaid)
        self.values.body.append(assign("paid", either(paid, paid, 0) if self.fold.prepaid >= 0 else 0))
        negative_money = both([compare(amount, "<", 0), compare(name("paid"), "<", 0)], ast.Or)
        self.values.body.append(ast.If(negative_money, [ast.Expr(call("absent"))], []))
        part, parts = (ast.Subscript(name("needs"), tree(place), ast.Load()) for place in (0, 1))
        doubled = join(join(part, "*", amount), "*", 2)
        middle = join(join(join(name("paid"), "*", 2), "+", 1), "*", parts)
        more = compare(join(doubled, "-", middle), ">", negative(join(name("paid"), "&", 1)))
        return both([changed, both([compare(name("needs"), "is not", None), more])], ast.Or)
