"""The kinds of field that requests share: identifiers, money as text, days; each says how it is written right.

Money is text in both directions, because a JSON number becomes a float in most readers.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
AMOUNT = r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,4})?$"
CURRENCY = r"^[A-Z]{3}$"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOST_FACTS = 200
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)  # a day outside is a slip, and adding terms to it may fail
UNKNOWN = "is not a field of this request; leave it out"


class Whole(validate.Regexp):
    """A pattern that the whole text has to match; `match` alone lets a trailing newline through."""

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, str) or re.fullmatch(str(self.regex.pattern), value) is None:
            raise ValidationError(str(self.error))
        return value


class Body(Schema):
    """A schema that refuses what it does not name, in our words."""

    error_messages = {"unknown": UNKNOWN, "type": "is not an object; send fields in braces"}


_WORDS: dict[str, Any] = {
    "required": "is missing; send it", "null": "is null; leave it out or send a value",
    "invalid": "is not text; write it in quotes",
}  # fmt: skip


def identifier(what: str, **options: Any) -> fields.String:
    """A name that other systems gave: ASCII, 1 to 64 characters."""
    message = "is no identifier; use letters, digits, '.', '_' and '-', at most 64, starting with a letter or digit"
    return _text(Whole(IDENTIFIER, error=message), what, **options)


def money(what: str, **options: Any) -> fields.String:
    """An amount as plain decimal text, never below zero."""
    message = "is not an amount; write plain decimal text, such as \"120000.00\""
    return _text(Whole(AMOUNT, error=message), what, format="decimal", **options)


def currency(what: str, **options: Any) -> fields.String:
    """Three capital letters; whether ISO 4217 has them is asked later."""
    return _text(Whole(CURRENCY, error="is no currency; write its ISO 4217 code, such as CNY"), what, **options)


def words(what: str, longest: int, **options: Any) -> fields.String:
    """A printable text of one line."""
    return _text(Printable(longest), what, **options)


def token(what: str, choices: tuple[str, ...], **options: Any) -> fields.String:
    """One word of a list."""
    return _text(validate.OneOf(choices, error="is not one of {choices}"), what, **options)


def _text(check: Any, what: str, format: str | None = None, **options: Any) -> fields.String:
    metadata = {"description": what} | ({"format": format} if format else {})
    return fields.String(validate=check, metadata=metadata, error_messages=_WORDS, **options)


class Printable(validate.Length):
    """One line of text that can be shown: not empty, no control characters, no more than `max` characters."""

    def __init__(self, longest: int) -> None:
        super().__init__(min=1, max=longest)

    def __call__(self, value: Any) -> Any:
        assert self.max is not None
        if not 1 <= len(value) <= self.max or not value.strip() or not value.isprintable():
            raise ValidationError(f"is not a line of 1 to {self.max} printable characters")
        return value


class Day(fields.Date):
    """A calendar day as 2026-11-23, and in no other spelling."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        message = "is not a day; write it as \"2026-11-23\""
        if not isinstance(value, str) or not value.isascii() or _DAY.fullmatch(value) is None:
            raise ValidationError(message)
        try:
            found = date.fromisoformat(value)
        except ValueError:
            raise ValidationError(message) from None
        if not EARLIEST <= found <= LATEST:
            raise ValidationError(f"is not between {EARLIEST} and {LATEST}; mend the year")
        return found


def day(what: str, **options: Any) -> Day:
    """A calendar day."""
    return Day(metadata={"description": what}, error_messages=_WORDS, **options)


class Facts(fields.Dict):
    """Facts by name; which names and values are right depends on the policy and is asked later."""

    def __init__(self, what: str) -> None:
        single = {"type": ["string", "integer", "boolean", "null"]}
        items = {"type": "array", "items": {"type": "object", "additionalProperties": single}}
        values = {"oneOf": [single, items]}
        metadata = {"description": what, "additionalProperties": values, "maxProperties": MOST_FACTS}
        super().__init__(load_default=dict, metadata=metadata, error_messages=_WORDS)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("is not an object; send facts by name in braces")
        if len(value) > MOST_FACTS:
            raise ValidationError(f"has more than {MOST_FACTS} facts; send those the policy reads")
        return dict(value)


class WrongField(Schema):
    """One field of a request that cannot be used."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class Problem(Schema):
    """A refusal, as RFC 9457 writes it; `instance` is the id of the request in our log."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    instance = fields.String(required=True, metadata={"format": "uri"})
    errors = fields.List(fields.Nested(WrongField))
