"""Reviews and alerts over HTTP: how a customer is reviewed, whose review is due, and who fell."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate

from api.schemas.customers import Day, PageAsked
from api.schemas.fields import Body, words

BASES = ("policy", "stated")


class ReviewWish(Body):
    """What a person found when it reviewed a customer, today."""

    finding = words("what was looked at, and what was found", 1_000, required=True)
    next_on = Day("the day of the next review; null: that of the policy's review_every")


class ReviewShown(Body):
    """A review; `basis` says whether the policy or a person said the next day."""

    reviewed_on = fields.Date(required=True)
    next_on = fields.Date(required=True)
    basis = fields.String(required=True, validate=validate.OneOf(BASES))
    tier = fields.String(required=True, allow_none=True)
    finding = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.DateTime(required=True)


class ReviewsShown(Body):
    """Every review of a customer, the first one first; `next_on` is null where it was never reviewed."""

    customer_id = fields.String(required=True)
    next_on = fields.Date(required=True, allow_none=True)
    due = fields.Boolean(required=True)
    items = fields.List(fields.Nested(ReviewShown), required=True)


class QueryDay(fields.Date):
    """A day in the address."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        try:
            if not (isinstance(value, str) and value.isascii() and len(value) == 10):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError('is no day; write one such as "2026-12-31"') from None


class DueAsked(PageAsked):
    """On which day, and which part of the list."""

    on = QueryDay(load_default=None, metadata={"description": "on this day; left out: today"})


class DueShown(Body):
    """A customer whose review is due; `due_on` and `reviewed_on` are null where it was never reviewed."""

    customer_id = fields.String(required=True)
    name = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    reviewed_on = fields.Date(required=True, allow_none=True)
    tier = fields.String(required=True, allow_none=True)


class DuePage(Body):
    """Customers by id; `next` is null on the last page."""

    items = fields.List(fields.Nested(DueShown), required=True)
    next = fields.String(required=True, allow_none=True)


class AlertsAsked(PageAsked):
    """Which alerts to list."""

    all = fields.String(load_default="no", validate=validate.OneOf(("yes", "no")),
                        metadata={"description": "also those that a person saw"})  # fmt: skip


class StandingShown(Body):
    """Where a customer stood: tier, terms, limits and ratings by its policy, and since which change."""

    as_of = fields.Date(required=True)
    tier = fields.String(required=True, allow_none=True)
    terms = fields.List(fields.String(), required=True)
    longest = fields.String(required=True, allow_none=True)
    limit = fields.String(required=True, allow_none=True)
    largest_order = fields.String(required=True, allow_none=True)
    ratings = fields.Dict(keys=fields.String(), required=True)
    policy_digest = fields.String(required=True)
    why = fields.String(required=True)


class SeenShown(Body):
    """Who saw an alert, and what that person says of it."""

    by = fields.String(required=True)
    note = fields.String(required=True)
    at = fields.DateTime(required=True)


class AlertShown(Body):
    """That a customer fell; `fell` names the tier and the facts of ratings."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    fell = fields.List(fields.String(), required=True)
    before = fields.Nested(StandingShown, required=True)
    after = fields.Nested(StandingShown, required=True)
    at = fields.DateTime(required=True)
    seen = fields.Nested(SeenShown, required=True, allow_none=True)


class AlertAnswer(Body):
    """One alert."""

    alert = fields.Nested(AlertShown, required=True)


class AlertPage(Body):
    """Alerts by id; `next` is null on the last page."""

    items = fields.List(fields.Nested(AlertShown), required=True)
    next = fields.String(required=True, allow_none=True)


class SeenWish(Body):
    """What the person who saw an alert does about it."""

    note = words("what is done about it", 240, required=True)
