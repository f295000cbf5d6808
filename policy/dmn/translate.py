"""FEEL expressions to formulas and conditions of the policy language; what has no exact counterpart is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from policy.dmn.conditions import ALWAYS, NEVER, Condition, Line, grouped, opposite
from policy.dmn.evaluate import Inexact, evaluate
from policy.dmn.feel import (
    Arithmetic,
    Choice,
    Compared,
    Expression,
    Half,
    Invoked,
    Joined,
    Listed,
    Literal,
    Negative,
    Range,
    Tested,
    Tests,
    Variable,
)  # fmt: skip
from policy.dmn.findings import Refused, refuse
from policy.dmn.terms import Amount, Sheet, Structure, Term, Truth, condition_of, literal
from policy.problems import Where

ORDERED = ("number", "date")
POWER_MAX = 4
EQUAL = {"=": "is", "!=": "is not"}
Call = Callable[[str, tuple[Term, ...], str, Where], Term]


@dataclass(frozen=True, slots=True)
class Translation:
    """One expression on its way: the names it may read, the sheet it writes on, its place and the name it will have.

    `call` invokes a business knowledge model with terms.
    """

    scope: Mapping[str, Term]
    sheet: Sheet
    call: Call
    wanted: str
    where: Where

    def refuse(self, told: str, help: str = "write it with what the policy language has") -> Refused:
        return refuse("dmn-not-kept", self.where, f"in '{self.wanted}', {told}", help)

    def term(self, expression: Expression) -> Term:
        """The counterpart of an expression. Raises: Refused."""
        if not isinstance(expression, Variable) and not _variables(expression):
            return self._constant(expression)
        match expression:
            case Variable():
                return self._variable(expression)
            case Negative():
                return Amount(f"-{self.number(expression.value).factor}", "number")
            case Arithmetic():
                return self._arithmetic(expression)
            case Compared() | Joined() | Tested():
                return Truth(self.condition(expression))
            case Choice():
                return self._choice(expression)
            case Invoked():
                return self._invoked(expression)
        raise self.refuse("a list stands where one value is wanted")

    def _constant(self, expression: Expression) -> Term:
        try:
            value = evaluate(expression, {})
        except Inexact as inexact:
            raise self.refuse(str(inexact)) from None
        if isinstance(value, (tuple, dict)):
            raise self.refuse("a list stands where one value is wanted")
        return literal(value, self.where)

    def _variable(self, variable: Variable) -> Term:
        if variable.path[0] not in self.scope:
            raise refuse("dmn-reference", self.where, f"'{variable.path[0]}' is not known here",
                         "name an input, a decision or a parameter")  # fmt: skip
        found: Term = self.scope[variable.path[0]]
        for part in variable.path[1:]:
            if not isinstance(found, Structure) or part not in found.parts:
                raise refuse("dmn-reference", self.where, f"'{'.'.join(variable.path)}' has no component '{part}'",
                             "name one of its item definition")  # fmt: skip
            found = found.parts[part]
        return found

    def amount(self, expression: Expression) -> Amount:
        """The counterpart as one value; a condition becomes a table of true and false."""
        found = self.term(expression)
        if isinstance(found, Truth):
            rows = [(found.condition, Amount("true", "boolean")), (ALWAYS, Amount("false", "boolean"))]
            return self.sheet.table(self.wanted, rows, self.where)
        if not isinstance(found, Amount):
            raise self.refuse("a list or a structure stands where one value is wanted")
        return found

    def number(self, expression: Expression) -> Amount:
        """The counterpart as a number."""
        found = self.amount(expression)
        if found.kind != "number":
            raise self.refuse(f"a {found.kind} is calculated with")
        return found

    def _arithmetic(self, expression: Arithmetic) -> Amount:
        sides = (expression.left, expression.right)
        if any(isinstance(side, Literal) and isinstance(side.value, str) for side in sides):
            raise self.refuse("texts are put together", "the policy language compares texts and never makes new ones")
        left, right = self.number(expression.left), self.number(expression.right)
        if expression.op == "**":
            return self._power(left, right)
        if expression.op == "/":
            return self._quotient(left, right)
        a = left.text if expression.op in "+-" else left.factor
        b = right.text if expression.op == "+" and not right.text.startswith("-") else right.factor
        return Amount(f"{a} {expression.op} {b}", "number")

    def _power(self, base: Amount, exponent: Amount) -> Amount:
        if not exponent.constant or exponent.text not in map(str, range(1, POWER_MAX + 1)):
            raise self.refuse("a power ** has no exact counterpart", "bring its result as an input")
        return Amount(" * ".join([base.factor] * int(exponent.text)), "number")

    def _quotient(self, left: Amount, right: Amount) -> Amount:
        if not right.constant:
            # The language takes a divisor below zero for zero; its square has the same quotient and is never below.
            return Amount(f"{left.factor} * {right.factor} / ({right.factor} * {right.factor})", "number")
        divisor = Fraction(right.text)
        if divisor == 0:
            raise self.refuse("a division by zero is always null")
        found = f"{left.factor} / {right.text.removeprefix('-')}"
        return Amount(f"-({found})" if divisor < 0 else found, "number")

    def _choice(self, expression: Choice) -> Amount:
        rows: list[tuple[Condition, Amount]] = []
        rest: Expression = expression
        while isinstance(rest, Choice):
            rows.append((self.condition(rest.condition), self.amount(rest.yes)))
            rest = rest.no
        if rest != Literal(None):
            rows.append((ALWAYS, self.amount(rest)))
        return self.sheet.table(self.wanted, rows, self.where)

    def _invoked(self, expression: Invoked) -> Term:
        name = expression.function
        if name == "not" and len(expression.arguments) == 1:
            return Truth(self.condition(expression))
        if name in ("min", "max") and len(expression.arguments) > 1:
            return Amount(f"{name}({', '.join(self.number(one).text for one in expression.arguments)})", "number")
        if name == "abs" and len(expression.arguments) == 1:
            return Amount(f"abs({self.number(expression.arguments[0]).text})", "number")
        return self.call(name, tuple(self.term(one) for one in expression.arguments), self.wanted, self.where)

    def condition(self, expression: Expression) -> Condition:
        """The counterpart of a boolean."""
        match expression:
            case Joined():
                return grouped("all" if expression.op == "and" else "any", map(self.condition, expression.parts))
            case Invoked(function="not") if len(expression.arguments) == 1:
                return opposite(self.condition(expression.arguments[0]))
            case Compared():
                return self._compared(expression.op, expression.left, expression.right)
            case Tested():
                return self.cell(self.amount(expression.value), expression.tests)
        return condition_of(self.term(expression), self.where)

    def _compared(self, op: str, left: Expression, right: Expression) -> Condition:
        if isinstance(left, Literal) and not isinstance(right, Literal):
            turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
            return self._compared(turned.get(op, op), right, left)
        return self._test(self.amount(left), Half(op, right))

    def cell(self, subject: Amount | Truth, tests: Tests) -> Condition:
        """The tests of a cell, asked of its column."""
        if isinstance(subject, Truth):
            found = grouped("any", [self._flag(subject.condition, test) for test in tests.tests])
        else:
            found = self._any(subject, tests)
        return ALWAYS if tests.always else opposite(found) if tests.negated else found

    def _any(self, subject: Amount, tests: Tests) -> Condition:
        """Values and intervals as one `in`, everything else as lines of their own."""
        members, lines = [], []
        for test in tests.tests:
            line = self._test(subject, test)
            single = isinstance(line, Line) and line.op in ("is", "in") and line.right not in ("missing", "known")
            if single and isinstance(line, Line) and subject.kind != "boolean":
                members.append(line.right)
            else:
                lines.append(line)
        if len(members) == 1 and not lines:
            return self._test(subject, tests.tests[0])
        own = [Line(subject.text, "in", f"[{', '.join(members)}]")] if members else []
        return grouped("any", [*own, *lines])

    def _test(self, subject: Amount, test: Range | Half) -> Condition:
        if isinstance(test, Range):
            low, high = self.amount(test.low), self.amount(test.high)
            if subject.kind not in ORDERED or {low.kind, high.kind} != {subject.kind}:
                raise self.refuse(f"an interval is asked of a {subject.kind}")
            signs = ("[" if test.low_closed else "(", "]" if test.high_closed else ")")
            return Line(subject.text, "in", f"{signs[0]}{low.text}..{high.text}{signs[1]}")
        if test.value == Literal(None):
            return Line(subject.text, "is", "missing" if test.op == "=" else "known")
        if isinstance(test.value, Listed):
            return grouped("any", [self._test(subject, Half(test.op, item)) for item in test.value.items])
        if subject.kind == "boolean":
            return self._flag(condition_of(subject, self.where), test)
        value = self.amount(test.value)
        if value.kind != subject.kind or (test.op not in EQUAL and subject.kind not in ORDERED):
            raise self.refuse(f"a {subject.kind} is compared with a {value.kind}")
        if value.words and subject.words and not set(value.words) & set(subject.words):
            return NEVER if test.op == "=" else ALWAYS  # the subject never is this word
        return Line(subject.text, EQUAL.get(test.op, test.op), value.text)

    def _flag(self, condition: Condition, test: Range | Half) -> Condition:
        value = test.value if isinstance(test, Half) and test.op in EQUAL else None
        if not isinstance(value, Literal) or not isinstance(value.value, bool):
            raise self.refuse("a boolean is compared with something else")
        return condition if value.value is (test.op == "=") else opposite(condition)  # type: ignore[union-attr]


def _variables(expression: object) -> bool:
    """Whether anything is read from outside."""
    if isinstance(expression, Variable):
        return True
    if isinstance(expression, Invoked) and expression.function not in ("not", "min", "max", "abs", "sum", "count",
                                                                       "floor", "ceiling"):  # fmt: skip
        return True
    if isinstance(expression, tuple):
        return any(map(_variables, expression))
    slots = getattr(expression, "__slots__", ())
    return any(_variables(getattr(expression, name)) for name in slots if not isinstance(expression, Literal))
