"""Rotate a key: a new one for the same client takes its place, and both open for a while, so that nothing stops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.keys import KeyTerms, issue_key
from storage.engine import Database
from storage.keys import ApiKey


@dataclass(frozen=True, slots=True)
class Rotation:
    """Which key is replaced, how long it stays good, and who does it."""

    key_id: str
    overlap: timedelta
    by: str


@dataclass(frozen=True, slots=True)
class Rotated:
    """The new key's text, to hand over once, its record, and when the old one ends."""

    text: str
    record: ApiKey
    old_ends: datetime


def rotate_key(database: Database, pepper: bytes, wanted: Rotation) -> Rotated:
    """Give the client of a living key a new one with the same role, label and permissions.

    The new key lives as long as the old one was made for. Raises: ValueError for a key that is not known, has ended or
    was replaced before.
    """
    with database.write() as work:
        old = work.keys.find(wanted.key_id)
        if old is None or old.ended:
            raise ValueError(f"no living key '{wanted.key_id}'; 'aval key list' tells all")
        if old.replaced_by is not None:
            raise ValueError(f"key '{old.key_id}' was replaced by '{old.replaced_by}'; rotate that one")
        now = work.now()
        text, new = issue_key(old.role, old.client, pepper, KeyTerms(old.label, old.permissions, _end(old, now)))
        ends = min(now + wanted.overlap, old.expires_at or now + wanted.overlap)
        if not work.keys.replace(old, new, ends, wanted.by):
            raise ValueError(f"key '{old.key_id}' ended or was replaced just now; 'aval key show' tells")
    return Rotated(text, new, ends)


def _end(old: ApiKey, now: datetime) -> datetime | None:
    if old.expires_at is None:
        return None
    assert old.created_at is not None, "what is stored has its time"
    return now + (old.expires_at - old.created_at)
