"""Contacts over HTTP: where a customer is written to, as it is set and shown."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.fields import Body, words
from credit.letter import LANGUAGES


class ContactWish(Body):
    """One address, or none to forget it."""

    email = words("the mailbox that letters are sent to", 254, load_default=None, allow_none=True)
    webhook = words("the web address that letters are posted to, signed", 2000, load_default=None, allow_none=True)
    language = fields.String(
        load_default=None, allow_none=True,
        validate=validate.OneOf(LANGUAGES, error="is not one of {choices}"),
        metadata={"description": "the language of letters; null for that of the policy"},
    )  # fmt: skip


class ContactShown(Body):
    """Where a customer is written to, who said so and when; all null where nobody did."""

    customer_id = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    webhook = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True, allow_none=True)
