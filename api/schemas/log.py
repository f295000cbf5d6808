"""The transparency log over HTTP: what is asked of it, and the proofs that are handed out."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validate, validates_schema

from api.schemas.fields import Body, identifier

LARGEST_PAGE = 500
LARGEST_SIZE = 10**15


def count(what: str, **options: object) -> fields.Integer:
    """A number of entries."""
    limits = validate.Range(0, LARGEST_SIZE, error=f"is not between 0 and {LARGEST_SIZE}")
    return fields.Integer(validate=limits, metadata={"description": what}, **options)  # type: ignore[arg-type]


class CheckpointAsked(Body):
    """Which checkpoint."""

    size = count("the checkpoint over so many entries; without it the newest", load_default=None)


class EntriesAsked(Body):
    """Which entries."""

    start = count("the first, counted from 0", load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, LARGEST_PAGE),
                           metadata={"description": f"at most so many, {LARGEST_PAGE} at the most"})  # fmt: skip


class ProofAsked(Body):
    """Either an entry, or two sizes."""

    entry = identifier("the entry, such as a decision's id, that lies under the newest checkpoint", load_default=None)
    earlier = count("the smaller size of two", load_default=None)
    later = count("the larger size of two", load_default=None)

    @validates_schema
    def one_of_both(self, data: dict[str, object], **options: object) -> None:
        """An entry alone, or both sizes."""
        sizes = [data.get(name) is not None for name in ("earlier", "later")]
        if (data.get("entry") is not None) == any(sizes) or any(sizes) != all(sizes):
            raise ValidationError("is neither an entry nor two sizes; send `entry`, or `earlier` and `later`", "entry")


class ReceiptShown(Body):
    """That an entry lies at `seq` under a checkpoint; `entry` are its bytes as base64, `proof` hashes in hex."""

    entry_id = fields.String(required=True)
    seq = fields.Integer(required=True)
    entry = fields.String(required=True)
    proof = fields.List(fields.String(), required=True)
    checkpoint = fields.String(required=True)


class WaitingShown(Body):
    """That an entry has no receipt yet."""

    entry_id = fields.String(required=True)
    state = fields.String(required=True)


class ProofShown(Body):
    """Hashes in hex, the nearest first."""

    proof = fields.List(fields.String(), required=True)


class EntryShown(Body):
    """One entry with its place; `entry` are its bytes as base64."""

    seq = fields.Integer(required=True)
    entry_id = fields.String(required=True)
    kind = fields.String(required=True)
    entry = fields.String(required=True)


class EntryPage(Body):
    """Entries in the order of their leaves; `next` is the next `start`, null at the end."""

    items = fields.List(fields.Nested(EntryShown()), required=True)
    next = fields.Integer(required=True, allow_none=True)
