"""Tell a day of an invoice that a ladder counts from: when the goods came, or when it came onto the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.requests import refused_fields
from api.services import Services
from credit.decision import canonical_json, instant_text
from storage.failures import Refused as RefusedByStorage
from storage.invoice_days import DayTold
from storage.unit_of_work import Work

LONGEST_ID = 200


def tell_invoice_day(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """Every day that was told of an invoice, with the new one, or the stored answer to the same key and body.

    The invoice is the part of the customer that is asked for; the number of one in instalments tells it of each.
    Raises: Refused for an invoice that is not there, and a day to come.
    """
    invoice_id, day = asked.part, policy_day(held.database, CUSTOMER, asked.subject)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        owner_of(work, CUSTOMER, asked.subject)
        if wish["day"] > day:
            raise refused_fields([FieldError("day", f"lies after today, {day}; tell it when it has come")])
        told = DayTold(wish["what"], wish["day"], asked.caller.by, asked.caller.client)
        known = len(invoice_id) <= LONGEST_ID and invoice_id.isprintable()
        try:
            named = work.invoices.named(asked.subject, invoice_id) if known else ()
            done = [work.invoice_days.tell(asked.subject, name, told) for name in named]
        except RefusedByStorage as refused:
            raise refused_fields([FieldError("day", str(refused))]) from None
        if not done:
            raise Refused("not-found", "the customer has no invoice with this id")
        return asked.answered(work, asked.subject, 201, canonical_json(days_dict(work, asked.subject, invoice_id)))


def days_dict(work: Work, customer_id: str, invoice_id: str) -> dict[str, object]:
    """Every told day as it is shown; of each kind the last counts."""
    items = [day for name in work.invoices.named(customer_id, invoice_id) for day in _days_of(work, customer_id, name)]
    return {"customer_id": customer_id, "invoice_id": invoice_id, "items": items}


def _days_of(work: Work, customer_id: str, invoice_id: str) -> list[dict[str, object]]:
    found = work.invoice_days.of_invoice(customer_id, invoice_id)
    last = {one.anchor: place for place, one in enumerate(found)}
    return [
        {"invoice_id": invoice_id, "what": one.anchor, "day": one.day.isoformat(), "by": one.by,
         "counts": last[one.anchor] == place, "at": None if one.at is None else instant_text(one.at)}
        for place, one in enumerate(found)
    ]  # fmt: skip
