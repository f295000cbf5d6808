"""One decision on the Rete engine, durable_rules: a second opinion found in another way than the compiled function's.

The engine decides the row of every section table and the truth of every check, on raw whole numbers with exact ranges.
Figures, comparisons of two figures, value tables and outputs are the reference's code, evaluated only when read, and so
is the fold. A decision that reads a missing value goes to the reference as a whole, for the engine has no third truth
value. The engine is fast and not safe: every guard it needs stands here or in the pure parts (`flatten`,
`ranges`, `readings`, `shards`) and is named where it stands. Guard 4 (nothing nested, nothing large) holds by
construction, as the only text it parses is made here of numbers; guards 11 and 12 (self-test, process hygiene) stand in
`rules/selfcheck.py` and in the server's settings; guard 13 (its build) in `AVAILABLE` and the installation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import Any

from policy.program import Collect, Fold, Program
from rules import reference
from rules.core import REFER, Core, core_of
from rules.flatten import flatten, lifts_of
from rules.fold import Tables, fold
from rules.outcome import Outcome
from rules.ranges import Field
from rules.readings import Unsettled
from rules.reference import Evaluation
from rules.shards import Payload, Rule, field_order, single_tests
from rules.stages import Stage

try:
    import durable_rules_engine as engine
except ImportError:  # guard 13: the released version has no symbol table for Python 3.13
    engine = None

AVAILABLE = engine is not None
RESERVED = ("sid", "id", "$s", "$w", "$forward", "q")
WARM = {"all": [{"m": {"$ex": {"$w": 1}}}], "pri": 65_000}
CLOSED = "a closed engine was asked; load the policy again"
_NUMBERS = count(1)


class EngineFault(RuntimeError):
    """The Rete engine answered something it must never answer; its state was thrown away, and nothing was decided."""


class EngineMissing(RuntimeError):
    """The Rete engine is not installed, or this Python cannot load it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome and the engine that found it: "durable", or "reference" where a value is missing or passes int64."""

    outcome: Outcome
    engine: str


def refuse_clashes(names: Sequence[str]) -> None:
    """Guard 2: the engine knows a property by a 32-bit hash of its name alone, so no two may share one."""
    seen: dict[int, str] = {}
    for name in (*RESERVED, *names):
        code = 2166136261
        for byte in name.encode():
            code = (code ^ byte) * 16777619 % 2**32
        if code in seen:
            raise EngineFault(f"the fields '{seen[code]}' and '{name}' are one to the Rete engine; rename one")
        seen[code] = name


class Ruleset:
    """At most 300 rules in one handle of the engine with one state, behind one lock (guards 5 to 10)."""

    def __init__(self, rules: Sequence[Rule], fields: Mapping[str, Field]) -> None:
        if engine is None:
            raise EngineMissing("durable_rules cannot be loaded by this Python; use 3.11 or 3.12, or allow one engine")
        order = field_order(rules)
        refuse_clashes(order)
        self.names, self.faults = tuple(name for name in fields if name in order), 0
        self._payloads: dict[str, Payload] = {}
        document: dict[str, Any] = {"$warm": WARM}
        for number, rule in enumerate(rules):  # guard 5: only our own rules, one key for each test, names unique
            flat = single_tests(rule.box, order, fields)
            tests = [{name: value} if op == "eq" else {op: {name: value}} for name, op, value in flat]
            document[f"{number:03d}"] = {"all": [{"m": {"$and": [{"q": 1}, *tests]}}], "pri": number + 1}
            self._payloads[f"{number:03d}"] = rule.payload
        self._most = len(rules)
        self._lock, self._ids, self._sids, self._closed = Lock(), count(1), count(1), False
        self._handle: int = engine.create_ruleset(f"aval{next(_NUMBERS)}", json.dumps(document))
        self._fresh()

    def _fresh(self) -> None:
        """Guard 7: a new state, warmed by one action so that it may be deleted, and the marker q in every message."""
        self._sid = f"s{next(self._sids)}"
        code, self._state = engine.assert_event(self._handle, f'{{"sid":"{self._sid}","id":"w","$w":1}}')
        if code != 0 or engine.start_action_for_state(self._handle, self._state) is None:
            raise EngineFault("a new state of the Rete engine does not answer")
        engine.complete_and_start_action(self._handle, self._state)
        body = "".join(f',"{name}":%d' for name in self.names)
        self._message = f'{{"sid":"{self._sid}","id":"%d","q":1{body}}}'
        self._retraction = f'{{"sid":"{self._sid}","id":"%d"}}'  # a fact is found by these two alone (events.c)

    def first(self, values: tuple[int, ...]) -> Payload | None:
        """The first rule that holds, None where none does."""
        with self._lock:  # guard 8: one user of a state at a time
            if self._closed:
                raise EngineFault(CLOSED)
            number = next(self._ids)
            try:
                code, state = engine.assert_event(self._handle, self._message % (number, *values))
                if state != self._state or code not in (0, 1):
                    raise EngineFault("the Rete engine gave an unknown answer")
                if code:
                    return None
                found = engine.start_action_for_state(self._handle, state)[1]  # guard 9: start, then complete
                if engine.complete_and_start_action(self._handle, state) is not None:
                    raise EngineFault("the Rete engine left an action over")
                if f'"id":"{number}"' not in found:  # guard 8: the answer must be to our own message
                    raise EngineFault("the Rete engine answered for another order")
                return self._payloads[found[2:5]]
            except BaseException as error:
                self._rotate(error)
                raise

    def collect(self, values: tuple[int, ...]) -> list[Payload]:
        """Every rule that holds."""
        with self._lock:
            if self._closed:
                raise EngineFault(CLOSED)
            number = next(self._ids)
            message, mark = self._message % (number, *values), f'"id":"{number}"'
            found: list[Payload] = []
            try:
                code, state = engine.assert_fact(self._handle, message)
                if state != self._state or code not in (0, 1):
                    raise EngineFault("the Rete engine gave an unknown answer")
                text = None if code else engine.start_action_for_state(self._handle, state)[1]
                while text is not None:
                    if mark not in text or len(found) == self._most:
                        raise EngineFault("the Rete engine answered for another order")
                    found.append(self._payloads[text[2:5]])
                    text = engine.complete_and_start_action(self._handle, state)
                if engine.retract_fact(self._handle, self._retraction % number)[0] != 0:
                    raise EngineFault("the Rete engine keeps a fact")
                return found
            except BaseException as error:
                self._rotate(error)
                raise

    def _rotate(self, error: BaseException) -> None:
        """Guard 8: after any fault the state is thrown away, so that nothing of this order is left for the next."""
        self.faults += 1
        try:
            self._delete_state()
            self._fresh()
        except Exception as again:
            self._closed = True
            raise EngineFault("the Rete engine cannot be made new; load the policy again") from again
        if isinstance(error, Exception) and not isinstance(error, EngineFault):
            raise EngineFault("the Rete engine refused a message") from error

    def _delete_state(self) -> None:
        engine.abandon_action(self._handle, self._state)
        engine.delete_state(self._handle, self._sid)

    def close(self) -> None:
        """Guard 10: give the memory back, once; a second call does nothing, a later question is a fault."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._delete_state()
            engine.delete_ruleset(self._handle)


