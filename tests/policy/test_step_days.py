"""The order of a ladder's steps over every due date of four years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.dates import add_business_days, add_months, is_weekday, month_end
from policy.receivables import DateRule
from policy.step_days import day_of
from tests.policy.written import codes, told

DUE = DateRule("anchor", "due")


def ladder(*steps: str) -> str:
    return "roles: {rising: [cfo]}\nescalation:\n  s:\n" + "".join(f"    - {{step: {step}}}\n" for step in steps)


def test_a_step_earlier_than_the_one_above_is_told_with_a_due_date_that_shows_it() -> None:
    body = ladder("a, at: month end of due, do: hold orders", "b, at: due + 29 days, do: hold account")
    (found,) = told(body)
    assert "for an invoice due on 2024-01-01 the step 'b' comes on 2024-01-30, before 'a' on 2024-01-31" in found


def test_a_month_of_31_days_is_found_though_most_due_dates_are_in_order() -> None:
    fine = ladder("a, at: due + 31 days, do: hold orders", "b, at: due + 1 month, do: hold account")
    assert codes(fine) == ["step-order"]
    assert codes(ladder("a, at: due + 28 days, do: hold orders", "b, at: due + 1 month, do: hold account")) == []


def test_a_letter_and_a_call_on_one_day_are_in_order_and_two_letters_are_not() -> None:
    letter, call = "a, at: due, do: send x by email", "b, at: due, do: hold orders"
    assert codes(ladder(letter, call)) == []
    assert codes(ladder(letter, "b, at: due, do: send y by email")) == ["step-order"]
    assert codes(ladder(letter, "b, at: due, when: invoice.open_amount > 5, do: send y by email")) == []


def test_a_hold_after_legal_action_is_told_and_before_it_is_not() -> None:
    hold, legal = "a, at: due + 5 days, do: hold orders", "b, at: due + 5 days, do: propose legal to cfo"
    assert codes(ladder(hold, legal)) == []
    assert codes(ladder(legal, hold)) == ["step-order"]


def test_a_last_day_before_the_first_never_happens() -> None:
    assert codes(ladder("a, at: due + 5 days, until: due + 5 days, do: hold orders")) == []
    assert codes(ladder("a, at: due + 5 days, until: due + 4 days, do: hold orders")) == ["step-never"]


def test_what_hangs_on_an_act_is_left_out() -> None:
    acts = "a, at: due + 50 days, do: hold orders", "b, at: chosen by cfo, do: hold account"
    assert codes(ladder(*acts, "c, at: due + 60 days, do: hold orders")) == []


def test_a_ladder_beyond_the_calendar_is_told() -> None:
    steps = [f"s{n}, at: {f's{n - 1} sent' if n else 'due'} + 9_000 days, do: send x by email" for n in range(400)]
    assert codes(ladder(*steps)) == ["range"]


@pytest.mark.parametrize("op", ["add_days", "add_months", "add_business_days"])
@given(st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.integers(-40, 40))
def test_the_checker_counts_as_the_business_does(op: str, due: date, number: int) -> None:
    found = day_of(DateRule(op, number=number, parts=(DUE,)), {"due": due}, {})
    wanted = {
        "add_days": due + timedelta(number),
        "add_months": add_months(due, number),
        "add_business_days": add_business_days(due, number, is_weekday),
    }[op]
    assert found == wanted
    assert day_of(DateRule("month_end", parts=(DUE,)), {"due": due}, {}) == month_end(due)
