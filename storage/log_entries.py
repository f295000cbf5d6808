"""Entries of the transparency log: what a leaf covers, written in the transaction of what it tells.

An entry says in the open what may be known for ever, and covers the rest by salted commitments: a hash over the bytes
as they are stored, which tells nothing without the salt. So the bytes and the salt can be erased on request, and every
proof still verifies. Whoever holds the bytes and the salt can show that these, and no others, were meant.
INVARIANT: what is told and its entry are committed together or not at all.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert

from storage.clock import write_instant
from storage.log_tables import log_entry
from storage.prepared import Prepared

SALT_BYTES = 16
COLUMNS = ("entry_id", "kind", "body", "salt", "at")
ADD = Prepared(insert(log_entry).inline(), COLUMNS)
HIDDEN = ("request", "facts", "outcome", "response")  # what of a decision may be erased


class LogEntries:
    """The log's entries as one transaction writes them."""

    def __init__(self, connection: Connection) -> None:
        """Write over the transaction's connection."""
        self._connection = connection

    def add(self, entry_id: str, told: Mapping[str, Any], at: datetime,
            hidden: Mapping[str, bytes] | None = None) -> None:  # fmt: skip
        """Write an entry of the kind that `told` names: `told` in the open, `hidden` as commitments."""
        ADD.run(self._connection, entry_row(entry_id, told, at, hidden))

    def add_many(self, entries: Sequence[tuple[str, Mapping[str, Any]]], at: datetime) -> None:
        """Write several entries of one instant, each with its id and what it tells in the open."""
        self._connection.execute(insert(log_entry).inline(), [entry_row(one, told, at) for one, told in entries])


def entry_row(entry_id: str, told: Mapping[str, Any], at: datetime,
              hidden: Mapping[str, bytes] | None = None) -> Mapping[str, Any]:  # fmt: skip
    """An entry as the columns of its row, with a new salt."""
    salt = secrets.token_bytes(SALT_BYTES) if hidden else b""
    when = write_instant(at)
    body = entry_body(entry_id, when, told, commitments(salt, hidden or {}))
    return {"entry_id": entry_id, "kind": told["kind"], "body": body, "salt": salt, "at": when}


def entry_body(entry_id: str, at: str, told: Mapping[str, Any], committed: Mapping[str, str]) -> bytes:
    """The bytes that the leaf covers: one spelling of a JSON object, keys sorted, without spaces."""
    whole: dict[str, Any] = {"id": entry_id, "at": at, **told}
    if committed:
        whole["commitments"] = dict(committed)
    return json.dumps(whole, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def commitments(salt: bytes, hidden: Mapping[str, bytes]) -> dict[str, str]:
    """For each of the hidden bytes what stands for it in the entry."""
    return {name: commitment(salt, name, held) for name, held in hidden.items()}


def commitment(salt: bytes, name: str, held: bytes) -> str:
    """A hash that tells nothing about the bytes to whoever lacks the salt, and fits no others for whoever has it."""
    return sha256(salt + name.encode() + b"\x00" + held).hexdigest()


def hidden_bytes(row: Mapping[str, Any]) -> dict[str, bytes]:
    """What a decision's row hides, as bytes, in the way that its commitments were made."""
    return {
        name: held.encode() if isinstance(held, str) else bytes(held)
        for name, held in ((name, row[name]) for name in HIDDEN)
    }
