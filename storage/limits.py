"""Granted limits as they were told: rows that never change, and the one among them that counts on a day.

A permanent limit counts from its first day until a later row's first day has come; when its own last day is over, none
is in force. A temporary one stands in its place on its days, also where it is lower, and the permanent one is back
after them; a temporary row that grants none takes back those before it. Of rows that could count, the last told does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, and_, cast, func, literal_column, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from storage.clock import database_day, read_instant
from storage.customers import PERMANENT, TEMPORARY, GrantedLimit, Told, read_limit, write_limit
from storage.limit_tables import granted_limit
from storage.qualified import qualified
from storage.tables import TEXT, account


@dataclass(frozen=True, slots=True)
class TimedLimit:
    """A limit with its days, in the order in which they were told."""

    place: int
    kind: str
    limit: GrantedLimit


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit as it was told: why, by whom and when."""

    timed: TimedLimit
    reason: str
    by: str
    at: datetime


def limit_of_day(told: Iterable[TimedLimit], day: date) -> GrantedLimit | None:
    """The limit that counts on a day: "none" where nobody ever told one, None where none of those is in force."""
    found = sorted(told, key=lambda one: one.place)
    for one in reversed(found):
        if one.kind == TEMPORARY and one.limit.is_in_force(day):
            if one.limit.state != "none":
                return one.limit
            break
    permanent = [one.limit for one in found if one.kind == PERMANENT]
    begun = [one for one in permanent if one.valid_from is None or one.valid_from <= day]
    if not permanent:
        return GrantedLimit()
    return begun[-1] if begun and begun[-1].is_in_force(day) else None


OTHER = granted_limit.alias("other_limit")
BEGUN = (
    select(func.max(OTHER.c.place))
    .where(OTHER.c.account_id == account.c.account_id, OTHER.c.kind == PERMANENT)
    .where(or_(OTHER.c.valid_from.is_(None), OTHER.c.valid_from <= database_day(-1)))
    .correlate(account)
    .scalar_subquery()
)
MAY_COUNT = or_(
    and_(granted_limit.c.kind == PERMANENT, granted_limit.c.place >= func.coalesce(BEGUN, 0)),
    and_(granted_limit.c.kind == TEMPORARY, granted_limit.c.valid_until >= database_day(-1)),
)
FIELDS = ("place", "kind", "state", "minor", "valid_from", "valid_until")


class joined(FunctionElement[str]):
    """The texts of all rows, parted by semicolons; the rows say their own order."""

    inherit_cache = True
    name = "joined"
    type = Text()


@compiles(joined, "sqlite")
def sqlite_joined(element: joined, compiler: Any, **options: Any) -> str:
    """SQLite's spelling."""
    return f"group_concat({compiler.process(element.clauses, **options)}, ';')"


@compiles(joined, "postgresql")
def postgresql_joined(element: joined, compiler: Any, **options: Any) -> str:
    """PostgreSQL's spelling."""
    return f"string_agg({compiler.process(element.clauses, **options)}, ';')"


def in_one_text() -> Any:
    """The fields of a row in one text; what is empty stays so."""
    empty: Any = literal_column("''")
    bar: Any = literal_column("'|'")
    told = empty
    for name in FIELDS:
        told = told.concat(func.coalesce(cast(granted_limit.c[name], TEXT), empty)).concat(bar)
    return told


# every row that may count from yesterday until whatever is told next, as one text: a lock needs no statement more
LIMITS = qualified(
    select(joined(in_one_text()))
    .where(granted_limit.c.account_id == account.c.account_id, MAY_COUNT)
    .correlate(account)
    .scalar_subquery()
)


def read_told(text: str | None) -> tuple[TimedLimit, ...]:
    """The rows in such a text."""
    return tuple(_read(*one.split("|")[:-1]) for one in text.split(";")) if text else ()


def _read(place: str, kind: str, state: str, minor: str, first: str, last: str) -> TimedLimit:
    limit = read_limit(state, int(minor) if minor else None, first or None, last or None)
    return TimedLimit(int(place), kind, limit)


class Limits:
    """The granted limits of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def add(self, account_id: int, kind: str, limit: GrantedLimit, told: Told) -> LimitRow:
        """Tell a limit of an account, for good; decisions in work are waited for, and the next ones see it."""
        locking = select(account.c.account_id).where(account.c.account_id == account_id).with_for_update()
        self._connection.execute(locking).one()
        write_limit(self._connection, account_id, kind, limit, told)
        return self.of_account(account_id)[-1]

    def of_account(self, account_id: int) -> Sequence[LimitRow]:
        """Every limit that was told of an account, in this order."""
        mine = select(granted_limit).where(granted_limit.c.account_id == account_id).order_by(granted_limit.c.place)
        return tuple(read_limit_row(row) for row in self._connection.execute(mine))


def read_limit_row(row: Row[Any]) -> LimitRow:
    """A limit from its row."""
    limit = read_limit(row.state, row.minor, row.valid_from, row.valid_until)
    return LimitRow(TimedLimit(row.place, row.kind, limit), row.reason, row.granted_by, read_instant(row.at))
