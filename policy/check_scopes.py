"""Scopes and exceptions proved: nobody is in two scopes of one check, and an exception lifts only what it may."""

from __future__ import annotations

from collections.abc import Sequence

from policy.document import CheckWritten, ExceptionWritten, Scope, Word
from policy.infer import Inference
from policy.meaning import LEVELS
from policy.scopes import ALL, FACTS, apart, level_of, of_one_name, reaches
from policy.subjects import same_subject
from policy.suggest import did_you_mean, listed


def check_scopes(inference: Inference) -> None:
    """The scopes of checks and the section `exceptions`."""
    policy, outer = inference.names.policy, (inference.level, inference.reader)
    inference.level, inference.reader = LEVELS["limits"], "'for' of a check"
    rows = [row for written in policy.rows.values() for row in written]
    for scope in (part.scope for parts in (policy.checks, rows, policy.documents) for part in parts):
        if scope is not None:
            _scope(inference, scope)
    _one_at_each_scope(inference)
    inference.reader = "an exception"
    for exception in policy.exceptions:
        _exception(inference, exception)
    _one_exception_at_each_scope(inference, policy.exceptions)
    inference.level, inference.reader = outer


def _scope(inference: Inference, scope: Scope) -> None:
    for line in scope.where:
        inference.condition(line)
    if scope.name:
        known = inference.names.known.get(FACTS[scope.level])
        if known is None or known.sort.kind != "text":
            inference.note("unknown-fact", scope.at, f"'{scope.text}' needs the fact '{FACTS[scope.level]}'",
                           "name it under 'facts' with kind: text")  # fmt: skip
        inference.names.used.add(FACTS[scope.level])


def _one_at_each_scope(inference: Inference) -> None:
    before: dict[str, list[CheckWritten]] = {}
    for check in inference.names.policy.checks:
        namesakes = before.setdefault(check.name.text, [])
        for other in namesakes:
            scope = check.scope or other.scope
            if scope is None or not same_subject(check, other):
                continue  # twice for all is a name that stands twice
            if level_of(check) == level_of(other) and _may_meet(check.scope, other.scope):
                at = check.scope.at if check.scope else check.name.at
                inference.note("one-scope", at, f"the check '{check.name.text}' of line {other.at.line} is for the "
                               "same customers, or for some of them",
                               "give one of them another name, or a narrower 'for'")  # fmt: skip
                break
        namesakes.append(check)


def _may_meet(one: Scope | None, two: Scope | None) -> bool:
    """Whether a customer may be in both of two equally narrow scopes."""
    if "" in (one and one.text, two and two.text):
        return False  # one of them could not be read, which is told
    return one is None or two is None or one.level == ALL or not apart(one, two)


def _one_exception_at_each_scope(inference: Inference, exceptions: Sequence[ExceptionWritten]) -> None:
    for place, one in enumerate(exceptions):
        for other in exceptions[:place]:
            both = {word.text for word in one.lifts} & {word.text for word in other.lifts}
            if other.name.text == one.name.text:
                inference.note("duplicate-name", one.name.at, f"the exception '{one.name.text}' stands already in line "
                               f"{other.name.at.line}", "choose another name")  # fmt: skip
                break
            if both and one.scope.level == other.scope.level and _may_meet(one.scope, other.scope):
                inference.note("one-scope", one.scope.at, f"'{other.name.text}' lifts '{min(both)}' for the same "
                               "customers, or for some of them", "make one exception of the two")  # fmt: skip
                break


def _exception(inference: Inference, exception: ExceptionWritten) -> None:
    _scope(inference, exception.scope)
    if exception.when is not None:
        inference.condition(exception.when)
    if exception.until is not None and "as_of" not in inference.names.facts:
        inference.note("unknown-fact", exception.at, "'until' needs the fact 'as_of'", "name it under 'facts'")
    for word in exception.lifts:
        _lifted(inference, exception, word)


def _lifted(inference: Inference, exception: ExceptionWritten, word: Word) -> None:
    policy = inference.names.policy
    checks = of_one_name(policy.checks, word.text)
    if word.text == "all" and not checks:
        inference.note("exception", word.at, "an exception lifts only checks that it names, never all of them",
                       "write lifts: [the names of the checks]")  # fmt: skip
        return
    if not checks:
        if f"checks.{word.text}" not in policy.broken:
            names = list(dict.fromkeys(check.name.text for check in policy.checks))
            inference.note("unknown-check", word.at, f"the file has no check '{word.text}'",
                           did_you_mean(word.text, names, f"one of: {listed(names)}" if names else ""))  # fmt: skip
        return
    if any(check.verdict.text == "hard_stop" for check in checks):
        inference.note("exception", word.at, f"'{word.text}' is a hard stop, which no exception lifts",
                       "name who may release it under 'release_by', or let its verdict be deny")  # fmt: skip
        return
    if not any(reaches(exception.scope, check.scope) for check in checks):
        scopes = listed([f"'{check.scope.text}'" for check in checks if check.scope])
        message = f"'{exception.scope.text}' does not reach the check '{word.text}', which is for {scopes}"
        inference.note("exception", exception.scope.at, message, "let the exception be for the same, or for fewer")
