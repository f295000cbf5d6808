"""Messages over HTTP: letters, tasks and proposals of ladders, how each stands, and what people say of them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import ValidationError, fields, validate

from api.schemas.customers import LARGEST_PAGE
from api.schemas.fields import Body, identifier, token, words
from credit.letter import LANGUAGES
from storage.escalation_tables import KINDS
from storage.messages import STATES

FILE_BYTES = 160 * 1024  # as base64 it fits into a body with room to spare
MEDIA_TYPES = ("application/pdf", "image/jpeg", "image/png", "message/rfc822", "text/plain")
ENDS = ("sent", "failed")


class FileBytes(fields.String):
    """The bytes of a file as base64."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        try:
            held = base64.b64decode(str(text).encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise ValidationError("is not base64; send the bytes of the file as base64 in one line") from None
        if not 0 < len(held) <= FILE_BYTES:
            raise ValidationError(f"has {len(held)} bytes; a file has at least one and at most {FILE_BYTES}")
        return held


class FileWish(Body):
    """A file that proves something."""

    name = words("what the file is called", 200, required=True)
    media_type = token("what it is", MEDIA_TYPES, required=True)
    content = FileBytes(required=True, metadata={"description": "its bytes as base64", "format": "byte"})


class ProofWish(Body):
    """What shows that a message arrived: a receipt's number, a file, or both."""

    receipt = words("the number of a receipt", 200, load_default=None, allow_none=True)
    received_at = fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "when it was received, with its time zone"},
        error_messages={"invalid": 'is no instant; write one such as "2026-11-23T09:30:00+08:00"',
                        "invalid_awareness": "has no time zone; write one such as +08:00"})  # fmt: skip
    note = words("what else is to be known", 500, load_default=None, allow_none=True)
    file = fields.Nested(FileWish, load_default=None, allow_none=True)


class DoneWish(Body):
    """What became of a message that a person saw to."""

    outcome = token("it was done or delivered (sent), or could not be", ENDS, load_default="sent")
    day = fields.Date(load_default=None, allow_none=True,
                      metadata={"description": "on which day; null for today"},
                      error_messages={"invalid": 'is no day; write one such as "2026-12-31"'})  # fmt: skip
    result = words("what came of it", 500, load_default=None, allow_none=True)
    proof = fields.Nested(ProofWish, load_default=None, allow_none=True)


class WriteWish(Body):
    """In which language a letter is written for printing."""

    language = fields.String(load_default=None, allow_none=True,
                             validate=validate.OneOf(LANGUAGES, error="is not one of {choices}"),
                             metadata={"description": "null for that of the policy"})  # fmt: skip


class RetryWish(Body):
    """Why a message is tried again."""

    reason = words("why", 240, load_default=None, allow_none=True)


class MessagesAsked(Body):
    """Which messages."""

    state = token("what it waits for, or what became of it", STATES, load_default=None)
    kind = token("letter, task or proposal", KINDS, load_default=None)
    customer_id = identifier("of one customer", load_default=None)
    who = words("the channel of a letter, or the role of a task", 100, load_default=None)
    cursor = words("`next` of the page before", 200, load_default=None)
    limit = fields.Integer(load_default=None, validate=validate.Range(1, LARGEST_PAGE),
                           metadata={"description": f"at most so many, {LARGEST_PAGE} at the most"})  # fmt: skip


class MessageShown(Body):
    """A message: `state` is what it waits for (queued, for_a_person, no_address) or what became of it."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    what = fields.String(required=True)
    who = fields.String(required=True)
    step = fields.String(required=True)
    invoices = fields.List(fields.String(), required=True)
    as_of = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(required=True)
    attempts = fields.Integer(required=True)
    next_at = fields.DateTime(required=True, allow_none=True)
    done_at = fields.DateTime(required=True, allow_none=True)
    at = fields.DateTime(required=True)


class MessageAnswer(Body):
    """One message."""

    message = fields.Nested(MessageShown, required=True)


class MessagePage(Body):
    """Some messages, and where the next ones begin."""

    items = fields.List(fields.Nested(MessageShown), required=True)
    next = fields.String(required=True, allow_none=True)


class DeliveryShown(Body):
    """One attempt; `edition` is the letter that was sent, null where none was kept."""

    outcome = fields.String(required=True)
    day = fields.Date(required=True)
    by = fields.String(required=True)
    proof = fields.String(required=True)
    edition = fields.Integer(required=True, allow_none=True)


class LetterShown(Body):
    """The newest edition of a letter; its bytes are at `/letter`."""

    edition = fields.Integer(required=True)
    carried_by = fields.String(required=True)
    media_type = fields.String(required=True)
    subject = fields.String(required=True)
    template = fields.String(required=True)
    sha256 = fields.String(required=True)
    at = fields.DateTime(required=True)


class DeliveryProofShown(Body):
    """A proof; its file is at `/proofs/{place}/file`, where it has one."""

    place = fields.Integer(required=True)
    receipt = fields.String(required=True)
    note = fields.String(required=True)
    received_at = fields.DateTime(required=True, allow_none=True)
    file_name = fields.String(required=True)
    media_type = fields.String(required=True)
    sha256 = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.DateTime(required=True)


class MessageInFull(Body):
    """A message with every attempt, its letter and its proofs."""

    message = fields.Nested(MessageShown, required=True)
    deliveries = fields.List(fields.Nested(DeliveryShown), required=True)
    letter = fields.Nested(LetterShown, required=True, allow_none=True)
    proofs = fields.List(fields.Nested(DeliveryProofShown), required=True)


class ProofAdded(Body):
    """Which proof was added to which message, and the SHA-256 of its file, empty without one."""

    message_id = fields.String(required=True)
    place = fields.Integer(required=True)
    sha256 = fields.String(required=True)
