"""Promises put to z3, in a process of its own with little memory and counted steps.

`python -m rules.prove` reads a pickled Task from its parent and writes what was found. Steps are counted by z3 and its
seed is fixed, so that the same policy gets the same answer anywhere. Nothing found here is believed before the
reference engine has replayed it: `rules/proving.py`.
"""

from __future__ import annotations

import pickle
import resource
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import z3

from policy.program import Fact, First, Node, Program
from policy.reading import below_of
from rules.prove_decision import APPROVE, CONDITIONS, DENY, REFER, STOPPED, Decision
from rules.prove_examples import broken_in_tables
from rules.prove_steps import Moved, Pairs, Steps, large_tables
from rules.prove_terms import NO_WORD, REAL, Copy, World
from rules.prove_values import BeyondProof, Formula, Value, both, either, negation
from rules.proving import Found, Question, Task
from rules.standing import days_of, fold_of

SEED = 7
AMOUNT, PREPAID, CREDIT, UNSECURED = "order.amount", "order.prepaid", "order.credit_amount", "order.unsecured_amount"
WISHED = (PREPAID, AMOUNT)  # the others of an order follow from these
REQUESTED, DAYS = "order.requested_terms", "order.requested_days"
VERDICTS = {"approve": (APPROVE,), "approve_with_conditions": (CONDITIONS,), "refer": (REFER,), "deny": (DENY, STOPPED)}
MEGABYTE = 1024 * 1024
LARGE = 20  # rows
FEWER = 8  # times: the steps for other parts once one is left open, in case an order is found quickly
TERMS_TRIED = 4
PLAIN_AMOUNT = 1_000  # in whole units
SOME_DAY = 739_943  # for a date that no test of the policy gives


@dataclass(frozen=True, slots=True)
class Orders:
    """Two orders that differ in one fact alone, and the facts that follow from it; for one order `after` is None."""

    before: Decision
    after: Decision | None
    facts: tuple[Mapping[str, Value], ...]
    rules: tuple[Formula, ...]


def prove(task: Task) -> Iterator[tuple[int, Found]]:
    """What came of each question, with its place: first what is proved quickly, then the rest in their order."""
    left = []
    for place, question in enumerate(task.questions):
        quick = _Search(task, question, loose=True)
        if quick.free and _found(quick).status == "proved":
            yield place, Found("proved")
        else:
            left.append(place)
    for place in left:
        yield place, _seen(task, task.questions[place]) or _found(_Search(task, task.questions[place]))


def _seen(task: Task, question: Question) -> Found | None:
    """An order that breaks a promise where it can be seen in a large table alone."""
    if not question.fact or all(len(node.rows) <= LARGE for node in task.program.nodes if isinstance(node, First)):
        return None
    moved = moved_with(task.program, question)
    found = broken_in_tables(Steps(task.program), question, moved, task.typical, LARGE)
    return None if found is None else Found("refuted", *found)


def _found(search: _Search) -> Found:
    try:
        return search.run()
    except (z3.Z3Exception, BeyondProof) as fault:
        return Found("unknown", reason=str(fault)[:200])


