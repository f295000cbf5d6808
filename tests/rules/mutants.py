"""Faults put into the compiled engine on purpose, by name: each must show as a difference from the reference.

A mutant is a context manager; what is compiled inside it is faulty. A differential test that misses one proves little.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from policy.program import First
from rules import assembly, bands, emit, exact, quick, settlement


@contextmanager
def _replaced(owner: Any, name: str, made: Callable[[Any], Any]) -> Iterator[None]:
    """The attribute (or entry of a mapping) made anew from the old one, until the end."""
    if isinstance(owner, dict):
        with patch.dict(owner, {name: made(owner[name])}):
            yield
    else:
        with patch.object(owner, name, made(getattr(owner, name))):
            yield


def _edges_moved(column: Callable[..., bands.Column]) -> Callable[..., bands.Column]:
    """At a threshold itself the answer of the other side is given."""
    def moved(*args: Any) -> bands.Column:
        found = column(*args)
        return replace(found, cuts=tuple(bands.Cut(cut.at, not cut.above) for cut in found.cuts))
    return moved


def _missing_is_true(rows_at: Callable[..., bands.Rows]) -> Callable[..., bands.Rows]:
    def every(nodes: Any, tests: Any, everything: int, sample: Any) -> bands.Rows:
        return bands.Rows(everything, everything) if sample is None else rows_at(nodes, tests, everything, sample)
    return every


def _milder_first(verdict: Callable[..., str]) -> Callable[..., str]:
    """A referral hides a denial."""
    def swapped(self: Any, checks: Any, missing: Any) -> str:
        referred = any(check.status == "refer" for check in checks)
        return "refer" if referred else verdict(self, checks, missing)
    return swapped


def _crossed_with_nothing(_: Any) -> Callable[..., Any]:
    """Numerators compared as if their denominators were the same."""
    return lambda left, op, right: exact.compare(left.top, op, right.top)


def _not_forgotten(conjunction: Callable[..., Any]) -> Callable[..., Any]:
    def forgetful(nodes: Any, index: int, wanted: bool = True) -> Iterator[bands.Atom]:
        return ((test, True) for test, _ in conjunction(nodes, index, wanted))
    return forgetful


def _no_missing_output(reads: Callable[..., Any]) -> Callable[..., Any]:
    """The outputs of a section may be missing and nobody is told."""
    def silent(self: Any, reasons: Any, index: int) -> Any:
        values, missing = reads(self, reasons, index)
        table = self.program.nodes[index] if index >= 0 else None
        lost = isinstance(table, First) and reasons.rows[table.name] >= 0
        return values, frozenset() if lost else missing
    return silent


def _lifts_nothing(_: Any) -> Callable[..., None]:
    """Exceptions that the quick function does not know."""
    def kept(self: Any, place: int, row: Any) -> None:
        self.values.body.append(exact.assign(f"by{place}", ast.Constant("")))
    return kept


MUTANTS: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
    "band_edge": partial(_replaced, assembly.bands, "column", _edges_moved),
    "missing_is_true": partial(_replaced, assembly.bands, "rows_at", _missing_is_true),
    "last_row_first": partial(_replaced, assembly, "lowest_row", lambda _: lambda rows: rows.bit_length() - 1),
    "half_up_for_half_even": partial(_replaced, emit, "half_even", lambda _: emit.half_up),
    "floor_for_ceil": partial(_replaced, emit, "negative", lambda _: lambda term: term),
    "milder_verdict_first": partial(_replaced, settlement.Settlement, "verdict", _milder_first),
    "derived_sign": partial(_replaced, emit._CALC, "subtract", lambda _: emit._CALC["add"]),
    "denominators_forgotten": partial(_replaced, assembly, "relation", _crossed_with_nothing),
    "not_forgotten": partial(_replaced, assembly.bands, "conjunction", _not_forgotten),
    "prepaid_ignored": partial(_replaced, settlement, "to_bring", lambda real: lambda ways, due, _: real(ways, due, 0)),
    "leftover_unit_lost": partial(_replaced, settlement, "half_even", lambda _: lambda top, under: top // under),
    "first_offer_always": partial(_replaced, settlement, "offered", lambda _: lambda *args: (args[1] or (None,))[0]),
    "lifted_still_counts": partial(_replaced, quick.Quick, "lift", _lifts_nothing),
    "held_forgotten": partial(_replaced, settlement, "with_held", lambda _: lambda left, outputs: left),
    "held_alone": partial(_replaced, settlement, "with_held", lambda real: lambda left, outputs: real((), outputs)),
    "missing_output_unsaid": partial(_replaced, settlement.Settlement, "_section", _no_missing_output),
}
