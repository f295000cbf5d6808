"""Two engines on every order, and no approval unless they agree in everything.

The compiled function and the Rete engine find the answer in different ways; a fault of one shows as a difference. Then,
or where one of them fails, the more severe answer stands, it is at least a referral, and both answers are kept for the
alarm. What both share (loader, compiler to Program, fact gathering, the policy's intent) is not checked here. A new
policy is built and tried in a throw-away process before a worker loads it, for a bad ruleset can end the process.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeVar

from policy.program import Fold, Program
from rules import durable
from rules.compiled import compile_program
from rules.core import REFER
from rules.durable import EngineFault, Judged
from rules.outcome import VERDICTS, Outcome

BUILD_SECONDS = 60.0
Answer = TypeVar("Answer")


class First(Protocol):
    """The compiled engine, as far as agreement needs it."""

    def decide(self, facts: Mapping[str, Any], /) -> Outcome: ...
    def core(self, facts: Mapping[str, Any], /) -> tuple[int, ...]: ...


class Second(Protocol):
    """The Rete engine, as far as agreement needs it."""

    def judge(self, facts: Mapping[str, Any], /) -> Judged: ...
    def core(self, facts: Mapping[str, Any], /) -> tuple[int, ...]: ...
    def close(self) -> None: ...


class BuildRefused(RuntimeError):
    """A policy whose engines cannot be built, or do not agree with the reference, and so must not be loaded."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of the answer on which the engines differ, such as `checks.over_limit` or `rows.tiers`."""

    where: str
    first: object
    second: object


@dataclass(frozen=True, slots=True)
class Agreed:
    """The answer that stands. `engines`: agreed, disagreed, second_faulted or single.

    `first` and `second` are the outcomes of both, or the error of the one that failed; `second_engine` says who gave
    the second opinion: durable, reference (a fact was missing) or none.
    """

    outcome: Outcome
    engines: str
    difference: tuple[Difference, ...]
    first: Outcome | Exception
    second: Outcome | Exception | None
    second_engine: str


class Agreement:
    """A policy on both engines. Where the Rete engine cannot be loaded, one engine approves only if that is allowed."""

    def __init__(
        self, program: Program, allow_single: bool = False, engines: tuple[First, Second | None] | None = None
    ) -> None:
        self._program, self._allow_single = program, allow_single
        self._first, self._second = engines or _engines_of(program)

    def decide(self, facts: Mapping[str, Any]) -> Agreed:
        """The answer of both engines together. Raises EngineFault where both fail: never an approval."""
        first = _tried(self._first.decide, facts)
        if self._second is None:
            return self._single(first)
        judged = _tried(self._second.judge, facts)
        second, engine = (judged.outcome, judged.engine) if isinstance(judged, Judged) else (judged, "durable")
        if isinstance(first, Exception) or isinstance(second, Exception):
            found = first if isinstance(first, Outcome) else second
            if isinstance(found, Exception):
                raise EngineFault("both engines failed; nothing is decided") from found
            difference = (Difference("engine", _told(first), _told(second)),)
            return Agreed(at_least_refer(self._program, found), "second_faulted", difference, first, second, engine)
        if first == second:
            return Agreed(first, "agreed", (), first, second, engine)
        outcome = at_least_refer(self._program, max(first, second, key=_severity))
        return Agreed(outcome, "disagreed", differences(first, second), first, second, engine)

    def core(self, facts: Mapping[str, Any]) -> tuple[int, ...]:
        """The core of both engines (`rules/core.py`); where they differ the more severe, at least a referral."""
        if self._second is None:
            raise EngineFault("there is no second engine to compare with")
        first, second = self._first.core(facts), self._second.core(facts)
        if first == second:
            return first
        verdict, *rest = max(first, second)
        return (max(verdict, REFER), *rest)

    def close(self) -> None:
        """Give the Rete engine's memory back; once, when no thread decides any more."""
        if self._second is not None:
            self._second.close()

    def _single(self, first: Outcome | Exception) -> Agreed:
        if isinstance(first, Exception):
            raise EngineFault("the only engine failed; nothing is decided") from first
        outcome = first if self._allow_single else at_least_refer(self._program, first)
        return Agreed(outcome, "single", (), first, None, "none")


