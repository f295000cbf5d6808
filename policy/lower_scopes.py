"""Scopes and exceptions to conditions: when a check applies, and what lifts it once it fails."""

from __future__ import annotations

from policy.document import CheckWritten, ExceptionWritten, Scope
from policy.lower import Lowering
from policy.program import In, Lift, Logic, Span
from policy.scopes import FACTS, level_of, reaches


def applies(low: Lowering, check: CheckWritten) -> int:
    """The node that says whether a check is asked: its scope, no narrower one of its name, `only_when`; -1: always."""
    parts = scope_tests(low, check.scope)
    for other in low.checks[check.name.text]:
        if level_of(other) > level_of(check):
            parts.append(low.add(Logic("not", (together(low, scope_tests(low, other.scope)),))))
    if check.only_when is not None:
        parts.append(low.condition(check.only_when))
    return together(low, parts) if parts else -1


def lifts(low: Lowering, check: CheckWritten) -> tuple[Lift, ...]:
    """The exceptions that may lift a check, the narrowest first."""
    named = [one for one in low.checked.policy.exceptions if check.name.text in {word.text for word in one.lifts}]
    reaching = [one for one in named if reaches(one.scope, check.scope)]
    narrowest = sorted(reaching, key=lambda one: -one.scope.level)
    return tuple(Lift(one.name.text, _condition(low, one), one.at.line) for one in narrowest)


def _condition(low: Lowering, exception: ExceptionWritten) -> int:
    parts = scope_tests(low, exception.scope)
    if exception.when is not None:
        parts.append(low.condition(exception.when))
    if exception.until is not None:
        as_of = low.referent(low.checked.names.known["as_of"])
        parts.append(low.add(In(as_of, spans=(Span(None, True, exception.until, True),))))
    return together(low, parts)


def scope_tests(low: Lowering, scope: Scope | None) -> list[int]:
    """The conditions of a scope; a customer without a number or a group is in nobody's scope."""
    if scope is None:
        return []
    if not scope.name:
        return [low.condition(line) for line in scope.where]
    fact = low.referent(low.checked.names.known[FACTS[scope.level]])
    return [low.add(In(fact, negated=True, missing=True)), low.add(In(fact, (scope.name,)))]


def together(low: Lowering, parts: list[int]) -> int:
    """All of these together; one stands for itself."""
    return parts[0] if len(parts) == 1 else low.add(Logic("and", tuple(parts)))
