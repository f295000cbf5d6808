"""Reservations over HTTP: what changes one, and how it is shown with its whole life."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.fields import Body, Whole, day, identifier, money, words
from credit.exposure import ReservationState
from credit.receivables import FORMS

SECURITY = r"^[a-z][a-z0-9_]{0,39}$"
MOST_SECURITIES = 20
LONGEST_TERMS = 1000
CHANGES = tuple(str(state) for state in ReservationState)


class InvoiceTakingOver(Body):
    """The invoice that a part of the hold became."""

    id = identifier("the invoice's number, the same as in later imports", required=True)
    amount = money("what the invoice is worth, in the order's currency; left out: what is converted", load_default=None)
    invoiced_on = day("the day of the invoice", required=True)
    due_on = day("when it is to be paid; left out: by the terms", load_default=None)
    terms = words("the terms of payment, such as 'net 30' or '3 instalments every 30 days'; left out without `due_on`: "
                  "those of the decision", LONGEST_TERMS, load_default=None)  # fmt: skip
    delivered_on = day("the day of the delivery, which terms 'from delivery' count from", load_default=None)
    form = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(FORMS, error="is no form; write {choices}"),
        metadata={"description": "how it was sent"},
    )  # fmt: skip


class Conversion(Body):
    """A part of the hold, or all of it, that is held no longer."""

    amount = money("what leaves the hold, at most what is held, in the currency of the order", required=True)
    invoice = fields.Nested(
        InvoiceTakingOver(), load_default=None, allow_none=True,
        metadata={"description": "enters what is owed at once; left out: it comes with an import"},
    )  # fmt: skip


class Voiding(Body):
    """Nothing is said beside the reservation itself."""


class SecurityConfirmed(Body):
    """One security that is in place."""

    security = fields.String(
        required=True, validate=Whole(SECURITY, error="is no security; write it as the decision does"),
        metadata={"description": "the instrument, as the decision's conditions name it"},
    )  # fmt: skip
    amount = money("what it covers", required=True)
    reference = words("its number or where it is filed", 80, required=True)


class Confirmation(Body):
    """One alternative of the decision's conditions, in full."""

    conditions = fields.List(
        fields.Nested(SecurityConfirmed()), required=True, validate=validate.Length(1, MOST_SECURITIES),
        error_messages={"required": "is missing; send it"},
    )  # fmt: skip


class StepShown(Body):
    """One step of a reservation's life; `client` is whose request it was, null for the first step and the expiry."""

    change = fields.String(required=True, validate=validate.OneOf(CHANGES))
    amount = fields.String(required=True, metadata={"format": "decimal"})
    remaining = fields.String(required=True, metadata={"format": "decimal"})
    client = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True)


class SecurityShown(SecurityConfirmed):
    """One security that was confirmed, with the alternative that it belongs to."""

    alternative = fields.Integer(required=True)


class RateOfHold(Body):
    """The rate by which an order was converted when it was approved."""

    id = fields.String(required=True)
    value = fields.String(required=True, metadata={"format": "decimal"})
    per = fields.Integer(required=True)
    day = fields.Date(required=True)
    source = fields.String(required=True)


class OriginalShown(Body):
    """What an order in another currency held of it, and how much of that became invoices."""

    currency = fields.String(required=True)
    amount = fields.String(required=True, metadata={"format": "decimal"})
    invoiced = fields.String(required=True, metadata={"format": "decimal"})
    rate = fields.Nested(RateOfHold, required=True)


class ReservationLife(Body):
    """What an approval held and holds."""

    id = fields.String(required=True)
    decision_id = fields.String(required=True)
    customer_id = fields.String(required=True)
    order_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(CHANGES))
    currency = fields.String(required=True)
    amount = fields.String(required=True, metadata={"format": "decimal"})
    remaining = fields.String(required=True, metadata={"format": "decimal"})
    expires_at = fields.DateTime(required=True)
    steps = fields.List(fields.Nested(StepShown()), required=True)
    securities = fields.List(fields.Nested(SecurityShown()), required=True)
    original = fields.Nested(OriginalShown, metadata={"description": "only of an order in another currency"})


class ReservationAnswer(Body):
    """A reservation as it stands."""

    reservation = fields.Nested(ReservationLife, required=True)
