"""Scopes and exceptions in a Program: parts of what applies, and lifts; the digest knows only what they mean."""

from __future__ import annotations

from policy.program import Check, Collect, Fold, Program
from tests.policy.written import program

CHECK = "checks:\n  - {check: late, when: customer.score < 5, verdict: deny}\n"
NARROW = "  - {check: late, for: group A, when: customer.score < 3, verdict: refer}\n"
EXCEPTION = """exceptions:
  - {exception: one, for: all, lifts: [late]}
  - {exception: two, for: customer B, lifts: [late]}
"""


def checks(found: Program) -> list[Check]:
    """The file's own checks."""
    fold = found.nodes[found.fold]
    assert isinstance(fold, Fold)
    collect = found.nodes[fold.checks]
    assert isinstance(collect, Collect)
    return [check for check in collect.rows if check.name == "late"]


def test_a_check_alone_is_always_asked_and_never_lifted() -> None:
    (check,) = checks(program(CHECK))
    assert (check.applies, check.lifts, check.scope) == (-1, (), "")


def test_a_wider_check_is_not_asked_where_a_narrower_one_is() -> None:
    wide, narrow = checks(program(CHECK + NARROW))
    assert wide.applies >= 0
    assert narrow.applies >= 0
    assert (wide.scope, narrow.scope) == ("", "group A")


def test_the_narrowest_exception_stands_first() -> None:
    (check,) = checks(program(CHECK + EXCEPTION))
    assert [lift.name for lift in check.lifts] == ["two", "one"]


def test_the_digest_knows_exceptions_and_scopes_by_what_they_mean() -> None:
    plain = program(CHECK).digest
    assert program(CHECK + EXCEPTION).digest != plain
    assert program(CHECK.replace("when:", "for: all, when:")).digest == plain
    assert program(CHECK + EXCEPTION.replace("customer B", "customer C")).digest != program(CHECK + EXCEPTION).digest
