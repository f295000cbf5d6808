"""The quick function's full answer: checks with their evidence, written as code for each check of a Program.

Where a check failed, all tests of an "and" hold and need not be asked again; where it passed, each test is asked once
more to name those that saved it. As in the quick core, an error sends the decision to the complete function.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from policy.program import Check, Compare, Const, In, Logic
from rules.emit import given
from rules.exact import Exact, Term, assign, both, call, join, name, tree
from rules.outcome import CheckOutcome, Evidence, Outcome
from rules.quick import Quick
from rules.reasons import NOTHING
from rules.settlement import Order, Sections, Settlement

NO_REASONS = ast.Tuple([], ast.Load())
Piece = tuple[list[ast.expr], ast.expr]  # the tests that must hold, and the evidence then


def maker(record: type[Any]) -> Callable[[Any, Any, Any, Any], Any]:
    """Makes a frozen record of four fields in 60 % of the time that its own way takes, which names every field.

    A fifth field gets its default.
    """
    first, second, third, fourth, *more = (getattr(record, part.name).__set__ for part in fields(record))
    defaults = [part.default for part in fields(record)[4:]]
    new = object.__new__
    if more:
        fifth, default = more[0], defaults[0]

        def made_with_default(one: Any, two: Any, three: Any, four: Any) -> Any:
            found = new(record)
            first(found, one)
            second(found, two)
            third(found, three)
            fourth(found, four)
            fifth(found, default)
            return found

        return made_with_default

    def made(one: Any, two: Any, three: Any, four: Any) -> Any:
        found = new(record)
        first(found, one)
        second(found, two)
        third(found, three)
        fourth(found, four)
        return found

    return made


class Full(Quick):
    """Writes the quick full answer of one Program."""

    def __init__(self, settlement: Settlement) -> None:
        super().__init__(settlement)
        self.values.bound |= {
            "Evidence": maker(Evidence), "CheckOutcome": maker(CheckOutcome), "lifted": lifted, "finish": self.finish,
        }  # fmt: skip
        tiers, _, terms, security = self.tables
        self.offers, self.longest = [*self.column(terms, "offer"), None], [*self.column(terms, "longest"), None]
        self.securities = [*self.column(security, "security"), ()]  # the last is for row -1: no such section
        self.ways = settlement.table(self.fold.authority) if self.fold.authority >= 0 else None
        self.possible = self.possible and all(self.constant(table) for table in (tiers, self.ways) if table)
        if self.possible:
            self.tier, self.release = [*self.column(tiers, "tier"), None], [*self.column(self.ways, "release"), None]

    def body(self) -> list[ast.stmt]:
        """The function that answers an Outcome."""
        self.begin()
        values = self.values
        states = [name(self.assembly.row(table)) for table in self.settlement.states]
        checks = [self.check(place, row) for place, row in enumerate(self.settlement.checks)]
        limits = self.limits()
        lines = [*values.body, assign("authority", -1)]
        with values.block() as referred:
            values.body.append(assign("authority", self.authority()))
        grave = ast.UnaryOp(ast.Not(), self.failed("hard_stop", "deny"))
        lines.append(ast.If(both([grave, self.failed("refer")]), referred, []))
        rows = ast.Tuple([*(tree(row) for row in self.rows), *states], ast.Load())
        answer = [name("facts"), ast.Tuple(checks, ast.Load()), rows, limits, name("authority")]
        return [*lines, ast.Return(call("finish", *answer))]

    def finish(
        self, facts: Mapping[str, Any], checks: tuple[CheckOutcome, ...], rows: tuple[int, ...], limits: dict[str, Any],
        authority: int,
    ) -> Outcome:  # fmt: skip
        """The answer where nothing is missing but what the order may leave out."""
        settlement = self.settlement
        tier, _, terms, security, *states = rows
        order = Order(*(given(facts, fact) if fact else None for fact in settlement.order))
        numbers = {title: rows[place] for place, title in settlement.written}
        numbers.update(zip(settlement.states, states, strict=True))
        found = Sections(
            self.tier[tier], limits, self.offers[terms], self.longest[terms], self.securities[security], order, numbers,
            authority, self.release[authority],
        )  # fmt: skip
        return settlement.outcome(found, checks, NOTHING)

    def limits(self) -> ast.expr:
        """The outputs of the limits section and the effective limit, as they are shown."""
        table = self.tables[1]
        shown = {output: self.values.section(table.name, output) for output in table.outputs} if table else {}
        if self.fold.limit_effective >= 0:
            shown["effective"] = self.assembly.sure(self.fold.limit_effective)
        return ast.Dict([tree(title) for title in shown], [tree(_shown(value)) for value in shown.values()])

    def check(self, place: int, row: Check) -> ast.expr:
        """One check's outcome: failed, then asked but passed, then not asked."""
        text = f"c{place}"
        parts = {}
        for status, said in ((row.verdict, True), ("pass", False)):
            with self.values.block() as body:
                evidence = self.evidence(row, said)
                self.values.body.append(assign(text, call("CheckOutcome", row.name, status, evidence, NO_REASONS)))
            parts[said] = body
        passed = parts[False]
        if row.lifts:
            with self.values.block() as body:
                outcome = call("lifted", row.name, self.evidence(row, True), name(f"by{place}"))
                self.values.body.append(assign(text, outcome))
            passed = [ast.If(name(f"by{place}"), body, passed)]
        if row.applies >= 0:
            with self.values.block() as body:
                unasked = self.values.bind(CheckOutcome(row.name, "does_not_apply", ()))
                self.values.body.append(ast.If(self.assembly.test(row.applies), passed, [assign(text, unasked)]))
            passed = body
        self.values.body.append(ast.If(tree(join(name("failed"), "&", 1 << place)), parts[True], passed))
        return name(text)

    def evidence(self, row: Check, said: bool) -> ast.expr:
        if row.measure >= 0:
            allowed = self.shown(row.allowed) if row.allowed >= 0 else None
            return ast.Tuple([call("Evidence", row.measure, row.fails, self.shown(row.measure), allowed)], ast.Load())
        pieces = list(self.pieces(row.fails, said))
        if not any(tests for tests, _ in pieces):
            return ast.Tuple([evidence for _, evidence in pieces], ast.Load())
        text = self.values.variable("e")
        self.values.body.append(assign(text, ast.List([], ast.Load())))
        for tests, evidence in pieces:
            append = ast.Expr(ast.Call(ast.Attribute(name(text), "append", ast.Load()), [evidence], []))
            self.values.body.append(ast.If(both(tests), [append], []) if tests else append)
        return call("tuple", name(text))

    def pieces(self, index: int, said: bool) -> Iterator[Piece]:
        """The evidence of a condition that is known to be what is said; only undecided parts are asked."""
        node = self.assembly.nodes[index]
        if isinstance(node, Compare):
            yield [], call("Evidence", node.left, index, self.shown(node.left), self.shown(node.right))
        elif isinstance(node, In):
            yield [], call("Evidence", node.arg, index, self.shown(node.arg), None)
        elif isinstance(node, Logic):
            below = not said if node.op == "not" else said
            decided = node.op == "not" or (node.op == "and") is said or len(node.args) == 1
            for arg in node.args:
                asked = [] if decided else [self.asked(arg, below)]
                yield from ((asked + tests, evidence) for tests, evidence in self.pieces(arg, below))

    def asked(self, index: int, said: bool) -> ast.expr:
        test = self.assembly.test(index)
        return test if said else ast.UnaryOp(ast.Not(), test)

    def shown(self, index: int) -> Term:
        """A value as evidence shows it."""
        node = self.assembly.nodes[index]
        if isinstance(node, Const):
            return self.values.bind(node.value)
        return _shown(self.assembly.sure(index))


def lifted(check: str, evidence: tuple[Evidence, ...], exception: str) -> CheckOutcome:
    """A check that failed and that an exception lifts."""
    return CheckOutcome(check, "lifted", evidence, (), exception)


def _shown(value: Exact) -> Term:
    return value.top if value.under == 1 else call("plain", value.top, value.under)
