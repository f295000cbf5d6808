"""Submissions of policies, and the other person's word: approved, withdrawn, commented, published.

A submission names the bytes, and for whom they are to decide; an approval is of exactly those. INVARIANT: the approver
is another person than the author, every editor and who submitted; an edit or a withdrawal voids the approval; of two
approvers one approves. All of it is held by the database (`storage.policy_tables`, `storage.policy_triggers`); here it
is told in words before.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select

from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.events import Event, Events
from storage.failures import NotAllowed
from storage.page import LARGEST_PAGE, Page, page_of, read_cursor
from storage.people import subject_of
from storage.policies import Approved, Policies, Publication
from storage.policy_tables import (
    policy_approval,
    policy_comment,
    policy_revision,
    policy_submission,
    policy_withdrawal,
)
from storage.policy_timeline import BEGINS, DEFAULT, ENDS
from storage.turns import take_turn

DRAFT, VERSION, EMERGENCY, END = "draft", "version", "emergency", "end"
KINDS = (DRAFT, VERSION, EMERGENCY, END)
SUBMITTED, APPROVED, EDITED, WITHDRAWN = "submitted", "approved", "edited", "withdrawn"
SCHEDULED, PUBLISHED = "scheduled", "published"


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """What is asked to decide for whom: a revision of a draft, a stored version, or an end of an assignment.

    For a draft, `author` and `last_editor` are those of the revision; for all others both are who asks.
    """

    kind: str
    digest: str
    by: str
    reason: str = ""
    assignment: str = DEFAULT
    check_id: str | None = None
    draft_id: str | None = None
    revision: int | None = None
    author: str | None = None
    last_editor: str | None = None
    submission_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody's word on a submission: who, what and when."""

    person: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission with all that became of it; `last_revision` is the draft's, None for what is no draft."""

    submission_id: str
    kind: str
    digest: str
    assignment: str
    author: str
    last_editor: str
    submitted_by: str
    reason: str
    at: datetime
    check_id: str | None
    draft_id: str | None
    revision: int | None
    last_revision: int | None
    approval: Said | None
    withdrawal: Said | None
    publication: Publication | None

    def state(self, now: datetime) -> str:
        """What has become of it by an instant."""
        if self.withdrawal is not None:
            return WITHDRAWN
        if self.publication is not None:
            return SCHEDULED if self.publication.effective_from > now else PUBLISHED
        if self.last_revision != self.revision:
            return EDITED
        return SUBMITTED if self.approval is None else APPROVED

    @property
    def approved(self) -> Approved:
        """What it makes decide, as the dated list takes it."""
        return Approved(self.submission_id, self.digest, self.assignment, ENDS if self.kind == END else BEGINS)


