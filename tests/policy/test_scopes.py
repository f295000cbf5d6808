"""Whom a check or an exception is for: what is read, which is narrower, and what may meet."""

from __future__ import annotations

import pytest

from policy.document import Scope
from policy.problems import Where
from policy.scopes import ALL, CUSTOMER, GROUP, WHERE, apart, reaches, read_scope
from policy.shapes import Shapes
from policy.source import read_source
from tests.policy.written import codes, told

CHECK = "checks:\n  - {{check: late, {}when: customer.score < 5, verdict: {}}}\n"


def scope(text: str) -> Scope:
    """The scope of a text behind `for`."""
    node, _ = read_source(text.encode(), "f")
    assert node is not None
    return read_scope(Shapes(), node)


@pytest.mark.parametrize(("text", "level", "name"), [
    ("all", ALL, ""), ("order", ALL, ""), ("every order", ALL, ""), ("customers where customer.score > 5", WHERE, ""),
    ("group North", GROUP, "North"), ("customer US 001", CUSTOMER, "US 001"),
    ("[order, customer US-001]", CUSTOMER, "US-001"),
])  # fmt: skip
def test_a_scope_is_as_narrow_as_it_says(text: str, level: int, name: str) -> None:
    found = scope(text)
    assert (found.level, found.name) == (level, name)


def test_the_lines_of_a_scope_have_their_own_places() -> None:
    found = scope("customers where customer.score > 5 and customer.type is school")
    assert [line.at for line in found.where] == [Where("f", 1, 17), Where("f", 1, 40)]


@pytest.mark.parametrize(("text", "wanted"), [
    ("everybody", "1:1: scope: 'everybody' does not say whom this is for; write customer X, group Y, customers where "
                  "..., or all"),
    ("invoice", "1:1: not-yet-supported: 'for: invoice' does not run here in this version: nothing is decided on an "
                "invoice; write order, limit_request, shipment or customer; what happens to an invoice stands under "
                "'escalation' and 'late_charge'"),
    ("[group A, group B]", "1:1: wrong-shape: 'for' says one scope, here are more; write customer X, "
                           "group Y, customers where ..., or all"),
])  # fmt: skip
def test_what_is_no_scope_is_told(text: str, wanted: str) -> None:
    node, _ = read_source(text.encode(), "f")
    assert node is not None
    shapes = Shapes()
    read_scope(shapes, node)
    assert [str(problem).removeprefix("f:") for problem in shapes.problems] == [wanted]


def test_an_exception_reaches_what_is_as_wide_or_wider() -> None:
    one, two, group, few = scope("customer A"), scope("customer B"), scope("group A"), scope("customers where x is y")
    assert reaches(one, None)
    assert reaches(one, group)
    assert reaches(one, one)
    assert not reaches(one, two)
    assert not reaches(group, one)
    assert reaches(few, scope("customers where x is z"))
    assert not reaches(scope("all"), few)


@pytest.mark.parametrize(("one", "two", "wanted"), [
    ("customer A", "customer B", True), ("customer A", "customer A", False),
    ("customers where customer.type is school", "customers where customer.type in [hospital, person]", True),
    ("customers where customer.type is school", "customers where customer.type in [school, person]", False),
    ("customers where customer.type is school", "customers where customer.country is DE", False),
    ("customers where customer.type is not school", "customers where customer.type is school", False),
    ("customers where customer.score > 5 and customer.type is school", "customers where customer.type is person", True),
    ("customers where customer.type is customer.country", "customers where customer.type is person", False),
])  # fmt: skip
def test_two_scopes_are_apart_where_no_customer_can_be_in_both(one: str, two: str, wanted: bool) -> None:
    assert apart(scope(one), scope(two)) is wanted


def test_a_scope_that_cannot_be_read_is_told_once() -> None:
    body = CHECK.format("", "deny") + CHECK.format("for: schools, ", "deny").split("\n")[1] + "\n"
    assert codes(body) == ["scope"]


def test_a_group_needs_the_fact_that_names_it() -> None:
    assert told(CHECK.format("for: group North, ", "deny")) == []


@pytest.mark.parametrize("lines", [
    "exception: one, for: all, lifts: [late]",
    "exception: one, for: customer A, lifts: late, when: customer.score > 3, until: 2027-06-30",
])  # fmt: skip
def test_a_sound_exception_is_told_nothing(lines: str) -> None:
    assert told(CHECK.format("", "deny") + f"exceptions:\n  - {{{lines}}}\n") == []


@pytest.mark.parametrize(("lines", "wanted"), [
    ("for: all, lifts: [late]", "missing-key"), ("exception: One, for: all, lifts: [late]", "bad-name"),
    ("exception: one, for: all, lifts: []", "wrong-shape"),
    ("exception: one, for: all, lifts: [late], at: 3", "unknown-key"),
    ("exception: one, for: all, lifts: [late], when: limit.effective > 3", "section-order"),
])  # fmt: skip
def test_what_is_wrong_with_an_exception_is_told(lines: str, wanted: str) -> None:
    assert codes(CHECK.format("", "deny") + f"exceptions:\n  - {{{lines}}}\n") == [wanted]
