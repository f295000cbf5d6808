"""Of several checks of one name people are shown one."""

from __future__ import annotations

from rules.outcome import CheckOutcome, one_per_name


def test_of_checks_of_one_name_the_gravest_is_shown_and_the_first_of_those_alike() -> None:
    statuses = [("a", "does_not_apply"), ("b", "pass"), ("a", "refer"), ("a", "not_evaluated"), ("b", "lifted")]
    checks = [CheckOutcome(name, status, ()) for name, status in statuses]
    assert one_per_name(checks) == [(2, checks[2]), (1, checks[1])]


def test_checks_of_their_own_names_stay_as_they_are() -> None:
    checks = [CheckOutcome("a", "pass", ()), CheckOutcome("b", "deny", ())]
    assert one_per_name(checks) == [(0, checks[0]), (1, checks[1])]
