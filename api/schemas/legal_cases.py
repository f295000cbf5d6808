"""Legal cases over HTTP: how they are listed, handed over and closed."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.customers import PageAsked
from api.schemas.fields import Body, identifier, token, words
from storage.legal_cases import STATES
from storage.legal_tables import RESULTS


class CasesAsked(PageAsked):
    """Which cases to list."""

    closed = token("also those that are closed", ("yes", "no"), load_default="no")
    customer_id = identifier("of this customer only", load_default=None)


class HandOverWish(Body):
    """To whom a case is handed over."""

    note = words("to whom, and what is agreed", 240, required=True)


class CloseWish(Body):
    """How a case ended."""

    result = token("how it ended", RESULTS, required=True)
    note = words("why, and what follows", 240, required=True)


class CaseInvoice(Body):
    """An invoice of a case, and the step that brought it there."""

    invoice_id = fields.String(required=True)
    joined_on = fields.Date(required=True)
    ladder = fields.String(required=True)
    step = fields.String(required=True)
    policy_digest = fields.String(required=True)


class CaseChangeShown(Body):
    """That a case was handed over or closed."""

    state = fields.String(required=True, validate=validate.OneOf(STATES[1:]))
    day = fields.Date(required=True)
    result = fields.String(required=True, allow_none=True, validate=validate.OneOf(RESULTS))
    note = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.DateTime(required=True)


class CaseShown(Body):
    """A legal case with its invoices, and what became of it."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    opened_on = fields.Date(required=True)
    invoices = fields.List(fields.Nested(CaseInvoice), required=True)
    changes = fields.List(fields.Nested(CaseChangeShown), required=True)


class CaseAnswer(Body):
    """One case."""

    case = fields.Nested(CaseShown, required=True)


class CasePage(Body):
    """Cases by id; `next` is null on the last page."""

    items = fields.List(fields.Nested(CaseShown), required=True)
    next = fields.String(required=True, allow_none=True)
