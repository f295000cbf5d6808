"""Simulate a policy on the firm's own order book: every stored decision of some days, decided again by it.

Decisions are read page by page, each page with five statements and one for each group; nothing is written, and nothing
waits for it. A run for a draft is kept by the digest of its bytes, so that whoever approves sees it, and whoever edits
has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.build import load_version
from api.errors import FieldError
from api.idempotency import Answer
from api.operations.check_policy import read_policy
from api.operations.policy_drafts import file_of, known_draft
from api.operations.policy_shown import simulation_dict
from api.operations.policy_step import Done, Step, answered_before, noted, once
from api.requests import refused_fields
from api.services import Services
from api.simulating import Compared, Kept, Side, compare
from api.simulation_report import Report
from policy.load import Loaded
from storage.database import Database
from storage.failures import NotAllowed
from storage.policy_simulations import NewSimulation
from storage.unit_of_work import Work

PAGE = 500
MOST_WAITED_FOR = 20_000  # decisions of one request; the command has no such bound
EFFECTIVE = "effective"
FORMAT = "aval-simulation-1"


@dataclass(frozen=True, slots=True)
class Days:
    """The days whose decisions are decided again."""

    first: date = date.min
    last: date = date.max


@dataclass(frozen=True, slots=True)
class Book:
    """What is simulated: the new policy, what it is held against (None: what was recorded), and the days."""

    policy: Loaded
    against: Loaded | None
    days: Days


def simulate(database: Database, book: Book) -> Iterator[Compared | str]:
    """Every decision of the days, decided again in the order in which they were made; a word where it cannot be."""
    new = Side(book.policy)
    against = None if book.against is None else Side(book.against)
    for kept in stored_decisions(database, book.days):
        yield compare(kept, new, against)


def stored_decisions(database: Database, days: Days) -> Iterator[Kept]:
    """The decisions of some days, the oldest first, each with the policy that made it and what it held."""
    versions: dict[str, Loaded | None] = {}
    after = 0
    while True:
        with database.read() as work:  # a transaction for each page: whoever reads may take his time
            page = work.decisions.decided_between(days.first, days.last, after, PAGE)
            ids = [stored.decision_id for _, stored in page]
            steps, erased = work.reservations.steps_of(ids), work.erasures.among(ids)
            groups = work.group_movements.of(ids)
            for digest in {stored.policy_digest for _, stored in page}.difference(versions):
                versions[digest] = _version(work, digest)
        for _, stored in page:
            yield Kept(stored, versions[stored.policy_digest], steps.get(stored.decision_id, ()),
                       stored.decision_id in erased, groups.get(stored.decision_id, ()))  # fmt: skip
        if len(page) < PAGE:
            return
        after = page[-1][0]


def how_many(database: Database, days: Days) -> int:
    """How many decisions were made on these days."""
    with database.read() as work:
        return work.decisions.count_between(days.first, days.last)


def version_against(work: Work, named: str | None) -> Loaded | None:
    """The version that a simulation is held against: `effective`, a digest, or None for what was recorded.

    Raises: Refused for one that is not there or does not run any more.
    """
    if named is None:
        return None
    found = work.policies.effective() if named == EFFECTIVE else work.policies.get(named)
    loaded = None if found is None else load_version(found)
    if loaded is None or loaded.program is None:
        raise refused_fields([FieldError("against", "is no stored policy that runs; send a digest or 'effective'")])
    return loaded


def described(book: Book, report: Report) -> dict[str, Any]:
    """A report with what was simulated."""
    return {"format": FORMAT, "policy": _named(book.policy),
            "against": None if book.against is None else _named(book.against), **report.as_dict()}  # fmt: skip


def simulate_draft(held: Services, asked: Step) -> Answer:
    """Simulate the last revision of a draft, and keep what came of it with its bytes.

    Raises: Refused for a draft that does not run, for too many decisions, and for nothing to hold it against.
    """
    return simulate_kept(held, asked, MOST_WAITED_FOR)


def simulate_kept(held: Services, asked: Step, most: int | None) -> Answer:
    """The same with at most so many decisions. Raises: Refused."""
    before = answered_before(held, asked)
    if before is not None:
        return before
    days = Days(asked.wish.get("first") or date.min, asked.wish.get("last") or date.max)
    with held.database.read() as work:
        found = known_draft(work, asked.subject_id)
        against = version_against(work, asked.wish.get("against"))
    loaded = read_policy(file_of(found)).loaded
    if loaded.program is None:
        raise noted(held, asked, NotAllowed("not-publishable", "the draft has errors; check it and mend them"))
    number = how_many(held.database, days)
    if most is not None and number > most:
        told = f"is the first of {number} decisions, more than {most}; choose fewer days, or run 'aval policy simulate'"
        raise refused_fields([FieldError("from", told)])
    book = Book(loaded, against, days)
    report = run(held.database, book)
    new = NewSimulation(found.digest, described(book, report), asked.person)

    def take(work: Work) -> Done:
        work.simulations.add(new, asked.about)
        stored = work.simulations.of(found.digest)
        assert stored is not None
        return 201, {"draft": found.draft_id, "revision": found.revision, **simulation_dict(stored)}

    return once(held, asked, take)


def run(database: Database, book: Book) -> Report:
    """The whole report at once."""
    report = Report()
    for one in simulate(database, book):
        report.add(one)
    return report


def _version(work: Work, digest: str) -> Loaded | None:
    found = work.policies.get(digest)
    loaded = None if found is None else load_version(found)
    return None if loaded is None or loaded.program is None else loaded


def _named(loaded: Loaded) -> Mapping[str, str]:
    program = loaded.program
    assert program is not None
    return {"policy": program.name, "digest": program.source_digest, "program_digest": program.digest}