class Submissions:
    """The submissions of one transaction; each step writes its event."""

    def __init__(self, connection: Connection, events: Events, policies: Policies) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection
        self._events = events
        self._policies = policies

    def add(self, new: NewSubmission) -> Submission:
        """Ask for another person's approval. The database refuses a draft's revision that is not as it is named."""
        take_turn(self._connection)
        values = {
            "submission_id": new.submission_id, "kind": new.kind, "draft_id": new.draft_id, "revision": new.revision,
            "digest": new.digest, "assignment": new.assignment, "author": new.author or new.by,
            "last_editor": new.last_editor or new.by, "submitted_by": new.by, "check_id": new.check_id,
            "reason": new.reason,
        }  # fmt: skip
        self._connection.execute(insert(policy_submission).values(at=database_now(), **values))
        kind = "policy_emergency_submitted" if new.kind == EMERGENCY else "policy_submitted"
        told = {"digest": new.digest, "kind": new.kind, "assignment": new.assignment, "reason": new.reason,
                "draft": new.draft_id, "revision": new.revision}  # fmt: skip
        self._note(kind, new.submission_id, new.by, **told)
        return self.known(new.submission_id)

    def approve(self, submission_id: str, by: str, comment: str = "") -> Submission:
        """Approve a submission as another person.

        Raises: NotAllowed for one's own policy, and for one that is approved, edited or withdrawn already.
        """
        take_turn(self._connection)
        found = self.known(submission_id)
        self._refuse_over(found)
        if found.approval is not None:
            raise NotAllowed("approved-already", f"'{found.approval.person}' approved it already")
        if by in self.writers(found):
            raise NotAllowed("own-policy", f"'{by}' wrote, edited or submitted it; another person has to approve")
        values = {"submission_id": submission_id, "digest": found.digest, "author": found.author,
                  "last_editor": found.last_editor, "submitted_by": found.submitted_by, "approver": by,
                  "comment": comment}  # fmt: skip
        self._connection.execute(insert(policy_approval).values(at=database_now(), **values))
        self._note("policy_approved", submission_id, by, digest=found.digest, assignment=found.assignment)
        return self.known(submission_id)

    def withdraw(self, submission_id: str, by: str, reason: str) -> Submission:
        """Take a submission back; one that was to begin later does not begin.

        Raises: NotAllowed for one that is withdrawn or in effect already.
        """
        take_turn(self._connection)
        found = self.known(submission_id)
        state = found.state(read_clock(self._connection))
        if state == WITHDRAWN:
            raise NotAllowed("submission-withdrawn", "it was withdrawn already")
        if state == PUBLISHED:
            raise NotAllowed("published-already", "it decides already, or did; roll back to another version instead")
        values = {"submission_id": submission_id, "withdrawn_by": by, "reason": reason}
        self._connection.execute(insert(policy_withdrawal).values(at=database_now(), **values))
        if found.publication is not None:
            self._policies.cancel(found.approved, by, found.publication.effective_from)
        self._note("policy_withdrawn", submission_id, by, digest=found.digest, reason=reason)
        return self.known(submission_id)

    def publish(self, submission_id: str, by: str, start: datetime | None = None) -> Submission:
        """Have an approved submission decide from an instant (None: now).

        Raises: NotAllowed where nobody approved it, an edit or a withdrawal voided that, it was published before, or
        the instant cannot be used.
        """
        take_turn(self._connection)
        found = self.known(submission_id)
        if found.publication is not None and found.withdrawal is None:
            raise NotAllowed("published-already", f"it begins at '{found.publication.effective_from.isoformat()}'")
        self._refuse_over(found)
        if found.approval is None:
            raise NotAllowed("not-approved", "another person has to approve it first")
        instant = self._policies.publish(found.approved, by, start)
        kinds = {EMERGENCY: "policy_emergency_published", END: "policy_assignment_ended"}
        told = {"digest": found.digest, "assignment": found.assignment, "approver": found.approval.person}
        self._note(kinds.get(found.kind, "policy_published"), submission_id, by, **told,
                   effective_from=write_instant(instant))  # fmt: skip
        return self.known(submission_id)

    def comment(self, submission_id: str, by: str, text: str) -> None:
        """Write down what a reader says to a submission."""
        values = {"submission_id": submission_id, "person": by, "comment": text}
        self._connection.execute(insert(policy_comment).values(at=database_now(), **values))
        self._note("policy_commented", submission_id, by)

    def comments(self, submission_id: str) -> tuple[Said, ...]:
        """What was said to a submission, the first word first; at most 500."""
        of_one = select(policy_comment).where(policy_comment.c.submission_id == submission_id)
        rows = self._connection.execute(of_one.order_by(policy_comment.c.seq).limit(LARGEST_PAGE))
        return tuple(Said(row.person, row.comment, read_instant(row.at)) for row in rows)

    def writers(self, found: Submission) -> frozenset[str]:
        """Who may not approve: the author, everybody who edited the draft, and who submitted it."""
        of_draft = select(policy_revision.c.edited_by).where(policy_revision.c.draft_id == found.draft_id)
        edited = {row.edited_by for row in self._connection.execute(of_draft)} if found.draft_id else set()
        return frozenset({found.author, found.last_editor, found.submitted_by, *edited})

    def get(self, submission_id: str) -> Submission | None:
        """A submission with all that became of it, or None."""
        row = self._connection.execute(_ALL.where(policy_submission.c.submission_id == submission_id)).first()
        return None if row is None else self._read(row)

    def known(self, submission_id: str) -> Submission:
        """A submission that is known to be there."""
        found = self.get(submission_id)
        assert found is not None, "submissions are never removed"
        return found

    def list(self, cursor: str | None = None, limit: int = 50, *, of: str | None = None) -> Page[Submission]:
        """Submissions, newest first, behind the cursor, of one draft or version's digest where given; at most 500.

        Raises: ValueError for a cursor that no page gave.
        """
        size = min(limit, LARGEST_PAGE)
        wanted = _ALL.order_by(policy_submission.c.seq.desc()).limit(size + 1)
        if cursor is not None:
            wanted = wanted.where(policy_submission.c.seq < read_cursor(cursor))
        if of is not None:
            wanted = wanted.where(or_(policy_submission.c.draft_id == of, policy_submission.c.digest == of))
        return page_of(self._connection.execute(wanted).all(), size, lambda row: row.seq, self._read)

    def _refuse_over(self, found: Submission) -> None:
        """Refuse what an edit or a withdrawal ended. Raises: NotAllowed."""
        if found.withdrawal is not None:
            raise NotAllowed("submission-withdrawn", f"'{found.withdrawal.person}' withdrew it; submit it again")
        if found.last_revision != found.revision:
            raise NotAllowed("policy-edited", "the draft was edited since, which voids the submission; submit it again")

    def _read(self, row: Any) -> Submission:
        published = self._policies.publications([row.submission_id])
        approval = None if row.approver is None else Said(row.approver, row.comment, read_instant(row.approved_at))
        withdrawal = None if row.withdrawn_by is None else Said(row.withdrawn_by, row.why, read_instant(row.over_at))
        return Submission(
            row.submission_id, row.kind, row.digest, row.assignment, row.author, row.last_editor, row.submitted_by,
            row.reason, read_instant(row.at), row.check_id, row.draft_id, row.revision, row.last_revision, approval,
            withdrawal, published.get(row.submission_id),
        )  # fmt: skip

    def _note(self, happened: str, submission_id: str, by: str, **told: object) -> None:
        details = {name: one for name, one in told.items() if one not in (None, "")}
        self._events.record(Event(happened, f"submission:{submission_id}", subject_of(by), details))


_LAST = (
    select(func.max(policy_revision.c.revision))
    .where(policy_revision.c.draft_id == policy_submission.c.draft_id)
    .correlate(policy_submission)
    .scalar_subquery()
)
_ALL = (
    select(
        policy_submission, _LAST.label("last_revision"), policy_approval.c.approver, policy_approval.c.comment,
        policy_approval.c.at.label("approved_at"), policy_withdrawal.c.withdrawn_by,
        policy_withdrawal.c.reason.label("why"), policy_withdrawal.c.at.label("over_at"),
    )
    .outerjoin(policy_approval, policy_approval.c.submission_id == policy_submission.c.submission_id)
    .outerjoin(policy_withdrawal, policy_withdrawal.c.submission_id == policy_submission.c.submission_id)
)  # fmt: skip
