"""Referrals: decisions that a person must take, until when, and what became of them.

A referral is no row of its own: it is the decision that referred an order, and so costs a decision nothing. What a
person made of it is one row, written once. INVARIANT: a referral is decided at most once, in the database itself, and
one that is past its end by the database's clock is not decided at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select

from credit.money import Money
from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.decisions import StoredDecision, read_decision
from storage.page import LARGEST_PAGE, Page, page_of, read_cursor
from storage.rate_tables import foreign_order
from storage.tables import account, decided_referral, decision

OPEN, EXPIRED = "open", "expired"
APPROVED, REJECTED, DECIDED_ANEW = "approved", "rejected", "decided_anew"
STATES = (OPEN, EXPIRED, APPROVED, REJECTED, DECIDED_ANEW)


@dataclass(frozen=True, slots=True)
class DecidedReferral:
    """What a person made of a referral: `outcome`, who in which role, why, and the decision that followed.

    `released` is the amount in minor units up to which a release counts, and `until` the last instant of it; both only
    where the order was approved.
    """

    referral_id: str
    outcome: str
    person: str
    role: str
    client: str
    reason: str
    decision_id: str | None = None
    grant_id: str | None = None
    released: int | None = None
    until: datetime | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """A referred order: the decision that referred it, its account's currency, and what became of it.

    `original` is what it is worth in a currency of its own, and what of that is prepaid; None for the account's.
    """

    decision: StoredDecision
    currency: str
    decided: DecidedReferral | None
    original: tuple[Money, Money] | None = None

    def ends_at(self, life: timedelta) -> datetime:
        """Until when a person may decide it."""
        return self.decision.decided_at + life

    def state(self, now: datetime, life: timedelta) -> str:
        """Open, expired, or what became of it; `now` is the database's clock."""
        if self.decided is not None:
            return self.decided.outcome
        return OPEN if now < self.ends_at(life) else EXPIRED


@dataclass(frozen=True, slots=True)
class GivenRelease:
    """An order that a person released: in which role, up to what amount in minor units, from when until when.

    `checks` are those of the decision that had referred it, empty where they were erased; `granted` says whether its
    limit was raised for it.
    """

    referral_id: str
    role: str
    most: int
    at: datetime
    until: datetime
    granted: bool
    checks: Sequence[Mapping[str, Any]]


DECIDED = tuple(column.label(f"made_{column.name}") for column in decided_referral.c)
ORIGINAL = tuple(foreign_order.c[name].label(f"own_{name}") for name in ("currency", "amount", "prepaid"))
AN_ORDER = or_(decision.c.order_amount > 0, foreign_order.c.decision_id.is_not(None))
READ = (
    select(decision, account.c.currency.label("account_currency"), *DECIDED, *ORIGINAL)
    .join(account, account.c.account_id == decision.c.account_id)
    .outerjoin(decided_referral, decided_referral.c.referral_id == decision.c.decision_id)
    .outerjoin(foreign_order, foreign_order.c.decision_id == decision.c.decision_id)
)


class Referrals:
    """The referrals of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def get(self, referral_id: str) -> Referral | None:
        """The order that this decision referred, or denied with a way to release it; None where there is no such."""
        wanted = READ.where(decision.c.decision_id == referral_id, AN_ORDER)
        row = self._connection.execute(wanted.where(_for_a_person())).first()
        return None if row is None else read_referral(row)

    def release_of(self, customer_id: str, order_id: str) -> GivenRelease | None:
        """The last release that a person gave for an order; None where nobody did."""
        made = decided_referral.c
        wanted = (
            select(made.referral_id, made.role, made.released, made.at, made.until, made.grant_id, decision.c.outcome)
            .join(decision, decision.c.decision_id == made.referral_id)
            .where(decision.c.customer_id == customer_id, decision.c.order_id == order_id, made.outcome == APPROVED)
            .order_by(made.at.desc(), decision.c.seq.desc())
        )
        row = self._connection.execute(wanted.limit(1)).first()
        return None if row is None else GivenRelease(
            row.referral_id, row.role, row.released, read_instant(row.at), read_instant(row.until),
            row.grant_id is not None, json.loads(row.outcome).get("checks", []),
        )  # fmt: skip

    def hold(self, account_id: int) -> datetime:
        """Let nobody else decide on an account's referrals until this transaction ends; the clock after that."""
        lock = select(account.c.account_id).where(account.c.account_id == account_id).with_for_update()
        self._connection.execute(lock).one()
        return read_clock(self._connection)

    def decide(self, made: DecidedReferral) -> None:
        """Record what a person made of a referral, for good."""
        self._connection.execute(insert(decided_referral).values(
            referral_id=made.referral_id, outcome=made.outcome, person=made.person, role=made.role, client=made.client,
            reason=made.reason, decision_id=made.decision_id, grant_id=made.grant_id, released=made.released,
            until=None if made.until is None else write_instant(made.until), at=database_now(),
        ))  # fmt: skip

    def list(self, life: timedelta, *, state: str = OPEN, customer_id: str | None = None, client: str | None = None,
             cursor: str | None = None, limit: int = 50) -> Page[Referral]:  # fmt: skip
        """Referred orders in one state, the longest waiting first, behind the cursor; at most 500.

        Raises: ValueError for a cursor that no page gave.
        """
        size = min(limit, LARGEST_PAGE)
        wanted = READ.where(AN_ORDER, self._in_state(state, life))
        if cursor is not None:
            wanted = wanted.where(decision.c.seq > read_cursor(cursor))
        if customer_id is not None:
            wanted = wanted.where(decision.c.customer_id == customer_id)
        if client is not None:
            wanted = wanted.where(decision.c.client == client)
        rows = self._rows(wanted.order_by(decision.c.seq).limit(size + 1))
        return page_of(rows, size, lambda row: row.seq, read_referral)

    def open(self, life: timedelta) -> tuple[int, str | None, str]:
        """How many are open, the stored instant of the one that waits longest, and the database's clock."""
        waiting = READ.with_only_columns(func.count(), func.min(decision.c.decided_at), database_now(),
                                         maintain_column_froms=True)  # fmt: skip
        count, oldest, now = self._connection.execute(waiting.where(AN_ORDER, self._in_state(OPEN, life))).one()
        return int(count), oldest, now

    def _in_state(self, state: str, life: timedelta) -> Any:
        if state not in (OPEN, EXPIRED):
            return decided_referral.c.outcome == state
        oldest = write_instant(read_clock(self._connection) - life)
        late = decision.c.decided_at > oldest if state == OPEN else decision.c.decided_at <= oldest
        return and_(decision.c.verdict == "refer", decided_referral.c.outcome.is_(None), late)

    def _rows(self, wanted: Select[Any]) -> Sequence[Row[Any]]:
        return self._connection.execute(wanted).all()


def _for_a_person() -> Any:
    return or_(decision.c.verdict == "refer", decision.c.verdict == "deny")


def read_referral(row: Row[Any]) -> Referral:
    """A referral from its row, with what became of it."""
    made = None
    if row.made_outcome is not None:
        made = DecidedReferral(
            row.made_referral_id, row.made_outcome, row.made_person, row.made_role, row.made_client, row.made_reason,
            row.made_decision_id, row.made_grant_id, row.made_released,
            None if row.made_until is None else read_instant(row.made_until), read_instant(row.made_at),
        )  # fmt: skip
    original = None
    if row.own_currency is not None:
        original = Money(row.own_amount, row.own_currency), Money(row.own_prepaid, row.own_currency)
    return Referral(read_decision(row), row.account_currency, made, original)
