"""Test files of the DMN Technology Compatibility Kit: inputs and expected results, and how the two are compared.

A TCK file writes some results as inexact engines gave them, to fifteen digits; ours are exact, and agree with such a
long number when they are as close to it as the kit itself asks for. Short numbers must be equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from policy.dmn.decide import Decisions
from policy.dmn.evaluate import Inexact, Value
from policy.dmn.findings import Finding, Refused, refuse
from policy.dmn.markup import Element, read_markup
from policy.dmn.model import Model
from policy.problems import Where

ROUNDED_FROM = 10  # digits from which a written number is a rounded one
CLOSE = Fraction(1, 10**8)  # the share by which the kit's own runners let numbers differ
TYPES = ("decimal", "integer", "int", "long", "double", "float")


@dataclass(frozen=True, slots=True)
class Expected:
    """What one decision should answer in one case."""

    decision: str
    value: Value
    where: Where


@dataclass(frozen=True, slots=True)
class Case:
    """One test case: inputs by name, and what is expected of them."""

    name: str
    given: Mapping[str, Value]
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One comparison: what was expected, what came, and whether they agree; `told` says why there is no value.

    `refused` is the finding, where it is one that says so.
    """

    case: str
    expected: Expected
    found: Value
    agrees: bool
    told: str = ""
    refused: Finding | None = None


def read_cases(source: bytes, file: str) -> tuple[Case, ...]:
    """The cases of a TCK test file. Raises: Refused."""
    root = read_markup(source, file)
    if root.name != "testCases":
        raise refuse("dmn-not-dmn", root.where, f"the file begins with '{root.name[:40]}', tests with 'testCases'",
                     "give the test file second")  # fmt: skip
    return tuple(_case(one) for one in root.all("testCase"))


def _case(element: Element) -> Case:
    given = {one.get("name"): _value(one) for one in element.all("inputNode")}
    expected = []
    for result in element.all("resultNode"):
        wanted = result.first("expected")
        value = _value(wanted) if wanted is not None else None
        expected.append(Expected(result.get("name"), value, result.where))
    return Case(element.get("id"), given, tuple(expected))


def _value(element: Element) -> Value:
    """A value as a test file writes it: a list, a structure or one typed value."""
    listing, components, value = element.first("list"), element.all("component"), element.first("value")
    if listing is not None:
        return None if listing.get("nil") == "true" else tuple(_value(item) for item in listing.all("item"))
    if components:
        return {one.get("name"): _value(one) for one in components}
    if value is None or value.get("nil") == "true":
        return None
    return _typed(value)


def _typed(element: Element) -> Value:
    kind, text = element.get("type").rsplit(":", 1)[-1], element.text
    try:
        if kind in TYPES:
            return Fraction(Decimal(text.strip()))
        if kind == "boolean":
            return {"true": True, "false": False, "1": True, "0": False}[text.strip()]
        if kind == "date":
            return date.fromisoformat(text.strip())
    except (ValueError, KeyError, InvalidOperation, OverflowError):
        raise refuse("dmn-expression", element.where, f"'{text[:40]}' is not a {kind}", "write it as XML") from None
    if kind in ("string", ""):
        return text
    raise refuse("dmn-not-kept", element.where, f"a value of type '{kind}' is not kept",
                 "use string, decimal, boolean or date")  # fmt: skip


def run_cases(model: Model, cases: Iterable[Case]) -> list[Result]:
    """Every expected result beside what the model answers."""
    results = []
    for case in cases:
        decisions = Decisions(model, case.given)
        for expected in case.expected:
            results.append(_result(case, expected, decisions))
    return results


def _result(case: Case, expected: Expected, decisions: Decisions) -> Result:
    if expected.decision not in decisions.model.decisions:
        return Result(case.name, expected, None, False, f"there is no decision '{expected.decision}'")
    try:
        found = decisions[expected.decision]
    except Refused as refused:
        return Result(case.name, expected, None, False, str(refused.finding), refused.finding)
    except Inexact as inexact:
        return Result(case.name, expected, None, False, str(inexact))
    return Result(case.name, expected, found, same(expected.value, found))


def same(expected: Value, found: Value) -> bool:
    """Whether a value is the expected one; a number agrees that rounds to what is written."""
    if isinstance(expected, Fraction) and isinstance(found, Fraction):
        return expected == found or _rounds_to(expected, found)
    if isinstance(expected, tuple) and isinstance(found, tuple):
        return len(expected) == len(found) and all(map(same, expected, found))
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return all(same(value, found.get(name)) for name, value in expected.items())
    return type(expected) is type(found) and bool(expected == found)


def _rounds_to(expected: Fraction, found: Fraction) -> bool:
    """Whether a long number is the exact one as engines of binary numbers write it."""
    digits = str(abs(expected.numerator)) if expected.denominator == 1 else str(expected.denominator)
    return len(digits) >= ROUNDED_FROM and abs(expected - found) <= abs(expected) * CLOSE


def shown(value: Value) -> str:
    """A value as people read it: exact where it is a short decimal, else to 15 digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        text = f"{exact:.15g}" if len(f"{exact}") > 16 else f"{exact:f}"
        return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    if isinstance(value, tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(one)}" for name, one in value.items()) + "}"
    return "null" if value is None else str(value)
