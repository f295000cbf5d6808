"""The rate that counts on a day, also where it was corrected; nothing that was told is lost or changed."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from credit.rates import ExchangeRate
from storage.engine import Database
from storage.rates import NewRate, Pair, Rate


def told(database: Database, value: str, day: date, pair: tuple[str, str] = ("USD", "CNY")) -> Rate:
    """A rate that was added."""
    with database.write() as work:
        return work.rates.add(NewRate(ExchangeRate.parse(value, *pair), day, "a bank", "operator:ann"))


def counts(database: Database, day: date, pair: tuple[str, str] = ("USD", "CNY")) -> str | None:
    """The value that counts on a day."""
    with database.read() as work:
        found = work.rates.of_day(*pair, day)
    return None if found is None else found.rate.value


def test_the_latest_day_up_to_a_day_counts_and_of_one_day_the_last_row(database: Database) -> None:
    told(database, "7.1", date(2026, 11, 1))
    told(database, "7.3", date(2026, 11, 20))
    told(database, "7.2", date(2026, 11, 10))
    assert [counts(database, date(2026, *day)) for day in ((10, 31), (11, 1), (11, 9), (11, 10), (11, 19), (11, 20),
                                                           (12, 31))] == [None, "7.1", "7.1", "7.2", "7.2", "7.3",
                                                                          "7.3"]  # fmt: skip
    told(database, "7.25", date(2026, 11, 10))
    assert counts(database, date(2026, 11, 15)) == "7.25"
    assert counts(database, date(2026, 11, 9)) == "7.1"


def test_a_rate_says_one_direction_and_one_pair(database: Database) -> None:
    told(database, "7.1", date(2026, 11, 1))
    assert counts(database, date(2026, 11, 1), ("CNY", "USD")) is None
    assert counts(database, date(2026, 11, 1), ("EUR", "CNY")) is None


def test_a_rate_is_found_as_it_was_told_with_its_age(database: Database) -> None:
    made = told(database, "4.8512", date(2026, 11, 1), ("JPY", "CNY"))
    with database.read() as work:
        assert work.rates.get(made.rate_id) == made
        assert work.rates.get("nothing") is None
    assert (made.rate, made.source, made.by) == (ExchangeRate("JPY", "CNY", 48512, 4), "a bank", "operator:ann")
    assert [made.age(date(2026, 11, day)) for day in (1, 2, 9)] == [0, 1, 8]
    assert made.age(date(2026, 10, 31)) == 0


def test_rates_are_listed_by_pair_and_page(database: Database) -> None:
    for number in range(1, 4):
        told(database, f"7.{number}", date(2026, 11, number))
        told(database, f"8.{number}", date(2026, 11, number), ("EUR", "CNY"))
    with database.read() as work:
        first = work.rates.list(Pair("USD"), limit=2)
        rest = work.rates.list(Pair("USD"), first.next_cursor, limit=2)
        everything = work.rates.list()
    assert [one.rate.value for one in (*first.items, *rest.items)] == ["7.3", "7.2", "7.1"]
    assert rest.next_cursor is None
    assert len(everything.items) == 6


@pytest.mark.parametrize("change", ["UPDATE rate SET digits = 1", "DELETE FROM rate"])
def test_what_was_told_is_never_changed(database: Database, change: str) -> None:
    told(database, "7.1", date(2026, 11, 1))
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.exec_driver_sql(change)
    assert counts(database, date(2026, 11, 1)) == "7.1"
