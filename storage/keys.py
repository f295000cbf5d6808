"""The keys of the order systems that may knock: never the secret, only its keyed digest.

A key is never changed and never deleted. It ends: at the instant it was given, by being revoked, or some time after
another key took its place. Whether it has ended is asked of the database's clock, in the statement that reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, or_, select, update

from storage.clock import database_now, read_instant, write_instant
from storage.events import Event, Events
from storage.prepared import Prepared
from storage.tables import api_key

ENDED: ColumnElement[bool] = or_(api_key.c.revoked_at.is_not(None), api_key.c.expires_at <= database_now())
READ = select(api_key, func.coalesce(ENDED, False).label("ended"))
FIND = Prepared(READ.where(api_key.c.key_id == bindparam("wanted")))


UNNAMED = "operator:unnamed"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key: `digest` is the HMAC of its secret, `client` whom idempotency keys belong to.

    `pepper_id` names the pepper of its digest, None where that was not noted. `created_at`, `revoked_at`, `replaced_by`
    and `ended` are what the database says; `ended` is true of a key that opens nothing any more.
    """

    key_id: str
    digest: bytes
    role: str
    client: str
    label: str | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    pepper_id: str | None = None
    expires_at: datetime | None = None
    created_at: datetime | None = None
    revoked_at: datetime | None = None
    replaced_by: str | None = None
    ended: bool = False


class Keys:
    """The keys of one transaction; each change writes its event."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection
        self._events = events

    def add(self, key: ApiKey, by: str = UNNAMED) -> None:
        """Store a key; `created_at` is the database's clock, whatever the record says."""
        ends = None if key.expires_at is None else write_instant(key.expires_at)
        values = {"key_id": key.key_id, "digest": key.digest, "role": key.role, "client": key.client,
                  "label": key.label, "permissions": " ".join(sorted(key.permissions)), "pepper_id": key.pepper_id,
                  "expires_at": ends}  # fmt: skip
        self._connection.execute(insert(api_key).values(created_at=database_now(), **values))
        told = {"client": key.client, "role": key.role, "label": key.label, "permissions": sorted(key.permissions),
                "expires_at": ends}  # fmt: skip
        self._events.record(Event("key_created", subject_of(key.key_id), by, told))

    def replace(self, old: ApiKey, new: ApiKey, ends: datetime, by: str = UNNAMED) -> bool:
        """Store a key that takes the place of a living one, which ends at the instant `ends` unless it ends before.

        Says whether the old one could be replaced; where it ended or was replaced before, nothing may be committed.
        """
        self.add(new, by)
        until = min(ends, old.expires_at or ends)
        free = (api_key.c.key_id == old.key_id) & api_key.c.replaced_by.is_(None) & ~func.coalesce(ENDED, False)
        values = {"replaced_by": new.key_id, "expires_at": write_instant(until)}
        if self._connection.execute(update(api_key).where(free).values(**values)).rowcount != 1:
            return False
        told = {"client": old.client, "replaced_by": new.key_id, "expires_at": values["expires_at"]}
        self._events.record(Event("key_rotated", subject_of(old.key_id), by, told))
        return True

    def find(self, key_id: str) -> ApiKey | None:
        """The key with this id, also one that has ended, or None."""
        row = FIND.run(self._connection, {"wanted": key_id}).first()
        return None if row is None else read_key(row)

    def revoke(self, key_id: str, by: str = UNNAMED) -> bool:
        """End a key's life for good, and say whether it was not revoked before."""
        alive = (api_key.c.key_id == key_id) & api_key.c.revoked_at.is_(None)
        ending = update(api_key).where(alive).values(revoked_at=database_now()).returning(api_key.c.client)
        client = self._connection.execute(ending).scalar()
        if client is not None:
            self._events.record(Event("key_revoked", subject_of(key_id), by, {"client": client}))
        return client is not None

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, the oldest first."""
        order = (api_key.c.created_at, api_key.c.key_id)
        return tuple(read_key(row) for row in self._connection.execute(READ.order_by(*order)))


def subject_of(key_id: str) -> str:
    """A key as the subject of events."""
    return f"key:{key_id}"


def read_key(row: Row[tuple[object, ...]]) -> ApiKey:
    """A key from its row."""
    expires, revoked = (None if text is None else read_instant(text) for text in (row.expires_at, row.revoked_at))
    permissions = frozenset(row.permissions.split())
    return ApiKey(row.key_id, row.digest, row.role, row.client, row.label, permissions, row.pepper_id, expires,
                  read_instant(row.created_at), revoked, row.replaced_by, bool(row.ended))  # fmt: skip
