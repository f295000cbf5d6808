"""What of an invoice is due when: by the book's date, by the terms, in instalments."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from credit.dates import is_weekday
from credit.instalments import Bill, Item, Unclear, item_number, items_of, read_agreed
from credit.money import Money

INVOICED = date(2026, 1, 31)


def bill(terms: str | None = None, minor: int = 100_00, **changes: Any) -> Bill:
    """An invoice INV-7 of 31 January over 100.00."""
    agreed = None if terms is None else read_agreed(terms)
    values = {"number": "INV-7", "amount": Money(minor, "CNY"), "invoiced_on": INVOICED, "terms": agreed}
    return Bill(**values | changes)


def due(found: tuple[Item, ...]) -> list[tuple[str, int, date]]:
    """Number, minor units and due date of each item."""
    return [(one.number, one.amount.minor, one.due_on) for one in found]


def refusal(**asked: Any) -> tuple[str, str]:
    """The field and the words of a refusal."""
    with pytest.raises(Unclear) as caught:
        items_of(bill(**asked))
    return caught.value.field, str(caught.value)


def test_the_date_of_the_book_is_the_date() -> None:
    (item,) = items_of(bill(due_on=date(2026, 3, 5)))
    assert item == Item("INV-7", Money(100_00, "CNY"), date(2026, 3, 5))


@pytest.mark.parametrize(("terms", "day"), [
    ("net 30", date(2026, 3, 2)), ("net 0", INVOICED), ("2/10 net 30", date(2026, 3, 2)),
    ("net 30 end of month", date(2026, 3, 31)), ("prepaid", INVOICED),
])  # fmt: skip
def test_terms_of_one_date_give_it(terms: str, day: date) -> None:
    assert due(items_of(bill(terms))) == [("INV-7", 100_00, day)]


def test_the_date_of_the_book_wins_over_terms_of_one_date() -> None:
    for terms in ("net 30", "prepaid", "net 14 from delivery"):  # with its date no delivery is needed
        assert due(items_of(bill(terms, due_on=date(2026, 3, 5)))) == [("INV-7", 100_00, date(2026, 3, 5))]


def test_instalments_are_items_whose_amounts_add_up_by_largest_remainder() -> None:
    found = items_of(bill("3 instalments every 30 days"))
    assert due(found) == [("INV-7 (1 of 3)", 33_34, date(2026, 3, 2)), ("INV-7 (2 of 3)", 33_33, date(2026, 4, 1)),
                          ("INV-7 (3 of 3)", 33_33, date(2026, 5, 1))]  # fmt: skip
    assert [(one.instalment, one.instalments) for one in found] == [(1, 3), (2, 3), (3, 3)]
    uneven = items_of(bill("30% net 30 + 70% net 60", minor=1_01))
    assert [one.amount.minor for one in uneven] == [30, 71]


def test_numbers_of_many_instalments_stand_in_their_order() -> None:
    found = [one.number for one in items_of(bill("12 instalments every 30 days"))]
    assert found[0] == item_number("INV-7", 1, 12) == "INV-7 (01 of 12)" and found[-1] == "INV-7 (12 of 12)"
    assert found == sorted(found)


def test_from_delivery_counts_from_it_and_never_before_the_invoice() -> None:
    terms = "net 14 from delivery"
    assert refusal(terms=terms) == ("delivered_on", f"is missing; '{terms}' counts from the delivery")
    assert due(items_of(bill(terms, delivered_on=date(2026, 2, 3))))[0][2] == date(2026, 2, 17)
    assert due(items_of(bill(terms, delivered_on=date(2026, 1, 2))))[0][2] == INVOICED


@pytest.mark.parametrize(("asked", "field", "told"), [
    ({}, "due_on", "is missing; give it, or the terms of payment"),
    ({"due_on": date(2026, 1, 30)}, "due_on", "lies before the date of the invoice, 2026-01-31; mend one of the days"),
    ({"terms": "3 instalments every 30 days", "due_on": date(2026, 3, 2)}, "due_on",
     "is one date, and '3 instalments every 30 days' are 3; leave it out"),
    ({"terms": "3 instalments every 30 days", "minor": 2}, "amount",
     "is CNY 0.02, too little for 3 instalments; one of them would be nothing"),
    ({"terms": "3 instalments every 30 days", "number": "N" * 56}, "number",
     "leaves no room for ' (3 of 3)'; give at most 55 characters"),
    ({"terms": "net 30", "invoiced_on": date(9999, 12, 31)}, "terms",
     "30 days after 9999-12-31 passes the year 9999; give an earlier date"),
])  # fmt: skip
def test_what_does_not_say_when_it_is_due_is_refused_by_name(asked: dict[str, Any], field: str, told: str) -> None:
    assert refusal(**asked) == (field, told)


def test_the_longest_number_has_room_for_its_instalments() -> None:
    assert len(items_of(bill("3 instalments every 30 days", number="N" * 55))[2].number) == 64


def test_what_are_no_terms_is_told() -> None:
    with pytest.raises(Unclear, match="are no payment terms") as caught:
        read_agreed("thirty days")
    assert caught.value.field == "terms"


def test_a_day_by_the_terms_moves_to_the_next_business_day_and_that_of_the_book_does_not() -> None:
    found = items_of(bill("3 instalments every 28 days", is_business_day=is_weekday))  # a Saturday each time
    assert [one.due_on for one in found] == [date(2026, 3, 2), date(2026, 3, 30), date(2026, 4, 27)]
    saturday = date(2026, 2, 28)
    assert [one.due_on for one in items_of(bill("net 28"))] == [saturday]
    assert [one.due_on for one in items_of(bill("net 30", due_on=saturday, is_business_day=is_weekday))] == [saturday]
    assert [one.due_on for one in items_of(bill("net 30", is_business_day=is_weekday))] == [date(2026, 3, 2)]


def test_a_calendar_without_business_days_is_told() -> None:
    field, told = refusal(terms="net 28", is_business_day=lambda day: False)
    assert field == "terms" and told.startswith("the calendar has no business day for 60 days")
    field, told = refusal(terms="net 0", invoiced_on=date(9999, 12, 31), is_business_day=lambda day: False)
    assert (field, told) == ("terms", "no business day follows 9999-12-31 up to the year 9999; give an earlier date")


def test_a_discount_that_was_over_before_the_invoice_can_be_earned_on_its_day() -> None:
    (item,) = items_of(bill("2/10 net 30 from delivery", delivered_on=date(2026, 1, 1)))
    assert item.discount is not None and (item.discount.until, item.due_on) == (INVOICED, INVOICED)
    (item,) = items_of(bill("2/10 net 30 from delivery", delivered_on=date(2026, 1, 30)))
    assert item.discount is not None and item.discount.until == date(2026, 2, 9)


def test_a_discount_past_the_last_year_is_refused_by_its_terms() -> None:
    field, told = refusal(terms="2/10 net 30 from delivery", due_on=date(2026, 3, 5), delivered_on=date(9999, 12, 31))
    assert field == "terms" and "year 9999" in told
