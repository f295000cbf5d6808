"""Instants: the database's clock and their stored text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import literal, select
from sqlalchemy.dialects import postgresql

from storage.clock import CLOCK, database_day, read_instant, write_instant
from storage.engine import Database
from storage.qualified import qualified

INSTANT = datetime(2026, 11, 23, 21, 23, 20, 123000, tzinfo=UTC)


def test_an_instant_survives_its_text() -> None:
    assert write_instant(INSTANT) == "2026-11-23T21:23:20.123Z"
    assert read_instant("2026-11-23T21:23:20.123Z") == INSTANT


def test_an_instant_is_stored_in_utc_whatever_its_timezone() -> None:
    shanghai = INSTANT.astimezone(timezone(timedelta(hours=8)))
    assert write_instant(shanghai) == "2026-11-23T21:23:20.123Z"


def test_an_instant_without_a_timezone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone"):
        write_instant(datetime(2026, 11, 23))


def test_whole_seconds_keep_their_milliseconds_so_that_texts_sort() -> None:
    assert write_instant(INSTANT.replace(microsecond=0)) == "2026-11-23T21:23:20.000Z"


def test_the_database_tells_the_time_in_stored_form(database: Database) -> None:
    with database.looking() as connection:
        told = connection.execute(CLOCK).scalar_one()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told)
    assert abs(read_instant(told) - datetime.now(UTC)) < timedelta(seconds=5)


def test_postgresql_reads_the_wall_clock_not_the_start_of_the_transaction() -> None:
    assert "clock_timestamp()" in str(CLOCK.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def test_days_that_are_shifted_differently_are_no_one_statement(database: Database) -> None:
    with database.looking() as connection:
        days = [connection.execute(select(qualified(database_day(shift)))).scalar_one() for shift in (-1, 0, 1, -1)]
        literals = [connection.execute(select(qualified(literal(text)))).scalar_one() for text in ("one", "other")]
    assert days == [days[0], *(str(date.fromisoformat(days[0]) + timedelta(more)) for more in (1, 2)), days[0]]
    assert literals == ["one", "other"]
