"""The keys of the order systems and people that may knock: never the secret, only its keyed digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from storage.clock import database_now, read_instant
from storage.prepared import Prepared
from storage.tables import api_key

FIND = Prepared(select(api_key).where(api_key.c.key_id == bindparam("wanted")))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key: `digest` is the HMAC of its secret, `client` whom idempotency keys belong to; both times are stored."""

    key_id: str
    digest: bytes
    role: str
    client: str
    created_at: datetime | None = None
    revoked_at: datetime | None = None


class Keys:
    """The keys of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def add(self, key: ApiKey) -> None:
        """Store a key; `created_at` is the database's clock, whatever the record says."""
        values = {"key_id": key.key_id, "digest": key.digest, "role": key.role, "client": key.client}
        self._connection.execute(insert(api_key).values(created_at=database_now(), **values))

    def find(self, key_id: str) -> ApiKey | None:
        """The key with this id, also a revoked one, or None."""
        row = FIND.run(self._connection, {"wanted": key_id}).first()
        return None if row is None else read_key(row)

    def revoke(self, key_id: str) -> bool:
        """End a key's life for good, and say whether it still lived."""
        alive = (api_key.c.key_id == key_id) & api_key.c.revoked_at.is_(None)
        return self._connection.execute(update(api_key).where(alive).values(revoked_at=database_now())).rowcount == 1

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, the oldest first."""
        order = (api_key.c.created_at, api_key.c.key_id)
        return tuple(read_key(row) for row in self._connection.execute(select(api_key).order_by(*order)))


def read_key(row: Row[tuple[object, ...]]) -> ApiKey:
    """A key from its row."""
    revoked = None if row.revoked_at is None else read_instant(row.revoked_at)
    return ApiKey(row.key_id, row.digest, row.role, row.client, read_instant(row.created_at), revoked)
