"""Hints that do not stop publishing: things never read, limits that no check reads, referrals nobody may release."""

from __future__ import annotations

from policy.document import Policy, Word
from policy.infer import Inference
from policy.problems import Problem
from policy.syntax import Name


def add_hints(inference: Inference) -> None:
    """Add the warnings of a checked file."""
    _unused(inference, [let.name for let in inference.names.policy.lets])
    _unread_limit(inference)
    _nobody(inference.names.policy, inference.problems)


def _unused(inference: Inference, lets: list[Word]) -> None:
    """Things that are declared and never read."""
    policy, used = inference.names.policy, inference.names.used
    things = [*lets, *(fact.name for fact in policy.facts), *(table.name for table in policy.tables)]
    things += [Word(f"settings.{one.name.text}", one.name.at) for one in policy.settings]
    things += [Word(f"lists.{one.name.text}", one.name.at) for one in policy.lists]
    read = used if policy.name.text else {thing.text for thing in things}
    for thing in things:
        if thing.text not in read or thing in lets and not _read_elsewhere(inference, thing.text):
            inference.problems.append(Problem("unused-fact", thing.at, f"nothing reads '{thing.text}'",
                                              "take it out, or use it", "warning"))  # fmt: skip


def _read_elsewhere(inference: Inference, name: str) -> bool:
    """Whether any formula, condition or message names a figure."""
    referents = inference.meanings.referents
    if any(isinstance(node, Name) and node.text == name for node in referents):
        return True
    texts = [
        w.text for check in inference.names.policy.checks for w in (*check.say.values(), *check.say_customer.values())
    ]
    return any("{" + name + "}" in text for text in texts)


def _unread_limit(inference: Inference) -> None:
    rows = inference.names.policy.rows.get("limits", ())
    if rows and "largest_order" in rows[0].cells and "limit.largest_order" not in inference.names.used:
        message, help = "no check reads limit.largest_order, so no order is held against it", "add a check, or take it out"
        inference.problems.append(Problem("unread-limit", rows[0].at, message, help, "warning"))


def _nobody(policy: Policy, problems: list[Problem]) -> None:
    refers = [check for check in policy.checks if check.verdict.text == "refer" and check.at.file == policy.file]
    if refers and "authority" not in policy.rows:
        message = "this check refers orders, and nobody is named who may release them"
        problems.append(Problem("nobody", refers[0].name.at, message, "add a section 'authority'", "warning"))
