"""Customers over HTTP: what may be set, and what is shown."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

from api.schemas.fields import AMOUNT, Body, Facts, Whole, currency, words

LARGEST_PAGE = 200
COUNTRY = Whole(r"^[A-Z]{2}$", error="is no country; write its ISO 3166 code, such as CN")


class LimitText(fields.String):
    """ "none", "unlimited" or an amount; three different things."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        if value not in ("none", "unlimited"):
            Whole(AMOUNT, error='is no limit; write "none", "unlimited" or an amount such as "500000.00"')(value)
        return str(value)


LIMIT = {
    "description": "the limit a person granted: none, unlimited, or an amount in the customer's currency",
    "pattern": r"^(none|unlimited|(0|[1-9][0-9]*)(\.[0-9]{1,4})?)$",
}

_NO_NULL: dict[str, Any] = {"null": 'is null; write "none" where nobody granted a limit'}


class Day(fields.Date):
    """A day, or null where there is none."""

    def __init__(self, description: str) -> None:
        """A day that may be left out; the description stands in the interface's own."""
        said = 'is no day; write one such as "2026-12-31"'
        super().__init__(load_default=None, allow_none=True, metadata={"description": description},
                         error_messages={"invalid": said})  # fmt: skip

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not isinstance(value, str) or re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII) is None:
            raise self.make_error("invalid", input=value, obj_type="date")
        return super()._deserialize(value, attr, data, **options)


FIRST_DAY = "the first day on which the limit is in force, by the database's date in UTC; null: it has none"
LAST_DAY = "the last day on which the limit is in force, by the database's date in UTC; null: it has none"


class CustomerWish(Body):
    """A customer's master data, in full: what is left out is emptied."""

    name = words("the customer's name", 256, required=True)
    country = fields.String(load_default=None, allow_none=True, validate=COUNTRY,
                            metadata={"description": "ISO 3166-1 alpha-2"})  # fmt: skip
    currency = currency("the currency of the account, fixed once it is opened", required=True)
    granted_limit = LimitText(load_default="none", metadata=LIMIT, error_messages=_NO_NULL)
    limit_valid_from = Day(FIRST_DAY)
    limit_valid_until = Day(LAST_DAY)
    facts = Facts("master and bureau facts of the policy's vocabulary; amounts and shares as text")


class AccountShown(Body):
    """What an account holds now, in its currency."""

    balance = fields.String(required=True, metadata={"format": "decimal"})
    open_receivables = fields.String(required=True, metadata={"format": "decimal"})
    reserved = fields.String(required=True, metadata={"format": "decimal"})


class CustomerShown(CustomerWish):
    """A customer as stored."""

    customer_id = fields.String(required=True)
    group = fields.String(required=False, allow_none=True, metadata={"description": "the group that it lies in"})
    exposure = fields.Nested(AccountShown, required=False)
    updated_at = fields.DateTime(required=True)


class CustomerPage(Body):
    """Customers by ascending id; `next` is null on the last page."""

    items = fields.List(fields.Nested(CustomerShown), required=True)
    next = fields.String(required=True, allow_none=True)


class PageSize(fields.Integer):
    """How many items a page has, in ASCII digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        wanted = str(value)
        if re.fullmatch(r"[0-9]{1,3}", wanted) is None or not 1 <= int(wanted) <= LARGEST_PAGE:
            raise ValidationError(f"is not a whole number from 1 to {LARGEST_PAGE}")
        return int(wanted)


class PageAsked(Body):
    """Which part of a list."""

    cursor = fields.String(load_default=None, validate=validate.Length(min=1, max=100),
                           metadata={"description": "`next` of the page before"})  # fmt: skip
    limit = PageSize(load_default=None, validate=validate.Range(1, LARGEST_PAGE))
