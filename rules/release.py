"""What a person's release does to an answer: failed checks are lifted, if the person may, and saw them as they are now.

A release is no wish to approve whatever comes: it covers the checks that failed when the order was referred, not
further from what is allowed than the policy lets a release reach. What denies stays a denial, but for a check with
`release_by`: then only that role, or one above it. All or nothing: where one failed check stays, nothing is lifted.
At later stages of the order the same checks are lifted again for as long, and up to as much, as the release counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from policy.program import Check, Collect, Program
from rules.fold import verdict_of
from rules.outcome import CheckOutcome, Outcome
from rules.standing import fold_of
from rules.states import roles_from

BY_RELEASE = "release"  # what stands in `lifted_by`
DENYING, NOT_DENYING = ("hard_stop", "deny"), ("refer", "not_evaluated")
FAILING = DENYING + NOT_DENYING
BESIDE = "is no check of the policy, and no release reaches it"


@dataclass(frozen=True, slots=True)
class Released:
    """The answer after a release, the checks it lifted, and what stands against it, by check and in words.

    Where anything stands against it, the answer is as it was.
    """

    outcome: Outcome
    lifted: tuple[str, ...]
    against: Mapping[str, str]


def role_needed(program: Program, outcome: Outcome, check: CheckOutcome, row: Check) -> str | None:
    """The lowest role that may release a failed check; None where nobody may."""
    if row.release_by:
        return row.release_by
    denied = check.status in DENYING or any(_denies(program, reason) for reason in check.missing)
    return None if denied else outcome.authority or highest_role(program)


def authority_of(program: Program, outcome: Outcome) -> str | None:
    """The role that may release an answer, or one above it: every failed check wants its own, and the highest counts.

    None where nothing is to be released, or nobody may; also for a referral that the policy names nobody for, which the
    highest role may release.
    """
    failing = tuple(_failing(program, outcome))
    if not any(row is not None and row.release_by for _, row in failing):
        return outcome.authority
    needed = [outcome.authority or highest_role(program) if row is None else role_needed(program, outcome, check, row)
              for check, row in failing]  # fmt: skip
    if None in needed:
        return outcome.authority
    rising = [role for role in program.roles_rising if role in needed]
    return rising[-1] if rising else needed[0]


def highest_role(program: Program) -> str | None:
    """The last of the roles that rise."""
    return program.roles_rising[-1] if program.roles_rising else None


def released(
    program: Program, outcome: Outcome, role: str, seen: Mapping[str, Fraction | None], up_to: Fraction,
    asked_terms: str | None,
) -> Released:  # fmt: skip
    """The answer that a person of a role makes of it.

    `seen` are the checks that had failed when the order was referred, each by how much it was beyond what is allowed
    (None where that is no number).
    """
    against = dict(_missing_parts(program, outcome))
    for check, row in _failing(program, outcome):
        why = BESIDE if row is None else _why_not(program, outcome, check, row, role, seen, up_to)
        if why is not None:
            against[check.name] = why
    return _lifted(program, outcome, against, asked_terms)


def released_before(
    program: Program, outcome: Outcome, seen: Mapping[str, Mapping[str, Any]], asked_terms: str | None
) -> Released:
    """The answer to an order that a person released before, at a later stage of it, while that release counts.

    `seen` are the checks that had failed then, as they were stored. INVARIANT: what denies is not lifted, nor a check
    that did not fail then in the same way.
    """
    against = dict(_missing_parts(program, outcome))
    for check, row in _failing(program, outcome):
        why = BESIDE if row is None else _why_not_again(program, check, seen.get(check.name))
        if why is not None:
            against[check.name] = why
    return _lifted(program, outcome, against, asked_terms)


def _lifted(program: Program, outcome: Outcome, against: Mapping[str, str], asked_terms: str | None) -> Released:
    """The answer with every failed check lifted; as it was where anything stands against that."""
    if against:
        return Released(outcome, (), against)
    lifted = tuple(one.name for one in outcome.checks if one.status in FAILING)
    checks = [replace(one, status="lifted", lifted_by=BY_RELEASE, missing=()) if one.name in lifted else one
              for one in outcome.checks]  # fmt: skip
    changed = asked_terms is not None and outcome.terms is not None and asked_terms != outcome.terms
    verdict, hard_stop = verdict_of(checks, frozenset(), program, bool(outcome.security) or changed)
    return Released(
        replace(outcome, verdict=verdict, hard_stop=hard_stop, authority=None, checks=tuple(checks), missing=()),
        lifted, {},
    )  # fmt: skip


def _failing(program: Program, outcome: Outcome) -> Iterator[tuple[CheckOutcome, Check | None]]:
    """Each failed check with its row; None for what was told beside the policy, as a rate that is too old."""
    rows = rows_of(program) if outcome.checks else ()
    for place, check in enumerate(outcome.checks):
        if check.status in FAILING:
            yield check, rows[place] if place < len(rows) else None


def roles_unmet(program: Program, outcome: Outcome, role: str) -> tuple[str, ...]:
    """The roles that the failed checks need, and that this one is not and does not stand above."""
    pairs = _failing(program, outcome)
    needed = (role_needed(program, outcome, check, row) for check, row in pairs if row is not None)
    return tuple(dict.fromkeys(one for one in needed if one is not None and role not in roles_from(program, one)))


def is_releasable(program: Program, checks: list[Mapping[str, Any]]) -> bool:
    """Whether a stored outcome has nothing that denies the order for everybody."""
    pairs = zip(checks, rows_of(program), strict=False)
    return all(row.release_by for one, row in pairs if one["status"] in DENYING)


def rows_of(program: Program) -> tuple[Check, ...]:
    """The checks of a policy, in the order of an answer."""
    node = program.nodes[fold_of(program).checks]
    assert isinstance(node, Collect)
    return node.rows


def excess_of(value: Any, wanted: Any) -> Fraction | None:
    """How far two figures lie apart; None where one is no number. Stored fractions are read too: "3/10"."""
    numbers = [_number(one) for one in (value, wanted)]
    return None if numbers[0] is None or numbers[1] is None else abs(numbers[0] - numbers[1])


def seen_in(checks: list[Mapping[str, Any]]) -> dict[str, Fraction | None]:
    """The checks that failed in a stored outcome, with how far each was beyond what is allowed."""
    found: dict[str, Fraction | None] = {}
    for one in checks:
        if one["status"] in FAILING:
            apart = [excess_of(entry["value"], entry["wanted"]) for entry in one["evidence"]]
            found[one["name"]] = apart[0] if apart else None
    return found


def _why_not(program: Program, outcome: Outcome, check: CheckOutcome, row: Check, role: str,
             seen: Mapping[str, Fraction | None], up_to: Fraction) -> str | None:  # fmt: skip
    """What stands against lifting a failed check; None where nothing does."""
    needed = role_needed(program, outcome, check, row)
    if needed is None:
        return "denies the order, and the policy names nobody who may release it"
    if role not in roles_from(program, needed):
        return f"can be released by the role '{needed}', or one above it"
    if check.name not in seen:
        return "did not fail when the order was referred"
    before = seen[check.name]
    now = excess_of(check.evidence[0].value, check.evidence[0].wanted) if check.evidence else None
    if (before is None) != (now is None) or (before is not None and now is not None and now > before * up_to):
        return "is further from what is allowed than when the order was referred"
    return None


def _why_not_again(program: Program, check: CheckOutcome, was: Mapping[str, Any] | None) -> str | None:
    """What stands against lifting a failed check at a later stage; None where nothing does."""
    if check.status in DENYING or any(_denies(program, reason) for reason in check.missing):
        return "denies the order; a release that was given before does not reach it"
    if was is None:
        return "did not fail when the order was released"
    if was["status"] != check.status or not set(check.missing) <= set(was.get("missing", ())):
        return "fails otherwise than when the order was released"
    return None


def _missing_parts(program: Program, outcome: Outcome) -> Mapping[str, str]:
    """The parts of an answer without which nothing can be approved, and that nobody can release."""
    fold = fold_of(program)
    parts = {
        "tier": fold.tiers >= 0 and outcome.tier is None,
        "limit": fold.limit_effective >= 0 and outcome.limits.get("effective") is None,
        "terms": fold.terms >= 0 and outcome.terms is None,
        "security": fold.security >= 0 and outcome.rows.get("security", -1) < 0,
    }
    facts = ", ".join(outcome.missing)
    return {part: f"is missing; bring in {facts}" for part, missing in parts.items() if missing}


def _denies(program: Program, reason: str) -> bool:
    return reason in program.facts and program.facts[reason].missing == "deny"


def _number(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | Fraction | str):
        return None
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError):
        return None
