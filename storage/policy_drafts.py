"""Drafts of policies: every revision is kept byte for byte, with who wrote it, and what its checks found.

A check belongs to bytes, not to a draft: whoever edits has unchecked bytes again. Rows are only added, so what a
reviewer saw can always be shown.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from storage.clock import database_now, read_instant
from storage.events import Event, Events
from storage.failures import NotAllowed
from storage.page import LARGEST_PAGE, Page, page_of
from storage.people import subject_of
from storage.policies import PolicyPart
from storage.policy_tables import policy_check, policy_draft, policy_revision, policy_revision_part
from storage.turns import take_turn


@dataclass(frozen=True, slots=True)
class NewRevision:
    """What an officer writes down: the bytes with their parts, `digest` names both, `name` is the policy's."""

    source: bytes
    digest: str
    name: str
    by: str
    comment: str = ""
    parts: tuple[PolicyPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a draft as it is kept; `author` wrote the first one."""

    draft_id: str
    revision: int
    digest: str
    name: str
    source: bytes
    author: str
    edited_by: str
    comment: str
    at: datetime
    parts: tuple[PolicyPart, ...] = ()

    @property
    def tag(self) -> str:
        """What an editor names to say which revision they saw."""
        return f'"{self.revision}-{self.digest.removeprefix("sha256:")[:16]}"'


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """What was found of some bytes: `report` has the findings, tests, promises, engines, and a simulation if asked."""

    digest: str
    publishable: bool
    report: Mapping[str, Any]
    by: str
    program_digest: str | None = None
    check_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: datetime | None = None


OF_DRAFT = (*policy_revision.c, policy_draft.c.author)


class Drafts:
    """The drafts and checks of one transaction; each step writes its event."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection
        self._events = events

    def add(self, new: NewRevision) -> Revision:
        """Begin a draft with its first revision; who writes it is its author."""
        draft_id = str(uuid.uuid4())
        values = {"draft_id": draft_id, "author": new.by, "created_at": database_now()}
        self._connection.execute(insert(policy_draft).values(**values))
        return self._write(draft_id, 1, new, "policy_drafted")

    def edit(self, draft_id: str, seen: str | None, new: NewRevision) -> Revision:
        """Write the next revision of a draft; `seen` is the tag of the one that the editor saw (None: any).

        Raises: NotAllowed (if-match-stale) where somebody edited it since.
        """
        take_turn(self._connection)
        last = self.get(draft_id)
        assert last is not None, "drafts are never removed"
        if seen is not None and seen != last.tag:
            raise NotAllowed("if-match-stale", f"'{last.edited_by}' edited the draft since; it is at {last.tag} now")
        if last.digest == new.digest and last.source == new.source:
            return last
        return self._write(draft_id, last.revision + 1, new, "policy_edited")

    def _write(self, draft_id: str, number: int, new: NewRevision, kind: str) -> Revision:
        values = {"draft_id": draft_id, "revision": number, "digest": new.digest, "name": new.name,
                  "source": new.source, "edited_by": new.by, "comment": new.comment}  # fmt: skip
        self._connection.execute(insert(policy_revision).values(at=database_now(), **values))
        if new.parts:
            self._connection.execute(insert(policy_revision_part), [
                {"draft_id": draft_id, "revision": number, "place": place, "name": part.name, "source": part.source}
                for place, part in enumerate(new.parts, 1)
            ])  # fmt: skip
        told = {"revision": number, "digest": new.digest, "policy": new.name}
        self._events.record(Event(kind, f"draft:{draft_id}", subject_of(new.by), told))
        written = self.get(draft_id)
        assert written is not None
        return written

    def get(self, draft_id: str, revision: int | None = None) -> Revision | None:
        """A revision of a draft (None: the last one), or None where there is none."""
        wanted = self._all().where(policy_revision.c.draft_id == draft_id)
        if revision is not None:
            wanted = wanted.where(policy_revision.c.revision == revision)
        row = self._connection.execute(wanted.order_by(policy_revision.c.revision.desc()).limit(1)).first()
        return None if row is None else self._read(row)

    def revisions(self, draft_id: str) -> tuple[Revision, ...]:
        """Every revision of a draft, the first one first."""
        of_one = self._all().where(policy_revision.c.draft_id == draft_id).order_by(policy_revision.c.revision)
        return tuple(self._read(row) for row in self._connection.execute(of_one).all())

    def list(self, cursor: str | None = None, limit: int = 50) -> Page[Revision]:
        """The last revision of each draft, by the draft's id, behind the cursor; at most 500."""
        size = min(limit, LARGEST_PAGE)
        last = (
            select(policy_revision.c.draft_id, func.max(policy_revision.c.revision).label("revision"))
            .group_by(policy_revision.c.draft_id).subquery()
        )  # fmt: skip
        of_last = (last.c.draft_id == policy_revision.c.draft_id) & (last.c.revision == policy_revision.c.revision)
        wanted = self._all().join(last, of_last).order_by(policy_revision.c.draft_id).limit(size + 1)
        if cursor is not None:
            wanted = wanted.where(policy_revision.c.draft_id > cursor)
        rows = self._connection.execute(wanted).all()
        return page_of(rows, size, lambda row: row.draft_id, self._read)

    def keep_check(self, found: PolicyCheck, subject: str) -> None:
        """Keep what was found of some bytes; `subject` is the draft or version that was looked at."""
        values = {"check_id": found.check_id, "digest": found.digest, "program_digest": found.program_digest,
                  "publishable": int(found.publishable), "checked_by": found.by,
                  "report": json.dumps(found.report, ensure_ascii=False, sort_keys=True)}  # fmt: skip
        self._connection.execute(insert(policy_check).values(at=database_now(), **values))
        told = {"check": found.check_id, "digest": found.digest, "publishable": found.publishable}
        self._events.record(Event("policy_checked", subject, subject_of(found.by), told))

    def check_of(self, digest: str) -> PolicyCheck | None:
        """The last check of some bytes, or None where nobody checked them."""
        of_bytes = select(policy_check).where(policy_check.c.digest == digest)
        row = self._connection.execute(of_bytes.order_by(policy_check.c.at.desc()).limit(1)).first()
        return None if row is None else read_check(row)

    def check(self, check_id: str) -> PolicyCheck | None:
        """A check by its id, or None."""
        row = self._connection.execute(select(policy_check).where(policy_check.c.check_id == check_id)).first()
        return None if row is None else read_check(row)

    def _all(self) -> Any:
        return select(*OF_DRAFT).join(policy_draft, policy_draft.c.draft_id == policy_revision.c.draft_id)

    def _read(self, row: Any) -> Revision:
        of_one = policy_revision_part.c
        wanted = select(of_one.name, of_one.source).where(of_one.draft_id == row.draft_id)
        found: Sequence[Any] = self._connection.execute(
            wanted.where(of_one.revision == row.revision).order_by(of_one.place)
        ).all()
        parts = tuple(PolicyPart(one.name, one.source) for one in found)
        return Revision(row.draft_id, row.revision, row.digest, row.name, row.source, row.author, row.edited_by,
                        row.comment, read_instant(row.at), parts)  # fmt: skip


def read_check(row: Any) -> PolicyCheck:
    """A check from its row."""
    return PolicyCheck(row.digest, bool(row.publishable), json.loads(row.report), row.checked_by, row.program_digest,
                       row.check_id, read_instant(row.at))  # fmt: skip
