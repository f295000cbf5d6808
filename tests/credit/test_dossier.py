"""Of several documents of a kind the newest that is valid on the day counts, both ends of its days included."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from credit.dossier import Document, on_file

ISSUED, LAST = date(2026, 3, 1), date(2026, 6, 30)
ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (ISSUED - ONE_DAY, False),
        (ISSUED, True),
        (ISSUED + ONE_DAY, True),
        (LAST - ONE_DAY, True),
        (LAST, True),
        (LAST + ONE_DAY, False),
    ],
)
def test_a_document_counts_from_its_first_to_its_last_day(day: date, counts: bool) -> None:
    one = Document(1, "registration", ISSUED, LAST)
    assert one.counts_on(day) is counts
    assert on_file([one], day) == {"registration": one if counts else None}


def test_one_without_a_last_day_does_not_end() -> None:
    assert Document(1, "registration", ISSUED).counts_on(date(2126, 1, 1))


def test_the_one_issued_last_counts_and_of_one_day_the_one_filed_last() -> None:
    old = Document(3, "registration", ISSUED)
    new, corrected = (Document(place, "registration", ISSUED + ONE_DAY) for place in (1, 2))
    assert on_file([old, corrected, new], LAST) == {"registration": corrected}
    assert on_file([old, new], ISSUED) == {"registration": old}


def test_an_older_one_counts_again_where_the_newer_has_run_out() -> None:
    old, short = Document(1, "licence", ISSUED), Document(2, "licence", ISSUED + ONE_DAY, ISSUED + ONE_DAY)
    assert on_file([old, short], ISSUED + ONE_DAY) == {"licence": short}
    assert on_file([old, short], ISSUED + 2 * ONE_DAY) == {"licence": old}


def test_kinds_do_not_meet() -> None:
    one, other = Document(1, "licence", ISSUED), Document(2, "statements", ISSUED)
    assert on_file([one, other], ISSUED) == {"licence": one, "statements": other}
