"""Requests that changed something and were answered, each once for its idempotency key; decisions keep their own.

A key belongs to one request of a client, whatever it asked for: `Decisions.claim` looks here as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert

from storage.clock import database_now
from storage.tables import answered_request


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """The answer to a request: `subject_id` is what it changed, `response` is sent again byte for byte."""

    client: str
    idempotency_key: str
    body_hash: bytes
    operation: str
    subject_id: str
    status: int
    response: bytes


class Answers:
    """The answered requests of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Write over the transaction's connection."""
        self._connection = connection

    def record(self, new: NewAnswer) -> None:
        """Keep an answer for good, in the transaction of what it tells."""
        values = {
            "client": new.client, "idempotency_key": new.idempotency_key, "body_hash": new.body_hash,
            "operation": new.operation, "subject_id": new.subject_id, "status": new.status, "response": new.response,
        }  # fmt: skip
        self._connection.execute(insert(answered_request).values(at=database_now(), **values))
