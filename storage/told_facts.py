"""What people keep about a customer, told from a day on: rows that never change, and what is so on a day.

A fact that nobody told from a day on is what the master data say. One that somebody did is its rows: on a day the row
counts that was told last among those that have begun, as with limits (decision 0019). The first row of a fact keeps
what the master data said before. The customer's own row keeps a copy of what was told last, for lists and exports.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from storage.clock import database_day, database_now, read_instant
from storage.customer_file_tables import told_fact
from storage.failures import Refused
from storage.qualified import qualified
from storage.row_texts import json_rows, read_rows
from storage.tables import account, customer

COUNTRY = "customer.country"  # kept in a column of its own
MOST_TOLD = 2_000  # of one customer, ever
BEFORE = "the master data before"


@dataclass(frozen=True, slots=True)
class TimedFact:
    """A fact from a day on, in the order in which they were told; the value is JSON's, None: nobody knows it."""

    place: int
    name: str
    value: Any
    valid_from: date | None = None

    def has_begun(self, day: date) -> bool:
        """Whether its first day has come."""
        return self.valid_from is None or self.valid_from <= day


@dataclass(frozen=True, slots=True)
class FactTold:
    """A fact as it was told: from which source, why, by whom and when."""

    timed: TimedFact
    source: str | None
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells facts, why, and where they come from, such as a rating agency."""

    by: str
    reason: str
    source: str | None = None


def master_of(facts: Mapping[str, Any], country: str | None) -> dict[str, Any]:
    """The facts of the master data, the country among them where it is known."""
    return dict(facts) | ({} if country is None else {COUNTRY: country})


def facts_of_day(master: Mapping[str, Any], told: Iterable[TimedFact], day: date) -> dict[str, Any]:
    """What is so on a day, the country among the facts; what only begins later, and was never known, is left out."""
    facts = dict(master)
    for name, rows in _by_name(told).items():
        begun = [one for one in rows if one.has_begun(day)]
        value = begun[-1].value if begun else None
        facts.pop(name, None)
        if value is not None:
            facts[name] = value
    return facts


def country_of_day(kept: str | None, told: Iterable[TimedFact], day: date) -> str | None:
    """The country that counts on a day, of the one in the master row and what was told from a day on."""
    found: str | None = facts_of_day(master_of({}, kept), told, day).get(COUNTRY)
    return found


def _by_name(told: Iterable[TimedFact]) -> dict[str, list[TimedFact]]:
    """The rows of each fact in the order in which they were told."""
    found: dict[str, list[TimedFact]] = {}
    for one in sorted(told, key=lambda one: one.place):
        found.setdefault(one.name, []).append(one)
    return found


OTHER = told_fact.alias("other_fact")
BEGUN = (
    select(func.max(OTHER.c.place))
    .where(OTHER.c.account_id == told_fact.c.account_id, OTHER.c.name == told_fact.c.name)
    .where(or_(OTHER.c.valid_from.is_(None), OTHER.c.valid_from <= database_day(-1)))
    .correlate(told_fact)
    .scalar_subquery()
)
# every row that may count from yesterday until whatever is told next, as one text: a lock needs no statement more
TOLD_FACTS = qualified(
    select(json_rows(told_fact.c.place, told_fact.c.name, told_fact.c.value, told_fact.c.valid_from))
    .where(and_(told_fact.c.account_id == account.c.account_id, told_fact.c.place >= func.coalesce(BEGUN, 0)))
    .correlate(account)
    .scalar_subquery()
)


def read_facts_told(text: str | None) -> tuple[TimedFact, ...]:
    """The rows in such a text."""
    return tuple(_timed(*row) for row in read_rows(text))


def _timed(place: int, name: str, value: str, valid_from: str | None) -> TimedFact:
    return TimedFact(place, name, json.loads(value), None if valid_from is None else date.fromisoformat(valid_from))


def follow_master(connection: Connection, account_id: int, master: Mapping[str, Any], telling: Telling) -> None:
    """Tell what new master data say otherwise than the rows of a fact did last; facts without rows have none to follow.

    `master` has the country among the facts. The account is locked.
    """
    last = {name: rows[-1] for name, rows in _by_name(_of_account(connection, account_id)).items()}
    for name, row in last.items():
        if master.get(name) != row.value:
            _write(connection, account_id, TimedFact(0, name, master.get(name)), telling)


def _of_account(connection: Connection, account_id: int) -> list[TimedFact]:
    mine = select(told_fact).where(told_fact.c.account_id == account_id)
    return [read_told_fact(row).timed for row in connection.execute(mine)]


def _write(connection: Connection, account_id: int, one: TimedFact, telling: Telling) -> None:
    taken = select(func.coalesce(func.max(told_fact.c.place), 0)).where(told_fact.c.account_id == account_id)
    place = connection.execute(taken).scalar_one() + 1
    if place > MOST_TOLD:
        raise Refused(f"{MOST_TOLD:,} facts were told of this customer; no more are kept")
    connection.execute(insert(told_fact).values(
        account_id=account_id, place=place, name=one.name, value=_text(one.value),
        valid_from=None if one.valid_from is None else one.valid_from.isoformat(), reason=telling.reason,
        source=telling.source, told_by=telling.by, at=database_now(),
    ))  # fmt: skip


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class ToldFacts:
    """The facts of one transaction that were told from a day on."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def tell(self, account_id: int, facts: Mapping[str, Any], valid_from: date | None, telling: Telling) -> None:
        """Tell facts of a customer from a day on, for good; decisions in work are waited for, and the next see them.

        Raises: Refused where too many were told.
        """
        locking = select(account.c.customer_id).where(account.c.account_id == account_id).with_for_update()
        customer_id = self._connection.execute(locking).scalar_one()
        row = self._connection.execute(select(customer).where(customer.c.customer_id == customer_id)).one()
        kept = master_of(json.loads(row.facts), row.country)
        known = {one.name for one in _of_account(self._connection, account_id)}
        for name, value in facts.items():
            if name not in known:
                before = TimedFact(0, name, kept.get(name))
                _write(self._connection, account_id, before, Telling("service", BEFORE))
            _write(self._connection, account_id, TimedFact(0, name, value, valid_from), telling)
        self._copy(customer_id, {**kept, **facts})

    def _copy(self, customer_id: str, last: Mapping[str, Any]) -> None:
        """Have the customer's own row say what was told last."""
        facts = {name: value for name, value in last.items() if name != COUNTRY and value is not None}
        at = customer.c.customer_id == customer_id
        values = {"facts": _text(facts), "country": last.get(COUNTRY), "updated_at": database_now()}
        self._connection.execute(update(customer).where(at).values(**values))

    def of_account(self, account_id: int) -> Sequence[FactTold]:
        """Every fact that was told from a day on of an account's customer, in this order."""
        mine = select(told_fact).where(told_fact.c.account_id == account_id).order_by(told_fact.c.place)
        return tuple(read_told_fact(row) for row in self._connection.execute(mine))


def read_told_fact(row: Row[Any]) -> FactTold:
    """A fact from its row."""
    timed = _timed(row.place, row.name, row.value, row.valid_from)
    return FactTold(timed, row.source, row.reason, row.told_by, read_instant(row.at))
