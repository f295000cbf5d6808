"""For whom two policies differ: orders that they decide differently, or the proof that there are none.

Orders are looked for where an answer may turn: the tests of both files as they stand, one fact moved to each threshold
of either, and the corners of every row. Each order shown was decided by the reference under both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import chain, islice, product
from typing import Any

from policy.meaning import CheckedTest
from policy.program import DayWindow, Fact, Figure, Program
from rules import reference
from rules.arithmetic import add_months
from rules.compiled import compile_program
from rules.equivalence import proof_of_equality
from rules.figures import Item, days_of
from rules.flatten import flatten
from rules.nearby import Nearby, OrderFacts
from rules.outcome import Missing, Outcome
from rules.reference import Evaluation
from rules.selfcheck import TYPICAL, corners
from rules.thresholds import Threshold, thresholds_of

ORDERS = 6_000
BASES = 12  # orders around which every threshold is tried; the others are tried at the thresholds that changed
ITEMS = 48
DECIDED = ("verdict", "hard_stop", "tier", "limits", "terms", "longest", "security", "authority")


@dataclass(frozen=True, slots=True)
class DecidedOtherwise:
    """An order that two policies decide differently; `like_it` counts the orders tried whose answers change alike."""

    order: OrderFacts
    old: Outcome
    new: Outcome
    like_it: int


@dataclass(frozen=True, slots=True)
class DecisionDiff:
    """What came of it: the proof that nothing differs ("" for none), or orders of each way in which answers differ."""

    proof: str
    tried: int
    found: tuple[DecidedOtherwise, ...]

    def differing(self) -> int:
        """How many of the orders tried are decided differently."""
        return sum(one.like_it for one in self.found)


def decision_diff(
    old: Program, new: Program, tests: Iterable[CheckedTest] = (), orders: int = ORDERS
) -> DecisionDiff:
    """For whom the new policy decides differently; `tests` are those of both files, where orders begin."""
    proof = proof_of_equality(old, new)
    if proof:
        return DecisionDiff(proof, 0, ())
    engines = compile_program(old), compile_program(new)
    first: dict[object, tuple[OrderFacts, int]] = {}
    tried = 0
    for order in islice(_once(_orders(old, new, tuple(tests))), orders):
        try:
            before, after = (engine.decide(order.whole(program))
                             for engine, program in zip(engines, (old, new), strict=True))  # fmt: skip
        except (ArithmeticError, ValueError):  # an order beyond the calendar has no answer to compare
            continue
        tried += 1
        if _decided(before) != _decided(after):
            kind = _way(before, after)
            first[kind] = (first[kind][0], first[kind][1] + 1) if kind in first else (order, 1)
    found = (_replayed(old, new, order, count) for order, count in first.values())
    ranked = sorted((one for one in found if one is not None), key=lambda one: (_rank(one), -one.like_it))
    return DecisionDiff("", tried, tuple(ranked))


def _decided(outcome: Outcome) -> tuple[object, ...]:
    return tuple(getattr(outcome, name) for name in DECIDED)


def _way(before: Outcome, after: Outcome) -> object:
    """How an answer changed: verdicts and tiers by their words, amounts only by whether they did."""
    changed = frozenset(name for name in DECIDED if getattr(before, name) != getattr(after, name))
    return before.verdict, after.verdict, before.tier, after.tier, changed


def _rank(one: DecidedOtherwise) -> int:
    """Other verdicts first, then other tiers, then the rest."""
    return 0 if one.old.verdict != one.new.verdict else 1 if one.old.tier != one.new.tier else 2


def _replayed(old: Program, new: Program, order: OrderFacts, count: int) -> DecidedOtherwise | None:
    before, after = (reference.decide(program, order.whole(program)) for program in (old, new))
    return DecidedOtherwise(order, before, after, count) if _decided(before) != _decided(after) else None


def _once(orders: Iterable[OrderFacts]) -> Iterator[OrderFacts]:
    seen: set[str] = set()
    for order in orders:
        key = repr((sorted(order.facts.items()), sorted(order.figures.items()), sorted(order.lists.items())))
        if key not in seen:
            seen.add(key)
            yield order


def _orders(old: Program, new: Program, tests: tuple[CheckedTest, ...]) -> Iterator[OrderFacts]:
    """Orders from the likely to the far-fetched."""
    written = [OrderFacts(dict(test.facts), dict(test.lists)) for test in tests]
    plain = [OrderFacts({}, {}, facts) for program in (old, new) for facts in islice(_corners(program), 1)]
    starts = written or plain
    near = Nearby(old), Nearby(new)
    changed = _changed(near[0], near[1]), _changed(near[1], near[0])
    yield from starts
    chosen = list(_unlike(new, starts))
    yield from _other_items(old, new, chosen)
    for one, only in zip(near, changed, strict=True):
        for order in chain(chosen, starts) if only else ():
            yield from (moved for _, moved in one.beside(order, only))
    for order in chosen:
        yield from (replace(order, facts={k: v for k, v in order.facts.items() if k != name}) for name in order.facts)
    for one in near:
        for order in chosen:
            yield from (moved for _, moved in one.beside(order))
    for program in (old, new):
        yield from (OrderFacts({}, {}, facts) for facts in _corners(program))


def _corners(program: Program) -> Iterator[Mapping[str, Any]]:
    return corners(program, flatten(program))


def _unlike(program: Program, orders: Iterable[OrderFacts]) -> Iterator[OrderFacts]:
    """A few orders that go through the policy by different rows."""
    seen: set[object] = set()
    for order in orders:
        outcome = reference.decide(program, order.whole(program))
        way = (outcome.verdict, tuple(sorted(outcome.rows.items())))
        if way not in seen and len(seen) < BASES:
            seen.add(way)
            yield order


def _changed(one: Nearby, other: Nearby) -> list[Threshold]:
    """The thresholds of one policy that the other does not have, or tests otherwise."""
    known = {_told(other.program, threshold) for threshold in other.thresholds}
    return [threshold for threshold in one.thresholds if _told(one.program, threshold) not in known]


def _told(program: Program, threshold: Threshold) -> tuple[object, ...]:
    node = program.nodes[threshold.test]
    return tuple(threshold.sides.values()), threshold.edge, getattr(node, "op", repr(node))


def _other_items(old: Program, new: Program, orders: Iterable[OrderFacts]) -> Iterator[OrderFacts]:
    """Orders with items at the edges of figures that the two policies count differently."""
    before = {figure.name: figure for figure in old.figures}
    orders = tuple(orders)
    for figure in new.figures:
        other = before.get(figure.name)
        if other is None or _meaning(other) == _meaning(figure):
            continue
        for order in orders:
            for item in islice(_items(old, other, new, figure, order), ITEMS):
                for times in (1, 2, 3):
                    lists = {**order.lists, figure.list_name: (item,) * times}
                    yield OrderFacts(order.facts, lists, {k: v for k, v in order.figures.items() if k != figure.name})


def _days(window: DayWindow, today: object) -> Iterator[int]:
    """Days at the edges of a window, and today."""
    if isinstance(today, int) and window.unit == "in_a_row":
        first = days_of(window, today)[1]
        yield from (first, first + 1, add_months(first, -window.size))
    elif isinstance(today, int):
        first = today - window.size if window.unit == "days" else add_months(today, -window.size)
        yield from (first, first - 1, first + 1, today)


def _meaning(figure: Figure) -> tuple[object, ...]:
    return tuple(getattr(figure, one.name) for one in fields(figure))


def _items(old: Program, other: Figure, new: Program, figure: Figure, order: OrderFacts) -> Iterator[Item]:
    """Items of a list with each field at, below and above every edge of both figures."""
    values: dict[str, set[Any]] = {}
    for program, one in ((old, other), (new, figure)):
        whole = order.whole(program)
        if one.window is not None:
            values.setdefault(one.window.field, set()).update(_days(one.window, whole.get("as_of")))
        for threshold in thresholds_of(program, one.where, 0, one):
            subject = one.nodes[threshold.subject]
            if not isinstance(subject, Fact) or subject.scope != "item":
                continue
            edge = threshold.edge
            if threshold.unit and edge is None:
                edge = Evaluation(one.nodes, {}, whole).value(threshold.other)
            if threshold.unit and not isinstance(edge, Missing):
                around = (edge, edge + threshold.unit, edge - threshold.unit)  # type: ignore[operator]
                values.setdefault(subject.name, set()).update(around)
            elif not threshold.unit:
                values.setdefault(subject.name, set()).update((True, False) if subject.kind == "flag" else ())
        values.update({node.name: {TYPICAL.get(node.kind, 0)} for node in one.nodes
                       if isinstance(node, Fact) and node.scope == "item" and not values.get(node.name)})  # fmt: skip
    for combination in product(*(sorted(found, reverse=True) for found in values.values())):
        yield dict(zip(values, combination, strict=True))
