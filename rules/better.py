"""What one other fact alone would change: for each fact the nearest value that gives a better verdict.

Only values at which a test of the policy turns are tried, so that the nearest one is found exactly where tests compare
with fixed numbers, and at the edges of formulas elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from policy.kinds import NO_LIMIT, UNLIMITED, Value
from policy.program import Program
from rules import reference
from rules.nearby import Nearby, OrderFacts
from rules.outcome import VERDICTS, Outcome

UNTOUCHED = ("as_of", "order.placed_on", "order.deliver_by")  # days that nobody would change to be approved
FURTHEST = Fraction(10**30)  # words and marks come after all amounts


@dataclass(frozen=True, slots=True)
class Better:
    """One fact, its value now (None: not given) and the nearest value with a better verdict, and that verdict."""

    name: str
    kind: str
    now: Value | None
    then: Value
    verdict: str


def rank(outcome: Outcome) -> int:
    """How bad a verdict is: 0 for approve, highest for a hard stop."""
    return VERDICTS.index(outcome.verdict) + outcome.hard_stop


def better_by_one_fact(program: Program, order: OrderFacts) -> tuple[Better, ...]:
    """Each fact that alone would give a better verdict, the least change of it; best verdicts first."""
    outcome = reference.decide(program, order.whole(program))
    if rank(outcome) == 0:
        return ()
    near = Nearby(program)
    found = []
    for name, kind in near.movable(order).items():
        if name not in UNTOUCHED:
            tried = [one for one in _tried(near, order, name, kind) if one[0] < rank(outcome)]
            if tried:
                place, _, value, verdict = min(tried, key=lambda one: one[:2])
                found.append((place, Better(name, kind, near.read(order).get(name), value, verdict)))
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0]))


def _tried(near: Nearby, order: OrderFacts, name: str, kind: str) -> Iterator[tuple[int, Fraction, Value, str]]:
    now = near.read(order).get(name) or 0
    for value in near.turning(order, name, kind):
        if value != now and not (name == "order.amount" and value == 0):  # no order at all is no better order
            moved = order.moved(near.program, name, value)
            outcome = reference.decide(near.program, moved.whole(near.program))
            yield rank(outcome), _distance(now, value), value, outcome.verdict


def _distance(now: object, then: object) -> Fraction:
    if not isinstance(now, (int, Fraction)) or not isinstance(then, (int, Fraction)):
        return FURTHEST
    marks = {now, then} & {NO_LIMIT, UNLIMITED}
    return FURTHEST if marks else abs(Fraction(then) - Fraction(now))
