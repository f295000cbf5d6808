"""What expressions and tables mean, exactly: numbers as fractions, null where FEEL has no answer.

Small and slow on purpose: `aval dmn test` asks it, and the imported policy must answer the same.
Source: OMG DMN 1.5, chapters 8 (hit policies) and 10.3.2 (semantics); null where no row fits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

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

Value = Any  # Fraction | str | bool | date | tuple (a list) | dict (a structure) | Callback | None
EXPONENT_MAX = 5_000
BITS_MAX = 200_000
_CALCULATE: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Inexact(Exception):
    """A value that FEEL can only give rounded, or that is too large: it is not answered here."""


@dataclass(frozen=True)
class Within(Mapping[str, Value]):
    """Names of an inner scope before those of an outer one, whose values are not asked for until they are read."""

    inner: Mapping[str, Value]
    outer: Mapping[str, Value]

    def __getitem__(self, name: str) -> Value:
        return self.inner[name] if name in self.inner else self.outer[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self.inner), **dict.fromkeys(self.outer)})

    def __len__(self) -> int:
        return len({*self.inner, *self.outer})


@dataclass(frozen=True, slots=True)
class Callback:
    """A business knowledge model as a value that can be called."""

    parameters: tuple[str, ...]
    call: Callable[[Mapping[str, Value]], Value]


def evaluate(expression: Expression, scope: Mapping[str, Value]) -> Value:
    """The value of an expression. Raises: Inexact."""
    match expression:
        case Literal():
            return expression.value
        case Variable():
            return _read(expression.path, scope)
        case Negative():
            value = evaluate(expression.value, scope)
            return -value if is_number(value) else None
        case Arithmetic():
            return _arithmetic(expression.op, evaluate(expression.left, scope), evaluate(expression.right, scope))
        case Compared():
            return compared(expression.op, evaluate(expression.left, scope), evaluate(expression.right, scope))
        case Joined():
            return _joined(expression.op, [evaluate(part, scope) for part in expression.parts])
        case Choice():
            yes = evaluate(expression.condition, scope) is True
            return evaluate(expression.yes if yes else expression.no, scope)
        case Invoked():
            return _invoked(expression, scope)
        case Listed():
            return tuple(evaluate(item, scope) for item in expression.items)
        case Tested():
            return fits(expression.tests, evaluate(expression.value, scope), scope)


def _read(path: Sequence[str], scope: Mapping[str, Value]) -> Value:
    value: Value = scope
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def is_number(value: Value) -> bool:
    """Whether a value is a number, which a truth value is not."""
    return isinstance(value, Fraction)


def _arithmetic(op: str, left: Value, right: Value) -> Value:
    if op == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, date) and isinstance(right, date):
        raise Inexact("the time between two dates is a duration, which is not kept")
    if not (is_number(left) and is_number(right)):
        return None
    if op == "/":
        found = None if right == 0 else left / right
    elif op == "**":
        found = _power(left, right)
    else:
        found = _CALCULATE[op](left, right)
    if found is not None and found.numerator.bit_length() + found.denominator.bit_length() > BITS_MAX:
        raise Inexact("the number grows beyond what is calculated exactly")
    return found


def _power(base: Fraction, exponent: Fraction) -> Value:
    if exponent.denominator != 1:
        raise Inexact("a power with a fraction is never exact")
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if abs(exponent) > EXPONENT_MAX or bits * abs(exponent) > BITS_MAX:
        raise Inexact("the number grows beyond what is calculated exactly")
    return None if base == 0 and exponent < 0 else base ** int(exponent)


def compared(op: str, left: Value, right: Value) -> Value:
    """A comparison: true, false, or null between values of different kinds."""
    if op in ("=", "!="):
        if left is None or right is None or type(left) is type(right):
            return (left == right) is (op == "=")
        return None
    if type(left) is not type(right) or not isinstance(left, (Fraction, str, date)):
        return None
    return _ORDER[op](left, right)


def _joined(op: str, values: Sequence[Value]) -> Value:
    deciding = op == "or"
    if any(value is deciding for value in values):
        return deciding
    return not deciding if all(value is (not deciding) for value in values) else None


def _invoked(expression: Invoked, scope: Mapping[str, Value]) -> Value:
    arguments = [evaluate(argument, scope) for argument in expression.arguments]
    known = scope.get(expression.function)
    if isinstance(known, Callback):
        if len(arguments) != len(known.parameters):
            return None
        return known.call(dict(zip(known.parameters, arguments, strict=True)))
    if expression.function not in FUNCTIONS:
        raise Inexact(f"the function '{expression.function}' is not kept")
    return FUNCTIONS[expression.function](arguments)


def _numbers(arguments: Sequence[Value]) -> list[Fraction] | None:
    values = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
    return list(values) if values and all(is_number(value) for value in values) else None


def _over_numbers(combine: Callable[[list[Fraction]], Fraction]) -> Callable[[Sequence[Value]], Value]:
    def call(arguments: Sequence[Value]) -> Value:
        numbers = _numbers(arguments)
        return None if numbers is None else combine(numbers)

    return call


def _of_one(change: Callable[[Fraction], Any]) -> Callable[[Sequence[Value]], Value]:
    def call(arguments: Sequence[Value]) -> Value:
        return Fraction(change(arguments[0])) if len(arguments) == 1 and is_number(arguments[0]) else None

    return call


def _not(arguments: Sequence[Value]) -> Value:
    return not arguments[0] if len(arguments) == 1 and isinstance(arguments[0], bool) else None


def _count(arguments: Sequence[Value]) -> Value:
    listed = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
    return Fraction(len(listed))


FUNCTIONS: dict[str, Callable[[Sequence[Value]], Value]] = {
    "not": _not, "count": _count, "sum": _over_numbers(lambda numbers: sum(numbers, Fraction(0))),
    "min": _over_numbers(min), "max": _over_numbers(max), "abs": _of_one(abs),
    "floor": _of_one(lambda number: number.__floor__()), "ceiling": _of_one(lambda number: number.__ceil__()),
}  # fmt: skip


def fits(tests: Tests, value: Value, scope: Mapping[str, Value]) -> Value:
    """Whether a value passes the tests of a cell: true, false, or null where that cannot be said."""
    if tests.always:
        return True
    found = _joined("or", [_passes(test, value, scope) for test in tests.tests])
    return found if not tests.negated or found is None else not found


def _passes(test: Range | Half, value: Value, scope: Mapping[str, Value]) -> Value:
    if isinstance(test, Range):
        low, high = evaluate(test.low, scope), evaluate(test.high, scope)
        above = compared(">=" if test.low_closed else ">", value, low)
        return _joined("and", [above, compared("<=" if test.high_closed else "<", value, high)])
    wanted = evaluate(test.value, scope)
    if test.op == "=" and isinstance(wanted, tuple) and not isinstance(value, tuple):
        return value in wanted
    return compared(test.op, value, wanted)
