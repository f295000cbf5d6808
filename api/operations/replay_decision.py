"""Replay stored decisions: one by its id, or all of some days; nothing is changed, and nothing waits for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from api.build import load_version
from api.replaying import Kept, Logged, Replayed, replay
from credit.decision import instant_text
from policy.load import Loaded
from storage.database import Database
from storage.decisions import StoredDecision
from storage.policies import PolicyVersion
from storage.unit_of_work import Work

PAGE = 200


def replay_decision(database: Database, decision_id: str) -> Replayed | None:
    """A decision decided again from its snapshot; None where there is no such decision."""
    with database.read() as work:
        stored = work.decisions.get(decision_id)
        if stored is None:
            return None
        return replay(kept_of(work, stored, Versions()))


def replay_days(database: Database, first: date, last: date) -> Iterator[Replayed]:
    """All decisions of the days from `first` to `last`, by the day that they were decided on, the oldest first."""
    versions, after = Versions(), 0
    while True:
        with database.read() as work:  # a transaction for each page: whoever reads may take his time
            page = work.decisions.decided_between(first, last, after, PAGE)
            kept = [(seq, kept_of(work, stored, versions)) for seq, stored in page]
        yield from (replay(one) for _, one in kept)
        if len(page) < PAGE:
            return
        after = kept[-1][0]


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


def kept_of(work: Work, stored: StoredDecision, versions: Versions) -> Kept:
    """All that replaying a decision needs."""
    version, loaded = versions.of(work, stored.policy_digest)
    return Kept(stored, version, loaded, logged_of(work, stored.decision_id), erased_text(work, stored.decision_id))


def logged_of(work: Work, decision_id: str) -> Logged:
    """What the log commits to of a decision."""
    entry = work.log.entry(decision_id)
    if entry is None:
        return Logged()
    body = json.loads(entry.body)
    return Logged(body.get("commitments", {}), entry.salt)


def erased_text(work: Work, decision_id: str) -> str:
    """Who erased a decision's bytes, when and why; empty where they are there."""
    done = work.erasures.get(decision_id)
    return "" if done is None else f"erased on {instant_text(done.at)[:10]} by {done.by}: {done.reason}"
