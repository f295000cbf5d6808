"""Kinds of conditions: what may be compared with what, which words may stand beside a word, and figures over lists."""

from __future__ import annotations

import pytest

from tests.policy.written import line, told


@pytest.mark.parametrize(
    "condition",
    [
        "order.amount > 5_000",
        "order.amount >= 5_000 CNY",
        "customer.score in [60..80)",
        "customer.score not in [1, 2, (5..9)]",
        "customer.average_days_late <= 5 days",
        "customer.months_trading < 1 year",
        "order.placed_on >= as_of - 2 days",
        "order.placed_on in [2026-01-01..2026-12-31]",
        "customer.insolvent is true",
        "customer.insolvent is not false",
        "customer.type in [school, hospital]",
        "customer.country is 'CI'",
        "order.requested_terms is net 30",
        "order.requested_terms in [net 30, 2/10 net 30]",
        "limit.granted is none",
        "limit.granted is not unlimited",
        "limit.effective is zero",
        "order.placed_on is missing",
        "order.placed_on is known",
        "order.amount / order.prepaid > 30%",
        "order.amount / order.prepaid > 1.25",
        "5_000 < order.amount",
        "order.amount <= limit.effective",
        "limit.effective > 0",
        "order.amount > 2_000 USD",
        "order.amount > customer.score * 100 CNY",
    ],
)
def test_sound_lines_tell_nothing(condition: str) -> None:
    assert line(condition) == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("order.amount > 5 days", "1: kind: 'order.amount' (an amount) is compared with '5 days' (days); "
         "did you mean '5 CNY'?"),
        ("customer.score > 500 CNY", "1: kind: 'customer.score' (a count) is compared with '500 CNY' (an amount); "
         "did you mean '500'?"),
        ("customer.average_days_late > 2 months",
         "1: kind: 'customer.average_days_late' (days) is compared with '2 months' (months)"),
        ("as_of > 5", "9: unit: a bare number stands where a date is wanted; write 2026-07-01, or as_of - 2 days"),
        ("as_of > order.amount", "1: kind: 'as_of' (a date) is compared with 'order.amount' (an amount)"),
        ("2 * 3 > order.amount",
         "1: kind: the formula (a bare number) is compared with 'order.amount' (an amount); "
         "give the formula its unit, such as 500 CNY"),
        ("customer.type > school",
         "1: kind: 'customer.type' is a word: it has no more and no less; write 'is', 'is not' or 'in [...]'"),
        ("customer.insolvent >= true",
         "1: kind: 'customer.insolvent' is true or false: it has no more and no less; "
         "write 'is', 'is not' or 'in [...]'"),
        ("customer.type in (school..person)", "18: kind: 'customer.type' is a word: it has no range"),
        ("customer.type is schol",
         "18: unknown-word: 'schol' is not one of the words that may stand here; did you mean 'school'?"),
        ("order.requested_terms is 'net sixty'",
         "26: terms: 'net sixty' is not a payment term; write net 30, 2/10 net 30 or prepaid"),
        ("customer.insolvent is yes", "23: yaml-word: 'yes' is not true or false; write true or false"),
        ("customer.score is none", "1: kind: 'customer.score' is a count: only a limit can be none"),
        ("customer.type is zero", "1: kind: 'customer.type' is a word and never zero"),
        ("limit.granted > 5_000",
         "1: limit-state: 'limit.granted' may be none, which is no amount; "
         "use limit.effective, or write (limit.granted, if none 0)"),
        ("limit.granted in [1..5]",
         "1: limit-state: 'limit.granted' may be none, which is no amount; "
         "use limit.effective, or write (limit.granted, if none 0)"),
        ("customer.score in lists.bad", "19: unknown-list: the file has no list 'bad'; add it under 'lists'"),
        ("customer.score > 2.5", "18: number: '2.5' is not a whole number of count"),
        ("order.amount > 1_000.005",
         "16: currency: an amount in CNY has at most 2 digits after the point; "
         "write the exact amount, for amounts are never rounded"),
        ("order.amount / order.prepaid > 5 days",
         "1: kind: the formula (a ratio) is compared with '5 days' (days); did you mean '5'?"),
    ],
)  # fmt: skip
def test_unsound_lines_say_which_two_do_not_fit(condition: str, message: str) -> None:
    assert line(condition) == [message]


def test_every_unsound_part_of_any_all_and_not_is_told() -> None:
    body = """
    checks:
      - check: one
        when:
          - any: [customer.score > 5 days, {all: [customer.type > 5]}]
          - not: as_of > 5
        verdict: deny
    """
    assert [one.split(": ")[0] + " " + one.split(": ")[1] for one in told(body)] == [
        "4:15 kind",
        "4:47 kind",
        "5:22 unit",
    ]


def test_the_mapping_form_reads_as_lines_do() -> None:
    body = """
    checks:
      - check: one
        when: {customer.score: "[60..80)", customer.type: "schol, company", order.amount: "> 5 days"}
        verdict: deny
    """
    assert [one.split(": ")[0] + " " + one.split(": ")[1] for one in told(body)] == ["3:56 unknown-word", "3:88 kind"]


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ("count of bills", "2:7: unknown-list: there is no list 'bills'; one of: invoices, payments, "
         "earlier_orders, holds"),
        ("count of invoice", "2:7: unknown-list: there is no list 'invoice'; did you mean 'invoices'?"),
        ("sum of invoices.amont", "2:7: unknown-field: 'amont' of invoices cannot be added up; did you mean 'amount'?"),
        ("sum of invoices.due_on",
         "2:7: unknown-field: 'due_on' of invoices cannot be added up; one of: amount, open_amount, "
         "days_overdue, dunning_level"),
        ("count of invoices where days_overdu > 5",
         "2:31: unknown-fact: no fact, figure or setting is named 'days_overdu'; did you mean 'days_overdue'?"),
        ("count of invoices where days_overdue > 5 and amount > 5 days",
         "2:52: kind: 'amount' (an amount) is compared with '5 days' (days); did you mean '5 CNY'?"),
    ],
)  # fmt: skip
def test_figures_over_lists_read_declared_lists_and_their_fields(figure: str, message: str) -> None:
    assert told(f"let:\n  it: {figure}\n") == [message]


def test_a_figure_may_read_facts_and_settings_but_no_section() -> None:
    body = """
    settings: {most: 5_000 CNY}
    let:
      one: count of invoices where amount > settings.most and due_on < as_of - 3 days
      two: count of invoices where amount > limit.effective
    """
    assert told(body) == [
        "4:41: section-order: a figure over a list reads 'limit.effective', known only after 'limits'; "
        "it may read only what stands above it: facts"
    ]
