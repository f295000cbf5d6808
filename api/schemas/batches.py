"""Many orders in one request: the list is checked as a whole, each item by itself, so that none harms another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from api.schemas.decisions import DecisionAnswer, OrderToDecide
from api.schemas.fields import Body, Problem

MOST_ITEMS = 1_000


class BatchItem(Body):
    """One order of a batch, with the key that is its own."""

    idempotency_key = fields.String(
        required=True,
        metadata={"description": "new for every order, the same when it is retried",
                  "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]{1,255}$"},
    )  # fmt: skip
    request = fields.Nested(OrderToDecide(), required=True)


class Items(fields.List[Any]):
    """The items as they were sent: how many there are is asked here, what each says when its turn has come."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None,
                     **options: Any) -> list[Any]:  # fmt: skip
        if not isinstance(value, list):
            raise ValidationError("is not a list; send the items in square brackets")
        if not 1 <= len(value) <= MOST_ITEMS:
            raise ValidationError(f"has {len(value)} items; send 1 to {MOST_ITEMS}")
        return value


class OrdersToDecide(Body):
    """A request for many decisions."""

    items = Items(
        fields.Nested(BatchItem()), required=True,
        metadata={"description": "decided in this order", "minItems": 1, "maxItems": MOST_ITEMS},
        error_messages={"required": "is missing; send it", "null": "is null; send a list"},
    )  # fmt: skip


class BatchItemAnswer(Body):
    """What became of one item: the status that it would have had alone, and either its answer or its problem."""

    idempotency_key = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True)
    answer = fields.Nested(DecisionAnswer)
    problem = fields.Nested(Problem)


class BatchAnswer(Body):
    """One answer for each item, in the order of the request."""

    items = fields.List(fields.Nested(BatchItemAnswer), required=True)
