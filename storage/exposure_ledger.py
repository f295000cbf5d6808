"""The exposure ledger: one account row per customer and group, locked first, moved only by rows that never change.

A decision locks its account and those of the groups above before it looks, so what it measures is what holds when it is
recorded. The lock is one UPDATE that also brings the clock, the effective policy and the customer's master row; on
PostgreSQL a second statement brings them, as a statement that waited sees the other rows as they were before it waited.
INVARIANT: the versions of an account are 1..k without a gap, each with one movement; the balance is the sum of the
movements, and that of a group the sum of its members' balances.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, func, insert, select, update

from credit.dossier import Document
from credit.holds import Hold
from storage.account_looks import read_chains
from storage.account_tree import MOST_LEVELS, in_order, take_together, with_groups
from storage.clock import database_now, read_instant, write_instant
from storage.customers import PERMANENT, Customer, GrantedLimit, read_customer
from storage.documents import DOCUMENTS, read_documents
from storage.earlier_orders import (
    LAST_MARK,
    EarlierOrder,
    EarlierOrders,
    Seen,
    carried_on,
    counts,
    read_earlier_orders,
    with_later,
)
from storage.failures import Busy
from storage.hold_texts import HOLDS, read_holds
from storage.limits import LIMITS, TimedLimit, limit_of_day, read_told
from storage.listed import is_one_of
from storage.policy_timeline import CHALLENGER, Whose, stamp_of_last, timeline_at
from storage.prepared import Prepared
from storage.qualified import qualified
from storage.tables import account, customer, customer_group, limit_grant, movement, withdrawn_grant
from storage.told_facts import COUNTRY, TOLD_FACTS, TimedFact, country_of_day, facts_of_day, master_of, read_facts_told
from storage.turns import policy_stays

LOOK_BACK_DAYS = 60
MOVE_INVOICES = ("invoice", "revalued", "payment", "credit_note", "write_off", "discount", "reversal")
LOADED_DAYS = LOOK_BACK_DAYS + 1  # west of UTC a policy's day may be the one before the clock's


@dataclass(frozen=True, slots=True)
class GroupState:
    """The account of a group at one version: what all of its members owe and hold together, in minor units."""

    account_id: int
    group_id: str
    name: str
    version: int
    balance: int
    limit: GrantedLimit  # the one in force: zero on days on which none is
    granted: int = 0  # what valid grants on the group add to its limit, for the one order that is asked about
    limits: tuple[TimedLimit, ...] = ()  # those that may count about now

    @property
    def ceiling(self) -> int | None:
        """The most that the group may owe with the order that is asked about; None where nothing bounds it."""
        if self.limit.state in ("none", "unlimited"):
            return None
        return (self.limit.minor or 0) + self.granted


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account at one version: balance and its parts in minor units, the clock, the effective policy, the master row.

    `facts_version` moves whenever invoices change: facts loaded before the lock are still right when it did not.
    `policy_digest` is None where no policy is effective.
    """

    account_id: int
    version: int
    facts_version: int
    balance: int
    open_receivables: int
    currency: str
    now: datetime
    policy_digest: str | None
    customer: Customer
    earlier_orders: EarlierOrders
    granted: int = 0  # what valid grants add to the limit, for the one order that is asked about
    groups: tuple[GroupState, ...] = ()  # those above the customer, the nearest first
    past: str | None = None  # what names the movement before the version that a lock took
    carried: bool = False  # whether what was `seen` before belongs to this account's past
    challenger_digest: str | None = None  # what decides beside it, in the shadow
    limits: tuple[TimedLimit, ...] | None = None  # those that may count about now; None: the one told last
    day: date | None = None  # the day whose limits count; None: that of the clock, in UTC
    holds: tuple[Hold, ...] = ()  # those that ended too
    told: tuple[TimedFact, ...] = ()  # facts from a day on, those that may count about now
    documents: tuple[Document, ...] = ()  # those that nobody withdrew

    @property
    def limit(self) -> GrantedLimit | None:
        """The customer's limit in force; None on days on which none is: never "none", as then the policy's would do."""
        told = (TimedLimit(1, PERMANENT, self.customer.limit),) if self.limits is None else self.limits
        return limit_of_day(told, self.day or self.now.date())

    def on_day(self, day: date) -> AccountState:
        """The account with the limits and facts that count on a day: that of the policy's timezone."""
        groups = tuple(replace(one, limit=group_limit_of(one.limits, day)) for one in self.groups)
        return replace(self, day=day, groups=groups, customer=customer_of_day(self.customer, self.told, day))

    def in_timezone(self, timezone: str) -> AccountState:
        """The account with the limits that count on the clock's day in a timezone."""
        return self.on_day(self.now.astimezone(ZoneInfo(timezone)).date())

    @property
    def reserved(self) -> int:
        """What approvals hold and no invoice has taken over."""
        return self.balance - self.open_receivables

    def without_held(self, amount: int) -> AccountState:
        """The account, and those of its groups, as if so much of what is held were not."""
        groups = tuple(replace(one, balance=one.balance - amount) for one in self.groups)
        return replace(self, balance=self.balance - amount, groups=groups)


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of an account's balance; `ceiling` is None for unlimited and where nothing is guarded.

    `granted` is the part of the ceiling that grants for this one order add to the limit.
    """

    account_id: int
    version: int
    kind: str
    amount: int
    balance_after: int
    ceiling: int | None
    decision_id: str | None
    at: datetime
    granted: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """An account's next version, taken by this transaction, with what stands on it and the database's clock."""

    account_id: int
    version: int
    balance: int
    now: datetime
    open_receivables: int = 0


WITHDRAWN = select(withdrawn_grant.c.grant_id).where(withdrawn_grant.c.grant_id == limit_grant.c.grant_id)
GRANTED = qualified(
    select(func.coalesce(func.sum(limit_grant.c.amount), 0))
    .where(limit_grant.c.account_id == account.c.account_id, limit_grant.c.order_id == bindparam("for_order"))
    .where(limit_grant.c.until > database_now(), ~WITHDRAWN.exists())
    .correlate(account)
    .scalar_subquery()
)
OF_CUSTOMER = account.c.customer_id == bindparam("wanted")
STATE = (
    account.c.account_id, account.c.parent_id, account.c.ver, account.c.facts_ver, account.c.balance,
    account.c.open_receivables, account.c.currency.label("account_currency"), account.c.group_id,
    database_now().label("now"), stamp_of_last().scalar_subquery().label("policies"),
    GRANTED.label("granted"), LIMITS.label("limits"), HOLDS.label("holds"),
    TOLD_FACTS.label("told"), DOCUMENTS.label("documents"),
    qualified(LAST_MARK.correlate(account).scalar_subquery()).label("past"),
    qualified(select(customer_group.c.name).where(customer_group.c.group_id == account.c.group_id)
              .correlate(account).scalar_subquery()).label("group_name"),
    *(
        select(column).where(customer.c.customer_id == bindparam("wanted")).scalar_subquery().label(column.name)
        for column in customer.c
    ),
)  # fmt: skip
LOOK = Prepared(select(*STATE).where(account.c.account_id.in_(with_groups(OF_CUSTOMER))))
LOCK = Prepared(take_together(OF_CUSTOMER).returning(*STATE))
TAKE = Prepared(take_together(OF_CUSTOMER).returning(account.c.account_id, policy_stays.label("held")))
MOVES = tuple(
    Prepared(insert(movement).values([{name: bindparam(f"{name}_{place}", type_=column.type)
                                       for name, column in movement.c.items()} for place in range(accounts)]))
    for accounts in range(1, MOST_LEVELS + 2)
)  # fmt: skip
TAKEN_COLUMNS = (account.c.account_id, account.c.parent_id, account.c.ver, account.c.balance,
                 account.c.open_receivables, database_now().label("now"))  # fmt: skip
NEXT = Prepared(
    take_together(account.c.account_id == bindparam("wanted"))
    .values(
        facts_ver=account.c.facts_ver
        + case((account.c.account_id == bindparam("wanted"), bindparam("facts_moved")), else_=0)
    )
    .returning(*TAKEN_COLUMNS)
)
NEXT_ALONE = Prepared(
    update(account)
    .where(account.c.account_id == bindparam("wanted"))
    .values(ver=account.c.ver + 1)
    .returning(*TAKEN_COLUMNS)
)


class Accounts:
    """The exposure accounts of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection; nothing is locked yet."""
        self._connection = connection
        self._unrecorded: set[int] = set()
        self._above: dict[int, tuple[Any, ...]] = {}  # the rows of the groups that were taken with an account

    def lock(self, customer_id: str, look_back_days: int = LOADED_DAYS, *, order_id: str = "",
             seen: Seen | None = None) -> AccountState | None:  # fmt: skip
        """Take the account's next version for this transaction, or None for an unknown customer.

        `order_id` brings the grants for that order. Of the earlier orders only those are read that were not `seen`.
        Every lock must be answered by one movement (`Decisions.record`) before the transaction ends.
        """
        rows = self._take({"wanted": customer_id, "for_order": order_id})
        if not rows:
            return None
        self._took(rows)
        locked = self._state(rows, customer_id, None)
        since = locked.now.date() - timedelta(days=look_back_days)
        wanted = Seen(locked.version - 1, locked.past, EarlierOrders((), since, complete=False))
        earlier = None if seen is None else carried_on(self._connection, locked.account_id, wanted, seen)
        if earlier is None:
            return replace(locked, earlier_orders=self.earlier_orders(customer_id, since))
        return replace(locked, earlier_orders=earlier, carried=True)

    def look(self, customer_id: str, look_back_days: int | None = LOADED_DAYS, *,
             order_id: str = "") -> AccountState | None:  # fmt: skip
        """The account as it stands, without locking it: for previews and displays; None for an unknown customer.

        Without days to look back, its earlier orders are not read and count as incomplete.
        """
        rows = in_order(LOOK.run(self._connection, {"wanted": customer_id, "for_order": order_id}).all())
        return self._state(rows, customer_id, look_back_days) if rows else None

    def look_at(self, customer_ids: Collection[str]) -> tuple[AccountState, ...]:
        """Several accounts as they stand, without locking them and with their earlier orders unread."""
        chains = read_chains(self._connection, customer_ids)
        return tuple(self._state(chain, chain[0].customer_id, None) for chain in chains)

    def earlier_orders(self, customer_id: str, since: date) -> EarlierOrders:
        """The customer's approved orders decided on `since` or later, at most 1,000 of them."""
        return read_earlier_orders(self._connection, customer_id, since)

    def move(self, change: Movement, groups: Sequence[GroupState] = ()) -> None:
        """Write the one movement of a locked version, and the same of every group that was locked with it.

        `groups` bring the ceilings of a hold. The database refuses what does not follow from its account.
        """
        ceilings = {one.account_id: one for one in groups}
        above = self._above.pop(change.account_id, ())
        changes = [change, *(risen(change, row, ceilings.get(row.account_id)) for row in above)]
        MOVES[len(changes) - 1].run(self._connection, numbered(changes))
        self._unrecorded.difference_update(one.account_id for one in changes)

    def take(self, account_id: int, facts_moved: bool = False) -> Taken:
        """Take the next version of an account and of the groups above it, without what a decision needs.

        It wants its one movement as well.
        """
        rows = in_order(NEXT.run(self._connection, {"wanted": account_id, "facts_moved": int(facts_moved)}).all())
        return self._took(rows)

    def take_alone(self, account_id: int) -> Taken:
        """Take the next version of one account, for a movement that the groups above have no part in."""
        return self._took(NEXT_ALONE.run(self._connection, {"wanted": account_id}).all())

    def lock_in_order(self, account_ids: Iterable[int]) -> None:
        """Lock several accounts and all groups above them in the order that everybody keeps, so that none waits twice.

        Only needed where one transaction takes more than one account.
        """
        self._lock(account.c.account_id.in_(sorted(account_ids)))

    def lock_customers(self, customer_ids: Collection[str]) -> Mapping[str, int]:
        """The same for the accounts of customers; the id of each."""
        rows = self._lock(is_one_of(account.c.customer_id, customer_ids))
        return {row.customer_id: row.account_id for row in rows if row.customer_id is not None}

    def _lock(self, which: ColumnElement[bool]) -> Sequence[Any]:
        locking = select(account.c.account_id, account.c.customer_id).order_by(account.c.account_id).with_for_update()
        return self._connection.execute(locking.where(account.c.account_id.in_(with_groups(which)))).all()

    def movements(self, account_id: int) -> tuple[Movement, ...]:
        """An account's whole history in the order of its versions."""
        history = select(movement).where(movement.c.account_id == account_id).order_by(movement.c.ver)
        return tuple(read_movement(row) for row in self._connection.execute(history))

    def unrecorded(self) -> frozenset[int]:
        """Accounts that were locked and not yet moved: committing now would leave a gap in their versions."""
        return frozenset(self._unrecorded)

    def _take(self, wanted: Mapping[str, str]) -> tuple[Any, ...]:
        if self._connection.dialect.name == "sqlite":
            return in_order(LOCK.run(self._connection, wanted).all())
        taken = TAKE.run(self._connection, wanted).all()
        rows = in_order(LOOK.run(self._connection, wanted).all()) if taken else ()
        if {row.account_id for row in rows} != {row.account_id for row in taken}:
            raise Busy("the customer was moved to another group at this moment; try again")
        return rows

    def _took(self, rows: Sequence[Any]) -> Taken:
        """Note that these accounts want a movement; the first is the one that was asked for."""
        first = rows[0]
        self._above[first.account_id] = tuple(rows[1:])
        self._unrecorded.update(row.account_id for row in rows)
        return Taken(first.account_id, first.ver, first.balance, read_instant(first.now), first.open_receivables)

    def _state(self, rows: Sequence[Any], customer_id: str, look_back_days: int | None) -> AccountState:
        row = rows[0]
        now = read_instant(row.now)
        since = now.date() - timedelta(days=look_back_days or 0)
        told = read_facts_told(row.told)
        country = country_of_day(row.country, told, now.date())
        whose = Whose(customer_id, tuple(one.group_id for one in rows[1:]), country)
        policies = timeline_at(self._connection, row.policies)
        return AccountState(
            account_id=row.account_id, version=row.ver, facts_version=row.facts_ver, balance=row.balance,
            open_receivables=row.open_receivables, currency=row.account_currency, now=now,
            policy_digest=policies.digest_for(whose, row.now), customer=read_customer(row),
            challenger_digest=policies.digest_of(CHALLENGER, row.now),
            earlier_orders=EarlierOrders((), since, complete=False) if look_back_days is None
            else self.earlier_orders(customer_id, since), granted=int(row.granted),
            groups=tuple(read_group_state(one) for one in rows[1:]), past=row.past, limits=read_told(row.limits),
            holds=read_holds(row.holds), told=told, documents=read_documents(row.documents),
        )  # fmt: skip


