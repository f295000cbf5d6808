"""Promises proved, refuted or left open: the door to the prover, which may be slow, large or not installed.

The prover runs in a process of its own. An order that it finds is decided again by the reference engine, and only harm
that shows there refutes a promise; whatever else happens, the promise is not proven.
"""

from __future__ import annotations

import io
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from policy.compile_promises import Question
from policy.load import Loaded
from policy.problems import Problem, Where, in_order
from policy.program import Program
from rules.outcome import VERDICTS
from rules.reference import Evaluation
from rules.standing import AS_ASKED, decided, worse
from rules.wording import Wording

STEPS = 16_000_000  # of z3, shared by the promises of a policy: some seconds
MEGABYTES = 2_048
SECONDS = 10.0  # of the processor
PATIENCE = 3  # times as long by the clock, for a machine that has other work
ASSUMED = "orders with all their facts"

__all__ = ["Found", "Proof", "Question", "Task", "findings", "prove_promises"]


@dataclass(frozen=True, slots=True)
class Task:
    """What the prover is given: a Program, questions, values that an order usually has, and how far it may go."""

    program: Program
    questions: tuple[Question, ...]
    typical: Mapping[str, Any] = field(default_factory=dict)
    steps: int = STEPS
    megabytes: int = MEGABYTES
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Found:
    """The prover's answer: proved, refuted (in which part, by which orders) or unknown, and why."""

    status: str
    aspects: tuple[str, ...] = ()
    orders: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a promise: proved, refuted or not proven.

    `orders` are the facts of the one or two orders that refute it, `harm` says what they show, `reason` why nothing is
    known.
    """

    promise: str
    where: Where
    status: str
    orders: tuple[Mapping[str, Any], ...] = ()
    harm: str = ""
    reason: str = ""
    moved: str = ""


def prove_promises(program: Program, questions: Sequence[Question], typical: Mapping[str, Any] | None = None,
                   seconds: float = SECONDS) -> tuple[Proof, ...]:  # fmt: skip
    """Every promise of a policy, in the order of the file; together in `seconds` of the processor."""
    if not questions:
        return ()
    task = Task(program, tuple(questions), _known(typical), seconds=seconds)
    if find_spec("z3") is None:
        open_ = Found("unknown", reason="the prover is not installed; install aval[analysis]")
        return tuple(_proof(program, question, open_) for question in questions)
    found, why = _run(task)
    rest = Found("unknown", reason=why)
    return tuple(_proof(program, question, found.get(place, rest))
                 for place, question in enumerate(questions))  # fmt: skip


def _known(typical: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (typical or {}).items() if value is not None}


def _run(task: Task) -> tuple[dict[int, Found], str]:
    """The answers that came in time, and why no more did."""
    command = [sys.executable, "-m", "rules.prove"]
    folder = Path(__file__).resolve().parents[1]
    late = f"not settled within {task.seconds:g} seconds"
    try:
        done = subprocess.run(command, input=pickle.dumps(task), capture_output=True, timeout=PATIENCE * task.seconds,
                              cwd=folder)  # fmt: skip
        out_of_time = done.returncode == -signal.SIGXCPU
        said, why = done.stdout, late if out_of_time else f"the prover stopped within its {task.megabytes} MB of memory"
    except subprocess.TimeoutExpired as stopped:
        said, why = stopped.stdout or b"", late
    found: dict[int, Found] = {}
    stream = io.BytesIO(said)
    while True:
        try:
            place, answer = pickle.load(stream)
            found[place] = answer
        except (EOFError, pickle.UnpicklingError):
            return found, why


def _proof(program: Program, question: Question, found: Found) -> Proof:
    moved = question.fact
    if found.status == "proved":
        return Proof(question.text, question.where, "proved", moved=moved)
    if found.status == "refuted":
        harm = replayed(program, question, found.orders)
        if harm:
            return Proof(question.text, question.where, "refuted", found.orders, harm, moved=moved)
        reason = "there is neither a proof nor an order that breaks it"
    else:
        reason = found.reason or "nothing was found"
        if "resource" in reason or "canceled" in reason:
            reason = "not settled within the steps that a promise has"
    return Proof(question.text, question.where, "not proven", reason=reason, moved=moved)


def replayed(program: Program, question: Question, orders: Sequence[Mapping[str, Any]]) -> str:
    """What the reference engine shows of orders that should break a promise; empty where they do not."""
    try:
        outcomes = [decided(program, facts) for facts in orders]
    except (ArithmeticError, ValueError):  # such as a day after the last year of the calendar
        return ""
    first, before = outcomes[0]
    if question.fact:
        last, after = outcomes[1]
        parts = worse(before, after, question.aspects)
        return "; ".join(_told(program, part, before, after) for part in parts)
    if question.form == "released":
        return "it is referred, and nobody may release it" if first.verdict == "refer" and not first.authority else ""
    evaluation = Evaluation(question.nodes, program.tables, orders[0])
    if evaluation.value(question.when) is not True:
        return ""
    if question.then >= 0 and evaluation.value(question.then) is not True:
        return f"'then' does not hold; the answer is {first.verdict}"
    said = {"verdict": first.verdict, "tier": first.tier or "none", "authority": first.authority or "none",
            "hard_stop": "true" if first.hard_stop else "false"}  # fmt: skip
    return "; ".join(f"{part} is {said[part]}" for part, words in question.answers if said[part] not in words)


def _told(program: Program, part: str, before: Any, after: Any) -> str:
    one, other = getattr(before, part), getattr(after, part)
    if part == "security":
        return "a security that was enough is enough no more"
    if part == "verdict":
        names = [name.replace("_", " ") for name in (*VERDICTS, "hard stop")]
        return f"the verdict goes from {names[one]} to {names[other]}"
    if part == "terms" and one == AS_ASKED:
        return f"the terms asked for are given no more, but {other} days"
    kind = {"limit": "limit", "largest_order": "money"}.get(part, "days")
    wording = Wording(program)
    said = {"limit": "limit", "largest_order": "largest order", "longest": "longest term", "terms": "term given"}[part]
    return f"the {said} goes from {wording.shown(one, kind, 'en')} to {wording.shown(other, kind, 'en')}"


def findings(program: Program, proofs: Sequence[Proof]) -> tuple[Problem, ...]:
    """What publishing must know: a refuted promise is an error, one that is not proven a warning."""
    found = []
    for proof in proofs:
        if proof.status == "refuted":
            told = f"'{proof.promise}' is not kept: {shown_move(program, proof)}{proof.harm}"
            found.append(Problem("false-promise", proof.where, told, "mend the rows that do this, or take the promise "
                                 "out", "error", example_of(program, proof)))  # fmt: skip
        elif proof.status == "not proven":
            found.append(Problem("not-proven", proof.where, f"'{proof.promise}' is not proven: {proof.reason}",
                                 "make fewer rows read it, or take the promise out", "warning"))  # fmt: skip
    return tuple(found)


def shown_move(program: Program, proof: Proof) -> str:
    """How the fact moves between the two orders that refute a promise, with a comma after it."""
    if len(proof.orders) < 2:
        return ""
    wording, declared = Wording(program), program.facts.get(proof.moved)
    kind = declared.kind if declared else "number"
    values = [facts[proof.moved] for facts in proof.orders]
    one, other = ((declared.grade(value) if declared else "") or wording.shown(value, kind, "en") for value in values)
    return f"where {proof.moved} goes from {one} to {other}, "


def example_of(program: Program, proof: Proof) -> tuple[tuple[str, str], ...]:
    """The order as a test gives it; the second order differs by what the finding's message says."""
    wording = Wording(program)
    kinds = {name: declared.kind for name, declared in program.facts.items()}
    kinds |= {figure.name: figure.kind for figure in program.figures}
    facts = proof.orders[0] if proof.orders else {}
    grades = {name: declared.grade(facts.get(name)) for name, declared in program.facts.items()}
    return tuple((name, grades.get(name) or wording.plain(value, kinds.get(name, "number")) or "")
                 for name, value in sorted(facts.items()))  # fmt: skip


def share_proved(proofs: Sequence[Proof]) -> int:
    """The promises that are proved, in whole per cent rounded down."""
    return 100 * sum(proof.status == "proved" for proof in proofs) // len(proofs) if proofs else 100


def proofs_of(loaded: Loaded) -> tuple[Proof, ...]:
    """What is known of the promises of a policy file; its first test says what an order usually looks like."""
    if loaded.program is None:
        return ()
    typical = next((test.facts for test in loaded.tests if test.subject == loaded.program.subject), {})
    return prove_promises(loaded.program, loaded.promises, typical)


def all_findings(loaded: Loaded) -> tuple[Problem, ...]:
    """Everything that is wrong with a policy file, its promises included, in the order of the file."""
    whole = loaded.rest or loaded
    if whole.program is None or not whole.promises:
        return loaded.problems
    return tuple(in_order((*loaded.problems, *findings(whole.program, proofs_of(whole)))))