class _Search:
    """One question and its solver."""

    def __init__(self, task: Task, question: Question, loose: bool = False) -> None:
        self.task, self.question, self.program = task, question, task.program
        self.nodes = question.nodes or task.program.nodes
        self.asked = _asked(task.program)
        self.kinds = {node.name: node.kind for node in self.nodes if isinstance(node, Fact)}
        self.moves = _readers(self.nodes, self.program, self._moving())
        pairs = self._pairs() if loose and question.fact else {}
        self.free = self._still_tables() | frozenset(pairs) if loose else frozenset[int]()
        self.world = World(self.program, self.nodes, self.asked, self.free, pairs)
        self.solver = z3.Solver()
        self.solver.set("random_seed", SEED)

    def run(self) -> Found:
        """Put every part of the question; the first order that breaks the promise ends the search."""
        if self.question.fact and not self.moves:
            return Found("proved")  # nothing reads what moves
        orders = self._two() if self.question.fact else self._one()
        self.solver.add(*self.world.rules, *[rule for rule in orders.rules if rule is not True])
        self.solver.set("rlimit", self.task.steps // len(self.task.questions))
        undecided: list[str] = []
        for aspect, harm in self._harms(orders):
            found = self._check(harm)
            if found == z3.sat:
                if self.free:
                    return Found("unknown")
                return self._example(orders, aspect, harm)
            if found != z3.unsat:
                undecided.append(f"{aspect}: {self.solver.reason_unknown()}")
                self.solver.set("rlimit", self.task.steps // len(self.task.questions) // FEWER)
        return Found("unknown", reason="; ".join(undecided)) if undecided else Found("proved")

    def _check(self, *more: Formula) -> Any:
        if any(one is False for one in more):
            return z3.unsat
        return self.solver.check(*[one for one in more if one is not True])

    def _harms(self, orders: Orders) -> Iterator[tuple[str, Formula]]:
        question, first = self.question, orders.before
        if orders.after is not None:
            for aspect in question.aspects:
                yield aspect, orders.after.worse_than(first, aspect)
        elif question.form == "released":
            yield "authority", both(first.rank == REFER, first.authority() == NO_WORD)
        else:
            when = first.copy.truth(question.when).yes
            kept = first.copy.truth(question.then).yes if question.then >= 0 else True
            said = [self._said(first, part, words) for part, words in question.answers]
            yield "then", both(when, negation(both(kept, *said)))

    def _said(self, decision: Decision, part: str, words: Sequence[str]) -> Formula:
        if part == "verdict":
            return either(*(decision.rank == rank for word in words for rank in VERDICTS[word]))
        if part == "hard_stop":
            return either(*((decision.rank == STOPPED) if word == "true" else (decision.rank != STOPPED)
                            for word in words))  # fmt: skip
        if part == "authority":
            found, known = decision.authority(), True
        else:
            found, known = decision.tier.top, decision.tier.known
        places = [NO_WORD if word == "none" else self.world.words.place(word) for word in words]
        named = both(known, either(*(found == place for place in places)))
        return either(named, negation(known)) if "none" in words else named

    def _one(self) -> Orders:
        facts, rules = self._given("")
        copy = Copy(self.world, facts, frozenset(), None)
        return Orders(Decision(copy, self.asked), None, (facts,), tuple(rules))

    def _two(self) -> Orders:
        still, rules = self._given("")
        moved, more = self._given("'", self._moving())
        facts = {**still, **moved}
        before = Decision(Copy(self.world, still, frozenset(), None), self.asked)
        after = Decision(Copy(self.world, facts, self.moves, before.copy), self.asked)
        name = self.question.fact
        low, high = (still[name].top, facts[name].top)[:: 1 if self.question.better == "higher" else -1]
        whole = z3.is_int(low) and _all_known(before) and _all_known(after) and self._is_plain(name)
        step = high == low + 1 if whole else high > low
        return Orders(before, after, (still, facts), (*rules, *more, step))

    def _still_tables(self) -> frozenset[int]:
        """Large tables that the fact in question does not reach: which of their rows is chosen seldom matters."""
        return frozenset(index for index, node in enumerate(self.nodes) if index not in self.moves
                         and isinstance(node, First) and len(node.rows) > LARGE)  # fmt: skip

    def _is_plain(self, name: str) -> bool:
        """Whether every step between two values is a value too; the marks of a limit stand apart."""
        return all(node.kind != "limit" for node in self.nodes if isinstance(node, Fact) and node.name == name)

    def _moving(self) -> set[str]:
        return moving(self.question)

    def _pairs(self) -> Mapping[int, Pairs]:
        """Large tables that the fact does reach, with the rows that may follow each other."""
        if all(len(node.rows) <= LARGE for node in self.nodes if isinstance(node, First)):
            return {}
        return large_tables(Steps(self.program), moved_with(self.program, self.question), LARGE)

    def _given(self, copy: str, only: set[str] | None = None) -> tuple[dict[str, Value], list[Formula]]:
        """Formulas for the facts, and what holds between them."""
        facts: dict[str, Value] = {}
        names: dict[str, Fact] = {}
        for node in self.nodes:
            if isinstance(node, Fact) and node.scope in ("fact", "figure"):
                names.setdefault(node.name, node)
        for name in {self.question.fact, AMOUNT, PREPAID} - {""} - set(names) if self.question.fact else ():
            if name in self.program.facts:
                names[name] = Fact(name, self.program.facts[name].kind)
        wanted = [node for name, node in names.items() if only is None or name in only]
        facts = {node.name: self.world.fact(node, copy) for node in wanted}
        return facts, self._relations(facts, names, copy)

    def _relations(self, facts: Mapping[str, Value], names: Mapping[str, Fact], copy: str) -> list[Formula]:
        """What is owed of an order follows from its amount; where it is itself what moves, it is free."""
        def top(name: str) -> Formula:
            return facts[name].top if name in facts else z3.Int(name)

        rules: list[Formula] = []
        if DAYS in facts and REQUESTED in names and not copy:
            asked = z3.Int(REQUESTED)
            rules += [z3.Implies(asked == self.world.words.place(text), facts[DAYS].top == days_of(self.program, text))
                      for text in self.asked]  # fmt: skip
        if self.question.fact in (CREDIT, UNSECURED):
            return rules
        if AMOUNT not in names:
            return rules
        credit = top(AMOUNT) - (top(PREPAID) if PREPAID in names else 0)
        rules.append(credit >= 0)  # nobody prepays more than the order: the doors refuse it
        if CREDIT in facts:
            rules.append(facts[CREDIT].top == credit)
        if UNSECURED in facts:
            secured = z3.Int("secured")
            rules += [secured >= 0, facts[UNSECURED].top == credit - secured]
        return rules

    def _example(self, orders: Orders, aspect: str, harm: Formula) -> Found:
        """The order as plain as it can be: facts of the policy's own tests where the harm is the same."""
        kept: list[Formula] = [harm]
        model = self.solver.model()
        if len(orders.facts) > 1:
            low, high = (facts[self.question.fact].top for facts in orders.facts)
            if self._check(*kept, z3.Or(high == low + 1, high == low - 1)) == z3.sat:
                kept.append(z3.Or(high == low + 1, high == low - 1))
                model = self.solver.model()
        for wishes in self._wanted(orders.facts[0]):
            for wish in wishes:
                if self._check(*kept, wish) == z3.sat:
                    kept.append(wish)
                    model = self.solver.model()
                    break
        shown = tuple(self._read(model, facts) for facts in orders.facts)
        return Found("refuted", (aspect,), shown)

    def _wanted(self, facts: Mapping[str, Value]) -> Iterator[Iterable[Formula]]:
        """What an order is wished to be like, the most telling first; of each the first wish that can be."""
        yield (z3.And(*(value.top >= 0 for value in facts.values() if not z3.is_bool(value.top))),)
        yield (z3.Int("secured") == 0,)
        if DAYS in facts and REQUESTED in facts:  # days of the terms that are asked for
            yield (z3.Or(*(z3.Int(REQUESTED) == self.world.words.place(text) for text in self.asked)),)
        for name in sorted(facts, key=lambda name: WISHED.index(name) if name in WISHED else len(WISHED)):
            if name == AMOUNT or name not in self._moving():
                yield self._wishes(name, facts[name])

    def _wishes(self, name: str, value: Value) -> Iterator[Formula]:
        typical = self.task.typical.get(name)
        if typical is None and self.kinds.get(name) == "date":
            typical = self.task.typical.get("as_of", SOME_DAY)
        if isinstance(typical, bool):
            yield value.top == typical
        elif isinstance(typical, str):
            yield value.top == self.world.words.place(typical)
        elif isinstance(typical, (int, Fraction)):
            yield value.top * typical.denominator == typical.numerator
        elif name == REQUESTED:
            yield from (value.top == self.world.words.place(text) for text in self.asked[:TERMS_TRIED])
        elif name == AMOUNT:
            yield value.top == PLAIN_AMOUNT * 10**self.program.minor_digits
        elif not z3.is_bool(value.top) and name not in (CREDIT, UNSECURED):
            yield value.top == 0
        if z3.is_bool(value.top):
            yield z3.Not(value.top)
        elif not isinstance(typical, str):
            yield value.top >= 0

    def _read(self, model: Any, facts: Mapping[str, Value]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in facts.items():
            seen = model.eval(value.top, model_completion=True)
            kind = self.kinds.get(name) or self.program.facts[name].kind
            if kind == "flag":
                found[name] = z3.is_true(seen)
            elif kind in ("choice", "text", "terms"):
                place = seen.as_long()
                if place != NO_WORD or kind != "terms":
                    found[name] = str(self.world.words.word(place))
            elif kind in REAL:
                exact = Fraction(seen.numerator_as_long(), seen.denominator_as_long())
                found[name] = exact.numerator if exact.denominator == 1 else exact
            else:
                found[name] = seen.as_long()
        return found


def moving(question: Question) -> set[str]:
    """The fact that moves, and those that are worked out from it."""
    following = {AMOUNT: {CREDIT, UNSECURED}, PREPAID: {CREDIT, UNSECURED}}
    return {question.fact, *following.get(question.fact, set())}


def moved_with(program: Program, question: Question) -> Moved:
    """What moves, and which way is better: what is owed of an order goes the way of its amount."""
    alike = {AMOUNT: (CREDIT, UNSECURED)}.get(question.fact, ())
    readers = _readers(program.nodes, program, moving(question))
    return Moved(frozenset({question.fact, *alike}), readers, question.better == "higher")


def _all_known(decision: Decision) -> bool:
    return all(known is True for known in decision.known)


def _asked(program: Program) -> tuple[str, ...]:
    """All payment terms that decide differently: those of the file, prepaid, and net days around each of them."""
    if fold_of(program).requested_terms < 0:
        return ()
    days = {terms.net_days for terms in program.terms.values()}
    near = sorted({day + step for day in days for step in (-1, 0, 1) if day + step > 0})
    return tuple(dict.fromkeys((*program.terms, "prepaid", *(f"net {day}" for day in near))))


def _readers(nodes: Sequence[Node], program: Program, names: set[str]) -> frozenset[int]:
    """The nodes whose value may move with these facts."""
    moved: set[int] = set()
    for index, node in enumerate(nodes):
        if isinstance(node, Fact) and node.scope in ("fact", "figure"):
            if node.name in names:
                moved.add(index)
        elif any(below in moved for below in below_of(node, program)):
            moved.add(index)
    return frozenset(moved)


def main() -> int:
    """Answer the parent."""
    task: Task = pickle.load(sys.stdin.buffer)
    resource.setrlimit(resource.RLIMIT_AS, (task.megabytes * MEGABYTE, task.megabytes * MEGABYTE))
    seconds = ceil(task.seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    sys.setrecursionlimit(20_000)
    for found in prove(task):
        pickle.dump(found, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
