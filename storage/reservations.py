"""The life of what an approval holds: each step takes a part from the hold and moves the account by as much.

A reservation is held once; steps convert it into invoices, free what a security covers, or end it: voided, expired, or
replaced by a changed order. INVARIANT: a step starts from what the step before left, in the database itself, so a
reservation ends at most once and no amount leaves it twice. Expiry is decided by the database's clock alone. Each step
after the first is an event, and so a leaf of the log; that a changed order replaced it is told by the decision on that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, insert, select

from credit.money import Money
from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.conversions import Conversions, Converted, ForeignOrder
from storage.events import Event, Events, author_of
from storage.exposure_ledger import MOVE_INVOICES, Accounts, Movement, Taken
from storage.prepared import Prepared
from storage.rate_tables import foreign_order
from storage.tables import account, confirmed_security, decision, movement, reservation

REPLACED, EXPIRY = "replaced", "expiry"  # a change that its decision tells, and who ends what was held for too long


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `amount` is what it held or took, `remaining` what is held after it; `client` asked for it, if any."""

    step: int
    change: str
    amount: int
    remaining: int
    account_version: int
    at: datetime
    client: str | None = None


@dataclass(frozen=True, slots=True)
class SecurityInPlace:
    """A security that somebody confirmed: which alternative of the conditions it belongs to, and its reference."""

    alternative: int
    security: str
    amount: int
    reference: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one approval holds of an account, with every step of its life; minor units of the account's currency.

    `client` and `order_id` are those of the decision. `foreign` is the order as it was sent, where that was in another
    currency, and `parts` what was held of it and became invoices.
    """

    reservation_id: str
    decision_id: str
    client: str
    customer_id: str
    order_id: str
    currency: str
    account_id: int
    expires_at: datetime
    steps: tuple[Step, ...]
    securities: tuple[SecurityInPlace, ...] = ()
    foreign: ForeignOrder | None = None
    parts: tuple[Converted, ...] = ()

    @property
    def amount(self) -> int:
        """What was held at first."""
        return self.steps[0].amount

    @property
    def remaining(self) -> int:
        """What is held now."""
        return self.steps[-1].remaining

    @property
    def state(self) -> str:
        """Held while anything is; else the change that took the last of it."""
        return "held" if self.remaining else self.steps[-1].change

    @property
    def is_partly_converted(self) -> bool:
        """Whether any part of it became an invoice."""
        return any(one.change == "converted" for one in self.steps)

    def is_due(self, now: datetime) -> bool:
        """Whether anything is held longer than it may be; `now` is the database's clock."""
        return self.remaining > 0 and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class NewHold:
    """What a decision starts to hold on its account's version."""

    reservation_id: str
    decision_id: str
    account_id: int
    account_version: int
    amount: int
    expires_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A reservation that is past its expiry, and whose account it holds."""

    reservation_id: str
    account_id: int


@dataclass(frozen=True, slots=True)
class BalanceParts:
    """An account's balance by where it comes from, counted afresh from reservations and what moved invoices."""

    reserved: int
    open_receivables: int


STEP = Prepared(insert(reservation).inline(), tuple(reservation.c.keys()))
OWNER = (decision.c.client.label("owner"), decision.c.customer_id, decision.c.order_id, account.c.currency,
         foreign_order.c.currency.label("own_currency"))  # fmt: skip
READ = (
    select(reservation, *OWNER)
    .join(decision, decision.c.decision_id == reservation.c.decision_id)
    .join(account, account.c.account_id == reservation.c.account_id)
    .outerjoin(foreign_order, foreign_order.c.decision_id == reservation.c.decision_id)
)


