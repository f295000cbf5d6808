"""Blocks of invoices over HTTP: how the steps of a ladder are stopped for some days, and go on."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.fields import Body, day, token, words
from api.schemas.settlements import LONGEST_INVOICE_ID
from credit.blocks import KINDS


class BlockWish(Body):
    """A block of one invoice, from today on."""

    invoice_id = words("the number of the invoice, or of an instalment", LONGEST_INVOICE_ID, required=True)
    kind = token("the customer disputes it, or promised to pay", KINDS, required=True)
    until = day("the last day of the block, such as the day that was promised", required=True)
    reason = words("why", 240, required=True)


class BlockEndWish(Body):
    """Why a block is ended before its last day."""

    reason = words("why", 240, required=True)


class BlockEndShown(Body):
    """Who ended a block, from which day on, and why."""

    ended_on = fields.Date(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class BlockShown(Body):
    """A block; it lasts from `begins_on` to `until`, both with it, unless it was ended."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    invoice_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    begins_on = fields.Date(required=True)
    until = fields.Date(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)
    end = fields.Nested(BlockEndShown, required=True, allow_none=True)


class BlockAnswer(Body):
    """One block; of an invoice in instalments that of the first, and `further` those of the others."""

    block = fields.Nested(BlockShown, required=True)
    further = fields.List(fields.Nested(BlockShown), required=True)


class BlocksShown(Body):
    """Every block of a customer's invoices, the one that begins first first."""

    items = fields.List(fields.Nested(BlockShown), required=True)
