"""Replays what the analysis says on the reference engine: parses examples, finds the row of a finding, runs tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from policy.kinds import NO_LIMIT, UNLIMITED
from policy.load import Loaded
from policy.problems import Problem
from policy.program import First, Program
from rules.outcome import Missing
from rules.reference import Evaluation
from tests.policy.written import load

FROM_ROWS = ("gap", "dead-row", "redundant-row", "unreachable-outcome", "otherwise-slip", "off-by-one")


def findings(loaded: Loaded) -> list[Problem]:
    """What the analysis found."""
    return [problem for problem in loaded.problems if problem.code in FROM_ROWS]


def found(body: str) -> list[str]:
    """What the analysis found in a body, as `line: code`, lines counted from the body's first."""
    return [f"{one.where.line - 4}: {one.code}" for one in findings(load(body))]


def facts_of(program: Program, order: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """An example as facts of the reference engine."""
    return {name: _value(program, _kind(program, name), text) for name, text in order}


def _kind(program: Program, name: str) -> str:
    figures = {figure.name: figure.kind for figure in program.figures}
    return figures[name] if name in figures else program.facts[name].kind


def _value(program: Program, kind: str, text: str) -> Any:
    if kind == "flag":
        return text == "true"
    if kind in ("choice", "text", "terms"):
        return text
    if kind == "date":
        return date.fromisoformat(text).toordinal()
    if text in ("none", "unlimited"):
        return NO_LIMIT if text == "none" else UNLIMITED
    scale = {"money": Fraction(10**program.minor_digits), "limit": Fraction(10**program.minor_digits)}
    value = Fraction(text.rstrip("%")) * scale.get(kind, Fraction(1)) / (100 if text.endswith("%") else 1)
    return value.numerator if value.denominator == 1 else value


def row_of(program: Program, problem: Problem) -> tuple[First, int] | None:
    """The table and row in whose line a finding stands; None where it is a check or not one row alone."""
    rows = [(program.nodes[index], number) for index in program.tables.values()
            for number, row in enumerate(program.nodes[index].rows) if row.line == problem.where.line]  # type: ignore[union-attr]
    return rows[0] if len(rows) == 1 else None  # type: ignore[return-value]


def hit(program: Program, table: First, facts: Mapping[str, Any]) -> Any:
    """The number of the row that decides, or the reasons why there is none."""
    return Evaluation(program.nodes, program.tables, facts).value(program.tables[table.name])


def fits(program: Program, table: First, row: int, facts: Mapping[str, Any]) -> Any:
    """Whether a row's condition is true for these facts, wherever the row stands."""
    return Evaluation(program.nodes, program.tables, facts).value(table.rows[row].condition)


def after(program: Program, table: First, row: int, facts: Mapping[str, Any]) -> Any:
    """What would decide if a row were taken out: the first later row that is not false, and whether it is true."""
    for later in range(row + 1, len(table.rows)):
        truth = fits(program, table, later, facts)
        if truth is not False:
            return table.rows[later].outputs if truth is True else truth
    return None


def contradictions(program: Program, problems: list[Problem], facts: Mapping[str, Any]) -> Iterator[str]:
    """Findings that one order proves wrong."""
    for problem in problems:
        place = row_of(program, problem)
        if place is None:
            continue
        table, row = place
        if hit(program, table, facts) is not row and hit(program, table, facts) != row:
            continue
        if problem.code in ("dead-row", "unreachable-outcome"):
            yield f"{problem} but {dict(facts)} gets it"
        follows = after(program, table, row, facts)
        if problem.code == "redundant-row" and follows != table.rows[row].outputs and not isinstance(follows, Missing):
            yield f"{problem} but {dict(facts)} gets something else without it"


def untrue_examples(program: Program, problems: list[Problem]) -> Iterator[str]:
    """Findings whose own example does not show what they say."""
    for problem in problems:
        place = row_of(program, problem)
        if place is None or not problem.example or problem.code == "off-by-one":
            continue
        facts = facts_of(program, problem.example)
        table, row = place
        got = hit(program, table, facts)
        shows = {
            "dead-row": fits(program, table, row, facts) is True and got != row,
            "redundant-row": fits(program, table, row, facts) is True,
            "otherwise-slip": got == len(table.rows) - 1,
        }
        if not shows.get(problem.code, True):
            yield f"{problem} {problem.example}: row {got}"
