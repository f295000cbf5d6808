"""Policy versions by the digest of their bytes, and the dated list of which one is effective.

A version is never changed; going back is a new line of the list that names an older digest.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select
from sqlalchemy.sql.elements import ColumnElement

from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.failures import Refused
from storage.page import LARGEST_PAGE, Page
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


def effective_digest(at: ColumnElement[str]) -> Select[tuple[str]]:
    """The query for the digest that is effective at an instant: the latest start up to it, the last set of those."""
    started = policy_effective.c.effective_from
    order = (started.desc(), policy_effective.c.seq.desc())
    return select(policy_effective.c.digest).where(started <= at).order_by(*order).limit(1)


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

    def effective(self, at: datetime | None = None) -> PolicyVersion | None:
        """The version that is effective at an instant (None: now, by the database's clock), or None where none is."""
        moment = database_now() if at is None else write_instant(at)
        digest = effective_digest(moment)  # type: ignore[arg-type]  # a plain text compares as a bound value
        wanted = select(policy_version).where(policy_version.c.digest == digest.scalar_subquery())
        return next(iter(self._read(wanted)), None)

    def set_effective(self, digest: str, by: str, start: datetime | None = None) -> datetime:
        """Make a stored version effective from an instant (None: now), and say which instant that is.

        Raises: Refused for an unknown digest, and for an instant that has passed: decisions since then name another.
        """
        stored = self.get(digest)
        if stored is None:
            raise Refused(f"no policy version '{digest}' is stored; add it first")
        stop_decisions(self._connection)  # none may be dated later than this and name the policy of before
        now = self._later_than_all_decided()
        if start is not None and start < now:
            raise Refused(f"'{write_instant(start)}' has passed; a policy becomes effective now or later")
        instant = write_instant(start or now)
        values = {"digest": digest, "name": stored.name, "effective_from": instant, "set_by": by}
        self._connection.execute(insert(policy_effective).values(set_at=write_instant(now), **values))
        return read_instant(instant)

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


def read_version(row: Any, parts: tuple[PolicyPart, ...] = ()) -> PolicyVersion:
    """A version from its row."""
    return PolicyVersion(
        row.name, row.version, row.digest, row.program_digest, row.source, read_instant(row.stored_at), row.stored_by,
        parts,
    )
