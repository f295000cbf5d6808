"""What an exception may lift, and that nobody is in two scopes of one check."""

from __future__ import annotations

import pytest

from tests.policy.written import codes

BODY = """
checks:
  - {{check: late, for: {scope}, when: customer.score < 5, verdict: {verdict}}}
exceptions:
  - {{exception: one, for: {whom}, lifts: [{lifts}]}}
"""


@pytest.mark.parametrize(("scope", "whom", "wanted"), [
    ("all", "all", []), ("all", "customer A", []), ("group A", "customer B", []), ("customer A", "customer A", []),
    ("customer A", "customer B", ["exception"]), ("customer A", "group A", ["exception"]),
    ("group A", "all", ["exception"]), ("customers where customer.type is school", "all", ["exception"]),
])  # fmt: skip
def test_an_exception_is_no_wider_than_its_check(scope: str, whom: str, wanted: list[str]) -> None:
    assert codes(BODY.format(scope=scope, whom=whom, lifts="late", verdict="deny")) == wanted


@pytest.mark.parametrize(("verdict", "wanted"), [("hard_stop", ["exception"]), ("deny", []), ("warn", [])])
def test_a_hard_stop_is_never_lifted(verdict: str, wanted: list[str]) -> None:
    assert codes(BODY.format(scope="all", whom="all", lifts="late", verdict=verdict)) == wanted


@pytest.mark.parametrize(("lifts", "wanted"), [
    ("all", ["exception"]), ("early", ["unknown-check"]), ("no_limit", []), ("late, late", []),
])  # fmt: skip
def test_an_exception_names_checks_that_there_are(lifts: str, wanted: list[str]) -> None:
    assert codes(BODY.format(scope="all", whom="all", lifts=lifts, verdict="deny")) == wanted


@pytest.mark.parametrize(("one", "two", "wanted"), [
    ("all", "all", ["one-scope"]), ("group A", "group A", ["one-scope"]), ("group A", "group B", []),
    ("group A", "customer A", []),
    ("customers where customer.score > 5", "customers where customer.score < 3", ["one-scope"]),
])  # fmt: skip
def test_nobody_is_in_two_scopes_of_one_check(one: str, two: str, wanted: list[str]) -> None:
    line = "  - {{check: late, for: {}, when: customer.score < 5, verdict: deny}}\n"
    assert codes("checks:\n" + line.format(one) + line.format(two)) == wanted


def test_a_check_without_a_scope_is_for_all() -> None:
    line = "  - {{check: late, {}when: customer.score < 5, verdict: deny}}\n"
    assert codes("checks:\n" + line.format("") + line.format("for: all, ")) == ["one-scope"]
    assert codes("checks:\n" + line.format("") + line.format("")) == ["duplicate-name"]
