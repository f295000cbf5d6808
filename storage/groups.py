"""Groups of customers: a limit that all members share, and one account for what they owe together.

A group may lie in another, three deep at most. Whoever changes its group takes what it owes along: movements lower the
accounts of the groups it leaves and raise those it enters, in one transaction under the locks of all of them, so that
a group's balance is the sum of its members' at every version, also while decisions run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from storage.account_tree import MOST_LEVELS
from storage.clock import database_now, read_clock, read_instant
from storage.customers import (
    PERMANENT,
    WITH_MASTER_DATA,
    GrantedLimit,
    Told,
    limit_columns,
    read_limit,
    write_limit,
)
from storage.exposure_ledger import Accounts, Movement
from storage.failures import Refused
from storage.page import LARGEST_PAGE, Page
from storage.tables import account, customer_group
from storage.turns import take_turn


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its shared limit, and the group that it lies in; minor units of its one currency."""

    group_id: str
    name: str
    currency: str
    limit: GrantedLimit = GrantedLimit()
    parent_group: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Members:
    """What lies directly in a group, each by id: customers, and groups."""

    customers: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupAccount:
    """What a group's members owe together, and what of it approvals hold."""

    account_id: int
    version: int
    balance: int
    open_receivables: int


@dataclass(frozen=True, slots=True)
class Untied:
    """A group whose balance is not the sum of its members': it must never be found."""

    group_id: str
    balance: int
    of_members: int


PARENT = account.alias("parent")
READ = (
    select(customer_group, PARENT.c.group_id.label("parent_group"))
    .join(account, account.c.group_id == customer_group.c.group_id)
    .outerjoin(PARENT, PARENT.c.account_id == account.c.parent_id)
)


