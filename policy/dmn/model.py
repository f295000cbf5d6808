"""A DMN model as read: inputs, decisions, business knowledge, and their boxed expressions, each with its place.

A part that could not be read stays in its place as `Unkept`, so that the rest of the model is of use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policy.dmn.feel import Expression, Scalar, Tests
from policy.dmn.findings import Finding
from policy.problems import Where

SINGLE = ("UNIQUE", "ANY", "FIRST", "PRIORITY")
LISTS = ("RULE ORDER", "OUTPUT ORDER", "COLLECT")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is: base "number", "string", "boolean", "date" or "any"; components of a structure; allowed values.

    `words` are the allowed values in their order where they are a plain list, else empty; `nullable` says that null is
    among them.
    """

    base: str = "any"
    allowed: Tests | None = None
    components: Mapping[str, Type] = field(default_factory=dict)
    collection: bool = False

    @property
    def words(self) -> tuple[Scalar, ...]:
        """The allowed values in their order, where they are a plain list."""
        return listed_values(self.allowed)


@dataclass(frozen=True, slots=True)
class Formula:
    """A literal expression; `text` is as written."""

    expression: Expression
    where: Where
    text: str = ""


@dataclass(frozen=True, slots=True)
class TableInput:
    """A column that is tested: what is read, and the values it may take."""

    label: str
    expression: Expression
    allowed: Tests | None
    where: Where


@dataclass(frozen=True, slots=True)
class TableOutput:
    """A column that is given; `order` are its values from first to last priority."""

    name: str
    order: tuple[Scalar, ...]
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a test for each input, a result for each output."""

    cells: tuple[Tests, ...]
    results: tuple[Expression, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table; `aggregation` is empty but for COLLECT."""

    hit_policy: str
    aggregation: str
    inputs: tuple[TableInput, ...]
    outputs: tuple[TableOutput, ...]
    rules: tuple[Rule, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Invocation:
    """A business knowledge model called with a value for each of its parameters."""

    function: str
    bindings: tuple[tuple[str, Boxed], ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Context:
    """Named values, each of which may read those before it; the entry without a name is the result."""

    entries: tuple[tuple[str, Boxed], ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Unkept:
    """A boxed expression that is refused; the finding says why."""

    finding: Finding


Boxed = Formula | Table | Invocation | Context | Unkept


@dataclass(frozen=True, slots=True)
class Input:
    """What somebody must bring before anything is decided."""

    name: str
    type: Type
    where: Where


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of the model."""

    name: str
    type: Type
    body: Boxed
    where: Where


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model: a boxed expression over parameters."""

    name: str
    parameters: tuple[str, ...]
    body: Boxed
    where: Where


@dataclass(frozen=True, slots=True)
class Model:
    """A whole DMN file; `findings` are about what could not be read."""

    name: str
    file: str
    inputs: Mapping[str, Input]
    decisions: Mapping[str, Decision]
    knowledge: Mapping[str, Knowledge]
    findings: tuple[Finding, ...]


def listed_values(tests: Tests | None) -> tuple[Scalar, ...]:
    """The values of a plain list of tests such as `"A", "B"`, in order; nothing where a test is not one value."""
    from policy.dmn.feel import Half, Literal

    if tests is None or tests.negated:
        return ()
    values = [test.value.value for test in tests.tests
              if isinstance(test, Half) and test.op == "=" and isinstance(test.value, Literal)]  # fmt: skip
    return tuple(values) if len(values) == len(tests.tests) else ()
