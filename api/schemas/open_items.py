"""What is owed, over HTTP: invoices, statements of account, and ageing, each as of a day."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from api.schemas.customers import PageAsked
from api.schemas.fields import Body, day, identifier, words
from credit.receivables import BUCKETS
from credit.statement import ENTRIES

_DECIMAL: dict[str, Any] = {"metadata": {"format": "decimal"}}
TODAY = "as a reader on this day knew it; left out: today"


class AsOfAsked(Body):
    """The day that is asked about."""

    as_of = day(TODAY, load_default=None)


class StatementAsked(AsOfAsked):
    """The first and the last day of a statement."""

    since = day("its first day; left out: 90 days before", load_default=None)


class InvoicesAsked(PageAsked):
    """Whose invoices to list, as of which day."""

    customer_id = identifier("whose", required=True)
    as_of = day(TODAY, load_default=None)
    open = fields.Boolean(load_default=False, metadata={"description": "only those of which something is open"})
    cursor = words("`next` of the page before", 64, load_default=None)


class OrderOfInvoice(Body):
    """An order that an invoice is for: its decision, and the reservation that became the invoice, or a part of it."""

    order_id = fields.String(required=True)
    decision_id = fields.String(required=True)
    reservation_id = fields.String(required=True)


class InvoiceShown(Body):
    """An invoice on a day; `open_amount` is what is still owed of it.

    An instalment is one here: `whole_id` is the number of the whole, `instalment` its place of `instalments`. So is a
    late charge that was billed: `charge_of` is the invoice that bore it, `charged_until` its last day.
    `form` says how it was sent, `electronic` or `paper`; null where nobody said.
    `discount` may be taken off when the whole is paid by the day `discount_until`; null where nothing may.
    """

    customer_id = fields.String(required=True)
    invoice_id = fields.String(required=True)
    amount = fields.String(required=True, **_DECIMAL)
    open_amount = fields.String(required=True, **_DECIMAL)
    currency = fields.String(required=True)
    invoiced_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    days_overdue = fields.Integer(required=True)
    settled_on = fields.Date(required=True, allow_none=True)
    disputed = fields.Boolean(required=True, allow_none=True)
    form = fields.String(required=True, allow_none=True)
    terms = fields.String(required=True, allow_none=True)
    whole_id = fields.String(required=True, allow_none=True)
    instalment = fields.Integer(required=True, allow_none=True)
    instalments = fields.Integer(required=True, allow_none=True)
    charge_of = fields.String(required=True, allow_none=True)
    charged_until = fields.Date(required=True, allow_none=True)
    orders = fields.List(fields.Nested(OrderOfInvoice), required=True)
    discount_until = fields.Date(required=True, allow_none=True)
    discount = fields.String(required=True, allow_none=True, **_DECIMAL)


class InvoicePage(Body):
    """Invoices by their number; `next` is null on the last page."""

    as_of = fields.Date(required=True)
    items = fields.List(fields.Nested(InvoiceShown), required=True)
    next = fields.String(required=True, allow_none=True)


class OpenItemShown(InvoiceShown):
    """An open invoice with its bucket."""

    bucket = fields.String(required=True, validate=validate.OneOf(BUCKETS))


class LineShown(Body):
    """One line of a statement, with the balance after it."""

    day = fields.Date(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ENTRIES))
    id = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    amount = fields.String(required=True, **_DECIMAL)
    balance = fields.String(required=True, **_DECIMAL)


class UnallocatedShown(Body):
    """Money that was received or credited and goes to no invoice yet."""

    kind = fields.String(required=True)
    id = fields.String(required=True)
    day = fields.Date(required=True)
    amount = fields.String(required=True, **_DECIMAL)
    unallocated = fields.String(required=True, **_DECIMAL)


class CurrencyShown(Body):
    """A statement in one currency: `closing` is what is open less what is unallocated."""

    currency = fields.String(required=True)
    opening = fields.String(required=True, **_DECIMAL)
    closing = fields.String(required=True, **_DECIMAL)
    open = fields.String(required=True, **_DECIMAL)
    unallocated = fields.String(required=True, **_DECIMAL)
    overdue = fields.String(required=True, **_DECIMAL)
    lines = fields.List(fields.Nested(LineShown), required=True)
    open_items = fields.List(fields.Nested(OpenItemShown), required=True)
    unallocated_items = fields.List(fields.Nested(UnallocatedShown), required=True)


class StatementShown(Body):
    """A statement of account, for each currency."""

    customer_id = fields.String(required=True)
    since = fields.Date(required=True)
    as_of = fields.Date(required=True)
    items = fields.List(fields.Nested(CurrencyShown), required=True)


class AgeingOfCurrency(Body):
    """What is open in one currency by how long it is overdue; `dso` is null where nothing was invoiced."""

    currency = fields.String(required=True)
    customers = fields.Integer(required=True)
    invoices = fields.Integer(required=True)
    open = fields.String(required=True, **_DECIMAL)
    not_due = fields.String(required=True, **_DECIMAL)
    days_1_30 = fields.String(required=True, **_DECIMAL)
    days_31_60 = fields.String(required=True, **_DECIMAL)
    days_61_90 = fields.String(required=True, **_DECIMAL)
    days_over_90 = fields.String(required=True, **_DECIMAL)
    sales_days = fields.Integer(required=True)
    sales = fields.String(required=True, **_DECIMAL)
    dso = fields.String(required=True, allow_none=True, **_DECIMAL)


class AgeingShown(Body):
    """What is open on a day, for each currency in which accounts are kept."""

    as_of = fields.Date(required=True)
    items = fields.List(fields.Nested(AgeingOfCurrency), required=True)


class BillingShown(Body):
    """What of the late charges of an invoice was billed, and what is to be, below zero what was too much.

    Both are in the currency of the invoice; `unbilled` is null where the charges are.
    """

    currency = fields.String(required=True)
    billed = fields.String(required=True, **_DECIMAL)
    unbilled = fields.String(required=True, allow_none=True, **_DECIMAL)


class LateChargeShown(Body):
    """The late charges of one invoice; null where the policy lacks a rate for a day, or a date is not known."""

    invoice_id = fields.String(required=True)
    due_on = fields.Date(required=True)
    open_amount = fields.String(required=True, **_DECIMAL)
    settled_on = fields.Date(required=True, allow_none=True)
    late_charges = fields.String(required=True, allow_none=True, **_DECIMAL)
    billing = fields.Nested(BillingShown, required=True)


class LateChargesShown(Body):
    """The late charges of a customer's invoices in its account's currency; invoices without any are left out.

    `total` is null where one of them is, and where no policy is in effect.
    """

    customer_id = fields.String(required=True)
    as_of = fields.Date(required=True)
    currency = fields.String(required=True)
    total = fields.String(required=True, allow_none=True, **_DECIMAL)
    items = fields.List(fields.Nested(LateChargeShown), required=True)


class BillWish(Body):
    """Up to which day late charges are billed, and when they are due."""

    as_of = day("up to this day, with it, today or before; left out: today", load_default=None)
    due_on = day("when they are due; left out: in 14 days", load_default=None)


class CreditProposed(Body):
    """What was billed too much of an invoice: a credit note for its `charges` would set it right."""

    invoice_id = fields.String(required=True)
    amount = fields.String(required=True, **_DECIMAL)
    currency = fields.String(required=True)
    charges = fields.List(fields.String(), required=True)


class NotBilled(Body):
    """An invoice whose charges could not be billed, and why."""

    invoice_id = fields.String(required=True)
    why = fields.String(required=True)


class BillShown(Body):
    """What was billed to a customer up to `as_of`, one item for an invoice."""

    customer_id = fields.String(required=True)
    as_of = fields.Date(required=True)
    due_on = fields.Date(required=True)
    billed = fields.List(fields.Nested(InvoiceShown), required=True)
    credit_proposed = fields.List(fields.Nested(CreditProposed), required=True)
    not_billed = fields.List(fields.Nested(NotBilled), required=True)
