"""The compiled engine: a Program as one generated function that decides in microseconds.

Every condition stands in a column of `rules/bands.py`; the AND of a decision's bands gives the rows of all tables of a
group at once. The quick function takes every fact for given; where one is missing the complete one answers, with two
bits for each row (true; true or unknown). Neither shares code with the reference, so that a fault of one is seen.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from policy.program import Calc, Fact, Program, Round
from rules.assembly import Assembly, Place
from rules.evidence import Full
from rules.exact import call, name, tree
from rules.outcome import VERDICTS, Outcome
from rules.quick import ABSENT, Core, Quick
from rules.reasons import Reasons
from rules.settlement import Settlement


class Compiled:
    """One Program, ready to decide; make it with `compile_program`."""

    def __init__(self, program: Program) -> None:
        self._settlement = Settlement(program)
        self._assembly = Assembly(self._settlement, complete=True)
        self._complete = _complete_function(self._assembly)
        quick, full = Quick(self._settlement), Full(self._settlement)
        self._quick = _function(quick.assembly, quick.body()) if quick.possible else self._slow_core
        self._full = _function(full.assembly, full.body()) if full.possible else self._slow_decide

    def decide(self, facts: Mapping[str, Any]) -> Outcome:
        """The full answer, equal to the reference's for all facts."""
        try:
            return self._full(facts)
        except ABSENT:
            return self._slow_decide(facts)

    def core(self, facts: Mapping[str, Any]) -> Core:
        """The answer in numbers: verdict (0 approve, 1 with conditions, 2 refer, 3 deny), row of tiers, limits, terms,
        security, and of authority where it is asked, each from 0, -1 for none; a bit for every check that failed, and
        one for every check that is not evaluated, in document order from the lowest.
        """
        try:
            return self._quick(facts)
        except ABSENT:
            return self._slow_core(facts)

    def _slow_decide(self, facts: Mapping[str, Any]) -> Outcome:
        return self._whole(facts)[0]

    def _slow_core(self, facts: Mapping[str, Any]) -> Core:
        outcome, failed, unknown = self._whole(facts)
        rows = (outcome.rows.get(table, -1) for table in ("tiers", "limits", "terms", "security", "authority"))
        return (VERDICTS.index(outcome.verdict), *rows, failed, unknown)  # type: ignore[return-value]

    def _whole(self, facts: Mapping[str, Any]) -> tuple[Outcome, int, int]:
        values, rows, fails, applies = self._complete(facts)
        assembly, settlement = self._assembly, self._settlement
        reasons = Reasons(settlement.program, assembly.same, facts)
        reasons.values, reasons.rows = values, rows
        asked = iter(_truths(applies, assembly.applies, assembly))
        failing = _truths(fails, assembly.fails, assembly)
        checks = []
        failed = unknown = 0
        for place, row in enumerate(settlement.checks):
            apply = next(asked) if row.applies >= 0 else True
            check = reasons.check(row, apply, failing[place])
            unknown |= (check.status == "not_evaluated") << place
            failed |= (apply is True and failing[place] is True and check.status != "lifted") << place
            checks.append(check)
        return settlement.complete(reasons, tuple(checks)), failed, unknown


def compile_program(program: Program) -> Compiled:
    """A Program as generated code, built node by node as syntax; what a policy says stands in it as constants."""
    return Compiled(program)


def _truths(mask: int, place: Place, assembly: Assembly) -> list[bool | None]:
    width = assembly.groups[place.group].width
    bits = range(place.first, place.first + len(place.rows))
    return [bool(mask >> bit & 1) or (None if mask >> (bit + width) & 1 else False) for bit in bits]


def _complete_function(assembly: Assembly) -> Callable[[Mapping[str, Any]], Any]:
    """The function for facts that may be missing: values by node, rows by table, and the bits of the checks."""
    values = assembly.values
    rows = {table: assembly.row(table) for table in assembly.program.tables}
    assembly.gather(assembly.fails)
    assembly.gather(assembly.applies)
    shown: dict[int, ast.expr] = {}
    for index, node in enumerate(assembly.nodes):
        if isinstance(node, Fact | Calc | Round) and values.same[index] == index:
            found = values.value(index)
            shown[index] = tree(found.top) if found.under == 1 else call("plain", found.top, found.under)
    answer = [
        ast.Dict([tree(index) for index in shown], list(shown.values())),
        ast.Dict([tree(table) for table in rows], [name(text) for text in rows.values()]),
        name(f"m{assembly.fails.group}"), name(f"m{assembly.applies.group}"),
    ]  # fmt: skip
    return _function(assembly, [*values.body, ast.Return(ast.Tuple(answer, ast.Load()))])


def _function(assembly: Assembly, body: list[ast.stmt]) -> Callable[[Mapping[str, Any]], Any]:
    arguments = ast.arguments([], [ast.arg("facts")], None, [], [], None, [])
    module = ast.Module([ast.FunctionDef("decide", arguments, body, [])], [])
    space = assembly.values.bound
    exec(compile(ast.fix_missing_locations(module), "<policy>", "exec"), space)
    made: Callable[[Mapping[str, Any]], Any] = space["decide"]
    return made
