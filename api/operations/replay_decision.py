"""Replay stored decisions: one by its id, or all of some days; nothing is changed, and nothing waits for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

from api.build import load_version
from api.replaying import Kept, Logged, Replayed, replay
from credit.decision import instant_text
from policy.load import Loaded
from storage.database import Database
from storage.decisions import StoredDecision
from storage.erasures import Erasure
from storage.policies import PolicyVersion
from storage.transparency import Entry
from storage.unit_of_work import Work

PAGE = 200


def replay_decision(database: Database, decision_id: str) -> Replayed | None:
    """A decision decided again from its snapshot; None where there is no such decision."""
    with database.read() as work:
        stored = work.decisions.get(decision_id)
        if stored is None:
            return None
        return replay(kept_of_page(work, [stored], Versions())[0])


def replay_days(database: Database, first: date, last: date) -> Iterator[Replayed]:
    """All decisions of the days from `first` to `last`, by the day that they were decided on, the oldest first."""
    versions, after = Versions(), 0
    while True:
        with database.read() as work:  # a transaction for each page: whoever reads may take his time
            page = work.decisions.decided_between(first, last, after, PAGE)
            kept = kept_of_page(work, [stored for _, stored in page], versions)
        yield from map(replay, kept)
        if len(page) < PAGE:
            return
        after = page[-1][0]


def how_many(database: Database, first: date, last: date) -> int:
    """How many decisions were made on these days."""
    with database.read() as work:
        return work.decisions.count_between(first, last)


class Versions:
    """The policies that were decided by, each read and compiled once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[PolicyVersion | None, Loaded | None]] = {}

    def of(self, work: Work, digest: str) -> tuple[PolicyVersion | None, Loaded | None]:
        """A version as it is stored, and what it means now."""
        if digest not in self._found:
            version = work.policies.get(digest)
            self._found[digest] = (version, None if version is None else load_version(version))
        return self._found[digest]


def kept_of_page(work: Work, page: Sequence[StoredDecision], versions: Versions) -> list[Kept]:
    """All that replaying these decisions needs; what the log and the erasures say of them is read once for all."""
    ids = [stored.decision_id for stored in page]
    entries, erased = work.log.entries_of(ids), work.erasures.among(ids)
    return [Kept(stored, *versions.of(work, stored.policy_digest), logged_of(entries.get(stored.decision_id)),
                 erased_text(erased.get(stored.decision_id))) for stored in page]  # fmt: skip


def logged_of(entry: Entry | None) -> Logged:
    """What the log commits to of a decision."""
    if entry is None:
        return Logged()
    body = json.loads(entry.body)
    return Logged(body.get("commitments", {}), entry.salt)


def erased_text(done: Erasure | None) -> str:
    """Who erased a decision's bytes, when and why; empty where they are there."""
    return "" if done is None else f"erased on {instant_text(done.at)[:10]} by {done.by}: {done.reason}"
