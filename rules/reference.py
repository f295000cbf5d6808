"""The reference engine: what a Program means, short, slow and obviously right. Every other engine must agree with it.

Values are exact: int, Fraction, bool, token or `Missing`. Truth is True, False or `Missing` (unknown, with reasons).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from policy.kinds import NO_LIMIT, UNLIMITED, plain
from policy.program import Calc, Check, Collect, Compare, Const, Fact, First, Fold, In, Logic, Program, Round, Span
from rules.arithmetic import add_months, rounded
from rules.fold import Tables, fold
from rules.outcome import CheckOutcome, Evidence, Missing, Outcome

Truth = bool | Missing
Exact = Any  # int | Fraction | bool | str | tuple | Missing: narrowed by the kinds that the checker proved
_UNSET = object()


class Evaluation:
    """One Program over one set of facts; nodes are evaluated when they are read, and once.

    `facts` maps a fact's or figure's name to its value (absent or None: missing; a figure may be `Missing` itself).
    """

    def __init__(self, nodes: Sequence[Any], tables: Mapping[str, int], facts: Mapping[str, Exact]) -> None:
        self.nodes, self.tables, self.facts = nodes, tables, facts
        self.item: Mapping[str, Exact] = {}
        self._memo: list[Exact] = [_UNSET] * len(nodes)

    def value(self, index: int) -> Exact:
        """The value of a node; of a First its row number or the reasons why there is none."""
        found = self._memo[index]
        if found is _UNSET:
            node = self.nodes[index]
            found = self._memo[index] = _EVALUATE[type(node)](self, node)
        return found

    def settle(self, index: int, value: Exact) -> None:
        """Put a value that another engine found in the place of our own (a table's row, in `rules/durable.py`)."""
        self._memo[index] = value

    def fact(self, node: Fact) -> Exact:
        if node.scope in ("fact", "figure", "item"):
            value = (self.item if node.scope == "item" else self.facts).get(node.name)
            return Missing(frozenset({node.name})) if value is None else value
        table = self.nodes[self.tables[node.scope]]
        row = self.value(self.tables[node.scope])
        return row if isinstance(row, Missing) else self.value(table.rows[row].outputs[table.outputs.index(node.name)])

    def calc(self, node: Calc) -> Exact:
        args = [*map(self.value, node.args)]
        if node.op == "first_known":
            return next((arg for arg in args if not isinstance(arg, Missing)), _union(args))
        for arg in args:
            if isinstance(arg, Missing):
                return _union(args)
        return ARITHMETIC[node.op](*args)

    def round(self, node: Round) -> Exact:
        value = self.value(node.arg)
        return value if isinstance(value, Missing) else rounded(value, node.step, node.mode)

    def compare(self, node: Compare) -> Truth:
        left, right = self.value(node.left), self.value(node.right)
        return _union((left, right)) or COMPARE[node.op](left, right)

    def logic(self, node: Logic) -> Truth:
        args = [self.value(arg) for arg in node.args]
        if node.op == "not":
            return args[0] if isinstance(args[0], Missing) else not args[0]
        deciding = node.op == "or"
        if any(arg is deciding for arg in args):
            return deciding
        return _union(args) or not deciding

    def within(self, node: In) -> Truth:
        value = self.value(node.arg)
        if node.missing:
            return isinstance(value, Missing) is not node.negated
        if isinstance(value, Missing):
            return value
        return (value in node.points or any(_inside(value, span) for span in node.spans)) is not node.negated

    def first(self, node: First) -> int | Missing:
        for number, row in enumerate(node.rows):
            truth = self.value(row.condition)
            if isinstance(truth, Missing):
                return truth
            if truth:
                return number
        return Missing(frozenset({f"no_row:{node.name}"}))

    def collect(self, node: Collect) -> tuple[CheckOutcome, ...]:
        return tuple(self.check(row) for row in node.rows)

    def check(self, row: Check) -> CheckOutcome:
        applies = self.value(row.applies) if row.applies >= 0 else True
        if applies is False:
            return CheckOutcome(row.name, "does_not_apply", ())
        if isinstance(applies, Missing):
            return CheckOutcome(row.name, "not_evaluated", (), tuple(sorted(applies.reasons)))
        fails = self.value(row.fails)
        if row.measure >= 0:
            measured, allowed = self._shown(row.measure), self._shown(row.allowed) if row.allowed >= 0 else None
            evidence: tuple[Evidence, ...] = (Evidence(row.measure, row.fails, measured, allowed),)
        else:
            evidence = tuple(self.because(row.fails, None if isinstance(fails, Missing) else fails))
        if isinstance(fails, Missing):
            return CheckOutcome(row.name, "not_evaluated", evidence, tuple(sorted(fails.reasons)))
        by = next((one.name for one in row.lifts if self.value(one.condition) is True), "") if fails else ""
        return CheckOutcome(row.name, "lifted" if by else row.verdict if fails else "pass", evidence, (), by)

    def because(self, index: int, wanted: bool | None) -> list[Evidence]:
        """The single tests under a condition that make it what it is: true, false or (None) unknown."""
        node, truth = self.nodes[index], self.value(index)
        if (None if isinstance(truth, Missing) else truth) is not wanted:
            return []
        if isinstance(node, Logic):
            below = (not wanted) if node.op == "not" and wanted is not None else wanted
            return [evidence for arg in node.args for evidence in self.because(arg, below)]
        if isinstance(node, Compare):
            return [Evidence(node.left, index, self._shown(node.left), self._shown(node.right))]
        return [Evidence(node.arg, index, self._shown(node.arg), None)] if isinstance(node, In) else []

    def fold(self, node: Fold) -> Tables:
        return Tables(node, self.nodes, self.value)

    def _shown(self, index: int) -> Exact:
        value = self.value(index)
        return None if isinstance(value, Missing) else value


def decide(program: Program, facts: Mapping[str, Exact]) -> Outcome:
    """What the policy says of these facts, by definition."""
    return fold(program, Evaluation(program.nodes, program.tables, facts).value(program.fold))


def _divide(left: Exact, right: Exact) -> Exact:
    return Missing(frozenset({"zero_divisor"})) if right == 0 else plain(Fraction(left, right))


def _stricter(*limits: int) -> int:
    return min((limit for limit in limits if limit != NO_LIMIT), default=NO_LIMIT)


def _inside(value: Exact, span: Span) -> bool:
    above = span.low is None or (value >= span.low if span.low_closed else value > span.low)
    return bool(above and (span.high is None or (value <= span.high if span.high_closed else value < span.high)))


def _union(values: Sequence[Exact]) -> Missing | None:
    reasons = [value.reasons for value in values if isinstance(value, Missing)]
    return Missing(frozenset().union(*reasons)) if reasons else None


ARITHMETIC: dict[str, Callable[..., Exact]] = {
    "add": lambda a, b: plain(a + b), "subtract": lambda a, b: plain(a - b), "multiply": lambda a, b: plain(a * b),
    "divide": _divide, "negate": lambda a: -a, "abs": abs, "min": min, "max": max,
    "days_between": lambda a, b: a - b, "add_days": lambda a, b: a + b, "add_months": add_months,
    "limit_minus": lambda a, b: UNLIMITED if a == UNLIMITED else plain(a - b),
    "money_over_limit": lambda a, b: 0 if b == UNLIMITED else _divide(a, b),
    "stricter": _stricter, "none_as_zero": lambda a: 0 if a == NO_LIMIT else a,
}  # fmt: skip

COMPARE: dict[str, Callable[[Exact, Exact], bool]] = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip

_EVALUATE: dict[type, Callable[[Evaluation, Any], Exact]] = {
    Const: lambda _, node: node.value, Fact: Evaluation.fact, Calc: Evaluation.calc, Round: Evaluation.round,
    Compare: Evaluation.compare, Logic: Evaluation.logic, In: Evaluation.within, First: Evaluation.first,
    Collect: Evaluation.collect, Fold: Evaluation.fold,
}  # fmt: skip
