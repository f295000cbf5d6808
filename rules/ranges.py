"""Fields of whole numbers and closed ranges of them: how an exact value, a token or a flag becomes a number, and a test
a set of ranges.

The Rete engine compares int64 numbers and nothing else. The order of exact values is kept: where x < c holds for the
values it holds for their numbers, at every threshold. Written apart from the compiled engine's bands, on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from policy.program import In, Span

INT64_MAX = 2**63 - 1

Ranges = tuple[tuple[int, int], ...]  # closed, disjoint, rising


@dataclass(frozen=True, slots=True)
class Field:
    """One number that the Rete engine sees.

    `form` says how a value becomes that number. integer: as it is. rational: 2 × floor(value × scale), and 1 more where
    value × scale is not whole. token: its place in `tokens` from 1, 0 for any other. flag and truth: 0 or 1. sign: -1,
    0 or 1 for `node` less, equal or more than `other` (tokens: 0 or 1). `fact` names a given fact read as it is;
    `by_row` are the numbers for each row of `table`, where constant outputs of that earlier table are read.
    """

    name: str
    form: str
    node: int
    other: int = -1
    scale: int = 1
    tokens: tuple[str, ...] = ()
    fact: str = ""
    table: int = -1
    by_row: tuple[int, ...] = ()

    @property
    def domain(self) -> tuple[int, int]:
        """The lowest and highest number that this field can hold."""
        if self.form in ("flag", "truth"):
            return 0, 1
        if self.form == "token":
            return 0, len(self.tokens)
        return (-1, 1) if self.form == "sign" else (-INT64_MAX, INT64_MAX)


def encode(field: Field, value: Any, other: Any = None) -> int:
    """The number that stands for a value; it may lie outside int64, which the caller checks."""
    if field.form == "sign":
        return 0 if value == other else 1 if isinstance(value, str) or value > other else -1
    if field.form == "token":
        return field.tokens.index(value) + 1 if value in field.tokens else 0
    if field.form == "rational":
        scaled = value * field.scale
        below: int = floor(scaled)
        return 2 * below + int(below != scaled)
    return int(value)


def compared(field: Field, op: str, constant: Any) -> Ranges:
    """Where on a field `value op constant` holds."""
    lowest, highest = field.domain
    if op == "!=":
        return outside(compared(field, "=", constant), field.domain)
    at = encode(field, constant) if field.form != "sign" else constant
    whole = field.form != "integer" or at == constant
    if field.form == "integer":
        at = floor(constant)
    if op == "=":
        return _clipped(at, at, field.domain) if whole else ()
    if op in ("<", "<="):
        return _clipped(lowest, at if op == "<=" or not whole else at - 1, field.domain)
    return _clipped(at if op == ">=" and whole else at + 1, highest, field.domain)


def within(field: Field, node: In) -> Ranges:
    """Where on a field one of the points or spans holds."""
    found: list[tuple[int, int]] = [span for point in node.points for span in compared(field, "=", point)]
    for span in node.spans:
        found += _spanned(field, span)
    ranges = joined(found)
    return outside(ranges, field.domain) if node.negated else ranges


def _spanned(field: Field, span: Span) -> Ranges:
    low, high = field.domain
    above = compared(field, ">=" if span.low_closed else ">", span.low) if span.low is not None else ((low, high),)
    below = compared(field, "<=" if span.high_closed else "<", span.high) if span.high is not None else ((low, high),)
    return both(above, below)


def _clipped(low: int, high: int, domain: tuple[int, int]) -> Ranges:
    low, high = max(low, domain[0]), min(high, domain[1])
    return ((low, high),) if low <= high else ()


def joined(ranges: Sequence[tuple[int, int]]) -> Ranges:
    """Several ranges as one set, those that touch made one."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return tuple(merged)


def both(left: Ranges, right: Ranges) -> Ranges:
    """Where two sets of ranges meet."""
    met = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return tuple((low, high) for low, high in met if low <= high)


def outside(ranges: Ranges, domain: tuple[int, int]) -> Ranges:
    """What is left of a field's domain."""
    edges = [domain[0] - 1, *(edge for span in ranges for edge in span), domain[1] + 1]
    gaps = ((edges[at] + 1, edges[at + 1] - 1) for at in range(0, len(edges), 2))
    return tuple((low, high) for low, high in gaps if low <= high)
