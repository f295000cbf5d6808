"""Tests of a file: what is given is typed by its fact, what is expected can be answered, bases are filled in."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest

from policy.kinds import NO_LIMIT, UNLIMITED
from policy.meaning import CheckedTest
from tests.policy.written import codes, load, told

BODY = """\
tiers:
  - {tier: prime, when: customer.score >= 80}
  - {tier: standard, otherwise: true}
limits:
  - {otherwise: true, limit: 5_000, review_every: 3 months}
roles: {rising: [analyst]}
facts:
  customer.share: {kind: percent}
  customer.times: {kind: ratio}
checks:
  - {check: late, when: account.overdue_amount > 0, verdict: deny}
tests:
"""
LINES = BODY.count("\n")


def typed(text: str) -> tuple[CheckedTest, ...]:
    loaded = load(BODY + text)
    assert [str(one) for one in loaded.problems if one.severity == "error"] == []
    return loaded.tests


def given(fact: str, value: str) -> object:
    return typed(f"  - {{name: one, given: {{{fact}: {value}}}, expect: {{verdict: deny}}}}\n")[0].facts[fact]


def expect(key: str, value: str) -> object:
    return typed(f"  - {{name: one, given: {{}}, expect: {{{key}: {value}}}}}\n")[0].expect[key]


def slip(text: str) -> list[str]:
    return [f"{int(one.split(':')[0]) - LINES}:{one.split(':', 1)[1]}" for one in told(BODY + text)]


@pytest.mark.parametrize(
    ("fact", "written", "value"),
    [
        ("order.amount", "5_000.50", 500_050),
        ("order.unsecured_amount", "-0.01", -1),
        ("customer.score", "85", 85),
        ("customer.average_days_late", "5 days", 5),
        ("customer.average_days_late", "5", 5),
        ("customer.months_trading", "2 years", 24),
        ("customer.insolvent", "false", False),
        ("customer.type", "school", "school"),
        ("customer.country", "CN", "CN"),
        ("customer.country", '"5"', "5"),
        ("order.placed_on", "2026-07-01", datetime.date(2026, 7, 1).toordinal()),
        ("order.requested_terms", "2/10 net 30", "2/10 net 30"),
        ("limit.granted", "none", NO_LIMIT),
        ("limit.granted", "unlimited", UNLIMITED),
        ("limit.granted", "0", 0),
        ("customer.share", "30%", Fraction(3, 10)),
        ("customer.times", "1.25", Fraction(5, 4)),
        ("customer.times", "30%", Fraction(3, 10)),
        ("order.amount", "missing", None),
    ],
)
def test_a_given_value_takes_the_kind_of_its_fact(fact: str, written: str, value: object) -> None:
    found = given(fact, written)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("fact", "written", "message"),
    [
        ("order.amount", "5 days", "test-value: '5 days' is days, wanted is an amount"),
        ("order.amount", "lots", "number: 'lots' is not a number; write digits, such as 5_000 or 2.5"),
        ("order.amount", "[5]", "test-value: 'order.amount' is given one value, here are several"),
        ("order.amount", "''", "test-value: 'order.amount' is given nothing; write a value, or 'missing'"),
        ("customer.score", "2.5", "number: '2.5' is not a whole number of count"),
        ("customer.insolvent", "yes", "yaml-word: 'yes' is not true or false; write true or false"),
        ("customer.insolvent", "maybe", "test-value: 'maybe' is not true or false; write true or false"),
        ("customer.type", "schol",
         "unknown-word: 'schol' is not one of the words that may stand here; did you mean 'school'?"),
        ("order.placed_on", "1.7.2026", "date: '1.7.2026' is not a date; write year-month-day, such as 2026-07-01"),
        ("order.requested_terms", "net60", "terms: 'net60' is not a payment term; write net 30 or prepaid"),
        ("customer.share", "0.3", "percent: a share is wanted here, '0.3' is a bare number; write 30% or 0.3%"),
        ("invoices", "5", "test-value: 'invoices' is a list; write [] for an empty one"),
    ],
)  # fmt: skip
def test_a_given_value_that_does_not_fit_is_told_at_its_place(fact: str, written: str, message: str) -> None:
    found = slip(f"  - {{name: one, given: {{{fact}: {written}}}, expect: {{verdict: deny}}}}\n")
    column = 25 + len(fact) + 2 + (written == "''")
    told_date = message if not message.startswith("date") else None
    assert len(found) == 1
    assert found[0].startswith(f"1:{column}: ")
    assert found[0].endswith(message) or (told_date is None and ": date: " in found[0])


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("verdict", "approve_with_conditions", "approve_with_conditions"),
        ("tier", "prime", "prime"),
        ("tier", "none", "none"),
        ("terms", "net 30", "net 30"),
        ("longest", "none", "none"),
        ("authority", "analyst", "analyst"),
        ("hard_stop", "true", True),
        ("limit.policy", "5_000", 500_000),
        ("limit.effective", "unlimited", UNLIMITED),
        ("limit.policy", "missing", "missing"),
        ("limit.review_every", "3 months", 3),
        ("checks.late", "does_not_apply", "does_not_apply"),
        ("checks.no_limit", "pass", "pass"),
        ("missing", "[order.amount, customer.score]", ("customer.score", "order.amount")),
        ("security", "none", ()),
        ("security", "{prepayment: 30%}", ((("prepayment", Fraction(3, 10)),),)),
        ("security", "[{prepayment: 30%}, {bank_guarantee: 100%}]",
         ((("prepayment", Fraction(3, 10)),), (("bank_guarantee", 1),))),
    ],
)  # fmt: skip
def test_what_a_test_expects_is_typed(key: str, written: str, value: object) -> None:
    assert expect(key, written) == value


@pytest.mark.parametrize(
    ("key", "written", "code"),
    [
        ("verdict", "denied", "test-value"),
        ("verdict", "[deny]", "test-value"),
        ("tier", "prim", "unknown-tier"),
        ("terms", "net60", "terms"),
        ("authority", "boss", "unknown-role"),
        ("limit.policy", "much", "number"),
        ("limit.policy", "5 days", "test-value"),
        ("limit.largest_order", "5", "unknown-key"),
        ("checks.lat", "deny", "unknown-check"),
        ("checks.late", "failed", "test-value"),
        ("security", "some", "test-value"),
        ("verdit", "deny", "unknown-key"),
    ],
)
def test_what_cannot_be_expected_is_told_once(key: str, written: str, code: str) -> None:
    found = slip(f"  - {{name: one, given: {{}}, expect: {{{key}: {written}}}}}\n")
    assert [one.split(": ")[1] for one in found] == [code]


def test_a_test_like_a_base_changes_a_few_of_its_facts() -> None:
    base = "  - {base: good, given: {customer.score: 85, order.amount: 5, invoices: []}}\n"
    second = "  - {base: better, given: {like: good, order.amount: 7}}\n"
    like = "  - {name: one, given: {like: better, customer.score: 90}, expect: {verdict: approve}}\n"
    one = typed(base + second + like)[0]
    assert (one.name, one.line) == ("one", LINES + 4 + 3)
    assert (dict(one.facts), dict(one.lists)) == ({"customer.score": 90, "order.amount": 700}, {"invoices": ()})


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("  - {name: one, given: {like: god}, expect: {verdict: deny}}\n",
         ["1:31: test-shape: there is no base 'god' to build on; add one: - base: god"]),
        ("  - {name: one, given: {like: one}, expect: {verdict: deny}}\n",
         ["1:31: test-shape: there is no base 'one' to build on; add one: - base: one"]),
        ("  - {base: a, given: {like: b}}\n  - {base: b, given: {like: a}}\n",
         ["1:29: test-shape: 'a' builds on itself: a -> b -> a; let one of them be without 'like'"]),
        ("  - {base: good, given: {order.amount: lots}}\n"
         "  - {name: one, given: {like: good}, expect: {verdict: deny}}\n",
         ["1:40: number: 'lots' is not a number; write digits, such as 5_000 or 2.5"]),
    ],
)  # fmt: skip
def test_a_slip_in_a_base_is_told_once(text: str, messages: list[str]) -> None:
    assert slip(text) == messages


def test_items_of_a_list_are_typed_by_their_fields() -> None:
    items = "[{amount: 5, days_overdue: 3, disputed: false}, {due_on: 2026-07-01, amount: missing}]"
    one = typed(f"  - {{name: one, given: {{invoices: {items}}}, expect: {{verdict: deny}}}}\n")[0]
    assert [dict(item) for item in one.lists["invoices"]] == [
        {"amount": 500, "days_overdue": 3, "disputed": False},
        {"due_on": datetime.date(2026, 7, 1).toordinal()},
    ]


@pytest.mark.parametrize(("given", "code"), [
    ("order.amount: 60_000 USD", "currency"), ("limit.granted: 100_000 JPY", "currency"),
    ("order.amount: -60_000", "range"),
    ("customer.score: -1", "range"), ("order.prepaid: -1", "range"), ("order.unsecured_amount: -1", ""),
])
def test_what_no_order_can_be_is_not_given(given: str, code: str) -> None:
    text = f"tests:\n  - {{name: one, given: {{{given}}}, expect: {{verdict: deny}}}}\n"
    assert codes(text) == ([code] if code else [])
