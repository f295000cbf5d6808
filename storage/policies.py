"""Policy versions by the digest of their bytes, and the dated list of which one is effective.

A version is never changed; going back is a new line of the list that names an older digest. Every new line names the
submission that another person approved (`storage.policy_approvals`); the database refuses any other.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.failures import NotInTime, Refused
from storage.page import LARGEST_PAGE, Page, page_of, read_cursor
from storage.policy_timeline import (
    BEGINS,
    CANCELS,
    DEFAULT,
    NOBODY,
    Timeline,
    Whose,
    effective_digest,
    read_timeline,
)
from storage.tables import policy_effective, policy_part, policy_version
from storage.turns import stop_decisions, take_turn


@dataclass(frozen=True, slots=True)
class PolicyPart:
    """One shared part that a version uses: its name in the policy, and its bytes."""

    name: str
    source: bytes

    @property
    def digest(self) -> str:
        """What names its bytes, as people compare them."""
        return "sha256:" + hashlib.sha256(self.source).hexdigest()


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """A checked policy file as it is handed in, with the parts that it uses, in their order.

    `digest` names its bytes and those of its parts, `program_digest` what it compiles to.
    """

    name: str
    digest: str
    program_digest: str
    source: bytes
    stored_by: str
    parts: tuple[PolicyPart, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One stored version; `version` counts from 1 for each policy name."""

    name: str
    version: int
    digest: str
    program_digest: str
    source: bytes
    stored_at: datetime
    stored_by: str
    parts: tuple[PolicyPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """One line of the dated list: what begins, ends or is cancelled for whom, from when, by which submission.

    `submission_id` is None for lines that were written before approvals were kept.
    """

    seq: int
    digest: str
    name: str
    assignment: str
    kind: str
    effective_from: datetime
    set_at: datetime
    set_by: str
    submission_id: str | None


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved submission on its way into effect: what it makes decide for whom; `kind` as in the list."""

    submission_id: str
    digest: str
    assignment: str = DEFAULT
    kind: str = BEGINS


class Policies:
    """The policy versions of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def add(self, new: NewPolicy) -> PolicyVersion:
        """Store a version under the next number of its name; the same bytes again give the stored version."""
        take_turn(self._connection)
        stored = self.get(new.digest)
        if stored is not None:
            return stored
        last = select(func.coalesce(func.max(policy_version.c.version), 0)).where(policy_version.c.name == new.name)
        values = {
            "digest": new.digest, "name": new.name, "version": last.scalar_subquery() + 1, "source": new.source,
            "program_digest": new.program_digest, "stored_at": database_now(), "stored_by": new.stored_by,
        }  # fmt: skip
        self._connection.execute(insert(policy_version).values(values))
        if new.parts:
            self._connection.execute(insert(policy_part), [
                {"digest": new.digest, "place": place, "name": part.name, "source": part.source}
                for place, part in enumerate(new.parts, 1)
            ])  # fmt: skip
        added = self.get(new.digest)
        assert added is not None
        return added

    def get(self, digest: str) -> PolicyVersion | None:
        """The version with these bytes, or None."""
        return next(iter(self._read(select(policy_version).where(policy_version.c.digest == digest))), None)

    def effective(self, at: datetime | None = None, whose: Whose = NOBODY) -> PolicyVersion | None:
        """The version that decides at an instant (None: now, by the database's clock), or None where none does.

        Without anybody named, the one that decides by default.
        """
        moment = read_clock(self._connection) if at is None else at
        digest = effective_digest(self._connection, whose, moment)
        return None if digest is None else self.get(digest)

    def timeline(self) -> Timeline:
        """The whole dated list of what decides for whom."""
        return read_timeline(self._connection)

    def publish(self, approved: Approved, by: str, start: datetime | None = None) -> datetime:
        """Make an approved version effective from an instant (None: now), and say which instant that is.

        Raises: Refused for an instant that has passed, as decisions since then name another, and for one at which
        something begins for the same customers already. The database refuses what nobody else approved.
        """
        stored = self.get(approved.digest)
        if stored is None:
            raise Refused(f"no policy version '{approved.digest}' is stored; add it first")
        stop_decisions(self._connection)  # none may be dated later than this and name the policy of before
        now = self._later_than_all_decided()
        if start is not None and start < now:
            raise NotInTime("effective-in-past", f"'{write_instant(start)}' has passed; choose now or later")
        instant = write_instant(start or now)
        if instant in self.timeline().starts.get(approved.assignment, ()):
            raise NotInTime("effective-overlap", f"another policy begins at '{instant}' for '{approved.assignment}'; "
                            "choose another instant, or withdraw that one")  # fmt: skip
        self._write_line(approved, stored.name, by, (instant, write_instant(now)))
        return read_instant(instant)

    def cancel(self, approved: Approved, by: str, start: datetime) -> None:
        """Take a version that was withdrawn, and has not begun to decide, out of the list again."""
        stop_decisions(self._connection)
        stored = self.get(approved.digest)
        assert stored is not None
        now = write_instant(read_clock(self._connection))
        self._write_line(replace(approved, kind=CANCELS), stored.name, by, (write_instant(start), now))

    def _write_line(self, approved: Approved, name: str, by: str, instants: tuple[str, str]) -> None:
        values = {"digest": approved.digest, "name": name, "effective_from": instants[0], "set_at": instants[1],
                  "set_by": by, "submission_id": approved.submission_id, "assignment": approved.assignment,
                  "kind": approved.kind}  # fmt: skip
        self._connection.execute(insert(policy_effective).values(**values))

    def publications(self, submission_ids: Iterable[str]) -> dict[str, Publication]:
        """The lines with which submissions began to decide or were to begin, but for those that were cancelled."""
        lines = policy_effective.c
        wanted = select(policy_effective).where(lines.submission_id.in_(sorted(submission_ids))).order_by(lines.seq)
        found: dict[str, Publication] = {}
        for row in self._connection.execute(wanted):
            if row.kind == CANCELS:
                found.pop(row.submission_id, None)
            else:
                found[row.submission_id] = read_publication(row)
        return found

    def history(self, cursor: str | None = None, limit: int = 50) -> Page[Publication]:
        """The dated list, the newest line first, behind the cursor; at most 500.

        Raises: ValueError for a cursor that no page gave.
        """
        size = min(limit, LARGEST_PAGE)
        wanted = select(policy_effective).order_by(policy_effective.c.seq.desc()).limit(size + 1)
        if cursor is not None:
            wanted = wanted.where(policy_effective.c.seq < read_cursor(cursor))
        return page_of(self._connection.execute(wanted).all(), size, lambda row: row.seq, read_publication)

    def was_effective(self, digest: str) -> bool:
        """Whether a version decided for anybody before, or does now."""
        now = read_clock(self._connection)
        wanted = select(policy_effective.c.seq).where(
            policy_effective.c.digest == digest, policy_effective.c.kind == BEGINS,
            policy_effective.c.effective_from <= write_instant(now),
        )  # fmt: skip
        return self._connection.execute(wanted.limit(1)).first() is not None

    def _later_than_all_decided(self) -> datetime:
        """An instant after every decision so far: the clock counts milliseconds, and one may bear the present one."""
        last = now = read_clock(self._connection)
        for _ in range(1_000):  # a clock that is set back must not keep decisions waiting
            if now > last:
                break
            time.sleep(0.0005)
            now = read_clock(self._connection)
        return now

    def _read(self, wanted: Select[Any]) -> tuple[PolicyVersion, ...]:
        """The versions of a query, each with its parts."""
        rows = self._connection.execute(wanted).all()
        parts: dict[str, tuple[PolicyPart, ...]] = dict.fromkeys((row.digest for row in rows), ())
        of_these = select(policy_part).where(policy_part.c.digest.in_(parts)).order_by(policy_part.c.place)
        for part in self._connection.execute(of_these) if parts else ():
            parts[part.digest] += (PolicyPart(part.name, part.source),)
        return tuple(read_version(row, parts[row.digest]) for row in rows)

    def list(self, cursor: str | None = None, limit: int = 50) -> Page[PolicyVersion]:
        """Versions by name and ascending number, behind the cursor; at most `limit` and never more than 500."""
        size = min(limit, LARGEST_PAGE)
        wanted = select(policy_version).order_by(policy_version.c.name, policy_version.c.version).limit(size + 1)
        behind = None if cursor is None else self.get(cursor)
        if behind is not None:
            later = (policy_version.c.name == behind.name) & (policy_version.c.version > behind.version)
            wanted = wanted.where((policy_version.c.name > behind.name) | later)
        found = self._read(wanted)
        return Page(found[:size], found[size - 1].digest if len(found) > size else None)


def read_publication(row: Any) -> Publication:
    """A line of the dated list from its row."""
    return Publication(row.seq, row.digest, row.name, row.assignment, row.kind, read_instant(row.effective_from),
                       read_instant(row.set_at), row.set_by, row.submission_id)  # fmt: skip


def read_version(row: Any, parts: tuple[PolicyPart, ...] = ()) -> PolicyVersion:
    """A version from its row."""
    return PolicyVersion(
        row.name,
        row.version,
        row.digest,
        row.program_digest,
        row.source,
        read_instant(row.stored_at),
        row.stored_by,
        parts,
    )
