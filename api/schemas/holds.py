"""Holds over HTTP: how orders of a customer are stopped and let go on, and how every hold is shown."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.fields import Body, token, words
from credit.holds import SCOPES


class HoldWish(Body):
    """A hold that a person places, from today on."""

    scope = token("orders that are not prepaid, or the whole account", SCOPES, required=True)
    reason = words("why", 240, required=True)


class HoldEnd(Body):
    """Why a hold is ended."""

    reason = words("why", 240, required=True)


class HoldEndShown(Body):
    """Who ended a hold, from which day on, and why."""

    released_on = fields.Date(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class HoldShown(Body):
    """A hold; `invoice_id` and `step` are those of the ladder that placed it, null where a person did."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    placed_on = fields.Date(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    invoice_id = fields.String(required=True, allow_none=True)
    step = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True)
    release = fields.Nested(HoldEndShown, required=True, allow_none=True)


class HoldAnswer(Body):
    """One hold."""

    hold = fields.Nested(HoldShown, required=True)


class HoldsShown(Body):
    """Every hold of a customer, the one placed first first."""

    items = fields.List(fields.Nested(HoldShown), required=True)
