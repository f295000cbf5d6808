"""An order and its answer in a few words: the facts as people read them, and what differs between two answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from policy.kinds import Value
from policy.numbers import float_free
from policy.program import Program
from rules.facts import trade_vocabulary
from rules.nearby import OrderFacts
from rules.outcome import Missing, Outcome, Required
from rules.wording import Wording


def order_text(programs: Iterable[Program], order: OrderFacts, language: str = "en") -> tuple[tuple[str, str], ...]:
    """The given facts of an order that any of these policies reads, and the figures worked out from its lists."""
    programs = tuple(programs)
    found: dict[str, str] = {}
    for program in programs:
        wording, whole = Wording(program), order.whole(program)
        figures = {figure.name: figure.kind for figure in program.figures}
        for name in (*program.facts, *order.facts, *order.figures, *figures):
            value = whole.get(name)
            known = value is not None and not isinstance(value, Missing)
            given = name in order.facts or name in order.figures or name in figures
            if known and given and (name in program.facts or name in figures or name.startswith("order.")):
                kind = figures.get(name) or kind_of(program, name)
                found.setdefault(name, grade_of(program, name, value) or wording.shown(value, kind, language))
    return tuple(sorted(found.items()))


def kind_of(program: Program, name: str) -> str:
    """The kind of a fact or figure, also of one that the policy itself does not read."""
    declared = program.facts.get(name) or trade_vocabulary().facts.get(name)
    figure = next((one.kind for one in program.figures if one.name == name), "text")
    return figure if declared is None else declared.kind


def grade_of(program: Program, name: str, rank: Any) -> str:
    """The word of a rating whose rank an order gives; empty for every other fact."""
    declared = program.facts.get(name)
    return declared.grade(rank) if declared else ""


def answer_changes(old: Outcome, new: Outcome, programs: tuple[Program, Program]) -> tuple[tuple[str, str, str], ...]:
    """What differs between two answers: the name, the old words and the new ones; the verdict always stands first."""
    before, after = (dict(_parts(outcome, program)) for outcome, program in zip((old, new), programs, strict=True))
    names = dict.fromkeys([*before, *after])
    return tuple((name, before.get(name, "none"), after.get(name, "none")) for name in names
                 if name == "verdict" or before.get(name, "none") != after.get(name, "none"))  # fmt: skip


def _parts(outcome: Outcome, program: Program) -> Iterator[tuple[str, str]]:
    wording = Wording(program)
    yield "verdict", f"{outcome.verdict}{' (hard stop)' if outcome.hard_stop else ''}"
    yield from (("tier", outcome.tier or "none"), ("terms", outcome.terms or "none"))
    yield "longest", outcome.longest or "none"
    for name, value in outcome.limits.items():
        kind = {"largest_order": "money", "review_every": "months"}.get(name, "limit")
        yield f"limit.{'policy' if name == 'limit' else name}", _shown(wording, value, kind)
    yield "security", security_text(outcome.security)
    yield "authority", outcome.authority or "none"


def security_text(ways: Sequence[Sequence[Required]]) -> str:
    """The securities still to bring, of which any one way is enough."""
    told = [" and ".join(f"{one.instrument} {share_text(one.share)}" for one in way) for way in ways]
    return " or ".join(told) or "none"


def _shown(wording: Wording, value: Value | None, kind: Any) -> str:
    return "missing" if value is None else wording.shown(value, kind, "en")


def share_text(share: Fraction) -> str:
    """A share as it is written: 30%."""
    return f"{float_free(share * 100)}%"
