"""States and acts of a customer over HTTP."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Body, Whole, words


class ActWish(Body):
    """An act that a person of a role did for a customer."""

    act = fields.String(
        required=True, validate=Whole(r"^[a-z]+( [a-z]+)*$", error="is no act; write small words, such as cleared"),
        metadata={"description": "the words before 'by' in the policy's line, such as cleared"},
    )  # fmt: skip
    role = fields.String(
        required=True, validate=Whole(r"^[a-z][a-z0-9_]*$", error="is no role; write it as the policy does"),
        metadata={"description": "the role of the person, as the policy names it"},
    )  # fmt: skip
    person = words("who did it", 80, required=True)
    reason = words("why", 256, required=True)


class ActShown(Body):
    """An act as it was recorded; `client` is whose key it was."""

    act = fields.String(required=True)
    role = fields.String(required=True)
    person = fields.String(required=True)
    client = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class ActiveState(Body):
    """A state that the customer is in."""

    state = fields.String(required=True)
    since = fields.Date(required=True)


class StateChangeShown(Body):
    """A state that a decision entered or ended, and the lines that did it."""

    state = fields.String(required=True)
    change = fields.String(required=True)
    day = fields.Date(required=True)
    why = fields.List(fields.String(), required=True)
    decision_id = fields.String(required=True)
    at = fields.DateTime(required=True)


class StatesShown(Body):
    """What is remembered of a customer, each list in the order in which it happened."""

    customer_id = fields.String(required=True)
    active = fields.List(fields.Nested(ActiveState()), required=True)
    changes = fields.List(fields.Nested(StateChangeShown()), required=True)
    acts = fields.List(fields.Nested(ActShown()), required=True)