class Groups:
    """The groups of one transaction."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        """Read and write over the transaction's connection, and move the accounts of whoever changes its group."""
        self._connection = connection
        self._accounts = accounts

    def get(self, group_id: str) -> Group | None:
        """The group, or None where nobody put it."""
        row = self._connection.execute(READ.where(customer_group.c.group_id == group_id)).first()
        return None if row is None else read_group(row)

    def list(self, cursor: str | None = None, limit: int = 50) -> Page[Group]:
        """Groups by ascending id, behind the cursor; at most `limit` and never more than 500."""
        size = min(limit, LARGEST_PAGE)
        wanted = READ.order_by(customer_group.c.group_id).limit(size + 1)
        if cursor is not None:
            wanted = wanted.where(customer_group.c.group_id > cursor)
        found = [read_group(row) for row in self._connection.execute(wanted)]
        return Page(tuple(found[:size]), found[size - 1].group_id if len(found) > size else None)

    def put(self, wanted: Group, told: Told = WITH_MASTER_DATA) -> bool:
        """Store a group in full, and say whether it is new; what it owes goes along to its new parent.

        Raises: Refused for another currency, an unknown parent, a circle, or a tree that would be too deep.
        """
        take_turn(self._connection)
        concerned = account.c.group_id.in_([wanted.group_id, wanted.parent_group or wanted.group_id])
        # they are locked, so that no decision in work measures against the limit of before
        self._accounts.lock_in_order(self._connection.execute(select(account.c.account_id).where(concerned)).scalars())
        kept = select(account.c.currency).where(account.c.group_id == wanted.group_id)
        currency = self._connection.execute(kept).scalar()
        if currency not in (None, wanted.currency):
            raise Refused(f"the account of '{wanted.group_id}' is kept in '{currency}'; its currency cannot change")
        values = {"name": wanted.name, "currency": wanted.currency, "updated_at": database_now()}
        if currency is None:
            none = {"group_id": wanted.group_id, **limit_columns(GrantedLimit())}
            self._connection.execute(insert(customer_group).values(**none, **values))
            opened = {"currency": wanted.currency, "balance": 0, "open_receivables": 0, "ver": 0, "facts_ver": 0}
            self._connection.execute(insert(account).values(group_id=wanted.group_id, **opened))
        else:
            at = customer_group.c.group_id == wanted.group_id
            self._connection.execute(update(customer_group).where(at).values(**values))
        self._tell_limit(wanted, told)
        self._settle(account.c.group_id == wanted.group_id, wanted.parent_group)
        return currency is None

    def _tell_limit(self, wanted: Group, told: Told) -> None:
        """Another limit than the one told last is one more row."""
        stored, mine = self.get(wanted.group_id), self.account_of(wanted.group_id)
        assert stored is not None and mine is not None
        if stored.limit != wanted.limit:
            write_limit(self._connection, mine.account_id, PERMANENT, wanted.limit, told)

    def settle_customer(self, customer_id: str, group_id: str | None) -> bool:
        """Put a customer into a group, or into none; False for an unknown customer. What it owes goes along.

        Raises: Refused for an unknown group, or one in another currency.
        """
        take_turn(self._connection)
        return self._settle(account.c.customer_id == customer_id, group_id)

    def group_of(self, customer_id: str) -> str | None:
        """The group that a customer lies in, None for none."""
        mine = select(PARENT.c.group_id).join(account, account.c.parent_id == PARENT.c.account_id)
        return self._connection.execute(mine.where(account.c.customer_id == customer_id)).scalar()

    def members(self, group_id: str) -> Members:
        """What lies directly in a group, at most 500 of each."""
        above = PARENT.c.account_id == account.c.parent_id
        mine = select(account.c.customer_id, account.c.group_id).join(PARENT, above)
        rows = self._connection.execute(mine.where(PARENT.c.group_id == group_id)).all()
        customers = sorted(row.customer_id for row in rows if row.customer_id is not None)
        groups = sorted(row.group_id for row in rows if row.group_id is not None)
        return Members(tuple(customers[:LARGEST_PAGE]), tuple(groups[:LARGEST_PAGE]))

    def account_of(self, group_id: str) -> GroupAccount | None:
        """The account of a group as it stands."""
        row = self._connection.execute(select(account).where(account.c.group_id == group_id)).first()
        return None if row is None else GroupAccount(row.account_id, row.ver, row.balance, row.open_receivables)

    def untied(self) -> tuple[Untied, ...]:
        """Every group whose balance is not the sum of its members' balances."""
        child = account.alias("child")
        total = func.coalesce(func.sum(child.c.balance), 0)
        sums = (
            select(account.c.group_id, account.c.balance, total.label("of_members"))
            .outerjoin(child, child.c.parent_id == account.c.account_id)
            .where(account.c.group_id.is_not(None))
            .group_by(account.c.account_id, account.c.group_id, account.c.balance)
            .having(account.c.balance != total)
        )
        return tuple(Untied(row.group_id, row.balance, int(row.of_members)) for row in self._connection.execute(sums))

    def _settle(self, whom: Any, group_id: str | None) -> bool:
        """Hang an account below a group, or below none, with everything it owes; False where there is none."""
        mine = self._connection.execute(select(account).where(whom)).first()
        if mine is None:
            return False
        target = None if group_id is None else self._target(mine, group_id)
        if mine.parent_id == target:
            return True
        leaving, entering = self._path(mine.parent_id), self._path(target)
        self._refuse_depth(mine, entering)
        apart = [one for one in leaving if one not in entering], [one for one in entering if one not in leaving]
        self._accounts.lock_in_order([mine.account_id, *apart[0], *apart[1]])
        moved = self._accounts.take_alone(mine.account_id)
        now = read_clock(self._connection)
        self._accounts.move(Movement(mine.account_id, moved.version, "moved", 0, moved.balance, None, None, now))
        for sign, accounts in zip((-1, 1), apart, strict=True):
            for account_id in sorted(accounts):
                self._carry(account_id, sign * moved.open_receivables, "invoice", now)
                self._carry(account_id, sign * (moved.balance - moved.open_receivables), "moved", now)
        self._connection.execute(update(account).where(account.c.account_id == mine.account_id)
                                 .values(parent_id=target))  # fmt: skip
        return True

    def _carry(self, account_id: int, amount: int, kind: str, now: datetime) -> None:
        """Take a part of what moved to or from one group; what is owed by invoices stays told apart."""
        if amount == 0 and kind == "invoice":
            return
        taken = self._accounts.take_alone(account_id)
        after = taken.balance + amount
        self._accounts.move(Movement(account_id, taken.version, kind, amount, after, None, None, now))

    def _target(self, mine: Row[Any], group_id: str) -> int:
        found = self._connection.execute(select(account).where(account.c.group_id == group_id)).first()
        if found is None:
            raise Refused(f"there is no group '{group_id}'; put it first")
        if found.currency != mine.currency:
            raise Refused(f"the group '{group_id}' is kept in '{found.currency}', the account in '{mine.currency}'")
        if mine.account_id in self._path(found.account_id):
            raise Refused(f"the group '{group_id}' lies in this one; a group cannot lie in itself")
        return int(found.account_id)

    def _path(self, account_id: int | None) -> Sequence[int]:
        """An account and those above it, upwards."""
        path: list[int] = []
        while account_id is not None:
            path.append(account_id)
            above = select(account.c.parent_id).where(account.c.account_id == account_id)
            account_id = self._connection.execute(above).scalar_one()
        return path

    def _refuse_depth(self, mine: Row[Any], entering: Sequence[int]) -> None:
        below = 0 if mine.group_id is None else self._levels(mine.account_id)
        if len(entering) + below > MOST_LEVELS:
            raise Refused(f"groups lie in each other at most {MOST_LEVELS} deep; choose a group further up")

    def _levels(self, account_id: int) -> int:
        """How many levels of groups hang from this one, itself included."""
        below = select(account.c.account_id).where(account.c.parent_id == account_id, account.c.group_id.is_not(None))
        return 1 + max((self._levels(row.account_id) for row in self._connection.execute(below).all()), default=0)


def read_group(row: Row[Any]) -> Group:
    """A group from its row."""
    limit = read_limit(row.limit_state, row.limit_minor, row.limit_valid_from, row.limit_valid_until)
    return Group(row.group_id, row.name, row.currency, limit, row.parent_group, read_instant(row.updated_at))
