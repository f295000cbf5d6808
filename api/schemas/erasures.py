"""Erasures over HTTP: why a record is erased, and how that is told."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Body, words


class ErasureWish(Body):
    """Why a record is erased; the reason stays in the log for ever, so it names nobody."""

    reason = words("why, without naming whom the record tells of: it stays in the log", 240, required=True)


class DecisionErased(Body):
    """Who erased the record of a decision, why and when."""

    decision_id = fields.String(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class CustomerErased(Body):
    """Who erased a customer's record, why and when, and how many of its decisions are erased."""

    customer_id = fields.String(required=True)
    decisions = fields.Integer(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class DecisionErasedAnswer(Body):
    """One erased decision."""

    erased = fields.Nested(DecisionErased, required=True)


class CustomerErasedAnswer(Body):
    """One erased customer."""

    erased = fields.Nested(CustomerErased, required=True)
