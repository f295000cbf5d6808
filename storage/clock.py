"""The database's clock, the only one that decides when something happened, and the text form of an instant.

Replicas disagree about the time; the database does not disagree with itself. Instants are stored as ISO text in UTC
with milliseconds (`2026-11-23T21:23:20.123Z`), which sorts as it reads.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal


class database_now(FunctionElement[str]):
    """The instant at which the statement runs, as stored text, in whatever database runs it."""

    inherit_cache = True
    name = "database_now"
    type = Text()


@compiles(database_now, "sqlite")
def sqlite_now(element: database_now, compiler: Any, **options: Any) -> str:
    """SQLite's spelling of the clock."""
    return "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"


@compiles(database_now, "postgresql")
def postgresql_now(element: database_now, compiler: Any, **options: Any) -> str:
    """PostgreSQL's spelling: the wall clock, as `now()` would be the start of the transaction."""
    return "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"


class database_day(FunctionElement[str]):
    """The day in UTC so many days from the database's own, as stored text."""

    inherit_cache = True
    _traverse_internals = [*FunctionElement._traverse_internals, ("shift", InternalTraversal.dp_plain_obj)]
    name = "database_day"
    type = Text()

    def __init__(self, shift: int) -> None:
        """Count from today: -1 is yesterday."""
        super().__init__()
        self.shift = shift


@compiles(database_day, "sqlite")
def sqlite_day(element: database_day, compiler: Any, **options: Any) -> str:
    """SQLite's spelling of a day."""
    return f"date(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), '{element.shift:+d} days')"


@compiles(database_day, "postgresql")
def postgresql_day(element: database_day, compiler: Any, **options: Any) -> str:
    """PostgreSQL's spelling of a day."""
    return f"to_char(clock_timestamp() AT TIME ZONE 'UTC' + interval '{element.shift:d} days', 'YYYY-MM-DD')"


def read_clock(connection: Connection) -> datetime:
    """What the database's clock says now."""
    return read_instant(connection.execute(CLOCK).scalar_one())


CLOCK = select(database_now())


def read_instant(text: str) -> datetime:
    """A stored instant as an aware datetime in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def write_instant(instant: datetime) -> str:
    """An aware datetime as stored text.

    Raises: ValueError for a datetime without a timezone, whose instant nobody knows.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a timezone")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
