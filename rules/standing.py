"""How well an order fares: what promises compare of two decisions, from the verdict down to the security to bring.

Two decisions are compared part by part; one is worse where any part is. Source: the policy language, "promises".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from policy.program import Fold, Program
from rules.fold import choose_terms, fold, held, plain_net_days
from rules.outcome import VERDICTS, Outcome
from rules.reference import Evaluation

ASPECTS = ("verdict", "limit", "largest_order", "longest", "terms", "security")
HARD_STOP = len(VERDICTS)
AS_ASKED = 10**6
NOTHING: tuple[tuple[tuple[str, Fraction], ...], ...] = ()
WHOLE = ((("prepayment", Fraction(1)),),)

Wanted = Sequence[Sequence[tuple[str, Fraction]]]


@dataclass(frozen=True, slots=True)
class Standing:
    """One decision as promises see it; None where a part has no value.

    `verdict` is the place in VERDICTS, one more for a hard stop; `longest` and `terms` are days, AS_ASKED for the terms
    that were asked for; `security` are the alternatives still asked for, none where nothing is to bring.
    """

    verdict: int
    limit: int | Fraction | None
    largest_order: int | Fraction | None
    longest: int | None
    terms: int | None
    security: Wanted


def decided(program: Program, facts: Mapping[str, Any]) -> tuple[Outcome, Standing]:
    """The decision of the reference engine and how well the order fares in it."""
    evaluation = Evaluation(program.nodes, program.tables, facts)
    tables = evaluation.value(program.fold)
    outcome = fold(program, tables)
    offers, longest = (tables.outputs(tables.node.terms)[0].get(name) for name in ("offer", "longest"))
    asked = tables.optional(tables.node.requested_terms)
    wanted: Wanted = NOTHING
    if outcome.security:
        wanted = WHOLE if outcome.terms == "prepaid" else _asked(tables.outputs(tables.node.security)[0])
    return outcome, Standing(
        HARD_STOP if outcome.hard_stop else VERDICTS.index(outcome.verdict), _limit(outcome),
        outcome.limits.get("largest_order"), longest_days(program, offers, longest),  # type: ignore[arg-type]
        None if outcome.terms is None else given_days(program, outcome.terms, asked), wanted,
    )  # fmt: skip


def _asked(security: Mapping[str, Any]) -> Wanted:
    """What a row asks for; a share of another amount than the order's is compared by what it comes to."""
    ways = security["security"] or ()
    others = [[(f"{one.instrument} of another amount", Fraction(one.amount or 0)) for one in way]
              for way in held(security, len(ways))]  # fmt: skip
    return tuple((*way, *more) for way, more in zip(ways or ((),), others, strict=True)) if any(others) else ways


def worse(before: Standing, after: Standing, aspects: Sequence[str] = ASPECTS) -> tuple[str, ...]:
    """The parts in which `after` is worse for the customer than `before`; a part without a value is not compared."""
    found = []
    for name in aspects:
        one, other = getattr(before, name), getattr(after, name)
        if name == "security":
            bad = not looser(one, other)
        elif one is None or other is None:
            bad = False
        else:
            bad = other > one if name == "verdict" else other < one
        if bad:
            found.append(name)
    return tuple(found)


def looser(before: Wanted, after: Wanted) -> bool:
    """Whether every set of securities that was enough before is enough after."""
    if not after:
        return True
    return bool(before) and all(any(_covers(one, other) for other in after) for one in before)


def _covers(brought: Sequence[tuple[str, Fraction]], asked: Sequence[tuple[str, Fraction]]) -> bool:
    has = dict(brought)
    return all(has.get(instrument, 0) >= share for instrument, share in asked)


def longest_days(program: Program, offers: Sequence[str] | None, longest: str | None) -> int | None:
    """The most days that a row of terms gives, by an offer or by its longest."""
    if not offers:
        return None
    return max(days_of(program, text) for text in (*offers, *([longest] if longest else [])))


def given_days(program: Program, terms: str, asked: str | None) -> int:
    """How good the terms given are: nothing is better than those that were asked for, else more days are."""
    return AS_ASKED if terms == asked else days_of(program, terms)


def days_of(program: Program, terms: str) -> int:
    """The days until the last payment; a bare `net N` says them itself."""
    known = program.terms.get(terms)
    return known.net_days if known is not None else plain_net_days(terms) or 0


def terms_given(program: Program, row: tuple[Any, Any], asked: str | None) -> str | None:
    """The terms that an order gets from a row of terms: its offers and its longest."""
    return choose_terms(*row, asked, program.terms)


def fold_of(program: Program) -> Fold:
    """The end of a Program."""
    node = program.nodes[program.fold]
    assert isinstance(node, Fold)
    return node


def _limit(outcome: Outcome) -> Any:
    """The limit that holds: the effective one, where a policy has no other its own."""
    found = outcome.limits.get("effective")
    return outcome.limits.get("limit") if found is None else found