class Reservations:
    """The reservations of one transaction."""

    def __init__(self, connection: Connection, accounts: Accounts, events: Events) -> None:
        """Read and write over the transaction's connection, and move the accounts that are taken."""
        self._connection = connection
        self._accounts = accounts
        self._events = events

    def hold(self, held: NewHold) -> None:
        """Write the first step of a reservation's life, after its movement."""
        STEP.run(self._connection, {
            "reservation_id": held.reservation_id, "step": 1, "decision_id": held.decision_id,
            "account_id": held.account_id, "account_ver": held.account_version, "change": "held",
            "amount": held.amount, "remaining": held.amount, "step_before": None, "remaining_before": None,
            "expires_at": write_instant(held.expires_at), "at": write_instant(held.at), "client": None,
        })  # fmt: skip

    def take(self, taken: Taken, found: Reservation, change: str, amount: int, *,
             client: str | None = None, decision_id: str | None = None,
             part: Converted | None = None) -> int:  # fmt: skip
        """Take a part, or all, from what is held: one release of the taken account, and one step; give its number.

        Read the reservation after its account was taken. `decision_id` is the decision that replaces it, `part` what
        became an invoice of an order in another currency.
        """
        last = found.steps[-1]
        self._accounts.move(Movement(
            taken.account_id, taken.version, "release", -amount, taken.balance - amount, None, decision_id, taken.now
        ))  # fmt: skip
        STEP.run(self._connection, {
            "reservation_id": found.reservation_id, "step": last.step + 1, "decision_id": found.decision_id,
            "account_id": found.account_id, "account_ver": taken.version, "change": change, "amount": amount,
            "remaining": last.remaining - amount, "step_before": last.step, "remaining_before": last.remaining,
            "expires_at": write_instant(found.expires_at), "at": write_instant(taken.now), "client": client,
        })  # fmt: skip
        if part is not None:
            Conversions(self._connection).keep(found.account_id, taken.version, [part])
        if change != REPLACED:
            self._tell(found, change, amount, EXPIRY if client is None else author_of(client))
        return last.step + 1

    def _tell(self, found: Reservation, change: str, amount: int, by: str) -> None:
        """The event of a step."""
        left = found.remaining - amount
        details = {"decision": found.decision_id, "order": found.order_id, "customer": found.customer_id,
                   "amount": Money(amount, found.currency).amount, "remaining": Money(left, found.currency).amount,
                   "currency": found.currency}  # fmt: skip
        self._events.record(Event(f"reservation_{change}", f"reservation:{found.reservation_id}", by, details))

    def secure(self, found: Reservation, step: int, securities: Sequence[SecurityInPlace]) -> None:
        """Record which securities a step rests on."""
        rows = [
            {"reservation_id": found.reservation_id, "step": step, "place": place,
             "alternative": one.alternative, "security": one.security, "amount": one.amount,
             "reference": one.reference}
            for place, one in enumerate(securities, start=1)
        ]  # fmt: skip
        self._connection.execute(insert(confirmed_security), rows)

    def get(self, reservation_id: str) -> Reservation | None:
        """The reservation with this id as it stands, or None; exact where its account is taken."""
        found = self._connection.execute(READ.where(reservation.c.reservation_id == reservation_id)
                                         .order_by(reservation.c.step)).all()  # fmt: skip
        if not found:
            return None
        of_it = confirmed_security.c.reservation_id == reservation_id
        order = (confirmed_security.c.step, confirmed_security.c.place)
        rows = self._connection.execute(select(confirmed_security).where(of_it).order_by(*order))
        read = read_reservation(found, rows)
        if found[0].own_currency is None:
            return read
        kept = Conversions(self._connection)
        return replace(read, foreign=kept.order_of(read.decision_id), parts=kept.of_reservation(reservation_id))

    def steps_of(self, decision_ids: Sequence[str]) -> dict[str, tuple[Step, ...]]:
        """The steps of what these decisions held, by decision, the first step first; those that held nothing left out.

        Minor units of the account's currency.
        """
        wanted = select(reservation).where(reservation.c.decision_id.in_(decision_ids))
        rows = self._connection.execute(wanted.order_by(reservation.c.decision_id, reservation.c.step))
        return {decision_id: tuple(_step(row) for row in steps)
                for decision_id, steps in groupby(rows, lambda row: str(row.decision_id))}  # fmt: skip

    def of_account(self, account_id: int) -> tuple[Reservation, ...]:
        """All reservations of an account by expiry, without their securities."""
        order = (reservation.c.expires_at, reservation.c.reservation_id, reservation.c.step)
        rows = self._connection.execute(READ.where(reservation.c.account_id == account_id).order_by(*order))
        return tuple(read_reservation(list(steps)) for _, steps in groupby(rows, lambda row: row.reservation_id))

    def held_for(self, account_id: int, order_id: str) -> int:
        """What approvals of one order hold now."""
        of_order = (reservation.c.account_id == account_id) & (decision.c.order_id == order_id)
        last = func.min(reservation.c.remaining).label("held")  # what remains only ever falls
        each = select(last).join(decision, decision.c.decision_id == reservation.c.decision_id).where(of_order)
        held = each.group_by(reservation.c.reservation_id).subquery()
        return int(self._connection.execute(select(func.coalesce(func.sum(held.c.held), 0))).scalar_one())

    def converted_of(self, account_id: int, order_id: str) -> int:
        """What of one order became invoices, over all that was ever held of it."""
        of_order = (reservation.c.account_id == account_id) & (decision.c.order_id == order_id)
        parts = select(func.coalesce(func.sum(reservation.c.amount), 0)).where(reservation.c.change == "converted")
        joined = parts.join(decision, decision.c.decision_id == reservation.c.decision_id).where(of_order)
        return int(self._connection.execute(joined).scalar_one())

    def due(self, most: int, look_back: timedelta | None = None) -> tuple[Due, ...]:
        """At most so many reservations that are past their expiry by the database's clock, by account.

        `look_back` looks only at those that expired in this time, which is quick; without it, at all.
        """
        later = reservation.alias()
        over = select(later.c.step).where(later.c.reservation_id == reservation.c.reservation_id,
                                          later.c.remaining == 0)  # fmt: skip
        wanted = select(reservation.c.reservation_id, reservation.c.account_id).where(
            reservation.c.step == 1, reservation.c.expires_at <= database_now(), ~over.exists()
        )
        if look_back is not None:
            oldest = read_clock(self._connection) - look_back
            wanted = wanted.where(reservation.c.expires_at > write_instant(oldest))
        rows = self._connection.execute(wanted.order_by(reservation.c.account_id, reservation.c.reservation_id)
                                        .limit(most))  # fmt: skip
        return tuple(Due(row.reservation_id, row.account_id) for row in rows)

    def expire(self, due: Sequence[Due]) -> tuple[Reservation, ...]:
        """End those that are past their expiry by the database's clock now, and give them as they were."""
        self._accounts.lock_in_order({one.account_id for one in due})
        expired = []
        for one in due:
            found = self.get(one.reservation_id)
            assert found is not None, "reservations are never removed"
            if found.is_due(read_clock(self._connection)):
                self.take(self._accounts.take(found.account_id), found, "expired", found.remaining)
                expired.append(found)
        return tuple(expired)

    def balance_parts(self, account_id: int) -> BalanceParts:
        """What is held and what is open by invoice, each added up from its own rows: their sum must be the balance."""
        held = sum(one.remaining for one in self.of_account(account_id))
        of_it = (movement.c.account_id == account_id) & movement.c.kind.in_(MOVE_INVOICES)
        invoices = sum(self._connection.execute(select(movement.c.amount).where(of_it)).scalars())
        return BalanceParts(reserved=held, open_receivables=invoices)


def read_reservation(steps: Sequence[Any], securities: Iterable[Any] = ()) -> Reservation:
    """A reservation from the rows of its steps, in order, and of its securities."""
    first = steps[0]
    return Reservation(
        first.reservation_id, first.decision_id, first.owner, first.customer_id, first.order_id, first.currency,
        first.account_id, read_instant(first.expires_at),
        tuple(_step(row) for row in steps),
        tuple(SecurityInPlace(row.alternative, row.security, row.amount, row.reference) for row in securities),
    )  # fmt: skip


def _step(row: Any) -> Step:
    return Step(row.step, row.change, row.amount, row.remaining, row.account_ver, read_instant(row.at), row.client)
