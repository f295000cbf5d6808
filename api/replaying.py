"""A stored decision, decided again from its own snapshot of facts, and to whom a difference belongs.

The reference engine defines what a policy means, so it is the one that decides again: it was not the one that answered.
INVARIANT: every difference is attributed; none is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from api.operations.guard import CHECK as LIMIT_GUARD
from api.operations.order_currency import CHECK as RATE_GUARD
from api.snapshot import plain_json
from credit.money import Money
from policy.load import Loaded
from policy.program import Program
from policy.subjects import ORDER
from rules.agreement import at_least_refer
from rules.facts import trade_vocabulary
from rules.fold import verdict_of
from rules.outcome import CheckOutcome, Missing, Outcome
from rules.raised_limit import RAISED, with_raised_limit
from rules.reference import decide
from rules.release import BY_RELEASE, FAILING, NOT_DENYING
from storage.customers import write_json
from storage.decisions import StoredDecision
from storage.log_entries import commitment
from storage.policies import PolicyVersion

EQUAL, POLICY, FACTS, ENGINE, ERASED = "equal", "policy", "facts", "engine", "erased"
RESULTS = (EQUAL, POLICY, FACTS, ENGINE, ERASED)
RELEASED_KEY = "released "  # no client can send a key that begins so, as it holds a space
BESIDE = ("engines", "subject", "release", "conversion")  # what a record says besides the outcome


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of an answer that came out otherwise: as it was recorded, and as it is now."""

    where: str
    recorded: object
    replayed: object


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision decided again: equal, or what the difference belongs to, in a sentence, with the parts that differ."""

    decision_id: str
    result: str
    told: str
    verdict: str
    differences: tuple[Difference, ...] = ()


def as_dict(one: Replayed) -> dict[str, object]:
    """A replay as JSON tells it."""
    differences = [{"where": part.where, "recorded": part.recorded, "replayed": part.replayed}
                   for part in one.differences]  # fmt: skip
    return {"decision_id": one.decision_id, "result": one.result, "told": one.told, "verdict": one.verdict,
            "differences": differences}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Logged:
    """What the log commits to of a decision: its entry and the salt; empty where the decision is older than the log."""

    committed: Mapping[str, str] = field(default_factory=dict)
    salt: bytes = b""


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision with all that replaying it needs: the policy as stored and as read now (None: it is not there)."""

    decision: StoredDecision
    version: PolicyVersion | None
    loaded: Loaded | None
    logged: Logged
    erased: str = ""  # who erased it, when and why


def replay(kept: Kept) -> Replayed:
    """Decide again, and say to whom a difference belongs."""
    stored = kept.decision
    if kept.erased:
        return Replayed(stored.decision_id, ERASED, kept.erased, stored.verdict)
    if changed := tampered(kept):
        told = f"what is stored of it is not what was logged: {', '.join(changed)}"
        return Replayed(stored.decision_id, FACTS, told, stored.verdict)
    program = program_of(kept)
    if isinstance(program, str):
        return Replayed(stored.decision_id, POLICY, program, stored.verdict)
    return compared(stored, program)


def tampered(kept: Kept) -> list[str]:
    """The parts of a record that are not those that the log commits to."""
    held = {"request": kept.decision.request, "response": kept.decision.response,
            "facts": write_json(dict(kept.decision.facts)).encode(),
            "outcome": write_json(dict(kept.decision.outcome)).encode()}  # fmt: skip
    logged = kept.logged
    return [name for name, wanted in sorted(logged.committed.items())
            if commitment(logged.salt, name, held.get(name, b"")) != wanted]  # fmt: skip


def program_of(kept: Kept) -> Program | str:
    """The Program that the decision was made by, or why it is not to be had."""
    stored = kept.decision
    if kept.version is None:
        return f"the policy {stored.policy_digest} is not stored"
    if kept.loaded is None or kept.loaded.program is None:
        return f"the policy {stored.policy_digest} has errors under this version of the language"
    if kept.loaded.program.source_digest != stored.policy_digest:
        return f"the stored bytes are not those of {stored.policy_digest}"
    program = kept.loaded.programs[str(stored.outcome.get("subject", ORDER))]
    if program.digest != stored.program_digest:
        return f"the policy means something else now: {program.digest} where it was {stored.program_digest}"
    return program


