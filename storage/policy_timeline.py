"""Which policy decides for whom from when: the whole dated list, read once and kept until a line is added to it.

The narrowest assignment that has a policy at an instant wins: the customer, then the nearest group above it, then its
country, then the default. A key stands for one customer, group or country, so two never meet at one level, and the
database lets none begin at the same instant for the same key. INVARIANT: for a customer and an instant exactly one
policy is effective, or none where no default ever began.
"""

from __future__ import annotations

import weakref
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, cast, func, literal_column, select

from storage.clock import write_instant
from storage.prepared import Prepared
from storage.tables import TEXT, policy_effective

DEFAULT = "default"
CHALLENGER = "challenger"  # decides in the shadow and never answers
BEGINS, ENDS, CANCELS = "begins", "ends", "cancels"
LEVELS = ("customer", "group", "country")


def stamp_of_last() -> Any:
    """The query for what changes whenever a line is added: the last one, which no other line is equal to."""
    last = policy_effective.c
    space: ColumnElement[str] = literal_column("' '")
    named = func.coalesce(last.submission_id, last.set_at)  # a submission's id is never used twice, a number may be
    return (
        select(named.concat(space).concat(last.kind).concat(space).concat(cast(last.seq, TEXT)))
        .order_by(last.seq.desc())
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class Whose:
    """For whom a policy is looked up: a customer, the groups above it from the nearest on, and its country."""

    customer_id: str | None = None
    groups: tuple[str, ...] = ()
    country: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The assignments that may decide, the narrowest first."""
        own = () if self.customer_id is None else (f"customer:{self.customer_id}",)
        country = () if self.country is None else (f"country:{self.country}",)
        return (*own, *(f"group:{one}" for one in self.groups), *country, DEFAULT)


NOBODY = Whose()


@dataclass(frozen=True, slots=True)
class Timeline:
    """For each assignment the instants at which something begins, in order, and what: a digest, or None for an end."""

    stamp: str | None = None
    starts: dict[str, list[str]] = field(default_factory=dict)
    digests: dict[str, list[str | None]] = field(default_factory=dict)

    def digest_for(self, whose: Whose, at: str) -> str | None:
        """The digest that decides for somebody at an instant (as stored text), None where none does."""
        return self.found_for(whose, at)[1]

    def found_for(self, whose: Whose, at: datetime | str) -> tuple[str, str | None]:
        """The assignment that decides, and its digest."""
        text = at if isinstance(at, str) else write_instant(at)
        for key in whose.keys:
            digest = self.digest_of(key, text)
            if digest is not None:
                return key, digest
        return DEFAULT, None

    def digest_of(self, assignment: str, at: str) -> str | None:
        """The digest of one assignment at an instant; None before its first line and behind its end."""
        place = bisect_right(self.starts.get(assignment, ()), at)
        return self.digests[assignment][place - 1] if place else None

    def all_at(self, at: datetime) -> dict[str, str]:
        """Every assignment that has a policy at an instant, with its digest."""
        found = {one: self.digest_of(one, write_instant(at)) for one in self.starts}
        return {one: digest for one, digest in sorted(found.items()) if digest is not None}


@dataclass(slots=True, weakref_slot=True)
class Kept:
    """The list as it was last read."""

    timeline: Timeline | None = None


COLUMNS = policy_effective.c
LINES = Prepared(
    select(COLUMNS.seq, COLUMNS.set_at, COLUMNS.digest, COLUMNS.effective_from, COLUMNS.assignment, COLUMNS.kind,
           COLUMNS.submission_id).order_by(COLUMNS.seq)
)  # fmt: skip
_KEPT: weakref.WeakKeyDictionary[Engine, Kept] = weakref.WeakKeyDictionary()


def keep_together(engines: Iterable[Engine]) -> None:
    """Have the connections of one database share what was read."""
    shared = Kept()
    for engine in engines:
        _KEPT[engine] = shared


def timeline_at(connection: Connection, stamp: str | None) -> Timeline:
    """The list as it stands where its last line has this stamp; read anew where another one was kept."""
    kept = _KEPT.setdefault(connection.engine, Kept()).timeline
    if kept is not None and kept.stamp == stamp:
        return kept
    return read_timeline(connection)


def read_timeline(connection: Connection) -> Timeline:
    """The list as it stands, read now."""
    found = made(LINES.run(connection, {}).all())
    _KEPT.setdefault(connection.engine, Kept()).timeline = found
    return found


def made(rows: Sequence[Any]) -> Timeline:
    """The list from its lines: of one instant the last line counts, and what was cancelled never was."""
    cancelled = {row.submission_id for row in rows if row.kind == CANCELS}
    counted: dict[str, dict[str, str | None]] = {}
    for row in rows:
        if row.kind != CANCELS and (row.submission_id is None or row.submission_id not in cancelled):
            of_one = counted.setdefault(row.assignment, {})
            of_one[row.effective_from] = None if row.kind == ENDS else row.digest
    starts = {one: sorted(lines) for one, lines in counted.items()}
    digests = {one: [counted[one][start] for start in starts[one]] for one in counted}
    last = rows[-1] if rows else None
    stamp = None if last is None else f"{last.submission_id or last.set_at} {last.kind} {last.seq}"
    return Timeline(stamp, starts, digests)


def effective_digest(connection: Connection, whose: Whose, at: datetime) -> str | None:
    """The digest that decides for somebody at an instant, by the list as it stands."""
    return read_timeline(connection).digest_for(whose, write_instant(at))
