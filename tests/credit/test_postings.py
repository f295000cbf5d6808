"""Lines of a document come to nothing together, also the other way round; a line that is lost is found."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from credit.money import Money
from credit.postings import Moved, Posting, in_days, unbalanced

DAY = date(2026, 3, 1)


def moved(minor: int, document: str = "I-1", day: date = DAY) -> list[Posting]:
    """The lines of an amount that is owed."""
    return list(Moved(day, "C-1", document, "invoice", Money(minor, "CNY")).between("receivables", "revenue"))


@pytest.mark.parametrize("minor", [1, 100, -1, -100])
def test_two_lines_come_to_nothing_and_none_is_below_zero(minor: int) -> None:
    debit, credit = moved(minor)
    assert (debit.account, credit.account) == (("receivables", "revenue") if minor > 0 else ("revenue", "receivables"))
    assert debit.debit == credit.credit == Money(abs(minor), "CNY")
    assert debit.credit == credit.debit == Money.zero("CNY")
    assert unbalanced([debit, credit]) == ()


def test_nothing_moves_nothing() -> None:
    assert moved(0) == []


def test_a_line_that_is_lost_or_of_another_document_is_found() -> None:
    assert unbalanced(moved(100)[:1]) == ("invoice I-1",)
    assert unbalanced([moved(100)[0], moved(100, "I-2")[1]]) == ("invoice I-1", "invoice I-2")
    assert unbalanced([moved(100)[0], moved(99)[1]]) == ("invoice I-1",)


@pytest.mark.parametrize(("days", "counts"), [(-1, 0), (0, 2), (1, 2), (2, 0)])
def test_both_ends_are_included(days: int, counts: int) -> None:
    first = DAY
    found = in_days(iter(moved(1, day=DAY + timedelta(days))), first, first + timedelta(1))
    assert len(list(found)) == counts
