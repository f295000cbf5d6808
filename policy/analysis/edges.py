"""Edges that two sections draw on two sides of one value: `>= 15` in one place and `> 15` in another.

On that value, often a day, the two sections disagree, and hardly ever on purpose. Edges inside one section are its own
affair, and two different numbers are two different rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from policy.analysis.orders import text_of
from policy.document import Policy
from policy.meaning import Checked, figure_of
from policy.problems import Problem, Where
from policy.program import Program
from policy.syntax import Block, Comparison, Condition, Expr, FigureOf, Interval, Membership, Name, Number

ABOVE = {">": True, "<=": True, ">=": False, "<": False}  # whether the edge lies above the value itself
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
MEASURED = {"at_most": "<=", "at_least": ">=", "below": "<", "above": ">"}


@dataclass(frozen=True, slots=True)
class Edge:
    """One side of a threshold as written: what is compared, with what, and where."""

    subject: str
    value: int | Fraction
    above: bool
    written: str
    section: str
    at: Where


def section_edges(program: Program, checked: Checked) -> Iterator[Problem]:
    """A finding for each value at which two sections disagree, told at the later place."""
    first: dict[tuple[str, int | Fraction, bool], Edge] = {}
    told: set[tuple[str, int | Fraction]] = set()
    for edge in sorted(edges_of(checked), key=lambda edge: edge.at):
        first.setdefault((edge.subject, edge.value, edge.above), edge)
        other = first.get((edge.subject, edge.value, not edge.above))
        if other is None or other.section == edge.section or (edge.subject, edge.value) in told:
            continue
        told.add((edge.subject, edge.value))
        yield _problem(program, checked, edge, other)


def _problem(program: Program, checked: Checked, edge: Edge, other: Edge) -> Problem:
    name = edge.subject.split(" of ")[0]
    fact = checked.names.known.get(name)
    kind = fact.sort.kind if fact is not None else _field_kind(checked, edge.subject)
    value = text_of(program, kind, edge.value if edge.value.denominator > 1 else int(edge.value))
    message = (f"'{edge.subject}' is tested with {edge.written} {value} here and with {other.written} {value} in "
               f"{other.section}, line {other.at.line}: at exactly {value} the two disagree")  # fmt: skip
    return Problem("off-by-one", edge.at, message, "draw both lines on the same side, or use two numbers", "warning",
                   ((edge.subject, value),))  # fmt: skip


def _field_kind(checked: Checked, subject: str) -> str:
    name, _, listing = subject.partition(" of ")
    return checked.vocabulary.lists[listing].fields[name].kind


def edges_of(checked: Checked) -> Iterator[Edge]:
    """Every threshold of the file: in figures over lists, in rows and in checks."""
    policy = checked.policy
    for let in policy.lets:
        figure = figure_of(let)
        if figure is not None and let.name.at.file == policy.file:
            for line in figure.where:
                yield from _of_condition(checked, line, f"the figure '{let.name.text}'", figure)
    for section, rows in policy.rows.items():
        for row in rows:
            if row.when is not None:
                yield from _of_condition(checked, row.when, section, None)
    yield from _of_checks(checked, policy)


def _of_checks(checked: Checked, policy: Policy) -> Iterator[Edge]:
    for check in policy.checks:
        if check.at.file != policy.file:
            continue
        section = f"the check '{check.name.text}'"
        for condition in (check.only_when, check.when):
            if condition is not None:
                yield from _of_condition(checked, condition, section, None)
        if check.measure is not None and check.op in MEASURED and isinstance(check.allowed, Number | Name):
            yield from _edge(checked, check.measure, MEASURED[check.op], check.allowed, section, None)


def _of_condition(checked: Checked, condition: Condition, section: str, figure: FigureOf | None) -> Iterator[Edge]:
    match condition:
        case Block():
            for item in condition.items:
                yield from _of_condition(checked, item, section, figure)
        case Comparison() if condition.op in ABOVE:
            yield from _edge(checked, condition.left, condition.op, condition.right, section, figure)
            yield from _edge(checked, condition.right, TURNED[condition.op], condition.left, section, figure)
        case Membership():
            for interval in condition.items:
                if isinstance(interval, Interval):
                    ends = ((">=" if interval.low_closed else ">", interval.low),
                            ("<=" if interval.high_closed else "<", interval.high))  # fmt: skip
                    for op, end in ends:
                        if end is not None:
                            yield from _edge(checked, condition.left, op, end, section, figure)


def _edge(checked: Checked, left: Expr, op: str, right: Expr, section: str, figure: FigureOf | None) -> Iterator[Edge]:
    value = _constant(checked, right)
    if value is None or not isinstance(left, Name):
        return
    referent = checked.meanings.referents.get(left)
    if referent is None or referent.scope in ("token", "setting"):
        return
    subject = f"{left.text} of {figure.list_name}" if referent.scope == "item" and figure is not None else left.text
    yield Edge(subject, value, ABOVE[op], op, section, left.at)


def _constant(checked: Checked, expr: Expr) -> int | Fraction | None:
    """A written number, or a setting that has one value for all days."""
    if isinstance(expr, Number):
        value = checked.meanings.numbers.get(expr)
        return value if isinstance(value, (int, Fraction)) else None
    referent = checked.meanings.referents.get(expr)
    if referent is not None and referent.scope == "setting":
        setting = next(one for one in checked.policy.settings if one.name.text == referent.name)
        only = setting.values[0]
        if len(setting.values) == 1 and only.since is None and only.until is None:
            return _constant(checked, only.value)
    return None
