"""The core of a decision: verdict, rows and masks as a few numbers, what engines are compared and measured by.

It is the whole decision but for evidence, amounts and messages, which are built only for the answer that leaves the
house. The fold's own functions decide here too; only what cannot change these numbers is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from policy.program import Collect, Const, First, Fold, Program
from rules.fold import AMOUNT, choose_terms, held, still_to_bring
from rules.outcome import STATUS_RANK, VERDICTS, Missing, Outcome
from rules.readings import Unsettled
from rules.reference import Evaluation

APPROVE, CONDITIONS, REFER, DENY = range(len(VERDICTS))
SECTIONS = ("tiers", "limits", "terms", "security", "authority")
FAILED = ("hard_stop", "deny", "refer", "warn")
WHOLE = ((("prepayment", Fraction(1)),),)


class Outputs:
    """The outputs of one row: constants, and nodes that are evaluated when they are read."""

    def __init__(self, constant: Mapping[str, Any], places: Mapping[str, int]) -> None:
        self._constant, self._places = constant, places
        self.computed = tuple(places.values())
        self.amounts = tuple(name for name in places if name.startswith(AMOUNT))

    def of(self, name: str, evaluation: Evaluation) -> Any:
        """An output of this name, None where there is none."""
        place = self._places.get(name)
        return self._constant.get(name) if place is None else evaluation.value(place)

    def of_others(self, evaluation: Evaluation) -> dict[str, Any]:
        """The outputs of security that are of other amounts than the order's."""
        return {name: self.of(name, evaluation) for one in self.amounts
                for name in (one, f"share.{one.removeprefix(AMOUNT)}")}  # fmt: skip


NOTHING = Outputs({}, {})


class Core:
    """The fold over settled rows, for one Program."""

    def __init__(self, program: Program, fold: Fold, checks: Collect) -> None:
        self._program, self._fold = program, fold
        ranks = [STATUS_RANK[row.verdict] for row in checks.rows]
        self._denying = sum(1 << n for n, rank in enumerate(ranks) if rank >= STATUS_RANK["deny"])
        self._referring = sum(1 << n for n, rank in enumerate(ranks) if rank == STATUS_RANK["refer"])
        self._sections = (fold.tiers, fold.limits, fold.terms, fold.security)
        self._outputs = {index: _outputs(program, index) for index in self._sections if index >= 0}

    def rows(self, evaluation: Evaluation) -> list[int]:
        """The rows of tiers, limits, terms and security, -1 for none."""
        rows = [evaluation.value(index) if index >= 0 else -1 for index in self._sections]
        return [-1 if isinstance(row, Missing) else row for row in rows]

    def verdict(self, rows: Sequence[int], failed: int, evaluation: Evaluation) -> int:
        """The place of the verdict in VERDICTS. Raises Unsettled where an output is missing."""
        complete = True
        for index, row in zip(self._sections, rows, strict=True):
            if row >= 0:
                for node in self._outputs[index][row].computed:
                    if isinstance(evaluation.value(node), Missing):
                        raise Unsettled("an output is missing")
            elif index >= 0:
                complete = False
        effective = self._fold.limit_effective
        if effective >= 0 and isinstance(evaluation.value(effective), Missing):
            raise Unsettled("the effective limit is missing")
        if failed & self._denying:
            return DENY
        if failed & self._referring or not complete:
            return REFER
        return CONDITIONS if self._has_conditions(rows, evaluation) else APPROVE

    def answer(self, verdict: int, rows: Sequence[int], failed: int, evaluation: Evaluation) -> tuple[int, ...]:
        """Verdict, rows of tiers, limits, terms, security and authority (-1: none), checks failed, checks unknown."""
        authority = evaluation.value(self._fold.authority) if verdict == REFER and self._fold.authority >= 0 else -1
        return (verdict, *rows, -1 if isinstance(authority, Missing) else authority, failed, 0)

    def _has_conditions(self, rows: Sequence[int], evaluation: Evaluation) -> bool:
        fold = self._fold
        asked, amount, prepaid = (_known(evaluation, at) for at in (fold.requested_terms, fold.amount, fold.prepaid))
        terms = self._outputs[fold.terms][rows[2]] if rows[2] >= 0 else NOTHING
        security = self._outputs[fold.security][rows[3]] if rows[3] >= 0 else NOTHING
        offer = choose_terms(terms.of("offer", evaluation), terms.of("longest", evaluation), asked, self._program.terms)
        if asked is not None and offer is not None and asked != offer:
            return True
        if offer == "prepaid":
            return bool(still_to_bring(WHOLE, amount, prepaid or 0))
        wanted = security.of("security", evaluation) or ()
        others = held(security.of_others(evaluation), len(wanted)) if security.amounts else ()
        return bool(wanted or others) and bool(still_to_bring(wanted, amount, prepaid or 0, others))


def core_of(outcome: Outcome) -> tuple[int, ...]:
    """The core of a whole outcome."""
    statuses = [check.status for check in outcome.checks]
    failed = sum(1 << number for number, status in enumerate(statuses) if status in FAILED)
    unknown = sum(1 << number for number, status in enumerate(statuses) if status == "not_evaluated")
    rows = (outcome.rows.get(section, -1) for section in SECTIONS)
    return (VERDICTS.index(outcome.verdict), *rows, failed, unknown)


def _outputs(program: Program, index: int) -> list[Outputs]:
    table = program.nodes[index]
    assert isinstance(table, First)
    found = []
    for row in table.rows:
        nodes = {name: program.nodes[output] for name, output in zip(table.outputs, row.outputs, strict=True)}
        constant = {name: node.value for name, node in nodes.items() if isinstance(node, Const)}
        places = dict(zip(table.outputs, row.outputs, strict=True))
        found.append(Outputs(constant, {name: at for name, at in places.items() if name not in constant}))
    return found


def _known(evaluation: Evaluation, index: int) -> Any:
    value = evaluation.value(index) if index >= 0 else None
    return None if isinstance(value, Missing) else value
