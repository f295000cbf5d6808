"""What may be erased and what is still needed: read before anything is let go.

A decision is needed while money or a person's answer depends on it: it still holds exposure, it waits for a person, an
invoice of the days in which its order was open is unpaid, a state that it entered stands, or the decision that followed
its referral is needed. No row says which invoice belongs to which order, so any unpaid one of those days keeps it. And
where the firm has to keep records for a term, each is needed until it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from storage.clock import read_clock, write_instant
from storage.log_tables import erasure, log_entry
from storage.settlement_tables import allocation, settlement, settlement_reversal
from storage.tables import account, decided_referral, decision, invoice, reservation, state_change

HOLDS, WAITS, UNPAID, STATE, FOLLOWED = "holds_exposure", "open_referral", "unpaid_invoice", "state", "followed"
BEFORE_LOG, TERM = "before_the_log", "retention_term"
OPEN_MESSAGE, LEFT_OVER = "open_message", "money_unallocated"  # of a customer alone
REASONS = (HOLDS, WAITS, UNPAID, STATE, FOLLOWED, TERM, BEFORE_LOG, OPEN_MESSAGE, LEFT_OVER)
PASSES_ON = frozenset(REASONS) - {TERM, BEFORE_LOG}  # why a decision that followed a referral keeps the referral
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions are asked for: of one customer, decided before a day, or both."""

    customer_id: str | None = None
    before: date | None = None

    def clause(self) -> ColumnElement[bool]:
        """The condition on their rows: not erased yet."""
        gone = select(erasure.c.entry_id).where(erasure.c.entry_id == decision.c.decision_id)
        parts: list[ColumnElement[bool]] = [~gone.exists()]
        if self.customer_id is not None:
            parts.append(decision.c.customer_id == self.customer_id)
        if self.before is not None:
            parts.append(decision.c.as_of < self.before.isoformat())
        return and_(*parts)


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a referral waits for a person, and the first day whose records are kept for their term (None: none)."""

    referral: timedelta
    kept_from: date | None = None

    @classmethod
    def on_day(cls, today: date, days: int, referral: timedelta) -> Terms:
        """Of records that are kept for so many whole days after the day that they were decided for; 0 keeps none."""
        return cls(referral, today - days * DAY if days else None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A decision whose bytes are there, its place in the order of all, and why it is kept; empty where it may go."""

    seq: int
    decision_id: str
    account_id: int
    kept: tuple[str, ...] = ()


