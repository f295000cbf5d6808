"""Expire what was held for too long: a sweep in small transactions, by the database's clock and no other.

It may come late, which is the safe side: until then the amount still counts. It never comes early, whatever the clock
of the machine that runs it says, and as many of them may run at once as there are processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from storage.engine import Database
from storage.reservations import Reservation

AT_ONCE = 50  # a sweep keeps decisions waiting for no longer than this many take


def expire_reservations(database: Database, look_back: timedelta | None = None) -> Iterator[Reservation]:
    """End every reservation past its expiry, and give each as it was; lots before a failing one stay ended.

    `look_back` looks only at those that expired in this time, which stays quick however long the history is.
    Raises: storage's failures.
    """
    while True:
        with database.read() as work:
            due = work.reservations.due(AT_ONCE, look_back)
        if due:
            with database.write() as work:
                expired = work.reservations.expire(due)
            yield from expired
        if len(due) < AT_ONCE:
            return
