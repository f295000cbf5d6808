"""Settlements over HTTP: payments, credit notes and write-offs, what they go to, and how they are taken back."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from api.schemas.fields import Body, currency, day, identifier, money, words
from credit.allocation import KINDS

LONGEST_INVOICE_ID = 64
MOST_PARTS = 500
_DECIMAL: dict[str, Any] = {"metadata": {"format": "decimal"}}


class PartWish(Body):
    """What goes to one invoice."""

    invoice_id = words("the number of the invoice", LONGEST_INVOICE_ID, required=True)
    amount = money("how much of it", required=True)


def parts(what: str) -> Any:
    """A list of invoices with what goes to each; it may be left out."""
    return fields.List(fields.Nested(PartWish), load_default=list, validate=validate.Length(max=MOST_PARTS),
                       metadata={"description": what})  # fmt: skip


class PaymentWish(Body):
    """Money that was received of a customer."""

    id = identifier("what names it for good, such as the bank's number", required=True)
    customer_id = identifier("who paid", required=True)
    amount = money("how much", required=True)
    currency = currency("that of the money", required=True)
    day = day("the day on which it was received", required=True)
    reference = words("what the remitter wrote", 240, load_default="")
    allocations = parts("what the remitter says that it is for; the rest goes to the oldest invoices")


class CreditNoteWish(Body):
    """Money that a customer need not pay."""

    id = identifier("the number of the credit note", required=True)
    customer_id = identifier("whose it is", required=True)
    amount = money("how much", required=True)
    currency = currency("that of the invoices", required=True)
    day = day("its date", required=True)
    reason = words("why", 240, required=True)
    allocations = parts("which invoices it is for; the rest goes to the oldest ones")


class WriteOffWish(Body):
    """What nobody expects to be paid any more of one invoice."""

    id = identifier("what names it for good", required=True)
    customer_id = identifier("whose invoice it is", required=True)
    invoice_id = words("the number of the invoice", LONGEST_INVOICE_ID, required=True)
    amount = money("how much of it, at most what is open", required=True)
    currency = currency("that of the invoice", required=True)
    day = day("from which day on it is lost", required=True)
    reason = words("why", 240, required=True)


class AllocateWish(Body):
    """Which invoices the money that is left goes to; the oldest ones where none is named."""

    allocations = parts("invoices and amounts; without any, oldest first")
    reason = words("why", 240, required=True)


class TakeBackWish(Body):
    """From which invoice the money is taken back."""

    invoice_id = words("the number of the invoice", LONGEST_INVOICE_ID, required=True)
    reason = words("why", 240, required=True)


class ReversalWish(Body):
    """Why something is taken back for good, and from which day on."""

    reversed_on = day("from which day on; left out: today", load_default=None)
    reason = words("why", 240, required=True)


class AllocationShown(Body):
    """What goes to one invoice."""

    invoice_id = fields.String(required=True)
    amount = fields.String(required=True, **_DECIMAL)


class UnmetShown(AllocationShown):
    """What could not go as it was stated, and why; it stays unallocated."""

    why = fields.String(required=True)


class ReversalShown(Body):
    """Who took it back, from which day on, and why."""

    reversed_on = fields.Date(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class SettlementShown(Body):
    """A payment, credit note, write-off or discount; `reference` is that of a payment, `reason` of the others."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    amount = fields.String(required=True, **_DECIMAL)
    currency = fields.String(required=True)
    day = fields.Date(required=True)
    reference = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    stated = fields.List(fields.Nested(AllocationShown), required=True)
    allocations = fields.List(fields.Nested(AllocationShown), required=True)
    unallocated = fields.String(required=True, **_DECIMAL)
    by = fields.String(required=True)
    at = fields.DateTime(required=True)
    reversal = fields.Nested(ReversalShown, required=True, allow_none=True)


class SettlementAnswer(Body):
    """One settlement, what of it could not go as it was stated, and what discounts it earned when it was entered."""

    settlement = fields.Nested(SettlementShown, required=True)
    unmet = fields.List(fields.Nested(UnmetShown), required=True)
    discounts = fields.List(fields.Nested(AllocationShown), required=True)


class SettlementsShown(Body):
    """Every settlement of a customer by its day."""

    items = fields.List(fields.Nested(SettlementShown), required=True)
