"""Publish a policy in one go, with the two people that it needs: checked, submitted, approved by the other, in effect.

This is for a first policy, and for whoever has both people at one keyboard; it takes the same steps as the long way and
passes the same gate. A file with errors, a failing test or an engine that differs is not stored at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.operations.check_policy import Checked, NotPublishable, PolicyFile, check_policy
from policy.subjects import ORDER
from storage.engine import Database
from storage.policies import NewPolicy, PolicyVersion
from storage.policy_approvals import DRAFT, VERSION, NewSubmission
from storage.policy_drafts import NewRevision, PolicyCheck
from storage.policy_timeline import DEFAULT
from storage.unit_of_work import Work

__all__ = ["NotPublishable", "PolicyFile", "TwoPeople", "keep_policy", "publish_policy"]


@dataclass(frozen=True, slots=True)
class TwoPeople:
    """Who wrote and submits a policy, and who approves it: names of two people, each of whom proved to be one."""

    author: str
    approver: str


@dataclass(frozen=True, slots=True)
class Wished:
    """For whom and from when a policy is to decide; None is now."""

    assignment: str = DEFAULT
    start: datetime | None = None


def keep_policy(database: Database, file: PolicyFile, by: str) -> PolicyVersion:
    """Store a policy file that could be published, for previews alone. Raises: NotPublishable."""
    checked = publishable(file)
    with database.write() as work:
        return work.policies.add(version_of(checked, file.source, by))


def publish_policy(database: Database, file: PolicyFile, people: TwoPeople, wished: Wished = Wished()) -> PolicyVersion:
    """Have a policy file decide that one person wrote and another approves.

    A policy that decides already is left so. The same bytes again are the version that is stored already.
    Raises: NotPublishable for a file with errors, a failing test, or engines that differ from the reference; NotAllowed
    where both people are one, or the instant cannot be used.
    """
    checked = publishable(file)
    found = checked.kept(people.author)
    with database.write() as work:
        stored = work.policies.add(version_of(checked, file.source, people.author))
        now = work.policies.timeline().all_at(work.now())
        if wished.start is None and now.get(wished.assignment) == stored.digest:
            return stored
        asked = _submitted(work, (checked, found), file.source, (people.author, wished.assignment))
        work.submissions.add(asked)
        work.submissions.approve(asked.submission_id, people.approver)
        work.submissions.publish(asked.submission_id, people.approver, wished.start)
    return stored


def _submitted(work: Work, both: tuple[Checked, PolicyCheck], source: bytes, whose: tuple[str, str]) -> NewSubmission:
    """What is submitted: a new draft of these bytes, or, where they decided before, that version again."""
    (checked, found), (author, assignment) = both, whose
    if work.policies.was_effective(checked.digest):
        work.drafts.keep_check(found, f"policy:{checked.digest}")
        return NewSubmission(VERSION, checked.digest, author, "published again", assignment, found.check_id)
    draft = work.drafts.add(NewRevision(source, checked.digest, name_of(checked), author, "", checked.parts))
    work.drafts.keep_check(found, f"draft:{draft.draft_id}")
    return NewSubmission(DRAFT, draft.digest, author, "", assignment, found.check_id, draft.draft_id, draft.revision)


def version_of(checked: Checked, source: bytes, by: str) -> NewPolicy:
    """A publishable policy as a version to store."""
    program = checked.loaded.programs[ORDER]
    return NewPolicy(program.name, program.source_digest, checked.loaded.digest, source, by, checked.parts)


def name_of(checked: Checked) -> str:
    """What a policy calls itself, also one with errors; "" where that cannot be read."""
    return "" if checked.loaded.policy is None else checked.loaded.policy.name.text


def publishable(file: PolicyFile) -> Checked:
    """A file that has passed every gate but the other person's. Raises: NotPublishable."""
    checked = check_policy(file)
    if checked.refusal is not None:
        raise checked.refusal
    return checked
