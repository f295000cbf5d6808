"""What every change of a reservation has in common: whose it is, its key, its lock, and that nothing follows an end.

A change is one transaction: claim the key, take the account, read the reservation as it stands, move it, keep the
answer.
INVARIANT: a reservation that is over, or past its expiry by the database's clock, is changed by nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api import idempotency
from api.auth import Caller
from api.errors import Refused
from api.idempotency import Answer, stored_answer
from api.operations.set_customer import is_identifier
from api.services import Services
from credit.decision import canonical_json, instant_text
from credit.money import Money
from storage.answers import NewAnswer
from storage.exposure_ledger import Taken
from storage.reservations import Reservation
from storage.unit_of_work import Work

Apply = Callable[[Work, Taken, Reservation], None]


@dataclass(frozen=True, slots=True)
class Changing:
    """One request to change a reservation: whose it is, its key, its bytes, and which operation on which one."""

    caller: Caller
    key: str
    body: bytes
    operation: str
    reservation_id: str

    @property
    def hash(self) -> bytes:
        """What the key stands for."""
        return idempotency.body_hash(f"{self.operation} {self.reservation_id}", self.body)


def change_reservation(held: Services, asked: Changing, apply: Apply) -> Answer:
    """The reservation after the change, or the stored answer to the same key and body.

    Raises: Refused for a reservation that is not there, not the caller's, or over; storage's failures.
    """
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        taken = work.accounts.take(_visible(work, asked.caller, asked.reservation_id).account_id)
        found = _visible(work, asked.caller, asked.reservation_id)  # again, as it stands now
        refuse_over(found, taken.now)
        apply(work, taken, found)
        after = _visible(work, asked.caller, asked.reservation_id)
        response = canonical_json({"reservation": reservation_dict(after, taken.now)})
        work.answers.record(NewAnswer(asked.caller.client, asked.key, asked.hash, asked.operation,
                                      asked.reservation_id, 200, response))  # fmt: skip
        return Answer(200, response, replayed=False)


def show_reservation(held: Services, caller: Caller, reservation_id: str) -> bytes:
    """A reservation as it stands now. Raises: Refused for one that is not there or not the caller's."""
    with held.database.read() as work:
        found = _visible(work, caller, reservation_id)
        return canonical_json({"reservation": reservation_dict(found, work.now())})


def refuse_over(found: Reservation, now: datetime) -> None:
    """Refuse a reservation of which nothing is held any more, or not for longer. Raises: Refused."""
    if found.remaining == 0:
        raise Refused("reservation-over", f"the reservation is {found.state}; nothing of it is held any more")
    if found.is_due(now):
        raise Refused("reservation-over", f"the reservation expired at {instant_text(found.expires_at)}")


def reservation_dict(found: Reservation, now: datetime) -> dict[str, object]:
    """A reservation as it is shown; it is expired from its expiry on, even where the sweep has not come by yet."""
    return {
        "id": found.reservation_id, "decision_id": found.decision_id, "customer_id": found.customer_id,
        "order_id": found.order_id, "state": "expired" if found.is_due(now) else found.state,
        "currency": found.currency, "amount": _amount(found, found.amount),
        "remaining": _amount(found, found.remaining), "expires_at": instant_text(found.expires_at),
        "steps": [
            {"change": one.change, "amount": _amount(found, one.amount), "remaining": _amount(found, one.remaining),
             "client": one.client, "at": instant_text(one.at)}
            for one in found.steps
        ],
        "securities": [
            {"alternative": one.alternative, "security": one.security, "amount": _amount(found, one.amount),
             "reference": one.reference}
            for one in found.securities
        ],
        **original_dict(found),
    }  # fmt: skip


def original_dict(found: Reservation) -> dict[str, object]:
    """What an order in another currency held of it, how much of that became invoices, and by which rate."""
    foreign = found.foreign
    if foreign is None or foreign.rate is None:
        return {}
    currency, rate = foreign.amount.currency, foreign.rate
    invoiced = sum((one.original for one in found.parts[1:]), Money.zero(currency))
    told = {"currency": currency, "amount": foreign.unsecured.amount, "invoiced": invoiced.amount,
            "rate": {"id": rate.rate_id, "value": rate.rate.value, "per": rate.rate.per,
                     "day": rate.day.isoformat(), "source": rate.source}}  # fmt: skip
    return {"original": told}


def _amount(found: Reservation, minor: int) -> str:
    return Money(minor, found.currency).amount


def _visible(work: Work, caller: Caller, reservation_id: str) -> Reservation:
    """The reservation; an order system sees its own."""
    found = work.reservations.get(reservation_id) if is_identifier(reservation_id) else None
    if found is None or (caller.role == "order_system" and found.client != caller.client):
        raise Refused("not-found", "there is no reservation with this id")
    return found
