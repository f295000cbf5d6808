"""Told days of invoices over HTTP."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.fields import Body, day, token
from storage.invoice_day_tables import TOLD


class InvoiceDayWish(Body):
    """A day of an invoice that a ladder counts from."""

    what = token("delivered: the goods came; entered: the invoice came onto the ladder", TOLD, required=True)
    day = day("the day on which that was", required=True)


class InvoiceDayShown(Body):
    """A day as it was told; `counts` says whether it is the last one of its kind for this invoice or instalment."""

    invoice_id = fields.String(required=True)
    what = fields.String(required=True, validate=validate.OneOf(TOLD))
    day = fields.Date(required=True)
    by = fields.String(required=True)
    counts = fields.Boolean(required=True)
    at = fields.DateTime(required=True)


class InvoiceDaysShown(Body):
    """Every day that was told of an invoice, or of each of its instalments, the one told first first."""

    customer_id = fields.String(required=True)
    invoice_id = fields.String(required=True)
    items = fields.List(fields.Nested(InvoiceDayShown), required=True)
