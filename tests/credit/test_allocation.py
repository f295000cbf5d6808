"""Payments go as they are stated, the rest to the oldest, and not a cent of them is lost or counted twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.allocation import (
    Allocated,
    OpenItem,
    Part,
    Reduction,
    Unmet,
    allocate,
    counted_reductions,
    reduced_by,
    settled_on,
    share_of,
)

DAY = date(2026, 11, 1)


def on(days: int, minor: int, kind: str = "payment") -> Reduction:
    """A reduction so many days after DAY."""
    return Reduction(DAY + timedelta(days), minor, kind)


ITEMS = (OpenItem("late", DAY + timedelta(2), 50), OpenItem("b", DAY, 30), OpenItem("a", DAY, 20))


@pytest.mark.parametrize(
    ("minor", "parts", "left"),
    [
        (19, (Part("a", 19),), 0),
        (20, (Part("a", 20),), 0),
        (21, (Part("a", 20), Part("b", 1)), 0),
        (50, (Part("a", 20), Part("b", 30)), 0),
        (99, (Part("a", 20), Part("b", 30), Part("late", 49)), 0),
        (100, (Part("a", 20), Part("b", 30), Part("late", 50)), 0),
        (101, (Part("a", 20), Part("b", 30), Part("late", 50)), 1),
    ],
)
def test_the_oldest_due_date_comes_first_then_the_number(minor: int, parts: tuple[Part, ...], left: int) -> None:
    assert allocate(minor, ITEMS) == Allocated(parts, left)


def test_what_is_stated_goes_there_and_the_rest_to_the_oldest() -> None:
    shared = allocate(60, ITEMS, [Part("late", 40)])
    assert shared == Allocated((Part("late", 40), Part("a", 20)), 0)


def test_a_stated_and_an_older_part_of_one_invoice_are_one_part() -> None:
    assert allocate(30, ITEMS, [Part("a", 5)]).parts == (Part("a", 20), Part("b", 10))


def test_what_was_stated_and_cannot_be_met_stays_with_the_payment() -> None:
    shared = allocate(100, ITEMS, [Part("b", 31), Part("nobody", 9)])
    assert shared.unmet == (Unmet("b", 1, "less of it is open"), Unmet("nobody", 9, "no such invoice is open"))
    assert shared.parts == (Part("b", 30), Part("a", 20), Part("late", 40))
    assert shared.left == 10


EARLY = (OpenItem("a", DAY, 100, 2), OpenItem("b", DAY, 100, 2), OpenItem("c", DAY + timedelta(1), 50))


@pytest.mark.parametrize(
    ("minor", "parts", "left"),
    [
        (97, (Part("a", 97),), 0),
        (98, (Part("a", 98),), 0),
        (99, (Part("a", 98), Part("b", 1)), 0),
        (196, (Part("a", 98), Part("b", 98)), 0),
        (246, (Part("a", 98), Part("b", 98), Part("c", 50)), 0),
        (250, (Part("a", 98), Part("b", 98), Part("c", 50)), 4),
    ],
)
def test_an_invoice_takes_no_more_than_it_needs_beside_its_discount(
    minor: int, parts: tuple[Part, ...], left: int
) -> None:
    assert allocate(minor, EARLY) == Allocated(parts, left)
    without = [OpenItem(one.invoice_id, one.due_on, one.minor) for one in EARLY]
    assert allocate(250, without).left == 0, "the same invoices without a discount take it all"


def test_what_is_stated_beyond_the_discount_is_unmet_and_says_so() -> None:
    shared = allocate(150, EARLY, [Part("a", 100), Part("c", 50)])
    assert shared == Allocated((Part("a", 98), Part("c", 50)), 2, (Unmet("a", 2, "its discount was taken"),))
    shared = allocate(150, EARLY, [Part("a", 98), Part("c", 51)])
    assert shared.unmet == (Unmet("c", 1, "less of it is open"),)
    assert shared.left == 2 - 1, "the one that nobody stated goes to the next"


def test_a_stated_part_and_the_rest_take_no_more_than_is_needed_together() -> None:
    assert allocate(99, EARLY, [Part("a", 50)]).parts == (Part("a", 98), Part("b", 1))
    assert allocate(60, [OpenItem("a", DAY, 50, 50)]) == Allocated((), 60)


@pytest.mark.parametrize(
    ("minor", "stated", "told"),
    [
        (0, (), "above zero"),
        (-1, (), "above zero"),
        (10, (Part("a", 0),), "above zero"),
        (10, (Part("a", 11),), "more is stated"),
        (10, (Part("a", 5), Part("b", 6)), "more is stated"),
        (10, (Part("a", 5), Part("a", 5)), "stated twice"),
    ],
)
def test_a_statement_that_cannot_be_meant_is_refused(minor: int, stated: tuple[Part, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        allocate(minor, ITEMS, stated)


AMOUNTS = st.lists(st.integers(1, 1_000), max_size=6)


@given(minor=st.integers(1, 5_000), open_amounts=AMOUNTS, wanted=AMOUNTS)
def test_an_amount_is_what_went_somewhere_and_what_is_left(
    minor: int, open_amounts: list[int], wanted: list[int]
) -> None:
    items = [OpenItem(str(place), DAY + timedelta(place % 3), one) for place, one in enumerate(open_amounts)]
    stated = [Part(str(place), one) for place, one in enumerate(wanted) if sum(wanted[: place + 1]) <= minor]
    shared = allocate(minor, items, stated)
    went = {part.invoice_id: part.minor for part in shared.parts}
    assert sum(went.values()) + shared.left == minor and len(went) == len(shared.parts)
    assert all(0 < went[name] <= open_amounts[int(name)] for name in went)
    met = {part.invoice_id: part.minor for part in stated}
    for one in shared.unmet:
        met[one.invoice_id] -= one.minor
    assert all(went.get(name, 0) >= one for name, one in met.items())
    if shared.left > sum(one.minor for one in shared.unmet):
        assert sum(went.values()) == sum(open_amounts), "money is left only where nothing is open"


@pytest.mark.parametrize(
    ("reductions", "ended"),
    [
        ((), None),
        ((on(1, 99),), None),
        ((on(1, 100),), 1),
        ((on(5, 40), on(1, 60)), 5),
        ((on(1, 100), on(3, -100)), None),
        ((on(1, 100), on(3, -1)), None),
        ((on(1, 100), on(3, -100), on(4, 100)), 4),
        ((on(1, 100), on(1, -100), on(1, 100)), 1),
        ((on(1, 60), on(2, 40), on(3, -60), on(3, 60)), 2),
    ],
)
def test_an_invoice_is_settled_from_the_day_on_which_nothing_was_open_for_good(
    reductions: tuple[Reduction, ...], ended: int | None
) -> None:
    assert settled_on(100, reductions) == (None if ended is None else DAY + timedelta(ended))


def test_what_was_taken_up_to_a_day_counts_that_day() -> None:
    given_back = (on(1, 100), on(3, -40))
    assert [reduced_by(given_back, DAY + timedelta(days)) for days in (0, 1, 2, 3)] == [0, 100, 100, 60]
    assert reduced_by(given_back) == 60


@pytest.mark.parametrize(("part", "counted"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 2), (10, 5), (9, 4)])
def test_a_part_counts_as_its_share_rounded_half_to_even(part: int, counted: int) -> None:
    assert share_of(5, 10, part) == counted


@given(
    counted=st.integers(0, 10**15), parts=st.lists(st.integers(1, 10**12), min_size=1, max_size=8), taken=st.integers(0)
)
def test_parts_in_another_currency_come_to_the_whole_and_leave_no_cent(
    counted: int, parts: list[int], taken: int
) -> None:
    reductions = [on(taken % (place + 1), one) for place, one in enumerate(parts)]
    found = counted_reductions(counted, sum(parts), reductions)
    assert sum(one.minor for one in found) == counted
    assert all(one.minor >= 0 for one in found)
    back = counted_reductions(counted, sum(parts), [*reductions, on(99, -parts[0])])
    assert sum(one.minor for one in back) == counted - share_of(counted, sum(parts), parts[0])
