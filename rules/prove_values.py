"""Numbers, words and conditions as z3 formulas, worked out at once where all is known.

A number is a numerator over a denominator that is never negative; comparisons multiply crosswise, so that nothing is
divided.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import Any

import z3

from policy.kinds import NO_LIMIT

Formula = Any  # a z3 expression, or a Python number or truth value that is known now


@dataclass(frozen=True, slots=True)
class Value:
    """A number, a word (its place) or a truth value; `known` is false where it is missing."""

    top: Formula
    under: Formula = 1
    known: Formula = True


@dataclass(frozen=True, slots=True)
class Truth:
    """Where a condition is true, and where it is false; `sure` where it is always one of the two."""

    yes: Formula
    no: Formula
    sure: bool = False

    @property
    def unknown(self) -> Formula:
        """Where it is neither."""
        return False if self.sure else negation(either(self.yes, self.no))


class BeyondProof(Exception):
    """The policy says something for which there is no formula: what is asked stays unknown, and this says why."""


def both(*parts: Formula) -> Formula:
    """And, worked out now where possible."""
    left = [part for part in parts if part is not True]
    if any(part is False for part in left):
        return False
    return True if not left else left[0] if len(left) == 1 else z3.And(*left)


def either(*parts: Formula) -> Formula:
    """Or, worked out now where possible."""
    left = [part for part in parts if part is not False]
    if any(part is True for part in left):
        return True
    return False if not left else left[0] if len(left) == 1 else z3.Or(*left)


def negation(part: Formula) -> Formula:
    """Not, worked out now where possible."""
    return (not part) if isinstance(part, bool) else z3.Not(part)


def choose(test: Formula, then: Formula, other: Formula) -> Formula:
    """One formula where the test holds, another where not."""
    if isinstance(test, bool):
        return then if test else other
    if then is other or (isinstance(then, (bool, int)) and type(then) is type(other) and then == other):
        return then
    if isinstance(then, bool) and isinstance(other, bool):
        return test if then else negation(test)
    return z3.If(test, then, other)


def compared(left: Value, op: str, right: Value) -> Formula:
    """A comparison without denominators."""
    if isinstance(left.under, int) and isinstance(right.under, int):
        under = lcm(left.under, right.under)
        one, other = left.top * (under // left.under), right.top * (under // right.under)
        if isinstance(left.top, bool) or isinstance(right.top, bool) or under == 1:
            one, other = left.top, right.top
    else:
        one, other = left.top * right.under, right.top * left.under
    match op:
        case "=":
            return one == other
        case "!=":
            return negation(one == other)
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return one > other
    return one >= other


def known_truth(truth: Formula, known: Formula) -> Truth:
    """A condition on values that may be missing."""
    return Truth(both(known, truth), both(known, negation(truth)), known is True)


def known_alike(one: Value, other: Value) -> Formula:
    """Whether two values are both known or both missing."""
    return either(both(one.known, other.known), both(negation(one.known), negation(other.known)))


def is_none(value: Value) -> Formula:
    """Whether a limit says that nobody granted one."""
    return compared(value, "=", Value(NO_LIMIT))


def negative_of(value: Value) -> Value:
    """The value with its sign turned."""
    return Value(-value.top, value.under, value.known)


def level(left: Value, right: Value) -> tuple[Formula, Formula, Formula]:
    """Two numerators over one denominator."""
    if isinstance(left.under, int) and isinstance(right.under, int):
        under = lcm(left.under, right.under)
        return left.top * (under // left.under), right.top * (under // right.under), under
    return left.top * right.under, right.top * left.under, left.under * right.under


def sum_of(left: Value, right: Value) -> Value:
    """Two numbers added."""
    one, other, under = level(left, right)
    return Value(one + other, under)


def pick(test: Formula, then: Value, other: Value) -> Value:
    """One value where the test holds, another where not; each brings whether it is known."""
    if isinstance(test, bool):
        return then if test else other
    if isinstance(then.under, int) and isinstance(other.under, int) and then.under == other.under:
        return Value(choose(test, then.top, other.top), then.under, choose(test, then.known, other.known))
    one, two, under = level(then, other)
    return Value(choose(test, one, two), under, choose(test, then.known, other.known))


def goes_up(mode: str, below: Formula, rest: Formula, part: Formula, positive: Formula) -> Formula:
    """Whether a rounding goes up from the multiple below."""
    if mode in ("floor", "ceil"):
        return rest > 0 if mode == "ceil" else False
    tie = positive if mode == "half_up" else below % 2 == 1
    return either(2 * rest > part, both(2 * rest == part, tie))