class Retention:
    """What one transaction may let go."""

    def __init__(self, connection: Connection) -> None:
        """Read over the transaction's connection."""
        self._connection = connection

    def count(self, wanted: Wanted) -> int:
        """How many decisions are asked for whose bytes are there."""
        counting = select(func.count()).select_from(decision).where(wanted.clause())
        return int(self._connection.execute(counting).scalar_one())

    def count_erased(self, customer_id: str) -> int:
        """How many decisions of a customer are erased."""
        joined = decision.join(erasure, erasure.c.entry_id == decision.c.decision_id)
        counting = select(func.count()).select_from(joined).where(decision.c.customer_id == customer_id)
        return int(self._connection.execute(counting).scalar_one())

    def account_of(self, decision_id: str) -> int | None:
        """The account that a decision was made on; None for no such decision."""
        wanted = select(decision.c.account_id).where(decision.c.decision_id == decision_id)
        return self._connection.execute(wanted).scalar_one_or_none()

    def page(self, wanted: Wanted, after: int, most: int, terms: Terms) -> Sequence[Candidate]:
        """At most so many of them behind a place, the oldest first."""
        told = (decision.c.seq, decision.c.decision_id, decision.c.account_id)
        reading = select(*told).where(wanted.clause(), decision.c.seq > after)
        rows = self._connection.execute(reading.order_by(decision.c.seq).limit(most)).all()
        needs = self.needs([row.decision_id for row in rows], terms)
        return [Candidate(*row, needs.get(row.decision_id, ())) for row in rows]

    def needs(self, ids: Collection[str], terms: Terms) -> Mapping[str, tuple[str, ...]]:
        """Why each of some decisions is still needed; those that are not needed are left out."""
        followers = self._followers(ids)
        found = self._needs({*ids, *followers.values()}, terms)
        for first, follower in followers.items():
            if PASSES_ON.intersection(found.get(follower, ())):
                found.setdefault(first, []).append(FOLLOWED)
        return {one: tuple(sorted(found[one], key=REASONS.index)) for one in ids if one in found}

    def needs_of_master(self, customer_id: str) -> tuple[str, ...]:
        """Why a customer's record is still needed beside its decisions: what is held, owed, or received for nothing."""
        held = select(account.c.account_id).where(account.c.customer_id == customer_id)
        held = held.where(account.c.balance != account.c.open_receivables)
        found = [HOLDS] if self._connection.execute(held).first() else []
        found += [UNPAID] if self._owed_days([customer_id]) else []
        return tuple([*found, LEFT_OVER] if self._connection.execute(left_over(customer_id)).first() else found)

    def _needs(self, ids: Collection[str], terms: Terms) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        asked = (
            (HOLDS, self._holding(ids)), (WAITS, self._waiting(ids, terms.referral)), (UNPAID, self._unpaid(ids)),
            (STATE, self._standing(ids)), (TERM, self._in_term(ids, terms.kept_from)),
            (BEFORE_LOG, self._before_log(ids)),
        )  # fmt: skip
        for why, needed in asked:
            for one in needed:
                found.setdefault(one, []).append(why)
        return found

    def _followers(self, ids: Collection[str]) -> dict[str, str]:
        """The decisions that followed referrals."""
        made = decided_referral.c
        rows = self._connection.execute(
            select(made.referral_id, made.decision_id).where(made.referral_id.in_(ids), made.decision_id.is_not(None))
        )
        return {row.referral_id: row.decision_id for row in rows}

    def _holding(self, ids: Collection[str]) -> set[str]:
        last = reservation.alias()
        over = select(last.c.step).where(
            last.c.reservation_id == reservation.c.reservation_id, last.c.remaining == 0
        )  # fmt: skip
        return self._ids(select(reservation.c.decision_id).where(
            reservation.c.decision_id.in_(ids), reservation.c.step == 1, ~over.exists()))  # fmt: skip

    def _waiting(self, ids: Collection[str], life: timedelta) -> set[str]:
        oldest = write_instant(read_clock(self._connection) - life)
        made = select(decided_referral.c.referral_id).where(decided_referral.c.referral_id == decision.c.decision_id)
        return self._ids(select(decision.c.decision_id).where(
            decision.c.decision_id.in_(ids), decision.c.verdict == "refer", decision.c.decided_at > oldest,
            ~made.exists()))  # fmt: skip

    def _unpaid(self, ids: Collection[str]) -> set[str]:
        """Decisions with an unpaid invoice from the days between them and the end of what they held."""
        opened = select(
            decision.c.decision_id, decision.c.customer_id, decision.c.as_of, func.max(reservation.c.at).label("ended")
        ).join(reservation, reservation.c.decision_id == decision.c.decision_id)
        opened = opened.where(decision.c.decision_id.in_(ids)).group_by(
            decision.c.decision_id, decision.c.customer_id, decision.c.as_of
        )
        rows = self._connection.execute(opened).all()
        owed = self._owed_days({row.customer_id for row in rows})
        return {row.decision_id for row in rows
                if any(_day_before(row.as_of) <= day <= _day_after(row.ended) for day in owed.get(row.customer_id, ()))}

    def _owed_days(self, customers: Collection[str]) -> Mapping[str, Sequence[str]]:
        """The days of the unpaid invoices of some customers."""
        days: dict[str, list[str]] = {}
        open_ones = invoice.c.customer_id.in_(customers) & invoice.c.settled_on.is_(None)
        for row in self._connection.execute(
            select(invoice.c.customer_id, invoice.c.invoiced_on).where(open_ones).distinct()
        ):
            days.setdefault(row.customer_id, []).append(row.invoiced_on)
        return days

    def _standing(self, ids: Collection[str]) -> set[str]:
        later = state_change.alias()
        over = select(later.c.place).where(
            later.c.account_id == state_change.c.account_id, later.c.state == state_change.c.state,
            later.c.place > state_change.c.place)  # fmt: skip
        return self._ids(select(state_change.c.decision_id).where(
            state_change.c.decision_id.in_(ids), state_change.c.change == "entered", ~over.exists()))  # fmt: skip

    def _in_term(self, ids: Collection[str], kept_from: date | None) -> set[str]:
        """Those of which the firm keeps a record for so long, whatever else."""
        if kept_from is None:
            return set()
        return self._ids(select(decision.c.decision_id).where(
            decision.c.decision_id.in_(ids), decision.c.as_of >= kept_from.isoformat()))  # fmt: skip

    def _before_log(self, ids: Collection[str]) -> set[str]:
        """Those that nothing commits to: their bytes are all that tells of them."""
        entry = select(log_entry.c.place).where(log_entry.c.entry_id == decision.c.decision_id)
        return self._ids(select(decision.c.decision_id).where(decision.c.decision_id.in_(ids), ~entry.exists()))

    def _ids(self, wanted: Any) -> set[str]:
        return set(self._connection.execute(wanted).scalars())


def left_over(customer_id: str) -> Select[Any]:
    """The settlements of a customer of which something goes to no invoice."""
    went = select(func.coalesce(func.sum(allocation.c.amount), 0)).where(
        allocation.c.kind == settlement.c.kind, allocation.c.settlement_id == settlement.c.settlement_id)  # fmt: skip
    back = select(settlement_reversal.c.settlement_id).where(
        settlement_reversal.c.kind == settlement.c.kind,
        settlement_reversal.c.settlement_id == settlement.c.settlement_id)  # fmt: skip
    of_it = settlement.c.customer_id == customer_id
    return select(settlement.c.settlement_id).where(
        of_it, settlement.c.amount > went.scalar_subquery(), ~back.exists())  # fmt: skip


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - DAY).isoformat()


def _day_after(instant: str) -> str:
    return (date.fromisoformat(instant[:10]) + DAY).isoformat()
