"""Exchange rates as they were told: each a row with its day and source, never changed; a later row corrects it.

The rate that counts on a day is that of the latest day up to then, and of rows for the same day the one added last.
Only the direction that was told is known: nothing is turned round.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from credit.rates import ExchangeRate
from storage.clock import database_now, read_instant
from storage.page import LARGEST_PAGE, Page, page_of, read_cursor
from storage.rate_tables import rate


@dataclass(frozen=True, slots=True)
class NewRate:
    """A rate to be recorded: what it is, of which day, where it comes from, and who brings it (`person:ann`)."""

    rate: ExchangeRate
    day: date
    source: str
    by: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as it was recorded."""

    rate_id: str
    rate: ExchangeRate
    day: date
    source: str
    by: str
    at: datetime

    def age(self, today: date) -> int:
        """Days since its day; a rate of tomorrow, where it is tomorrow already, is no days old."""
        return max(0, (today - self.day).days)


@dataclass(frozen=True, slots=True)
class Pair:
    """From which currency into which; None for any."""

    from_currency: str | None = None
    to_currency: str | None = None


class Rates:
    """The rates of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def add(self, new: NewRate) -> Rate:
        """Record a rate for good, and give it as it is stored."""
        made, one = str(uuid.uuid4()), new.rate
        self._connection.execute(insert(rate).values(
            rate_id=made, from_currency=one.from_currency, to_currency=one.to_currency, day=new.day.isoformat(),
            digits=one.digits, scale=one.scale, per=one.per, source=new.source, added_by=new.by, at=database_now(),
        ))  # fmt: skip
        stored = self.get(made)
        assert stored is not None
        return stored

    def get(self, rate_id: str) -> Rate | None:
        """The rate with this id, or None."""
        row = self._connection.execute(select(rate).where(rate.c.rate_id == rate_id)).first()
        return None if row is None else read_rate(row)

    def of_day(self, from_currency: str, to_currency: str, day: date) -> Rate | None:
        """The rate that counts on a day, however old; None where none was ever told up to then."""
        of_pair = (rate.c.from_currency == from_currency) & (rate.c.to_currency == to_currency)
        wanted = select(rate).where(of_pair, rate.c.day <= day.isoformat())
        row = self._connection.execute(wanted.order_by(rate.c.day.desc(), rate.c.seq.desc()).limit(1)).first()
        return None if row is None else read_rate(row)

    def list(self, pair: Pair = Pair(), cursor: str | None = None, limit: int = 50) -> Page[Rate]:
        """Rates, those added last first, behind the cursor, of one pair where given; at most 500.

        Raises: ValueError for a cursor that no page gave.
        """
        size = min(limit, LARGEST_PAGE)
        wanted = select(rate).order_by(rate.c.seq.desc()).limit(size + 1)
        if cursor is not None:
            wanted = wanted.where(rate.c.seq < read_cursor(cursor))
        if pair.from_currency is not None:
            wanted = wanted.where(rate.c.from_currency == pair.from_currency)
        if pair.to_currency is not None:
            wanted = wanted.where(rate.c.to_currency == pair.to_currency)
        return page_of(self._connection.execute(wanted).all(), size, lambda row: row.seq, read_rate)


def read_rate(row: Row[Any]) -> Rate:
    """A rate from its row."""
    one = ExchangeRate(row.from_currency, row.to_currency, row.digits, row.scale, row.per)
    return Rate(row.rate_id, one, date.fromisoformat(row.day), row.source, row.added_by, read_instant(row.at))
