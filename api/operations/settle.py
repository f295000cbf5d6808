"""Settle: enter payments, credit notes and write-offs, say which invoices they go to, and take them back.

The sender names each for good: the same one twice is answered as known, whatever the key. The day is that of the
policy's calendar. What the ledger cannot take is refused with its words, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.operations.set_customer import is_identifier
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.requests import read_currency, refused_fields
from api.services import Services
from credit.allocation import Part
from credit.decision import canonical_json, instant_text
from credit.money import Money
from storage.failures import NotAllowed
from storage.failures import Refused as RefusedByStorage
from storage.settlement_rows import StoredSettlement
from storage.settlements import Change, Entered, NewSettlement
from storage.unit_of_work import Work

NAMES = {"payment": "payment", "credit_note": "credit note", "write_off": "write-off"}
Changed = Callable[[Work, Change], Entered | None]


@dataclass(frozen=True, slots=True)
class Settling(KeyedRequest):
    """One request on a settlement: of which kind, and its subject is one that is there, if any."""

    kind: str = ""


def enter_settlement(held: Services, asked: Settling, wish: Mapping[str, Any]) -> Answer:
    """What was entered, as it is stored, 200 where it was known; or the stored answer to the same key and body.

    Raises: Refused for what the ledger cannot take.
    """
    today = policy_day(held.database, CUSTOMER, wish["customer_id"])
    new = _new(asked, wish, today)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        if work.customers.get(new.customer_id) is None:
            raise Refused("unknown-customer", f"there is no customer '{new.customer_id}'")
        try:
            entered = work.settlements.enter(new, today)
        except RefusedByStorage as refused:
            raise _refused(refused) from None
        return _answered(work, asked, entered, 201 if entered.is_new else 200)


def allocate_payment(held: Services, asked: Settling, wish: Mapping[str, Any]) -> Answer:
    """A payment after what was left of it was allocated, and the discounts that it earned so.

    Raises: Refused for more than is left.
    """

    def change(work: Work, change: Change) -> Entered | None:
        found = work.settlements.get(asked.kind, asked.subject)
        currency = "" if found is None else found.amount.currency
        parts = () if found is None else _parts(wish["allocations"], currency)
        return work.settlements.allocate(asked.kind, asked.subject, parts, change)

    return _change(held, asked, wish, change)


def take_back_allocation(held: Services, asked: Settling, wish: Mapping[str, Any]) -> Answer:
    """A payment after what it gave an invoice was taken back. Raises: Refused where it gave it nothing."""
    invoice_id = wish["invoice_id"]
    return _change(held, asked, wish, lambda work, change: _earning_nothing(work.settlements.take_back(
        asked.kind, asked.subject, invoice_id, change)))  # fmt: skip


def reverse_settlement(held: Services, asked: Settling, wish: Mapping[str, Any]) -> Answer:
    """A settlement after it was taken back for good. Raises: Refused for one that was taken back before."""
    return _change(held, asked, wish, lambda work, change: _earning_nothing(work.settlements.reverse(
        asked.kind, asked.subject, change, wish["reversed_on"] or change.day)))  # fmt: skip


def _earning_nothing(changed: StoredSettlement | None) -> Entered | None:
    """A settlement of which something was taken back."""
    return None if changed is None else Entered(changed, is_new=False)


def show_settlement(held: Services, kind: str, settlement_id: str) -> bytes:
    """A settlement as it stands. Raises: Refused for one that is not there."""
    with held.database.read() as work:
        shown = settlement_dict(_known(work, kind, settlement_id))
        return canonical_json({"settlement": shown, "unmet": [], "discounts": []})


def list_settlements(held: Services, customer_id: str) -> bytes:
    """Every settlement of a customer. Raises: Refused for one that is not there."""
    with held.database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        return canonical_json({"items": [settlement_dict(one) for one in work.settlements.of_customer(customer_id)]})


def settlement_dict(one: StoredSettlement) -> dict[str, object]:
    """A settlement as it is shown."""
    currency, ended = one.amount.currency, one.reversal
    is_payment = one.kind == "payment"
    return {
        "kind": one.kind, "id": one.settlement_id, "customer_id": one.customer_id, "amount": one.amount.amount,
        "currency": currency, "day": one.day.isoformat(), "reference": (one.told or None) if is_payment else None,
        "reason": None if is_payment else one.told,
        "stated": [_part_dict(part.invoice_id, part.minor, currency) for part in one.stated],
        "allocations": [_part_dict(name, minor, currency) for name, minor in one.by_invoice.items()],
        "unallocated": Money(one.unallocated, currency).amount, "by": one.by, "at": instant_text(one.at),
        "reversal": None if ended is None else {
            "reversed_on": ended.reversed_on.isoformat(), "by": ended.by, "reason": ended.reason,
            "at": instant_text(ended.at)},
    }  # fmt: skip


def _part_dict(invoice_id: str, minor: int, currency: str) -> dict[str, str]:
    return {"invoice_id": invoice_id, "amount": Money(minor, currency).amount}


def _new(asked: Settling, wish: Mapping[str, Any], today: date) -> NewSettlement:
    """The settlement of a checked body. Raises: Refused."""
    read_currency(wish["currency"])
    amount = _money(wish["amount"], wish["currency"], "amount")
    if wish["day"] > today:
        raise refused_fields([FieldError("day", f"is a day to come; today is {today}")])
    if asked.kind == "write_off":
        stated: Sequence[Part] = (Part(wish["invoice_id"], amount.minor),)
    else:
        stated = _parts(wish["allocations"], wish["currency"])
    told = wish["reference"] if asked.kind == "payment" else wish["reason"]
    return NewSettlement(asked.kind, wish["id"], wish["customer_id"], amount, wish["day"], told, asked.caller.by,
                         asked.caller.client, tuple(stated))  # fmt: skip


def _parts(sent: Sequence[Mapping[str, Any]], currency: str) -> tuple[Part, ...]:
    return tuple(
        Part(one["invoice_id"], _money(one["amount"], currency, f"allocations.{place}.amount").minor)
        for place, one in enumerate(sent)
    )


def _money(sent: str, currency: str, field: str) -> Money:
    try:
        amount = Money.parse(sent, currency)
    except ValueError as error:
        raise refused_fields([FieldError(field, str(error))]) from None
    if amount.minor == 0:
        raise refused_fields([FieldError(field, "is nothing; send an amount above zero")])
    return amount


def _change(held: Services, asked: Settling, wish: Mapping[str, Any], change: Changed) -> Answer:
    """A change of a settlement that is there, or the stored answer to the same key and body. Raises: Refused."""
    with held.database.read() as work:
        customer_id = _known(work, asked.kind, asked.subject).customer_id
    today = policy_day(held.database, CUSTOMER, customer_id)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        try:
            changed = change(work, Change(today, asked.caller.by, wish["reason"], asked.caller.client))
        except RefusedByStorage as refused:
            raise _refused(refused) from None
        assert changed is not None, "settlements are never removed"
        return _answered(work, asked, changed, 200)


def _refused(refused: RefusedByStorage) -> Refused:
    """What the ledger cannot take, as a problem."""
    return Refused(refused.name if isinstance(refused, NotAllowed) else "settlement-refused", str(refused))


def _known(work: Work, kind: str, settlement_id: str) -> StoredSettlement:
    found = work.settlements.get(kind, settlement_id) if is_identifier(settlement_id) else None
    if found is None:
        raise Refused("not-found", f"there is no {NAMES[kind]} with this id")
    return found


def _answered(work: Work, asked: Settling, found: Entered, status: int) -> Answer:
    """The answer, kept for the same key."""
    one, currency = found.settlement, found.settlement.amount.currency
    missed = [{**_part_dict(each.invoice_id, each.minor, currency), "why": each.why} for each in found.unmet]
    earned = [_part_dict(part.invoice_id, part.minor, currency) for part in found.discounts]
    response = canonical_json({"settlement": settlement_dict(one), "unmet": missed, "discounts": earned})
    return asked.answered(work, one.settlement_id, status, response)