def customer_of_day(kept: Customer, told: Sequence[TimedFact], day: date) -> Customer:
    """A customer with the facts and the country that count on a day."""
    if not told:
        return kept
    facts = facts_of_day(master_of(kept.facts, kept.country), told, day)
    country = facts.pop(COUNTRY, None)
    return replace(kept, facts=facts, country=country)


def seen_after(locked: AccountState, decided: EarlierOrder) -> Seen | None:
    """What a decision on a locked account leaves for the next one; None where its day does not follow the others'."""
    newer = [decided] if counts(decided) else []
    earlier = with_later(locked.earlier_orders, newer, locked.earlier_orders.since)
    return None if earlier is None else Seen(locked.version, decided.decision_id, earlier)


def risen(change: Movement, above: Any, group: GroupState | None) -> Movement:
    """The movement of a group that goes with one of its member's; a hold has the group's own ceiling."""
    ceiling = group.ceiling if group is not None and change.kind == "hold" else None
    return Movement(
        above.account_id, above.ver, change.kind, change.amount, above.balance + change.amount, ceiling,
        change.decision_id, change.at, 0 if group is None or ceiling is None else group.granted,
    )  # fmt: skip


def read_group_state(row: Any) -> GroupState:
    """A group's account from its row."""
    limits = read_told(row.limits)
    limit = group_limit_of(limits, read_instant(row.now).date())
    return GroupState(row.account_id, row.group_id, row.group_name, row.ver, row.balance, limit, int(row.granted),
                      limits)  # fmt: skip


def group_limit_of(told: Sequence[TimedLimit], day: date) -> GrantedLimit:
    """The limit of a group on a day; zero where none is in force, never none, which would bound nothing."""
    return limit_of_day(told, day) or GrantedLimit("zero")


def numbered(changes: Sequence[Movement]) -> Mapping[str, Any]:
    """Movements as the values of one INSERT, each name with its place."""
    return {f"{name}_{place}": value for place, one in enumerate(changes) for name, value in movement_row(one).items()}


def movement_row(change: Movement) -> Mapping[str, Any]:
    """A movement as the columns of its row."""
    return {
        "account_id": change.account_id, "ver": change.version, "kind": change.kind, "amount": change.amount,
        "balance_after": change.balance_after, "ceiling": change.ceiling, "decision_id": change.decision_id,
        "at": write_instant(change.at), "granted": change.granted,
    }  # fmt: skip


def read_movement(row: Row[Any]) -> Movement:
    """A movement from its row."""
    return Movement(
        row.account_id, row.ver, row.kind, row.amount, row.balance_after, row.ceiling, row.decision_id,
        read_instant(row.at), row.granted,
    )  # fmt: skip
