"""Formulas and conditions of a Program in the officer's words, as near to the written line as its nodes allow.

A name is always preferred to its formula: `committed_after`, not `account.exposure + order.unsecured_amount`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from credit.money import Money
from policy.kinds import NO_LIMIT, UNLIMITED, Value
from policy.program import Calc, Compare, Const, Fact, In, Logic, Node, Program, Round, Span
from rules.wording import GRADES, Wording

OUTPUTS = {"limit": "limit.policy", "largest_order": "limit.largest_order", "review_every": "limit.review_every"}
INFIX = {
    "add": "+", "add_days": "+", "add_months": "+", "subtract": "-", "limit_minus": "-", "multiply": "*",
    "divide": "/", "money_over_limit": "/",
}  # fmt: skip
LISTED = {"first_known": "first known of", "stricter": "stricter of"}
SIGNS = {"=": "is", "!=": "is not"}


class FormulaText:
    """The words of one tuple of nodes: a Program's own, or those of a figure over a list (then without labels)."""

    def __init__(self, program: Program, nodes: Sequence[Node] | None = None) -> None:
        self.wording = Wording(program)
        self.nodes: Sequence[Node] = program.nodes if nodes is None else nodes
        self.labels: Mapping[int, str] = program.wording.labels if nodes is None else {}
        self.kinds: Mapping[int, str] = program.wording.kinds if nodes is None else {}

    def formula(self, index: int, whole: bool = True) -> str:
        """A formula by its name, else as it would be written; in brackets where it is not `whole`."""
        if index in self.labels:
            return self.labels[index]
        node = self.nodes[index]
        if isinstance(node, Fact):
            return _named(node)
        if isinstance(node, Const):
            return self.value(node.value, node.kind)
        if isinstance(node, Round):
            return self.formula(node.arg, whole)
        return self._calculation(node, whole) if isinstance(node, Calc) else self.condition(index)

    def condition(self, index: int) -> str:
        """A condition on one line."""
        node = self.nodes[index]
        if isinstance(node, Compare) and (grade := self.grade(node)):
            return f"{self.formula(node.left)} is {grade}"
        if isinstance(node, Compare):
            return f"{self.formula(node.left)} {SIGNS.get(node.op, node.op)} {self.formula(node.right)}"
        if isinstance(node, In):
            return f"{self.formula(node.arg)} {self._membership(node)}"
        if isinstance(node, Logic) and node.op == "not":
            return f"not {self.condition(node.args[0])}"
        if isinstance(node, Logic):
            return f" {node.op} ".join(self.condition(arg) for arg in node.args) or "otherwise"
        return self.formula(index)

    def value(self, value: Value | None, kind: str) -> str:
        """A value for people, money with its currency."""
        if kind == "money" and isinstance(value, int):
            return Money(value, self.wording.program.currency).display()
        return "none" if value is None else self.wording.shown(value, kind, "en")

    def kind(self, index: int) -> str:
        """The kind of a value's node; of a rating, whose node is its rank, also the scale."""
        told = self.kinds.get(index, "")
        return told if told.startswith("rating:") else str(getattr(self.nodes[index], "kind", "text"))

    def grade(self, node: Compare, grades: Mapping[str, str] = GRADES) -> str:
        """What a rating is compared with in words, "" for what is no comparison with a rating of a scale."""
        edge, kind = self.nodes[node.right], self.kind(node.left)
        if not kind.startswith("rating:") or not isinstance(edge, Const) or node.op not in grades:
            return ""
        return grades[node.op].format(self.value(edge.value, kind))

    def _calculation(self, node: Calc, whole: bool) -> str:
        if node.op in INFIX:
            text = self._infix(INFIX[node.op], node.args)
            return text if whole else f"({text})"
        args = [self._part(arg) for arg in node.args]
        if node.op == "negate":
            return f"-{self._part(node.args[0], whole=False)}"
        if node.op == "none_as_zero":
            return args[0]
        if node.op == "days_between":
            return f"days_between({args[1]}, {args[0]})"
        return f"{LISTED[node.op]} [{', '.join(args)}]" if node.op in LISTED else f"{node.op}({', '.join(args)})"

    def _infix(self, sign: str, args: tuple[int, ...]) -> str:
        left, right = args
        less = self.nodes[right]
        if sign == "/" and isinstance(less, Calc) and less.op == "max":
            right = next((arg for arg in less.args if not self._is_zero(arg)), right)  # compile guards a divisor so
        if sign == "+" and isinstance(less, Calc) and less.op == "negate":
            sign, right = "-", less.args[0]
        return f"{self._part(left, whole=False)} {sign} {self._part(right, whole=False)}"

    def _part(self, index: int, whole: bool = True) -> str:
        """A part of a calculation; one that is rounded says so, where a whole formula is rounded as all amounts are."""
        rounded = isinstance(self.nodes[index], Round) and index not in self.labels
        return f"round({self.formula(index)})" if rounded else self.formula(index, whole)

    def _is_zero(self, index: int) -> bool:
        node = self.nodes[index]
        return isinstance(node, Const) and node.value == 0

    def _membership(self, node: In) -> str:
        kind, wanted = self.kind(node.arg), "is not" if node.negated else "is"
        if node.missing:
            return "is known" if node.negated else "is missing"
        if len(node.points) == 1 and not node.spans:
            return f"{wanted} {self.value(node.points[0], kind)}"
        parts = [self.value(point, kind) for point in node.points]
        parts += [self._span(span, kind) for span in node.spans]
        return f"{'not in' if node.negated else 'in'} {parts[0] if len(parts) == 1 else '[' + ', '.join(parts) + ']'}"

    def _span(self, span: Span, kind: str) -> str:
        low, high = ("" if end is None else self.value(end, kind) for end in (span.low, span.high))
        return f"{'[' if span.low_closed else '('}{low}..{high}{']' if span.high_closed else ')'}"


def is_mark(value: object, kind: str) -> bool:
    """Whether a limit says "none" or "unlimited" instead of an amount."""
    return kind == "limit" and value in (NO_LIMIT, UNLIMITED)


def _named(fact: Fact) -> str:
    if fact.scope == "limits":
        return OUTPUTS.get(fact.name, fact.name)
    return fact.scope if fact.name == "value" and fact.scope not in ("fact", "figure", "item") else fact.name
