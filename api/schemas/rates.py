"""Exchange rates over HTTP: what may be added, and what is shown."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.customers import PageAsked
from api.schemas.fields import CURRENCY, Body, Whole, currency, day, words

VALUE = r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?$"


class RateWish(Body):
    """A rate as a bank or a central bank quotes it."""

    from_currency = currency("what is converted", data_key="from", required=True)
    to_currency = currency("into what", data_key="to", required=True)
    value = fields.String(
        required=True, validate=Whole(VALUE, error='is no rate; write plain decimal text, such as "7.1234"'),
        metadata={"description": "so many units of `to` for `per` units of `from`", "format": "decimal"},
    )  # fmt: skip
    per = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 1_000_000),
                         metadata={"description": "for how many units the value is, such as 100 JPY"})  # fmt: skip
    day = day("the day of the rate", required=True)
    source = words("where it comes from, such as a central bank", 120, required=True)


class RatesAsked(PageAsked):
    """Which rates to list."""

    from_currency = fields.String(data_key="from", load_default=None,
                                  validate=Whole(CURRENCY, error="is no currency"))  # fmt: skip
    to_currency = fields.String(data_key="to", load_default=None, validate=Whole(CURRENCY, error="is no currency"))


class RateShown(Body):
    """A rate as stored: how old it is by the database's date in UTC, and whether it is too old for an approval."""

    id = fields.String(required=True)
    from_currency = fields.String(data_key="from", required=True)
    to_currency = fields.String(data_key="to", required=True)
    value = fields.String(required=True, metadata={"format": "decimal"})
    per = fields.Integer(required=True)
    day = fields.Date(required=True)
    age_days = fields.Integer(required=True)
    stale = fields.Boolean(required=True)
    source = fields.String(required=True)
    added_by = fields.String(required=True)
    added_at = fields.DateTime(required=True)


class RateAnswer(Body):
    """One rate."""

    rate = fields.Nested(RateShown, required=True)


class RatePage(Body):
    """Rates, those added last first; `next` is null on the last page."""

    items = fields.List(fields.Nested(RateShown), required=True)
    next = fields.String(required=True, allow_none=True)