def compared(stored: StoredDecision, program: Program) -> Replayed:
    """The recorded outcome beside the one that the reference finds on the same facts."""
    facts = facts_back(program, stored.facts)
    raised = with_raised_limit(program) if RAISED in facts else None
    try:
        found = decide(raised or program, facts)
    except Exception as fault:  # whatever an engine can raise is told of the decision, and stops no other
        told = f"the facts of the snapshot cannot be decided on ({type(fault).__name__})"
        return Replayed(stored.decision_id, FACTS, told, stored.verdict)
    recorded = {name: value for name, value in stored.outcome.items() if name not in BESIDE}
    if "release" in stored.outcome:
        reached = FAILING if was_released_now(stored) else NOT_DENYING
        found = released_again(found, program, recorded, facts.get("order.requested_terms"), reached)
    again = plain_json(guarded(found, program, recorded))
    alike = write_json(recorded) == write_json(again)  # the same text is the same record, and quicker to find
    differences = () if alike else tuple(differing(recorded, again))
    differences += tuple(beyond_release(stored, program, facts.get("order.amount")))
    answered = answered_verdict(stored)
    if answered != recorded.get("verdict") or stored.verdict != answered:
        differences += (Difference("answer.verdict", answered, recorded.get("verdict")),)
    if not differences:
        return Replayed(stored.decision_id, EQUAL, "the same verdict, reasons, terms and figures", stored.verdict)
    said = stored.outcome.get("engines")
    told = ("the engines did not agree when it was decided" if said else
            "the engine answered otherwise than the policy says on these facts")  # fmt: skip
    return Replayed(stored.decision_id, ENGINE, told, str(again.get("verdict")), differences)


def released_again(found: Outcome, program: Program, recorded: Mapping[str, Any], asked_terms: object,
                   reached: Collection[str]) -> Outcome:  # fmt: skip
    """The outcome after the release of a person, which lifted the checks that the record names, where they fail now in
    a way that it reaches.
    """
    names = {check.get("name") for check in recorded.get("checks", ()) if check.get("lifted_by") == BY_RELEASE}
    if not names:
        return found
    checks = [replace(check, status="lifted", lifted_by=BY_RELEASE, missing=())
              if check.name in names and check.status in reached else check for check in found.checks]  # fmt: skip
    changed = asked_terms is not None and found.terms is not None and asked_terms != found.terms
    verdict, hard_stop = verdict_of(checks, frozenset(), program, bool(found.security) or changed)
    return replace(found, verdict=verdict, hard_stop=hard_stop, authority=None, checks=tuple(checks), missing=())


def beyond_release(stored: StoredDecision, program: Program, amount: object) -> Iterator[Difference]:
    """Where a release that was given before did not count for what it lifted: its days, and its amount."""
    release = stored.outcome.get("release", {})
    if not release.get("lifted") or was_released_now(stored):
        return
    day = stored.as_of.isoformat()
    if not release["released_on"] <= day <= release["until"]:
        yield Difference("release.until", release["until"], day)
    measured, most = (Money.parse(release[name], program.currency).minor for name in ("amount", "up_to"))
    if measured > most or not isinstance(amount, int) or amount > measured:
        yield Difference("release.up_to", release["up_to"], amount)


def was_released_now(stored: StoredDecision) -> bool:
    """Whether the decision is itself the one that a person's release made."""
    return stored.idempotency_key.startswith(RELEASED_KEY)


def guarded(found: Outcome, program: Program, recorded: Mapping[str, Any]) -> Outcome:
    """The outcome as what looks on beside the policy left it, where it stepped in: a limit passed, a rate too old."""
    for check in recorded.get("checks", ()):
        if isinstance(check, dict) and check.get("name") in (LIMIT_GUARD, RATE_GUARD):
            stepped_in = CheckOutcome(str(check["name"]), str(check.get("status")), ())
            found = at_least_refer(program, found)
            found = replace(found, checks=(*found.checks, stepped_in))
    return found


def answered_verdict(stored: StoredDecision) -> str:
    """The verdict in the bytes that were answered."""
    try:
        return str(json.loads(stored.response)["decision"]["verdict"])
    except (ValueError, KeyError, TypeError):
        return "unreadable"


def differing(recorded: Any, again: Any, where: str = "") -> Iterator[Difference]:
    """Where two records differ, as deep down as they can be followed."""
    if isinstance(recorded, dict) and isinstance(again, dict):
        for name in sorted({*recorded, *again}):
            yield from differing(recorded.get(name), again.get(name), f"{where}.{name}" if where else name)
    elif isinstance(recorded, list) and isinstance(again, list) and len(recorded) == len(again):
        for place, (one, other) in enumerate(zip(recorded, again, strict=True)):
            yield from differing(one, other, f"{where}[{place}]")
    elif recorded != again or type(recorded) is not type(again):
        yield Difference(where, recorded, again)


def facts_back(program: Program, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a snapshot as the engines were given them: fractions and missing ones in their own form again."""
    kinds = {name: declared.kind for name, declared in {**trade_vocabulary().facts, **program.facts}.items()}
    kinds |= {figure.name: figure.kind for figure in program.figures}
    return {name: value_back(value, kinds.get(name, "")) for name, value in stored.items()}


def value_back(value: Any, kind: str) -> Any:
    """One value in its own form."""
    if isinstance(value, dict) and set(value) == {"reasons"}:
        return Missing(frozenset(value["reasons"]))
    if isinstance(value, list):
        return tuple(value_back(one, kind) for one in value)
    if isinstance(value, str) and "/" in value and kind not in ("choice", "text", "terms"):
        return Fraction(value)
    return value
