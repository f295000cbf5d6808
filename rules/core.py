"""The core of a decision: verdict, rows and masks as a few numbers, what engines are compared and measured by.

It is the whole decision but for evidence, amounts and messages, which are built only for the answer that leaves the
house. The fold's own functions decide here too; only what cannot change these numbers is left out.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from policy.program import Collect, Const, First, Fold, Program
from rules.fold import choose_terms, still_to_bring
from rules.outcome import STATUS_RANK, VERDICTS, Missing, Outcome
from rules.readings import Unsettled
from rules.reference import Evaluation

APPROVE, CONDITIONS, REFER, DENY = range(len(VERDICTS))
SECTIONS = ("tiers", "limits", "terms", "security", "authority")
FAILED = ("hard_stop", "deny", "refer", "warn")
WHOLE = ((("prepayment", Fraction(1)),),)


class Core:
    """The fold over settled rows, for one Program."""

    def __init__(self, program: Program, fold: Fold, checks: Collect) -> None:
        self._program, self._fold = program, fold
        ranks = [STATUS_RANK[row.verdict] for row in checks.rows]
        self._denying = sum(1 << n for n, rank in enumerate(ranks) if rank >= STATUS_RANK["deny"])
        self._referring = sum(1 << n for n, rank in enumerate(ranks) if rank == STATUS_RANK["refer"])
        sections = (fold.tiers, fold.limits, fold.terms, fold.security)
        self._tables = [index for index in sections if index >= 0]
        self._computed = {index: _computed(program, index) for index in self._tables}

    def verdict(self, failed: int, evaluation: Evaluation) -> int:
        """The place of the verdict in VERDICTS. Raises Unsettled where an output is missing."""
        complete = True
        for index in self._tables:
            row = evaluation.value(index)
            if isinstance(row, Missing):
                complete = False
                continue
            for output in self._computed[index][row]:
                if isinstance(evaluation.value(output), Missing):
                    raise Unsettled("an output is missing")
        effective = self._fold.limit_effective
        if effective >= 0 and isinstance(evaluation.value(effective), Missing):
            raise Unsettled("the effective limit is missing")
        if failed & self._denying:
            return DENY
        if failed & self._referring or not complete:
            return REFER
        return CONDITIONS if self._has_conditions(evaluation) else APPROVE

    def answer(self, verdict: int, failed: int, evaluation: Evaluation) -> tuple[int, ...]:
        """Verdict, rows of tiers, limits, terms, security and authority (-1: none), checks failed, checks unknown."""
        fold, found = self._fold, []
        authority = fold.authority if verdict == REFER else -1
        for index in (fold.tiers, fold.limits, fold.terms, fold.security, authority):
            row = evaluation.value(index) if index >= 0 else -1
            found.append(-1 if isinstance(row, Missing) else row)
        return (verdict, *found, failed, 0)

    def _has_conditions(self, evaluation: Evaluation) -> bool:
        fold = self._fold
        asked, amount, prepaid = (_known(evaluation, at) for at in (fold.requested_terms, fold.amount, fold.prepaid))
        offers, longest = (_output(self._program, evaluation, fold.terms, name) for name in ("offer", "longest"))
        offer = choose_terms(offers, longest, asked, self._program.terms)
        if asked is not None and offer is not None and asked != offer:
            return True
        security = _output(self._program, evaluation, fold.security, "security") or ()
        return bool(still_to_bring(WHOLE if offer == "prepaid" else security, amount, prepaid or 0))


def core_of(outcome: Outcome) -> tuple[int, ...]:
    """The core of a whole outcome."""
    statuses = [check.status for check in outcome.checks]
    failed = sum(1 << number for number, status in enumerate(statuses) if status in FAILED)
    unknown = sum(1 << number for number, status in enumerate(statuses) if status == "not_evaluated")
    rows = (outcome.rows.get(section, -1) for section in SECTIONS)
    return (VERDICTS.index(outcome.verdict), *rows, failed, unknown)


def _computed(program: Program, index: int) -> list[list[int]]:
    """The outputs of each row that are no constants, and so may be missing."""
    table = program.nodes[index]
    assert isinstance(table, First)
    return [[output for output in row.outputs if not isinstance(program.nodes[output], Const)] for row in table.rows]


def _known(evaluation: Evaluation, index: int) -> Any:
    value = evaluation.value(index) if index >= 0 else None
    return None if isinstance(value, Missing) else value


def _output(program: Program, evaluation: Evaluation, index: int, name: str) -> Any:
    """An output of a section's table, None where it has none of that name or no row."""
    row = _known(evaluation, index)
    if row is None:
        return None
    table = program.nodes[index]
    assert isinstance(table, First)
    place = table.outputs.index(name) if name in table.outputs else -1
    return _known(evaluation, table.rows[row].outputs[place]) if place >= 0 else None
