"""A policy's engines tried on the corners of every row, in a process that may die (guards 11 and 12).

`python -m rules.selfcheck` reads a pickled Program from its parent, builds both engines and compares them with the
reference: each threshold, the values beside it, and each fact left out. It ends with 0 and no word where all agree.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from policy.program import Fact, Program
from rules import durable, reference
from rules.compiled import compile_program
from rules.flatten import Box, FlatProgram, flatten
from rules.ranges import Field

TYPICAL: Mapping[str, Any] = {
    "money": 100_000, "count": 1, "days": 1, "hours": 1, "months": 12, "limit": 1_000_000, "date": 739_000,
    "percent": Fraction(1, 2), "ratio": Fraction(1, 2), "rate": Fraction(1, 100), "number": 1, "flag": False,
    "terms": "net 30", "choice": "", "text": "",
}  # fmt: skip
LOWEST: Mapping[str, int] = {"limit": -1, "date": 700_000}
CASES = 2_000
SHOWN = 3


def selfcheck(program: Program, cases: int = CASES) -> list[str]:
    """The differences found, as sentences; none is what a policy needs to be loaded."""
    engines: list[Any] = [compile_program(program)]
    if durable.AVAILABLE:
        engines.append(durable.build(program))
    every = list(corners(program, flatten(program)))
    found: list[str] = []
    for facts in every[:: max(1, -(-len(every) // cases))]:
        try:
            wanted = reference.decide(program, facts)
        except (ArithmeticError, ValueError):  # a corner outside the calendar has no answer to compare with
            continue
        for engine in engines:
            answer = engine.decide(facts)
            if answer != wanted:
                found.append(f"{type(engine).__name__} decides '{answer.verdict}' for '{wanted.verdict}' of {facts}")
    for engine in engines[1:]:
        engine.close()
    return found


def corners(program: Program, flat: FlatProgram) -> Iterator[dict[str, Any]]:
    """Facts at and beside each end of each row, other facts as the row wants them; then each fact left out."""
    given = [node for node in program.nodes if isinstance(node, Fact) and node.scope in ("fact", "figure")]
    kinds = {node.name: node.kind for node in given}
    typical = {name: _typical(program, name, kind) for name, kind in kinds.items()}
    tables = [table for stage in flat.stages for table in stage] + ([flat.authority] if flat.authority else [])
    for box in dict.fromkeys(box for table in tables for row in table.rows for box in row.boxes):
        yield from _around(box, flat.fields, kinds, typical)
    for name in kinds:
        yield typical | {name: None}


def _around(
    box: Box, fields: Mapping[str, Field], kinds: Mapping[str, str], typical: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    tests = [(fields[name], low, high) for name, low, high in box if fields[name].fact]
    inside = dict(typical)
    for field, low, high in tests:
        inside[field.fact] = decoded(field, low if low > field.domain[0] else high)
    yield inside
    for field, low, high in tests:
        lowest, highest = field.domain
        for number in {low - 1, low, high, high + 1}:
            if lowest < number < highest or (lowest <= number <= highest and field.form in ("flag", "token")):
                value = decoded(field, number)
                least = LOWEST.get(kinds[field.fact], 0)
                yield inside | {field.fact: value if isinstance(value, str | bool) else max(value, least)}


def decoded(field: Field, number: int) -> Any:
    """A value that the field holds as this number."""
    if field.form == "token":
        return field.tokens[number - 1] if number else "another"
    if field.form == "flag":
        return bool(number)
    return number if field.form == "integer" else Fraction(number, 2 * field.scale)


def _typical(program: Program, name: str, kind: str) -> Any:
    declared = program.facts.get(name)
    return declared.choices[0] if declared and declared.choices else TYPICAL.get(kind, 0)


def main() -> int:
    """Answer the parent: 0 and nothing, or 1 and the first differences."""
    try:
        found = selfcheck(pickle.load(sys.stdin.buffer))
    except Exception as error:  # whatever it is, this policy cannot be loaded, and the parent tells why
        found = [f"{type(error).__name__}: {error}"]
    sys.stdout.write("\n".join(found[:SHOWN]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
