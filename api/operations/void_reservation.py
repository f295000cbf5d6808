"""Void what an order holds: it was cancelled, or will not be delivered; the rest of the hold is let go for good."""

from __future__ import annotations

from api.idempotency import Answer
from api.operations.change_reservation import Changing, change_reservation
from api.services import Services
from storage.exposure_ledger import Taken
from storage.reservations import Reservation
from storage.unit_of_work import Work


def void_reservation(held: Services, asked: Changing) -> Answer:
    """The reservation after it was voided, or the stored answer to the same key and body.

    Raises: Refused; storage's failures.
    """

    def void(work: Work, taken: Taken, found: Reservation) -> None:
        work.reservations.take(taken, found, "voided", found.remaining, client=asked.caller.client)

    return change_reservation(held, asked, void)
