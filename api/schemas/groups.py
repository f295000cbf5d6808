"""Groups over HTTP: what may be set, and what is shown."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.schemas.customers import FIRST_DAY, LAST_DAY, LIMIT, AccountShown, Day, LimitText
from api.schemas.fields import Body, currency, identifier, words

_NO_NULL: dict[str, Any] = {"null": 'is null; write "none" where nobody granted a limit'}


class GroupWish(Body):
    """A group, in full: what is left out is emptied."""

    name = words("the group's name", 256, required=True)
    currency = currency("the one currency of the group's account and of its members", required=True)
    granted_limit = LimitText(load_default="none", metadata=LIMIT, error_messages=_NO_NULL)
    limit_valid_from = Day(FIRST_DAY)
    limit_valid_until = Day(LAST_DAY)
    parent = identifier("the group that this one lies in; null for none", load_default=None, allow_none=True)


class GroupShown(GroupWish):
    """A group as stored; its account holds what all members owe and hold together."""

    group_id = fields.String(required=True)
    exposure = fields.Nested(AccountShown, required=False)
    customers = fields.List(fields.String(), required=False)
    groups = fields.List(fields.String(), required=False)
    updated_at = fields.DateTime(required=True)


class GroupPage(Body):
    """Groups by ascending id; `next` is null on the last page."""

    items = fields.List(fields.Nested(GroupShown), required=True)
    next = fields.String(required=True, allow_none=True)


class Placement(Body):
    """Which group a customer is to lie in."""

    group = identifier("the group; null takes the customer out of every group", required=True, allow_none=True)


class PlacementShown(Body):
    """Which group a customer lies in now."""

    customer_id = fields.String(required=True)
    group = fields.String(required=True, allow_none=True)
