"""The other person's part: approve, withdraw, comment, publish; and ask for a stored version to decide (again).

Rolling back is asking for an older version, through the same gate. An emergency skips the check of a version that
decided before, and the step between approval and effect; it never skips the other person, and raises an alarm.
"""

from __future__ import annotations

import logging
from datetime import datetime

from api.errors import Refused
from api.idempotency import Answer
from api.letter_files import read_letters
from api.operations.check_policy import check_policy
from api.operations.policy_assignments import read_assignment
from api.operations.policy_drafts import field_errors, file_of
from api.operations.policy_shown import submission_dict
from api.operations.policy_step import Done, Step, answered_before, once
from api.services import Services
from storage.failures import NotAllowed
from storage.policy_approvals import EMERGENCY, END, VERSION, NewSubmission, Submission
from storage.policy_drafts import PolicyCheck
from storage.policy_timeline import CHALLENGER, DEFAULT
from storage.unit_of_work import Work

log = logging.getLogger("aval.policy")


def submit_version(held: Services, asked: Step) -> Answer:
    """Ask for a stored version to decide: an older one again, or one for other customers; or for an assignment to end.

    Raises: Refused for an unknown version, one that does not pass its check today, or an emergency version that never
    decided.
    """
    before = answered_before(held, asked)
    if before is not None:
        return before
    kind = str(asked.wish["kind"])
    kept = _check(held, asked) if kind == VERSION else None

    def take(work: Work) -> Done:
        assignment = read_assignment(work, asked.wish.get("assignment"))
        digest = _ending(work, assignment) if kind == END else str(asked.wish["digest"])
        if work.policies.get(digest) is None:
            raise Refused("unknown-policy", "no policy version with this digest is stored")
        if kind == EMERGENCY and not work.policies.was_effective(digest):
            raise NotAllowed("never-effective", "only a version that decided before may do so without a check; "
                             "submit it as 'version'")  # fmt: skip
        if kept is not None:
            work.drafts.keep_check(kept, f"policy:{digest}")
        new = NewSubmission(kind, digest, asked.person, asked.wish["reason"], assignment,
                            None if kept is None else kept.check_id)  # fmt: skip
        return 201, submission_dict(work, work.submissions.add(new))

    answer = once(held, asked, take)
    if kind == EMERGENCY and not answer.replayed:
        log.error("alarm", extra={"alarm": "a policy is to take effect in an emergency; another person has to approve"})
    return answer


def approve_policy(held: Services, asked: Step) -> Answer:
    """Approve as another person than everybody who wrote it; an emergency takes effect at once.

    Raises: Refused for one's own policy, and for one that is approved, edited or withdrawn already.
    """
    emergency: list[str] = []

    def take(work: Work) -> Done:
        found = _known(work, asked.subject_id)
        done = work.submissions.approve(found.submission_id, asked.person, asked.wish.get("comment") or "")
        if done.kind == EMERGENCY:
            done = work.submissions.publish(found.submission_id, asked.person)
            emergency.append(done.digest)
        return 200, submission_dict(work, done)

    answer = once(held, asked, take)
    for digest in emergency:
        log.error("alarm", extra={"alarm": "a policy took effect in an emergency", "policy": digest})
    return answer


def withdraw_policy(held: Services, asked: Step) -> Answer:
    """Take a submission back, also one that was to begin later. Raises: Refused for one that decides already."""

    def take(work: Work) -> Done:
        found = _known(work, asked.subject_id)
        done = work.submissions.withdraw(found.submission_id, asked.person, asked.wish["reason"])
        return 200, submission_dict(work, done)

    return once(held, asked, take)


def publish_policy(held: Services, asked: Step) -> Answer:
    """Have an approved submission decide from an instant on, by default now.

    Raises: Refused where nobody approved it, an edit voided that, or the instant cannot be used.
    """

    def take(work: Work) -> Done:
        found = _known(work, asked.subject_id)
        start: datetime | None = asked.wish.get("effective_from")
        return 200, submission_dict(work, work.submissions.publish(found.submission_id, asked.person, start))

    return once(held, asked, take)


def comment_policy(held: Services, asked: Step) -> Answer:
    """Say something to a submission."""

    def take(work: Work) -> Done:
        found = _known(work, asked.subject_id)
        work.submissions.comment(found.submission_id, asked.person, asked.wish["comment"])
        return 201, submission_dict(work, found)

    return once(held, asked, take)


def _check(held: Services, asked: Step) -> PolicyCheck:
    """The check of a stored version by what this program knows today. Raises: Refused."""
    with held.database.read() as work:
        version = work.policies.get(str(asked.wish["digest"]))
    if version is None:
        raise Refused("unknown-policy", "no policy version with this digest is stored")
    checked = check_policy(file_of(version))
    if checked.refusal is not None:
        raise Refused("not-publishable", "the version does not pass its check any more", field_errors(checked))
    return checked.with_letters(read_letters(held.settings.letters)).kept(asked.person)


def _ending(work: Work, assignment: str) -> str:
    """The digest that decides for an assignment that is to end. Raises: NotAllowed."""
    digest = work.policies.timeline().all_at(work.now()).get(assignment)
    if assignment == DEFAULT or digest is None:
        told = f"'{assignment}' has no policy of its own; only customers, groups, countries and '{CHALLENGER}' can end"
        raise NotAllowed("nothing-to-end", told)
    return digest


def _known(work: Work, submission_id: str) -> Submission:
    found = work.submissions.get(submission_id)
    if found is None:
        raise Refused("not-found", "there is no submission with this id")
    return found
