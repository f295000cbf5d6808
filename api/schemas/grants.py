"""Grants over HTTP: what a person lets one order go beyond the limit, and how it is taken back."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import Body, currency, day, identifier, money, words

WHOSE = {"description": "either a customer or a group"}


class GrantWish(Body):
    """A grant to a customer's account or to a group's, for one order."""

    customer_id = identifier("the customer whose limit it is", load_default=None)
    group_id = identifier("or the group whose limit it is", load_default=None)
    order_id = identifier("the order that may go beyond the limit, and no other", required=True)
    amount = money("by how much", required=True)
    currency = currency("that of the account", required=True)
    until = day("its last day, in the policy's timezone", required=True)
    reason = words("why", 240, required=True)

    @validates_schema
    def _one_account(self, data: dict[str, object], **options: object) -> None:
        """Refuse both accounts and none."""
        if (data.get("customer_id") is None) == (data.get("group_id") is None):
            raise ValidationError("send either a customer or a group", "customer_id")


class Withdrawing(Body):
    """Why a grant is taken back."""

    reason = words("why", 240, required=True)


class WithdrawalShown(Body):
    """Who took a grant back, when and why."""

    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class GrantShown(Body):
    """A grant as it stands; `valid` says whether it raises anything now."""

    id = fields.String(required=True)
    order_id = fields.String(required=True)
    amount = fields.String(required=True, metadata={"format": "decimal"})
    currency = fields.String(required=True)
    until = fields.DateTime(required=True)
    valid = fields.Boolean(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    referral_id = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True)
    withdrawn = fields.Nested(WithdrawalShown, required=True, allow_none=True)


class GrantAnswer(Body):
    """One grant."""

    grant = fields.Nested(GrantShown, required=True)


class GrantsShown(Body):
    """Every grant to a customer or group, the one given first first."""

    items = fields.List(fields.Nested(GrantShown), required=True)
