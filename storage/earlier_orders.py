"""The orders of a customer that were approved before, as a decision under the account's lock reads them.

Reading up to a thousand of them for each decision is what a busy customer would wait for. The account's versions have
no gap and each has one movement that never changes, so what stood at one version (`Seen`) is carried on to a later one
by the movements between them. INVARIANT: what is carried on is what reading it all would give; where that is not sure,
because something was let go or the remembered version is not part of this account's past, all of it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select

from storage.prepared import Prepared
from storage.tables import account, decision, movement, reservation

MOST_EARLIER_ORDERS = 1_000
MOST_CARRIED = 100  # versions; beyond them it is as quick to read everything
APPROVED = or_(decision.c.verdict == "approve", decision.c.verdict == "approve_with_conditions")
ADDS_ONLY = ("hold", "nothing_held", "invoice", "granted", "withdrawn", "revalued")  # movements that end no order


@dataclass(frozen=True, slots=True)
class EarlierOrder:
    """An order that was approved before: amounts in minor units of the account's currency."""

    decision_id: str
    order_id: str
    verdict: str
    order_amount: int
    unsecured_amount: int
    placed_on: date
    as_of: date


@dataclass(frozen=True, slots=True)
class EarlierOrders:
    """Approved orders decided on `since` or later, newest first; not `complete` when there are more than are given.

    A figure over an incomplete list is missing, never a smaller number.
    """

    orders: tuple[EarlierOrder, ...]
    since: date
    complete: bool

    def with_newer(self, newer: Sequence[EarlierOrder]) -> EarlierOrders:
        """The same with orders that were decided later, the newest first."""
        orders = (*newer, *self.orders)
        return EarlierOrders(orders[:MOST_EARLIER_ORDERS], self.since,
                             self.complete and len(orders) <= MOST_EARLIER_ORDERS)  # fmt: skip

    def since_day(self, day: date) -> EarlierOrders:
        """The same without those decided before a later day; what is not given is older than all that is given."""
        if not self.orders or self.orders[-1].as_of >= day:
            return EarlierOrders(self.orders, day, self.complete)
        return EarlierOrders(tuple(one for one in self.orders if one.as_of >= day), day, complete=True)


@dataclass(frozen=True, slots=True)
class Seen:
    """The earlier orders as one version of an account left them; `mark` names that version's movement."""

    version: int
    mark: str | None
    earlier: EarlierOrders


LATER, ENDED = reservation.alias("later"), reservation.alias("ended")
INVOICED = select(LATER.c.step).where(LATER.c.decision_id == ENDED.c.decision_id, LATER.c.change == "converted")
ENDS = or_(ENDED.c.change == "voided", ENDED.c.change == "expired", ENDED.c.change == "replaced")
# an order counts no longer once its hold ended without any invoice; where in doubt it counts
GIVEN_UP = select(ENDED.c.step).where(ENDED.c.decision_id == decision.c.decision_id, ENDS, ~INVOICED.exists())
COLUMNS = (decision.c.decision_id, decision.c.order_id, decision.c.verdict, decision.c.order_amount,
           decision.c.unsecured_amount, decision.c.placed_on, decision.c.as_of)  # fmt: skip
EARLIER = Prepared(
    select(*COLUMNS)
    .where(decision.c.customer_id == bindparam("wanted"), decision.c.as_of >= bindparam("since"))
    .where(APPROVED)
    .where(~GIVEN_UP.exists())
    .where(decision.c.order_amount > 0)  # an order is worth more than zero: 0 marks what was no order
    .order_by(decision.c.as_of.desc(), decision.c.seq.desc())
    .limit(MOST_EARLIER_ORDERS + 1)
)
MARK = func.coalesce(movement.c.decision_id, movement.c.at)
# the movement before the version that an account was just given
LAST_MARK = select(MARK).where(movement.c.account_id == account.c.account_id, movement.c.ver == account.c.ver - 1)
MOVED = Prepared(
    select(movement.c.ver, movement.c.kind, MARK.label("mark"), *COLUMNS)
    .outerjoin(decision, (decision.c.account_id == movement.c.account_id) & (decision.c.account_ver == movement.c.ver))
    .where(movement.c.account_id == bindparam("wanted"), movement.c.ver >= bindparam("seen"))
    .order_by(movement.c.ver.desc())
)


@lru_cache(maxsize=1_024)
def read_day(text: str) -> date:
    """A stored day; orders of one window share few days, so each is read once."""
    return date.fromisoformat(text)


def read_earlier_orders(connection: Connection, customer_id: str, since: date) -> EarlierOrders:
    """The customer's approved orders decided on `since` or later, at most 1,000 of them.

    Orders whose hold was voided, expired or replaced before any invoice are left out. The day that the client says it
    was placed is no filter: it would hide a split order.
    """
    found: Sequence[Any] = EARLIER.run(connection, {"wanted": customer_id, "since": since.isoformat()}).all()
    orders = tuple(read_earlier_order(row) for row in found[:MOST_EARLIER_ORDERS])
    return EarlierOrders(orders, since, complete=len(found) <= MOST_EARLIER_ORDERS)


def carried_on(connection: Connection, account_id: int, now: Seen, seen: Seen) -> EarlierOrders | None:
    """What was seen at an earlier version, as it is `now`; None where it has to be read anew.

    `now` has the version before the one that was just taken, its mark, and the first day that is wanted.
    """
    first = now.earlier.since
    if first < seen.earlier.since or not 0 <= now.version - seen.version <= MOST_CARRIED:
        return None
    if now.version == seen.version:
        return seen.earlier.since_day(first) if now.mark == seen.mark else None
    rows = MOVED.run(connection, {"wanted": account_id, "seen": seen.version}).all()
    if seen.version:  # the first version has no movement before it
        *rows, known = rows
        if known.ver != seen.version or known.mark != seen.mark:
            return None
    if any(row.kind not in ADDS_ONLY for row in rows):
        return None
    newer = [read_earlier_order(row) for row in rows if counts(row)]
    return with_later(seen.earlier, newer, first)


def with_later(earlier: EarlierOrders, newer: Sequence[EarlierOrder], first: date) -> EarlierOrders | None:
    """The orders with those decided since; None where their days do not follow, as after a change of the time zone."""
    days = [one.as_of for one in (*newer, *earlier.orders[:1])]
    if any(later < before for later, before in zip(days, days[1:], strict=False)):
        return None
    return earlier.with_newer(newer).since_day(first)


def counts(row: Any) -> bool:
    """Whether a movement's decision is an order that was approved."""
    return row.decision_id is not None and row.verdict.startswith("approve") and row.order_amount > 0


def read_earlier_order(row: Any) -> EarlierOrder:
    """An order from the columns of its decision."""
    return EarlierOrder(row.decision_id, row.order_id, row.verdict, row.order_amount, row.unsecured_amount,
                        read_day(row.placed_on), read_day(row.as_of))  # fmt: skip