class Durable:
    """One policy on the Rete engine; safe for many threads, closed once by whoever built it."""

    def __init__(self, program: Program) -> None:
        fold_node = program.nodes[program.fold]
        assert isinstance(fold_node, Fold)
        checks = program.nodes[fold_node.checks]
        assert isinstance(checks, Collect)
        self.program, self._fold, self._checks = program, fold_node, checks
        self.fallbacks = 0
        self._rulesets: list[Ruleset] = []
        flat = flatten(program)
        try:
            self._stages = [Stage(tables, flat.fields, program.nodes, self._make) for tables in flat.stages]
            authority = (flat.authority,) if flat.authority else ()
            self._authority = Stage(authority, flat.fields, program.nodes, self._make) if authority else None
        except BaseException:
            self.close()
            raise
        self._always = sum(1 << number for number, row in enumerate(checks.rows) if row.applies < 0)
        self._lifts = list(enumerate(lifts_of(checks), len(checks.rows)))
        self._lifting = list(zip((place for place, row in enumerate(checks.rows) for _ in row.lifts),
                                 (bit for bit, _ in self._lifts), strict=True))  # fmt: skip
        self._core = Core(program, fold_node, checks)

    def _make(self, rules: Sequence[Rule], fields: Mapping[str, Field]) -> Ruleset:
        self._rulesets.append(Ruleset(rules, fields))
        return self._rulesets[-1]

    @property
    def faults(self) -> int:
        """How often the engine's state had to be thrown away."""
        return sum(ruleset.faults for ruleset in self._rulesets)

    def decide(self, facts: Mapping[str, Any]) -> Outcome:
        """What the policy says of these facts. Raises EngineFault or WrongKind; then nothing was decided."""
        return self.judge(facts).outcome

    def judge(self, facts: Mapping[str, Any]) -> Judged:
        """The outcome, and which engine found it."""
        evaluation = Evaluation(self.program.nodes, self.program.tables, facts)
        try:
            fails, applies = self._ask(facts, evaluation)
            for number, row in enumerate(self._checks.rows):
                evaluation.settle(row.fails, bool(fails >> number & 1))
                if row.applies >= 0:
                    evaluation.settle(row.applies, bool(applies >> number & 1))
            for number, exception in self._lifts:
                evaluation.settle(exception.condition, bool(applies >> number & 1))

            waiting = [self._authority] if self._authority else []

            def value(index: int) -> Any:
                while waiting and index == self._fold.authority:
                    waiting.pop().ask(facts, evaluation)
                return evaluation.value(index)

            return Judged(fold(self.program, Tables(self._fold, self.program.nodes, value)), "durable")
        except Unsettled:
            self.fallbacks += 1
            return Judged(reference.decide(self.program, facts), "reference")

    def core(self, facts: Mapping[str, Any]) -> tuple[int, ...]:
        """The verdict, the row of each section and the masks of checks, without evidence (`rules/core.py`)."""
        evaluation = Evaluation(self.program.nodes, self.program.tables, facts)
        try:
            fails, applies = self._ask(facts, evaluation)
            rows, failed = self._core.rows(evaluation), fails & applies
            for place, number in self._lifting:
                failed &= ~((applies >> number & 1) << place)
            verdict = self._core.verdict(rows, failed, evaluation)
            if verdict == REFER and self._authority:
                self._authority.ask(facts, evaluation)
            return self._core.answer(verdict, rows, failed, evaluation)
        except Unsettled:
            self.fallbacks += 1
            return core_of(reference.decide(self.program, facts))

    def _ask(self, facts: Mapping[str, Any], evaluation: Evaluation) -> tuple[int, int]:
        """Settles the row of every section table; the checks that fail and those that apply, as bits."""
        fails = applies = 0
        for stage in self._stages:
            failing, applying = stage.ask(facts, evaluation)
            fails, applies = fails | failing, applies | applying
        return fails, applies | self._always

    def close(self) -> None:
        """Give the engine's memory back, once no thread decides any more; calling it again does nothing."""
        for ruleset in self._rulesets:
            ruleset.close()


def build(program: Program) -> Durable:
    """The policy on the Rete engine. Raises EngineMissing, TooLarge, or EngineFault; then nothing is left behind."""
    return Durable(program)
