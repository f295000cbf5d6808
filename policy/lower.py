"""Formulas and conditions to Program nodes, equal ones once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property

from policy import lower_figures, lower_limits, lower_ratings, lower_states
from policy.acts import parts_of_fact
from policy.document import CheckWritten, Setting, ValueTable, WordList
from policy.kinds import Value
from policy.meaning import GROUP_FACTS, OUTPUT_NAMES, STATE, Checked, Referent
from policy.mentions import mentions
from policy.problems import Where
from policy.program import Calc, Compare, Const, Fact, Figure, First, In, Logic, Node, Round, Row, Span
from policy.ratings import GRADED
from policy.state_rules import StateRule
from policy.subjects import DELIVERED
from policy.syntax import (
    Binary,
    Block,
    Call,
    Comparison,
    Condition,
    DateLiteral,
    Expr,
    FigureOf,
    Interval,
    Membership,
    Name,
    Negate,
    Notches,
    Number,
    Pick,
    StateTest,
    Text,
    Words,
)  # fmt: skip
from policy.vocabulary import FactDeclaration, TermsLiteral

OPS = {"is": "=", "is_not": "!=", **GRADED}
CALLS = {"min": "min", "max": "max", "abs": "abs", "first_known": "first_known", "stricter": "stricter"}
FIELD = re.compile(r"\{([^{}]*)\}")


class Lowering:
    """The nodes so far, and everything that a Program names beside them."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self.nodes: list[Node] = []
        self.index: dict[Node, int] = {}
        self.facts: dict[str, FactDeclaration] = {}
        self.figures: list[Figure] = []
        self.tables: dict[str, int] = {}
        self.lets: dict[str, int] = {}
        self.terms: dict[str, TermsLiteral] = {}
        self.labels: dict[int, str] = {}
        self.kinds: dict[int, str] = {}
        self.places: dict[int, Where] = {}
        self.states: dict[str, StateRule] = {}

    @cached_property
    def with_groups(self) -> bool:
        """Whether the file speaks of groups of customers, also for another subject than this one."""
        return mentions(self.checked.whole or self.checked.policy, GROUP_FACTS)

    @cached_property
    def checks(self) -> dict[str, list[CheckWritten]]:
        """The checks of each name, each with its own scope."""
        found: dict[str, list[CheckWritten]] = {}
        for check in self.checked.policy.checks:
            found.setdefault(check.name.text, []).append(check)
        return found

    def add(self, node: Node) -> int:
        """The index of a node, a new one only where there is no equal one."""
        found = self.index.get(node)
        if found is None:
            found = self.index[node] = len(self.nodes)
            self.nodes.append(node)
            kind = getattr(node, "kind", None)
            if kind is not None:
                self.kinds[found] = kind
            if isinstance(node, Fact) and node.scope in ("fact", "figure"):
                self.labels[found] = node.name
        return found

    def table(self, table: First) -> int:
        self.tables[table.name] = self.add(table)
        return self.tables[table.name]

    def formula(self, expr: Expr) -> int:
        """The node of a formula."""
        index = self._formula(expr)
        sort = self.checked.meanings.sorts.get(expr)
        if sort is not None and sort.kind == "rating" and not isinstance(self.nodes[index], Const):
            self.kinds[index] = f"rating:{sort.scale}"
        self.places.setdefault(index, expr.at)
        return index

    def _formula(self, expr: Expr) -> int:
        match expr:
            case Number():
                return self._number(expr)
            case DateLiteral():
                return self.add(Const("date", expr.day))
            case Name() | Words() | Text():
                return self.referent(self.checked.meanings.referents[expr])
            case Negate():
                return self.add(Calc("negate", (self.formula(expr.value),), self._kind(expr)))
            case Binary():
                return self._binary(expr)
            case Call():
                return self._call(expr)
            case Notches():
                return lower_ratings.notches(self, expr)
            case FigureOf() | Pick():
                raise AssertionError("a figure or a pick stands only under let")

    def _kind(self, expr: Expr) -> str:
        kind = self.checked.meanings.sorts[expr].kind
        return "count" if kind == "rating" else kind

    def _number(self, number: Number) -> int:
        value = self.checked.meanings.numbers[number]
        currency = self.checked.meanings.foreign.get(number)
        if currency is None:
            return self.add(Const(self._kind(number), value))
        digits = self.checked.vocabulary.currencies
        scale = Fraction(10) ** (digits[self.checked.policy.currency.text] - digits[currency])
        rate = self.fact_of(FactDeclaration(f"rates.{currency}", "ratio", "ledger"))
        amount = self.add(Const("number", Fraction(str(value)) * scale))
        return self.add(Round(self.add(Calc("multiply", (amount, rate), "money")), Fraction(1), "half_even", "money"))

    def referent(self, referent: Referent) -> int:
        """The node of what a name stands for."""
        sort = referent.sort
        match referent.scope:
            case "token":
                assert referent.value is not None
                if sort.kind == "rating":
                    return self.add(Const("count", referent.value))
                if sort.kind == "terms":
                    terms = self.checked.vocabulary.read_terms(str(referent.value))
                    assert terms is not None
                    self.terms[terms.text] = terms
                return self.add(Const(sort.kind, referent.value))
            case "fact" if parts_of_fact(referent.name):
                return lower_states.recorded(self, referent.name)
            case "fact":
                return self.fact_of(self.checked.names.facts[referent.name])
            case "figure":
                return lower_figures.read_figure(self, referent)
            case "item":
                return self.add(Fact(referent.name, sort.kind, referent.scope))
            case "let":
                return self._let(referent.name)
            case "setting":
                return self._setting(next(s for s in self.checked.policy.settings if s.name.text == referent.name))
            case "output" if referent.table.startswith(STATE):
                return lower_states.read_state(self, referent)
            case "output":
                name = "tier" if referent.table == "tiers" else OUTPUT_NAMES[referent.name]
                return self.labelled(self.add(Fact(referent.name, sort.kind, referent.table)), name)
            case "table":
                self.value_table(next(one for one in self.checked.policy.tables if one.name.text == referent.name))
                return self.labelled(self.add(Fact("value", sort.kind, referent.name)), referent.name)
            case "effective":
                return lower_limits.effective(self)
        raise AssertionError(referent.scope)

    def labelled(self, index: int, name: str) -> int:
        """The node, shown by this name where it has none yet."""
        self.labels.setdefault(index, name)
        return index

    def fact_of(self, declaration: FactDeclaration) -> int:
        """The node of a declared fact."""
        self.facts[declaration.name] = declaration
        found = self.add(Fact(declaration.name, "count" if declaration.scale else declaration.kind))
        if declaration.scale:
            self.kinds[found] = f"rating:{declaration.scale}"
        return found

    def fact_if_known(self, name: str) -> int:
        """The node of a fact that the vocabulary may have, -1 where it has not."""
        declaration = self.checked.vocabulary.facts.get(name)
        return -1 if declaration is None else self.fact_of(declaration)

    def _let(self, name: str) -> int:
        if name not in self.lets:
            formula = self.checked.names.lets[name].formula
            picked = lower_ratings.pick(self, name, formula) if isinstance(formula, Pick) else -1
            self.lets[name] = self.formula(formula) if picked < 0 else picked
            self.labels.setdefault(self.lets[name], name)
        return self.lets[name]

    def _setting(self, setting: Setting) -> int:
        name = f"settings.{setting.name.text}"
        only = setting.values[0]
        if len(setting.values) == 1 and only.since is None and only.until is None:
            return self.formula(only.value)
        if name not in self.tables:
            as_of = self.fact_of(self.checked.names.facts[DELIVERED]) if setting.on_shipment else self._as_of()
            days = [self.add(In(as_of, spans=(Span(d.since, True, d.until, True),))) for d in setting.values]
            rows = [Row(on, (self.formula(d.value),), d.at.line) for on, d in zip(days, setting.values, strict=True)]
            self.table(First(name, ("value",), tuple(rows)))
        return self.labelled(self.add(Fact("value", self._kind(only.value), name)), name)

    def _as_of(self) -> int:
        return self.fact_of(self.checked.vocabulary.facts["as_of"])

    def _binary(self, expr: Binary) -> int:
        left, right = self.formula(expr.left), self.formula(expr.right)
        kinds = self._kind(expr.left), self._kind(expr.right)
        kind = self._kind(expr)
        if kinds[0] == "date" and kinds[1] in ("days", "months"):
            step = right if expr.op == "+" else self.add(Calc("negate", (right,), kinds[1]))
            return self.add(Calc(f"add_{kinds[1]}", (left, step), "date"))
        op = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}[expr.op]
        if kinds == ("date", "date"):
            op = "days_between"
        elif kinds[0] == "limit":
            op = "limit_minus"
        elif kinds == ("money", "limit"):
            op = "money_over_limit"
        if expr.op == "/":
            right = self._positive(right, kinds[1])
        return self.add(Calc(op, (left, right), kind))

    def _positive(self, divisor: int, kind: str) -> int:
        """A divisor below zero counts as zero, so that its quotient is missing and never a share that passes."""
        node = self.nodes[divisor]
        if isinstance(node, Const) and isinstance(node.value, (int, Fraction)) and node.value > 0:
            return divisor
        return self.add(Calc("max", (divisor, self.add(Const(kind, 0))), kind))

    def not_below_zero(self, index: int, expr: Expr) -> int:
        """An amount that becomes a limit: below zero it is zero, for the mark of "none" lies there."""
        sort, node = self.checked.meanings.sorts[expr], self.nodes[index]
        if sort.maybe_none or (isinstance(node, Const) and isinstance(node.value, (int, Fraction)) and node.value >= 0):
            return index
        return self.add(Calc("max", (index, self.add(Const(sort.kind, 0))), sort.kind))

    def _call(self, expr: Call) -> int:
        if expr.function == "if_none":
            return lower_limits.if_none(self, expr)
        args = tuple(self.formula(arg) for arg in expr.args)
        if expr.function in ("stricter", "first_known") and self._kind(expr) == "limit":
            args = tuple(self.not_below_zero(index, arg) for index, arg in zip(args, expr.args, strict=True))
        if expr.function == "days_between":
            return self.add(Calc("days_between", args[::-1], "days"))
        if expr.function == "round":
            return self.whole_units(args[0])
        return self.add(Calc(CALLS[expr.function], args, self._kind(expr)))

    def condition(self, condition: Condition) -> int:
        """The node of a condition."""
        match condition:
            case Comparison():
                op = OPS.get(condition.op, condition.op)
                return self.add(Compare(op, self.formula(condition.left), self.formula(condition.right)))
            case StateTest():
                return self._state(condition)
            case Membership():
                return self.membership(condition, self.formula(condition.left))
            case Block(op="not"):
                return self.add(Logic("not", (self.condition(condition.items[0]),)))
            case Block():
                args = tuple(self.condition(item) for item in condition.items)
                return args[0] if len(args) == 1 else self.add(Logic({"all": "and", "any": "or"}[condition.op], args))

    def _state(self, test: StateTest) -> int:
        from policy.kinds import NO_LIMIT, UNLIMITED

        arg = self.formula(test.left)
        if test.state == "none":
            arg = self.not_below_zero(arg, test.left)
        if test.state in ("missing", "known"):
            return self.add(In(arg, negated=(test.state == "known") is not test.negated, missing=True))
        point = {"none": NO_LIMIT, "zero": 0, "unlimited": UNLIMITED}[test.state]
        return self.add(In(arg, (point,), negated=test.negated))

    def membership(self, test: Membership, subject: int) -> int:
        """`in` with constants as one In; formulas among the items as comparisons beside it."""
        first = test.items[0] if test.items else None
        if isinstance(first, Name) and first.text.startswith("lists."):
            words = next(one for one in self.checked.policy.lists if f"lists.{one.name.text}" == first.text)
            return self._in_list(subject, words, test.negated)
        points, spans, rest = [], [], []
        for item in test.items:
            ends = (item.low, item.high) if isinstance(item, Interval) else (item,)
            values = [None if end is None else self._literal(end) for end in ends]
            if any(value is None and end is not None for value, end in zip(values, ends, strict=True)):
                rest.append(self._open_test(subject, item))
            elif isinstance(item, Interval):
                spans.append(Span(values[0], item.low_closed, values[1], item.high_closed))  # type: ignore[arg-type]
            else:
                points.append(values[0])
        if not rest:
            return self.add(In(subject, tuple(points), tuple(spans), test.negated))  # type: ignore[arg-type]
        constants = [self.add(In(subject, tuple(points), tuple(spans)))] if points or spans else []  # type: ignore[arg-type]
        found = self.add(Logic("or", (*constants, *rest)))
        return self.add(Logic("not", (found,))) if test.negated else found

    def _literal(self, expr: Expr) -> Value | None:
        node = self.nodes[self.formula(expr)]
        return node.value if isinstance(node, Const) else None

    def _open_test(self, subject: int, item: Expr | Interval) -> int:
        if not isinstance(item, Interval):
            return self.add(Compare("=", subject, self.formula(item)))
        tests = []
        if item.low is not None:
            tests.append(self.add(Compare(">=" if item.low_closed else ">", subject, self.formula(item.low))))
        if item.high is not None:
            tests.append(self.add(Compare("<=" if item.high_closed else "<", subject, self.formula(item.high))))
        return self.add(Logic("and", tuple(tests)))

    def _in_list(self, subject: int, words: WordList, negated: bool) -> int:
        """A dated list: the words of each stretch of time, asked on as_of."""
        stretches: dict[tuple[int | None, int | None], list[Value]] = {}
        for word in words.words:
            value = self._literal(word.value)
            assert value is not None
            stretches.setdefault((word.since, word.until), []).append(value)
        tests = []
        for (since, until), points in stretches.items():
            inside = self.add(In(subject, tuple(points)))
            if since is not None or until is not None:
                dated = self.add(In(self._as_of(), spans=(Span(since, True, until, True),)))
                inside = self.add(Logic("and", (inside, dated)))
            tests.append(inside)
        found = tests[0] if len(tests) == 1 else self.add(Logic("or", tuple(tests)))
        return self.add(Logic("not", (found,))) if negated else found

    def whole_units(self, index: int) -> int:
        """An amount that leaves the Program in whole minor units: rounded half-even where it may hold a fraction."""
        kind = getattr(self.nodes[index], "kind", "")
        if kind not in ("money", "limit") or not self._may_be_fraction(index):
            return index
        return self.add(Round(index, Fraction(1), "half_even", kind))

    def _may_be_fraction(self, index: int) -> bool:
        match self.nodes[index]:
            case Const(value=value):
                return isinstance(value, Fraction)
            case Calc(op="multiply" | "divide"):
                return True
            case Calc(args=args):
                return any(self._may_be_fraction(arg) for arg in args)
            case Fact(scope=scope) if isinstance(table := self.nodes[self.tables.get(scope, index)], First):
                return any(self._may_be_fraction(output) for row in table.rows for output in row.outputs)
        return False

    def constant(self, expr: Expr) -> Value:
        """The value of a formula that the check proved constant."""
        value = self._literal(expr)
        assert value is not None
        return Fraction(value) if isinstance(value, (int, Fraction)) else value

    def value_table(self, table: ValueTable) -> None:
        """A value table as a first-match table; its cells are known not to overlap."""
        if table.name.text in self.tables:
            return
        rows = []
        for down, line in zip(table.down_tests, table.values, strict=True):
            for across, value in zip(table.across_tests or (None,), line, strict=True):
                condition = self.condition(down.test)
                if across is not None:
                    condition = self.add(Logic("and", (condition, self.condition(across.test))))
                rows.append(Row(condition, (self.formula(value),), value.at.line))
        self.table(First(table.name.text, ("value",), tuple(rows)))

    def figure(self, name: str) -> None:
        """A figure over a list, behind the figures that it reads itself."""
        lower_figures.add_figure(self, name)

    def named_fields(self, text: str) -> Iterator[tuple[str, int]]:
        """The figures, facts and settings that a message shows, each with its node."""
        for name in FIELD.findall(text):
            referent = self.checked.names.known.get(name)
            if referent is not None and name not in ("measured", "allowed", "excess"):
                yield name, self.referent(referent)
