"""Grants: a person lets one order go beyond the limit, by an amount and until an instant, and nothing else.

A grant raises the ceiling of one account for the order that it names. It is recorded on a version of the account, so
that for every later version it can be said which grants were valid. Nothing of a grant is ever changed; a row of its
own withdraws it. INVARIANT: an expired or withdrawn grant raises nothing, by the database's clock, and the database
itself refuses a hold whose ceiling claims more than its valid grants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from storage.clock import read_instant, write_instant
from storage.exposure_ledger import Accounts, Movement, Taken
from storage.failures import Refused
from storage.tables import MONEY_MAX, account, limit_grant, withdrawn_grant


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A grant to be recorded: minor units of the account's currency, for one order, until an instant.

    `decision_id` and `referral_id` say what it answers, where it does; `by` is the person, `client` whose key it was.
    """

    grant_id: str
    account_id: int
    order_id: str
    amount: int
    currency: str
    until: datetime
    by: str
    reason: str
    client: str = ""
    decision_id: str | None = None
    referral_id: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who took a grant back, when, why, and on which version of the account."""

    by: str
    reason: str
    client: str
    account_version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as it was recorded, with its withdrawal where there is one."""

    grant_id: str
    account_id: int
    account_version: int
    order_id: str
    amount: int
    currency: str
    until: datetime
    by: str
    reason: str
    client: str
    decision_id: str | None
    referral_id: str | None
    at: datetime
    withdrawn: Withdrawal | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it raises anything; `now` is the database's clock."""
        return self.withdrawn is None and now < self.until

    def was_valid_at(self, version: int, now: datetime) -> bool:
        """Whether it raised the ceiling of a version of its account that was taken at this instant."""
        begun = self.account_version < version and now < self.until
        return begun and (self.withdrawn is None or version < self.withdrawn.account_version)


READ = select(
    limit_grant,
    withdrawn_grant.c.withdrawn_by, withdrawn_grant.c.reason.label("why_withdrawn"),
    withdrawn_grant.c.client.label("withdrawn_with"), withdrawn_grant.c.account_ver.label("withdrawn_ver"),
    withdrawn_grant.c.at.label("withdrawn_at"),
).outerjoin(withdrawn_grant, withdrawn_grant.c.grant_id == limit_grant.c.grant_id)  # fmt: skip


class Grants:
    """The grants of one transaction."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        """Read and write over the transaction's connection, and take the versions of the accounts."""
        self._connection = connection
        self._accounts = accounts

    def add(self, new: NewGrant) -> Grant:
        """Record a grant on the account's next version, and give it as it is stored.

        Raises: Refused for another currency than the account's, nothing or too much, or an end that has passed.
        """
        kept = self._connection.execute(select(account.c.currency).where(account.c.account_id == new.account_id))
        currency = kept.scalar_one()
        if new.currency != currency:
            raise Refused(f"a grant in '{new.currency}' cannot be given; the account is kept in '{currency}'")
        if not 0 < new.amount <= MONEY_MAX:
            raise Refused("a grant is an amount above zero that an account can hold; send one")
        if not new.order_id:
            raise Refused("a grant is for one order; name it")
        taken = self._accounts.take_alone(new.account_id)
        if new.until <= taken.now:
            raise Refused("the grant would have ended already; send an instant to come")
        self._move(taken, "granted")
        self._connection.execute(insert(limit_grant).values(
            grant_id=new.grant_id, account_id=new.account_id, account_ver=taken.version, order_id=new.order_id,
            amount=new.amount, currency=new.currency, until=write_instant(new.until), granted_by=new.by,
            reason=new.reason, client=new.client, decision_id=new.decision_id, referral_id=new.referral_id,
            at=write_instant(taken.now),
        ))  # fmt: skip
        stored = self.get(new.grant_id)
        assert stored is not None
        return stored

    def withdraw(self, grant_id: str, by: str, reason: str, client: str = "") -> Grant | None:
        """Take a grant back for good; what was held with it stays held. None for an unknown grant.

        Raises: Refused for one that was withdrawn before.
        """
        found = self.get(grant_id)
        if found is None:
            return None
        taken = self._accounts.take_alone(found.account_id)
        found = self.get(grant_id)  # again, as it stands now
        assert found is not None, "grants are never removed"
        if found.withdrawn is not None:
            raise Refused("the grant was withdrawn before")
        self._move(taken, "withdrawn")
        self._connection.execute(insert(withdrawn_grant).values(
            grant_id=grant_id, account_id=found.account_id, account_ver=taken.version, withdrawn_by=by, reason=reason,
            client=client, at=write_instant(taken.now),
        ))  # fmt: skip
        return self.get(grant_id)

    def get(self, grant_id: str) -> Grant | None:
        """The grant with this id, or None."""
        row = self._connection.execute(READ.where(limit_grant.c.grant_id == grant_id)).first()
        return None if row is None else read_grant(row)

    def of_account(self, account_id: int) -> tuple[Grant, ...]:
        """All grants of an account in the order in which they were given, also those that are over."""
        wanted = READ.where(limit_grant.c.account_id == account_id).order_by(limit_grant.c.account_ver)
        return tuple(read_grant(row) for row in self._connection.execute(wanted))

    def _move(self, taken: Taken, kind: str) -> None:
        self._accounts.move(Movement(taken.account_id, taken.version, kind, 0, taken.balance, None, None, taken.now))


def read_grant(row: Row[Any]) -> Grant:
    """A grant from its row and that of its withdrawal."""
    withdrawn = None if row.withdrawn_ver is None else Withdrawal(
        row.withdrawn_by, row.why_withdrawn, row.withdrawn_with, row.withdrawn_ver, read_instant(row.withdrawn_at)
    )  # fmt: skip
    return Grant(
        row.grant_id, row.account_id, row.account_ver, row.order_id, row.amount, row.currency, read_instant(row.until),
        row.granted_by, row.reason, row.client, row.decision_id, row.referral_id, read_instant(row.at), withdrawn,
    )  # fmt: skip
