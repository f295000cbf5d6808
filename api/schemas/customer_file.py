"""The customer file over HTTP: how facts are told from a day on, and documents filed, withdrawn and shown."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.customers import Day
from api.schemas.fields import Body, Facts, Printable, Whole, day, words
from policy.documents import MOST, STATUSES

KIND = Whole(r"^[a-z][a-z0-9_]{0,63}$", error="is no kind; write it as the policy does, such as bank_statements")
SHA256 = Whole(r"^[0-9a-f]{64}$", error="is no SHA-256; write its 64 hexadecimal digits in small letters")
COVERED = validate.Range(1, MOST, error="is not a whole number from {min} to {max}")
FROM = "the first day on which it counts, in the policy's timezone; null: it counted at all times"


def said(what: str, longest: int) -> fields.String:
    """A line of text that may be left out."""
    return fields.String(load_default=None, allow_none=True, validate=Printable(longest),
                         metadata={"description": what})  # fmt: skip


def covered(what: str) -> fields.Integer:
    """How many months or years a document covers; may be left out."""
    return fields.Integer(strict=True, load_default=None, allow_none=True, validate=COVERED,
                          metadata={"description": what})  # fmt: skip


class FactsWish(Body):
    """Facts that are so from a day on."""

    facts = Facts("master and bureau facts of the policy's vocabulary; null: nobody knows it from that day on")
    valid_from = Day(FROM)
    source = said("where it comes from, such as a rating agency", 120)
    reason = words("why", 240, required=True)


class FactShown(Body):
    """A fact as it was told; `counts` says whether it is the one that counts today, in the policy's timezone."""

    place = fields.Integer(required=True)
    name = fields.String(required=True)
    value = fields.Raw(required=True, allow_none=True)
    valid_from = fields.Date(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    told_by = fields.String(required=True)
    told_at = fields.DateTime(required=True)
    counts = fields.Boolean(required=True)


class FactsShown(Body):
    """What is so of a customer on a day, and every fact that was told from a day on, the one told first first."""

    customer_id = fields.String(required=True)
    on = fields.Date(required=True)
    facts = fields.Dict(required=True)
    items = fields.List(fields.Nested(FactShown), required=True)


class DocumentWish(Body):
    """A document to be put on file; the file itself is kept elsewhere."""

    kind = fields.String(required=True, validate=KIND, metadata={"description": "its name in the policy's documents"})
    title = words("what it is called", 240, required=True)
    number = said("its own number", 120)
    issued_on = day("the day on which it was issued", required=True)
    valid_until = Day("the last day on which it is valid; null: it does not end")
    source = words("where it comes from, such as the customer or a register", 120, required=True)
    file_name = said("the name of the file", 240)
    sha256 = fields.String(load_default=None, allow_none=True, validate=SHA256,
                           metadata={"description": "the SHA-256 of the file"})  # fmt: skip
    months = covered("the months that it covers")
    years = covered("the years that it covers")
    quality = said("who vouches for it, in the policy's words, such as audited", 64)


class DocumentWithdrawalWish(Body):
    """Why a document counts no longer."""

    reason = words("why", 240, required=True)


class DocumentWithdrawal(Body):
    """Who withdrew a document, and why."""

    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class FiledDocument(Body):
    """A document as it was filed, with its withdrawal where there is one."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    issued_on = fields.Date(required=True)
    valid_until = fields.Date(required=True, allow_none=True)
    source = fields.String(required=True)
    file_name = fields.String(required=True, allow_none=True)
    sha256 = fields.String(required=True, allow_none=True)
    months = fields.Integer(required=True, allow_none=True)
    years = fields.Integer(required=True, allow_none=True)
    quality = fields.String(required=True, allow_none=True)
    filed_by = fields.String(required=True)
    filed_at = fields.DateTime(required=True)
    withdrawn = fields.Nested(DocumentWithdrawal, required=True, allow_none=True)


class DocumentAnswer(Body):
    """One document."""

    document = fields.Nested(FiledDocument, required=True)


class AskedShown(Body):
    """A document that the policy asks for, whether it is on file, and what is wanted of it."""

    document = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    wanted = fields.Dict(required=True)
    on_file = fields.Dict(required=True, allow_none=True)
    asked_for = fields.List(fields.String(), required=True, metadata={"description": "what the policy decides on"})


class DossierShown(Body):
    """The documents of a customer, and those that the policy in effect asks for; null where none can say."""

    customer_id = fields.String(required=True)
    on = fields.Date(required=True)
    tier = fields.String(required=True, allow_none=True)
    documents = fields.List(fields.Nested(FiledDocument), required=True)
    asked = fields.List(fields.Nested(AskedShown), required=True, allow_none=True)
