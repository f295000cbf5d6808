"""The last guard: an approval above the ceiling becomes a referral, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from api.operations.guard import CHECK, held_amount, within_ceiling
from api.situation import Evaluated
from credit.decision import Decision, ExposureView, PolicyReference
from credit.money import Money
from policy.program import Fold, Wording
from rules.outcome import Outcome
from tests.fakes import a_program


def evaluated(verdict: str, ceiling: int | None) -> Evaluated:
    """An evaluated order with this verdict and ceiling."""
    decision = Decision("d", verdict, False, (), None, None, (), ExposureView(None, None, None, None),
                        PolicyReference("p", 1, "d", "p"), datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), "agreed",
                        )  # fmt: skip
    return Evaluated(decision, Outcome(verdict, False, None, {}, None, None, (), None, (), (), {}), {}, ceiling)


@pytest.mark.parametrize(("verdict", "ceiling", "balance", "amount", "expected"), [
    ("approve", 100, 60, 40, "approve"),
    ("approve", 100, 60, 41, "refer"),
    ("approve_with_conditions", 100, 60, 41, "refer"),
    ("approve", None, 10**14, 10**14, "approve"),
    ("approve", 0, 0, 0, "approve"),
    ("approve", 100, 150, 0, "approve"),
    ("approve", 0, 0, 1, "refer"),
    ("approve", 100, -50, 150, "approve"),
    ("approve", 100, -50, 151, "refer"),
    ("refer", 0, 0, 500, "refer"),
    ("deny", 0, 0, 500, "deny"),
])  # fmt: skip
def test_only_new_risk_above_the_ceiling_is_stopped(
    verdict: str, ceiling: int | None, balance: int, amount: int, expected: str
) -> None:
    found = within_ceiling(evaluated(verdict, ceiling), a_program(), balance, Money(amount, "CNY"))
    assert found.decision.verdict == expected
    stopped = [check.check for check in found.decision.checks] == [CHECK]
    assert stopped == (verdict != expected)


@pytest.mark.parametrize(("verdict", "held"), [
    ("approve", 7), ("approve_with_conditions", 7), ("refer", 0), ("deny", 0),
])  # fmt: skip
def test_refer_and_deny_hold_nothing(verdict: str, held: int) -> None:
    decision = replace(evaluated("approve", None).decision, verdict=verdict)
    assert held_amount(decision, Money(7, "CNY")) == held


def test_a_stopped_approval_names_who_may_release_it_in_outcome_and_decision_alike() -> None:
    program = replace(a_program(), nodes=(Fold(checks=-1, authority=0),), roles_rising=("clerk", "director"))
    found = within_ceiling(evaluated("approve", 0), program, 0, Money(1, "CNY"))
    assert (found.outcome.verdict, found.outcome.authority) == ("refer", "director")
    assert (found.decision.verdict, found.decision.authority) == ("refer", "director")
    assert [check.name for check in found.outcome.checks] == [CHECK]


@pytest.mark.parametrize("languages", [("en",), ("zh",), ("en", "zh")])
def test_a_stopped_approval_speaks_the_languages_of_the_policy_only(languages: tuple[str, ...]) -> None:
    program = replace(a_program(), wording=Wording(title=dict.fromkeys(languages, "t")))
    found = within_ceiling(evaluated("approve", 0), program, 0, Money(1, "CNY"))
    assert tuple(found.decision.checks[-1].message) == languages
