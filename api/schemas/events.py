"""Events over HTTP: what was changed, by whom and when."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.customers import PageAsked
from api.schemas.fields import Body, token, words
from storage.events import KINDS


class EventsAsked(PageAsked):
    """Which events to list."""

    kind = token("of this kind only", KINDS, load_default=None)
    subject = words("of this subject only, such as key:0123456789abcdef", 120, load_default=None)


class EventShown(Body):
    """One event; `by` is an operator, a client or a person, as in `operator:ann`."""

    seq = fields.Integer(required=True)
    kind = fields.String(required=True)
    subject = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.DateTime(required=True)
    details = fields.Dict(keys=fields.String(), required=True)


class EventPage(Body):
    """Events, newest first; `next` is null on the last page."""

    items = fields.List(fields.Nested(EventShown()), required=True)
    next = fields.String(required=True, allow_none=True)
