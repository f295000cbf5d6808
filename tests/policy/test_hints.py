"""Hints do not stop publishing: what nothing reads, limits without a check, referrals that nobody may release."""

from __future__ import annotations

import pytest

from tests.policy.written import hints, load

CHECK = "checks:\n  - {check: late, when: account.overdue_amount > 0, verdict: deny}\n"
LIMITS = "limits:\n  - {otherwise: true, limit: 5_000, largest_order: 1_000}\n"


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ("let: {owed: order.amount}\n", "owed"),
        ("settings: {rate: 5%}\n", "settings.rate"),
        ("lists: {bad: [IR]}\n", "lists.bad"),
        ("facts: {customer.cases: {kind: count}}\n", "customer.cases"),
        ('tables: {share: {by: customer.score, rows: {"-": 5%}}}\n', "share"),
    ],
)
def test_what_nothing_reads_is_told(declared: str, name: str) -> None:
    column = declared.index("{") + 2
    assert hints(declared + CHECK) == [f"1:{column}: unused-fact: nothing reads '{name}'"]
    assert load(declared + CHECK).program is not None


@pytest.mark.parametrize(
    "body",
    [
        "let: {a: b * 2, b: customer.score}\nchecks:\n  - {check: one, when: a > 5, verdict: deny}\n",
        "settings: {most: 5 CNY}\nchecks:\n  - {check: one, when: order.amount > settings.most, verdict: deny}\n",
        "let: {a: order.amount}\nchecks:\n  - check: one\n    when: customer.score > 5\n    verdict: deny\n"
        '    say: {en: "{a} ordered"}\n',
        "lists: {bad: [IR]}\nchecks:\n  - {check: one, when: customer.country in lists.bad, verdict: deny}\n",
        "settings: {most: 5 CNY}\nlet: {a: count of invoices where amount > settings.most}\n"
        "checks:\n  - {check: one, measure: a, at_most: 5, verdict: deny}\n",
        "settings: {placed_on_days: 5 days}\n" + CHECK,  # a built-in check reads it
        "limits:\n  - {otherwise: true, limit: 5_000}\nchecks:\n"
        "  - {check: one, measure: order.amount, at_most: limit.effective, verdict: deny}\n",
        "roles: {rising: [boss]}\nauthority:\n  - {otherwise: true, release: boss}\nchecks:\n"
        "  - {check: one, when: customer.score < 5, verdict: refer}\n",
    ],
)
def test_what_is_read_anywhere_is_not_told(body: str) -> None:
    assert hints(body) == []


def test_a_test_alone_does_not_read_a_fact() -> None:
    text = "facts: {customer.cases: {kind: count}}\n" + CHECK + (
        "tests:\n  - {name: one, given: {customer.cases: 5}, expect: {verdict: deny}}\n")  # fmt: skip
    assert hints(text) == ["1:9: unused-fact: nothing reads 'customer.cases'"]


def test_a_limit_that_no_line_of_the_file_reads_is_told() -> None:
    assert hints(LIMITS + CHECK) == [
        "2:5: unread-limit: nothing reads 'limit.effective', so no order is held against it",
        "2:5: unread-limit: nothing reads 'limit.largest_order', so no order is held against it",
    ]


def test_a_referral_that_nobody_may_release_is_told_once() -> None:
    text = ("checks:\n  - {check: one, when: customer.score < 5, verdict: refer}\n"
            "  - {check: two, when: customer.score < 9, verdict: refer}\n")  # fmt: skip
    assert hints(text) == [
        "2:13: nobody: the check 'one' refers orders, but nobody is named who may release them"
    ]


def test_a_check_that_names_who_may_release_it_wants_no_section_for_that() -> None:
    check = "  - {{check: {}, when: customer.score < 5, verdict: refer{}}}\n"
    named = "roles: {rising: [clerk, cfo]}\nchecks:\n" + check.format("one", ", release_by: cfo")
    assert hints(named) == []
    told = "4:13: nobody: the check 'two' refers orders, but nobody is named who may release them"
    assert hints(named + check.format("two", "")) == [told]


def test_where_a_part_could_not_be_read_nothing_is_called_unread() -> None:
    text = "let: {owed: order.amount}\nchecks:\n  - {check: one, when: owed >> 5, verdict: deny}\n"
    assert hints(text) == []
