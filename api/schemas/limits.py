"""Granted limits over HTTP: how one is told, and how all of them are shown."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.customers import LIMIT, Day, LimitText
from api.schemas.fields import Body, token, words
from storage.customers import PERMANENT, TEMPORARY

KINDS = (PERMANENT, TEMPORARY)
FIRST = "the first day on which it counts, in the policy's timezone; null: it has none"
LAST = "the last day on which it counts, in the policy's timezone; a temporary one has to have it"


class LimitWish(Body):
    """One more limit: permanent from a day on, or temporary in its place."""

    kind = token("permanent, or temporary in its place", KINDS, load_default=PERMANENT)
    limit = LimitText(required=True, metadata=LIMIT)
    valid_from = Day(FIRST)
    valid_until = Day(LAST)
    reason = words("why", 240, required=True)


class LimitShown(Body):
    """A limit as it was told; `counts` says whether it is the one that counts on the database's day in UTC."""

    place = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    limit = fields.String(required=True)
    valid_from = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True)
    reason = fields.String(required=True)
    told_by = fields.String(required=True)
    told_at = fields.DateTime(required=True)
    counts = fields.Boolean(required=True)


class LimitsShown(Body):
    """Every limit of a customer or group, the one told first first."""

    currency = fields.String(required=True)
    items = fields.List(fields.Nested(LimitShown), required=True)
