"""Signing in over HTTP, and what the service says of the caller."""

from __future__ import annotations

from marshmallow import fields

from api.passwords import LONGEST
from api.schemas.fields import Body, words


class SignInWish(Body):
    """A person's name and password."""

    name = words("the person's name", 64, required=True)
    password = words("the password", LONGEST, required=True)


class CallerShown(Body):
    """Who is asking: a client with a key, or a person with a session; the other of the two is null."""

    client = fields.String(required=True, allow_none=True)
    person = fields.String(required=True, allow_none=True)
    roles = fields.List(fields.String(), required=True)
    permissions = fields.List(fields.String(), required=True)
    expires_at = fields.DateTime(required=False)
