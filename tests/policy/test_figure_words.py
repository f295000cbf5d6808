"""The words of figures over lists: what each needs beside it, and the windows of days they look at."""

from __future__ import annotations

import pytest

from policy.expression import read_formula
from policy.problems import Problem, Where
from policy.syntax import Comparison, FigureOf
from tests.policy.written import codes, program, told

AT = Where("f", 1, 1)


def figure(text: str) -> FigureOf:
    found = read_formula(text, AT)
    assert isinstance(found, FigureOf), found
    return found


@pytest.mark.parametrize(("text", "word"), [
    ("count of a", "count"), ("any a where b > 1", "any"), ("any of a where b > 1", "any"),
    ("every one of a where b > 1", "every"), ("every a in last 5 days where b > 1", "every"),
])  # fmt: skip
def test_a_figure_may_be_written_as_people_say_it(text: str, word: str) -> None:
    assert (figure(text).word, figure(text).list_name) == (word, "a")


@pytest.mark.parametrize(("written", "unit", "size"), [
    ("in last 30 days", "days", 30), ("in last 1 month", "months", 1), ("in the last 2 years", "months", 24),
    ("in last full calendar year", "calendar", 12), ("in last full calendar quarter", "calendar", 3),
    ("in last full calendar month", "calendar", 1), ("ever", "ever", 0), ("in last 1_200 months", "months", 1200),
])  # fmt: skip
def test_a_window_has_a_unit_and_a_size(written: str, unit: str, size: int) -> None:
    window = figure(f"count of a {written} where b > 1").window
    assert window is not None and (window.unit, window.size, window.at.column) == (unit, size, 12)


@pytest.mark.parametrize(("text", "message"), [
    ("largest of a", "1:12: expression: 'largest of a' does not say what is compared; write largest of a.FIELD"),
    ("share of a where b > 1", "1:10: expression: 'share of a' does not say what is shared out; "
                               "write share of a.FIELD"),
    ("any of a.b where b > 1", "1:8: expression: any asks about whole items; write any of a"),
    ("every one of a", "1:14: expression: 'every of a' does not say which items are meant; "
                       "write every of a where ..."),
    ("share of a.b", "1:10: expression: 'share of a.b' does not say which items are meant; "
                     "write share of a.b where ..."),
    ("count of a in last 0 days", "1:12: range: '0 days' is no stretch of days; look back 1 day to 100 years"),
    ("count of a since Debt cleared by finance", "1:12: bad-name: 'Debt' is not a word of an act; "
                                                 "write acts in small letters"),
    ("count of a in last 1_201 months", "1:12: range: '1_201 months' is no stretch of days; "
                                        "look back 1 day to 100 years"),
])  # fmt: skip
def test_a_word_without_what_it_needs_is_a_finding(text: str, message: str) -> None:
    problem = read_formula(text, AT)
    assert isinstance(problem, Problem)
    assert str(problem) == f"f:{message}"


def test_not_before_a_flag_is_a_test_that_it_is_false() -> None:
    line = figure("count of a where b > 1 and not disputed").where[1]
    assert isinstance(line, Comparison) and (line.op, line.right.text) == ("is", "false")  # type: ignore[union-attr]


@pytest.mark.parametrize(("text", "message"), [
    ("largest of invoices.disputed", "2:7: unknown-field: 'disputed' of invoices cannot be compared; one of: amount, "
                                     "open_amount, invoiced_on, due_on, days_overdue, dunning_level"),
    ("average of invoices.due_on", "2:7: unknown-field: 'due_on' of invoices cannot be added up; one of: amount, "
                                   "open_amount, days_overdue, dunning_level"),
    ("count of invoices, if none 0", "2:34: expression: 'count of' has a value without any item, so nothing is none; "
                                     "leave ', if none' out; it is for largest, smallest, average"),
    ("largest of invoices.amount, if none 5 days", "2:43: kind: behind 'if none' stands '5 days', wanted is an amount; "
                                                   "write a number, such as 0"),
    ("largest of invoices.amount, if none order.amount", "2:43: kind: behind 'if none' stands 'order.amount', wanted "
                                                         "is a plain value; write a number, such as 0"),
    ("smallest of invoices.due_on, if none 5", "2:44: unit: a bare number stands where a date is wanted; "
                                               "write 2026-07-01, or as_of - 2 days"),
    ("count of earlier_orders in last 61 days", "2:31: range: 'earlier_orders' holds the last 60 days, this figure "
                                                "asks for older ones; ask for at most in last 60 days"),
    ("count of earlier_orders ever", "2:31: range: 'earlier_orders' holds the last 60 days, this figure asks for all "
                                     "there ever were; ask for at most in last 60 days"),
])  # fmt: skip
def test_a_figure_that_does_not_fit_its_list_is_a_finding(text: str, message: str) -> None:
    assert told(f"let:\n  it: {text}\n") == [message]


def test_a_window_needs_a_day_to_look_at() -> None:
    body = """
    facts:
      visits: {list: {first: date, second: date}, from: request}
      calls: {list: {first: date, second: date}, from: request, dated_by: second}
    let:
      few: count of visits in last 3 months
      some: count of calls in last 3 months
    """
    assert codes(body) == ["range"]


@pytest.mark.parametrize(("text", "kind", "node"), [
    ("any of invoices where not disputed", "flag", "flag"), ("share of invoices.amount where amount > 5", "percent",
                                                              "percent"),
    ("largest of invoices.due_on", "date", "date"), ("average of invoices.amount", "money", "ratio"),
])  # fmt: skip
def test_a_figure_is_of_the_kind_that_its_word_gives(text: str, kind: str, node: str) -> None:
    found = program(f"let:\n  it: {text}\nchecks:\n  - {{check: one, when: it is missing, verdict: warn}}\n")
    assert found.figures[0].kind == kind
    assert [one.kind for one in found.nodes if getattr(one, "scope", "") == "figure"] == [node]  # type: ignore[union-attr]


def test_a_value_for_no_item_is_part_of_what_a_policy_means_even_if_it_is_zero() -> None:
    check = "checks:\n  - {{check: one, measure: it, at_most: 5, verdict: warn}}\n"
    body = "let:\n  it: largest of invoices.amount{}\n" + check
    without, zero = (program(body.format(ending)) for ending in ("", ", if none 0"))
    assert without.digest != zero.digest
