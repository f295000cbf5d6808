"""Hints that do not stop publishing: things never read, limits that no check reads, referrals nobody may release."""

from __future__ import annotations

from policy.check_traps import add_traps
from policy.divisors import divisor_findings
from policy.document import Policy, StateWritten, Word
from policy.infer import Inference
from policy.meaning import ENTRIES, STATE
from policy.problems import Problem
from policy.states import state_names


def add_hints(inference: Inference) -> None:
    """Add the warnings of a checked file."""
    if not inference.names.policy.damaged:
        _unused(inference)
        _unread_limit(inference)
        divisor_findings(inference)
        add_traps(inference)
    _nobody(inference.names.policy, inference.problems)


def _unused(inference: Inference) -> None:
    """Things that are declared and never read."""
    policy, used = inference.names.policy, inference.names.used
    things = [*(let.name for let in policy.lets), *(fact.name for fact in policy.facts)]
    things += [*(one.name for one in policy.fact_lists), *(table.name for table in policy.tables)]
    things += [Word(f"settings.{one.name.text}", one.name.at) for one in policy.settings]
    things += [Word(f"lists.{one.name.text}", one.name.at) for one in policy.lists]
    things += [Word(f"{STATE}{one.name.text}", one.name.at) for one in policy.states if not _is_read(one, used)]
    for thing in things:
        if thing.text not in used and thing.at.file == policy.file:
            told = f"nothing reads '{thing.text}'"
            inference.note("unused-fact", thing.at, told, "take it out, or use it", "warning")


def _is_read(state: StateWritten, used: set[str]) -> bool:
    """Whether anything reads a state, its days or its entries."""
    name = state.name.text
    return bool(used.intersection((*state_names(name), f"{ENTRIES}{name}")))


def _unread_limit(inference: Inference) -> None:
    """Limits that the file computes and holds no order against."""
    rows, read = inference.names.policy.rows.get("limits", ()), inference.names.used_here
    columns = {column for row in rows for column in row.cells}
    names = {"limit": ("limit.effective", "limit.policy"), "largest_order": ("limit.largest_order",)}
    for column, known in names.items():
        if column in columns and not read.intersection(known):
            told = f"nothing reads '{known[0]}', so no order is held against it"
            inference.note("unread-limit", rows[0].at, told, "add a check, or take it out", "warning")


def _nobody(policy: Policy, problems: list[Problem]) -> None:
    refers = [check for check in policy.checks
              if check.verdict.text == "refer" and check.at.file == policy.file and not check.release_by]  # fmt: skip
    if refers and "authority" not in policy.rows:
        message = f"the check '{refers[0].name.text}' refers orders, but nobody is named who may release them"
        problems.append(Problem("nobody", refers[0].name.at, message, "add a section 'authority'", "warning"))
