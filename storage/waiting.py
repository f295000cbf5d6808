"""What waits for somebody to work on it: how much, and for how long the oldest; read for the operator's figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, func, select

from storage.clock import database_now, read_instant
from storage.escalation_tables import outbox_lease
from storage.log_tables import log_queue
from storage.referrals import Referrals
from storage.tables import reservation


@dataclass(frozen=True, slots=True)
class Waiting:
    """One queue: how many wait, and how many seconds the oldest has waited."""

    count: int
    oldest_seconds: float


def overdue_reservations(connection: Connection) -> Waiting:
    """Reservations past their expiry that no sweep has ended yet."""
    over = reservation.alias()
    ended = select(over.c.step).where(over.c.reservation_id == reservation.c.reservation_id, over.c.remaining == 0)
    found = connection.execute(
        select(func.count(), func.min(reservation.c.expires_at), database_now()).where(
            reservation.c.step == 1, reservation.c.expires_at <= database_now(), ~ended.exists()
        )
    ).one()
    return waiting(*found)


def unsequenced_entries(connection: Connection) -> Waiting:
    """Entries of the transparency log that have no leaf yet."""
    found = connection.execute(select(func.count(), func.min(log_queue.c.at), database_now())).one()
    return waiting(*found)


def messages_that(state: str) -> Callable[[Connection], Waiting]:
    """Messages of a state whose time has come: that of the next attempt, or since when they stand so."""

    def read(connection: Connection) -> Waiting:
        wanted = (outbox_lease.c.state == state) & (outbox_lease.c.next_at <= database_now())
        found = select(func.count(), func.min(outbox_lease.c.next_at), database_now()).where(wanted)
        return waiting(*connection.execute(found).one())

    return read


def open_referrals(connection: Connection, life: timedelta) -> Waiting:
    """Referred orders that wait for a person, who has so long to decide each of them."""
    return waiting(*Referrals(connection).open(life))


def waiting(count: int, oldest: str | None, now: str) -> Waiting:
    """A queue from its count, the stored instant of its oldest entry, and the database's clock."""
    if oldest is None:
        return Waiting(count, 0.0)
    return Waiting(count, max(0.0, (read_instant(now) - read_instant(oldest)).total_seconds()))


# every queue that needs no setting has its line here, by the name that the figures bear
QUEUES: Mapping[str, Callable[[Connection], Waiting]] = {
    "overdue_reservations": overdue_reservations,
    "unsequenced_entries": unsequenced_entries,
    "due_letters": messages_that("queued"),
    "letters_without_address": messages_that("no_address"),
    "messages_for_people": messages_that("for_a_person"),
    "dead_letters": messages_that("dead"),
}


class Queues:
    """The queues as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        """Read over the transaction's connection."""
        self._connection = connection

    def dead_letters(self) -> int:
        """How many letters were given up and wait for a person."""
        return messages_that("dead")(self._connection).count

    def all(self, referral_life: timedelta) -> Mapping[str, Waiting]:
        """Every queue by its name; a referral waits for so long at most."""
        found = {name: read(self._connection) for name, read in QUEUES.items()}
        return found | {"open_referrals": open_referrals(self._connection, referral_life)}
