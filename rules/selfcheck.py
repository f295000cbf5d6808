"""A policy's engines tried on the corners of every row, in a process that may die (guards 11 and 12).

`python -m rules.selfcheck` reads a pickled Program from its parent, builds both engines and compares them with the
reference: each threshold, the values beside it, and each fact left out. It ends with 0 and no word where all agree.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import reduce
from operator import or_
from typing import Any

from policy.program import Collect, Fact, Program
from policy.reading import below_of
from rules import durable, reference
from rules.compiled import compile_program
from rules.flatten import Box, FlatProgram, flatten
from rules.ranges import Field
from rules.standing import fold_of

TYPICAL: Mapping[str, Any] = {
    "money": 100_000, "count": 1, "days": 1, "hours": 1, "months": 12, "limit": 1_000_000, "date": 739_000,
    "percent": Fraction(1, 2), "ratio": Fraction(1, 2), "rate": Fraction(1, 100), "number": 1, "flag": False,
    "terms": "net 30", "choice": "", "text": "",
}  # fmt: skip
LOWEST: Mapping[str, int] = {"limit": -1, "date": 700_000}
CASES = 2_000
WORK = 150_000  # checks decided for the corners of sections
FEWEST = 120  # corners of sections that are tried however many checks there are
SECTIONS = 1
GIVEN = ("fact", "figure")
SHOWN = 3


def selfcheck(program: Program, cases: int = CASES) -> list[str]:
    """The differences found, as sentences; none is what a policy needs to be loaded."""
    engines: list[Any] = [compile_program(program)]
    if durable.AVAILABLE:
        engines.append(durable.build(program))
    shared, alone = packed(program, flatten(program))
    room = max(FEWEST, min(cases, WORK // max(1, len(_checks(program).rows))) - len(shared))
    found: list[str] = []
    for facts in (*shared, *alone[:: max(1, -(-len(alone) // room))]):
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
    typical = typical_facts(program)
    yield from (typical | changes for changes in changes_at_corners(program, flat))


def packed(program: Program, flat: FlatProgram) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The same corners in fewer orders: those that touch no section and no check in common share one; the rest alone.

    Every check sees the facts of one corner alone, as if it stood by itself, and its answer is compared by itself.
    """
    typical, touched = typical_facts(program), touched_by(program)
    alone: list[dict[str, Any]] = []
    shared: list[tuple[int, dict[str, Any]]] = []
    for changes in changes_at_corners(program, flat):
        checks = reduce(or_, (touched[name] for name in changes), 0)
        place = next((place for place, (others, _) in enumerate(shared) if not others & checks), len(shared))
        if checks & SECTIONS:
            alone.append(typical | changes)
        elif place == len(shared):
            shared.append((checks, typical | changes))
        else:
            others, facts = shared[place]
            facts.update(changes)
            shared[place] = others | checks, facts
    return [facts for _, facts in shared], alone


def touched_by(program: Program) -> Mapping[str, int]:
    """What reads each fact: bit 0 for any section or the end of the decision, then one bit for each check."""
    reads: list[frozenset[str]] = []
    for node in program.nodes[: program.fold]:
        own = frozenset({node.name}) if isinstance(node, Fact) and node.scope in GIVEN else frozenset[str]()
        reads.append(own.union(*(reads[below] for below in below_of(node, program))))
    found = dict.fromkeys(typical_facts(program), 0)
    fold, checks = fold_of(program), _checks(program)
    ends = [getattr(fold, name) for name in fold.__dataclass_fields__ if name != "checks"]
    for name in frozenset[str]().union(*(reads[index] for index in ends if index >= 0)):
        found[name] |= SECTIONS
    for place, row in enumerate(checks.rows, 1):
        for name in frozenset[str]().union(*(reads[index] for index in below_of(Collect((row,)), program))):
            found[name] |= 1 << place
    return found


def _checks(program: Program) -> Collect:
    node = program.nodes[fold_of(program).checks]
    assert isinstance(node, Collect)
    return node


def typical_facts(program: Program) -> dict[str, Any]:
    """A value for every fact that the policy reads."""
    return {name: _typical(program, name, kind) for name, kind in _kinds(program).items()}


def _kinds(program: Program) -> dict[str, str]:
    return {node.name: node.kind for node in program.nodes if isinstance(node, Fact) and node.scope in GIVEN}


def changes_at_corners(program: Program, flat: FlatProgram) -> Iterator[dict[str, Any]]:
    """What each corner changes of the typical facts."""
    kinds = _kinds(program)
    tables = [table for stage in flat.stages for table in stage] + ([flat.authority] if flat.authority else [])
    for box in dict.fromkeys(box for table in tables for row in table.rows for box in row.boxes):
        yield from _around(box, flat.fields, kinds)
    for name in kinds:
        yield {name: None}


def _around(box: Box, fields: Mapping[str, Field], kinds: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    tests = [(fields[name], low, high) for name, low, high in box if fields[name].fact]
    inside: dict[str, Any] = {}
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