class InForce:
    """The agreement that answers now, and its replacement by a new policy while orders are being decided."""

    def __init__(self, agreement: Agreement) -> None:
        self._lock = Lock()
        self._agreement, self._users = agreement, {id(agreement): 0}

    def decide(self, facts: Mapping[str, Any]) -> Agreed:
        """The answer under the policy in force when the question came."""
        with self._lock:
            agreement = self._agreement
            self._users[id(agreement)] += 1
        try:
            return agreement.decide(facts)
        finally:
            self._leave(agreement)

    def replace(self, program: Program, build: Callable[[Program], Agreement] = Agreement) -> None:
        """Try a new policy in a throw-away process, build it here, and swap; the old one closes after its last user.

        Raises BuildRefused; then the old policy stays in force.
        """
        prove_build(program)
        new = build(program)
        with self._lock:
            old, self._agreement = self._agreement, new
            self._users[id(new)] = 0
            self._users[id(old)] += 1
        self._leave(old)

    def _leave(self, agreement: Agreement) -> None:
        with self._lock:
            self._users[id(agreement)] -= 1
            done = agreement is not self._agreement and self._users[id(agreement)] == 0
            if done:
                del self._users[id(agreement)]
        if done:
            agreement.close()


def prove_build(program: Program, seconds: float = BUILD_SECONDS) -> None:
    """Build a policy's engines in a process of its own and compare them with the reference on the corners of each row.

    Raises BuildRefused where the process dies, takes too long, or finds a difference.
    """
    command = [sys.executable, "-m", "rules.selfcheck"]
    folder = Path(__file__).resolve().parent.parent
    try:
        done = subprocess.run(command, input=pickle.dumps(program), capture_output=True, timeout=seconds, cwd=folder)
    except subprocess.TimeoutExpired as error:
        raise BuildRefused(f"the self-test took more than {seconds:g} seconds; make the policy smaller") from error
    if done.returncode != 0:
        told = done.stdout.decode(errors="replace").strip() or f"the process ended with {done.returncode}"
        raise BuildRefused(f"the engines did not pass their self-test: {told}")


def at_least_refer(program: Program, outcome: Outcome) -> Outcome:
    """The same answer, but a referral to the highest role where it would have been an approval."""
    if VERDICTS.index(outcome.verdict) >= REFER:
        return outcome
    fold = program.nodes[program.fold]
    assert isinstance(fold, Fold)
    highest = program.roles_rising[-1] if program.roles_rising and fold.authority >= 0 else None
    return replace(outcome, verdict="refer", authority=highest)


def differences(first: Outcome, second: Outcome) -> tuple[Difference, ...]:
    """Everything on which two answers differ, field by field; checks, limits and rows by name."""
    found: list[Difference] = []
    for field in fields(Outcome):
        mine, other = getattr(first, field.name), getattr(second, field.name)
        if mine == other:
            continue
        if field.name == "checks":
            mine, other = ({check.name: check for check in checks} for checks in (mine, other))
        if not isinstance(mine, Mapping) or mine == other:
            found.append(Difference(field.name, getattr(first, field.name), getattr(second, field.name)))
            continue
        names = [name for name in dict.fromkeys((*mine, *other)) if mine.get(name) != other.get(name)]
        found += [Difference(f"{field.name}.{name}", mine.get(name), other.get(name)) for name in names]
    return tuple(found)


def _engines_of(program: Program) -> tuple[First, Second | None]:
    return compile_program(program), durable.build(program) if durable.AVAILABLE else None


def _tried(ask: Callable[[Mapping[str, Any]], Answer], facts: Mapping[str, Any]) -> Answer | Exception:
    try:
        return ask(facts)
    except Exception as error:
        return error


def _severity(outcome: Outcome) -> tuple[int, bool]:
    return VERDICTS.index(outcome.verdict), outcome.hard_stop


def _told(answer: Outcome | Exception) -> str:
    return answer.verdict if isinstance(answer, Outcome) else f"{type(answer).__name__}: {answer}"
