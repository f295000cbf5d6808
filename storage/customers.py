"""The customer master: who a customer is, which limit was granted, and the facts that people keep about it.

Putting a customer also opens its exposure account, so that a decision always finds one row to lock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from storage.clock import database_now, read_instant
from storage.failures import Refused
from storage.limit_tables import granted_limit
from storage.page import LARGEST_PAGE, Page
from storage.tables import LIMIT_STATES, account, customer
from storage.told_facts import Telling, follow_master, master_of
from storage.turns import take_turn

COLUMNS = tuple(customer.c)


@dataclass(frozen=True, slots=True)
class GrantedLimit:
    """The limit that a person granted: state none, zero, amount or unlimited, and minor units for an amount only.

    It is in force from its first to its last day, both included; a day that is None bounds nothing.
    """

    state: str = "none"
    minor: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        """A limit of an unknown state, or without its amount, is a programmer's mistake."""
        assert self.state in LIMIT_STATES
        assert (self.state == "amount") == (self.minor is not None)
        assert self.valid_from is None or self.valid_until is None or self.valid_from <= self.valid_until

    def is_in_force(self, today: date) -> bool:
        """Whether it holds on a day: that of the database's clock, in UTC."""
        begun = self.valid_from is None or self.valid_from <= today
        return begun and (self.valid_until is None or today <= self.valid_until)


PERMANENT, TEMPORARY = "permanent", "temporary"


@dataclass(frozen=True, slots=True)
class Told:
    """Who told a limit (`person:ann`, `import`), and why."""

    by: str = "service"
    reason: str = "set with the master data"


WITH_MASTER_DATA = Told()


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer of the master data; `facts` maps fact names to JSON values, exactly as they were given.

    `limit` is the permanent limit that was told last, also where its days have not come or a temporary one counts;
    so are `facts` and `country` those told last.
    """

    customer_id: str
    name: str
    currency: str
    country: str | None = None
    limit: GrantedLimit = GrantedLimit()
    facts: Mapping[str, Any] = field(default_factory=dict)
    updated_at: datetime | None = None


def read_customer(row: Row[Any]) -> Customer:
    """A customer from the columns of its row."""
    return Customer(
        customer_id=row.customer_id,
        name=row.name,
        currency=row.currency,
        country=row.country,
        limit=read_limit(row.limit_state, row.limit_minor, row.limit_valid_from, row.limit_valid_until),
        facts=json.loads(row.facts),
        updated_at=read_instant(row.updated_at),
    )


def read_limit(state: str, minor: int | None, valid_from: str | None, valid_until: str | None) -> GrantedLimit:
    """A limit from the columns of its row."""
    first, last = (None if day is None else date.fromisoformat(day) for day in (valid_from, valid_until))
    return GrantedLimit(state, minor, first, last)


def limit_columns(limit: GrantedLimit) -> dict[str, str | int | None]:
    """A limit as the columns of its row."""
    first, last = (None if day is None else day.isoformat() for day in (limit.valid_from, limit.valid_until))
    return {"limit_state": limit.state, "limit_minor": limit.minor,
            "limit_valid_from": first, "limit_valid_until": last}  # fmt: skip


def write_limit(connection: Connection, account_id: int, kind: str, limit: GrantedLimit, told: Told) -> None:
    """Tell a limit of a locked account: one more row, from which its owner's copy follows by itself."""
    mine = select(func.coalesce(func.max(granted_limit.c.place), 0)).where(granted_limit.c.account_id == account_id)
    first, last = (None if day is None else day.isoformat() for day in (limit.valid_from, limit.valid_until))
    connection.execute(insert(granted_limit).values(
        account_id=account_id, place=connection.execute(mine).scalar_one() + 1, kind=kind, state=limit.state,
        minor=limit.minor, valid_from=first, valid_until=last, reason=told.reason, granted_by=told.by,
        at=database_now(),
    ))  # fmt: skip


def write_json(value: object) -> str:
    """A JSON value as stored text: sorted keys, no spaces, never NaN."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Customers:
    """The customers of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def get(self, customer_id: str) -> Customer | None:
        """The customer, or None where nobody put it."""
        row = self._connection.execute(select(customer).where(customer.c.customer_id == customer_id)).first()
        return None if row is None else read_customer(row)

    def put(self, wanted: Customer, told: Told = WITH_MASTER_DATA) -> bool:
        """Store a customer in full, open its account, and say whether it is new; `updated_at` is the database's.

        Another limit than the one told last is one more row of its limits.
        Raises: Refused when the currency of an existing account would change.
        """
        take_turn(self._connection)
        # the account is locked, so that no decision in work measures against the limit of before
        locking = select(account.c.account_id, account.c.currency).where(account.c.customer_id == wanted.customer_id)
        held = self._connection.execute(locking.with_for_update()).first()
        if held is not None and held.currency != wanted.currency:
            raise Refused(f"the account of '{wanted.customer_id}' is kept in '{held.currency}'; "
                          "its currency cannot change")  # fmt: skip
        values = {
            "name": wanted.name, "country": wanted.country, "currency": wanted.currency,
            "facts": write_json(dict(wanted.facts)), "updated_at": database_now(),
        }  # fmt: skip
        if held is not None:
            at = customer.c.customer_id == wanted.customer_id
            self._connection.execute(update(customer).where(at).values(**values))
            master = master_of(wanted.facts, wanted.country)
            follow_master(self._connection, held.account_id, master, Telling(told.by, told.reason))
            stored = self.get(wanted.customer_id)
            assert stored is not None
            if stored.limit != wanted.limit:
                write_limit(self._connection, held.account_id, PERMANENT, wanted.limit, told)
            return False
        none = {"customer_id": wanted.customer_id, **limit_columns(GrantedLimit())}
        self._connection.execute(insert(customer).values(**none, **values))
        opened = {"currency": wanted.currency, "balance": 0, "open_receivables": 0, "ver": 0, "facts_ver": 0}
        made = insert(account).values(customer_id=wanted.customer_id, **opened).returning(account.c.account_id)
        account_id = self._connection.execute(made).scalar_one()
        if wanted.limit != GrantedLimit():
            write_limit(self._connection, account_id, PERMANENT, wanted.limit, told)
        return True

    def list(self, cursor: str | None = None, limit: int = 50) -> Page[Customer]:
        """Customers by ascending id, behind the cursor; at most `limit` and never more than 500."""
        size = min(limit, LARGEST_PAGE)
        wanted = select(customer).order_by(customer.c.customer_id).limit(size + 1)
        if cursor is not None:
            wanted = wanted.where(customer.c.customer_id > cursor)
        found = [read_customer(row) for row in self._connection.execute(wanted)]
        return Page(tuple(found[:size]), found[size - 1].customer_id if len(found) > size else None)
