"""Write, check and submit a draft of a policy: by risk officers, each step under their name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.errors import FieldError, Refused
from api.idempotency import Answer
from api.letter_files import read_letters
from api.operations.check_policy import Checked, PolicyFile, check_policy, read_policy
from api.operations.compare_policies import comparison
from api.operations.policy_assignments import read_assignment
from api.operations.policy_shown import check_dict, draft_dict, submission_dict
from api.operations.policy_step import Done, Step, answered_before, noted, once
from api.operations.publish_policy import name_of, version_of
from api.services import Services
from policy.load import Loaded
from policy.parts import Part, Shelf
from storage.failures import NotAllowed
from storage.policies import PolicyVersion
from storage.policy_approvals import DRAFT, NewSubmission
from storage.policy_drafts import NewRevision, Revision
from storage.unit_of_work import Work

FILE = "policy.yaml"  # what findings call a draft
MOST_TOLD = 50


def create_draft(held: Services, asked: Step) -> Answer:
    """Begin a draft: whoever writes its first revision is its author. Errors do not keep it from being written down."""
    new = _written(asked.wish, asked.person)

    def take(work: Work) -> Done:
        return 201, draft_dict(work, work.drafts.add(new))

    return once(held, asked, take)


def edit_draft(held: Services, asked: Step, seen: str | None) -> tuple[str, Mapping[str, Any]]:
    """Write the next revision, and give its tag; whatever was submitted or approved of the draft is void.

    Raises: Refused without `seen`, the tag of the revision that the editor saw, and where it is not the last any more.
    """
    if seen is None:
        raise noted(held, asked, NotAllowed("if-match-missing", "send If-Match with the draft's ETag as you saw it"))
    new = _written(asked.wish, asked.person)
    try:
        with held.database.write() as work:
            found = known_draft(work, asked.subject_id)
            written = work.drafts.edit(found.draft_id, seen, new)
            return written.tag, draft_dict(work, written)
    except NotAllowed as refusal:
        raise noted(held, asked, refusal) from None


def show_draft(held: Services, draft_id: str) -> tuple[str, Mapping[str, Any]]:
    """A draft in full, and the tag with which it is edited. Raises: Refused (not-found)."""
    with held.database.read() as work:
        found = known_draft(work, draft_id)
        return found.tag, draft_dict(work, found)


def check_draft(held: Services, asked: Step) -> Answer:
    """Check the last revision of a draft and keep all that was found, also where it is in order.

    With `compare`, orders are looked for that the policy in effect decides otherwise.
    """
    before = answered_before(held, asked)
    if before is not None:
        return before
    with held.database.read() as work:
        found = known_draft(work, asked.subject_id)
        other = work.policies.effective() if asked.wish.get("compare") else None
    checked = _checked(found, other)
    kept = checked.with_letters(read_letters(held.settings.letters)).kept(asked.person)

    def take(work: Work) -> Done:
        work.drafts.keep_check(kept, asked.about)
        stored = work.drafts.check(kept.check_id)
        assert stored is not None
        return 201, {"draft": found.draft_id, "revision": found.revision, **check_dict(stored)}

    return once(held, asked, take)


def submit_draft(held: Services, asked: Step) -> Answer:
    """Ask for another person's approval of the last revision. Raises: Refused where it is not checked or has errors."""
    before = answered_before(held, asked)
    if before is not None:
        return before
    with held.database.read() as work:
        found = known_draft(work, asked.subject_id)
        known = work.policies.get(found.digest) is not None
    checked = None if known else read_policy(file_of(found))

    def take(work: Work) -> Done:
        last = known_draft(work, asked.subject_id)
        assignment = read_assignment(work, asked.wish.get("assignment"))
        kept = work.drafts.check_of(last.digest)
        if last.digest != found.digest or kept is None:
            raise NotAllowed("not-checked", "these bytes are not checked; check the draft, then submit it")
        if not kept.publishable:
            raise NotAllowed("not-publishable", "the check found what keeps it from being published; mend that")
        if checked is not None:
            work.policies.add(version_of(checked, found.source, last.author))
        new = NewSubmission(DRAFT, last.digest, asked.person, asked.wish.get("reason") or "", assignment, kept.check_id,
                            last.draft_id, last.revision, last.author, last.edited_by)  # fmt: skip
        return 201, submission_dict(work, work.submissions.add(new))

    return once(held, asked, take)


def file_of(one: Revision | PolicyVersion) -> PolicyFile:
    """Kept bytes as a file again, with the parts that were kept with them."""
    return PolicyFile(one.source, FILE, Shelf.of(Part(part.name, part.source) for part in one.parts))


def loaded_of(one: Revision | PolicyVersion) -> Loaded:
    """Kept bytes, read again."""
    return read_policy(file_of(one)).loaded


def _checked(found: Revision, other: PolicyVersion | None) -> Checked:
    checked = check_policy(file_of(found))
    before = None if other is None else loaded_of(other)
    if other is None or before is None or before.program is None or checked.loaded.program is None:
        return checked  # nothing decides yet, or one of both cannot be run
    return checked.compared(comparison((before, other.source), (checked.loaded, found.source)))


def _written(wish: Mapping[str, Any], person: str) -> NewRevision:
    """What is to be kept: the bytes as they were sent, with the parts that the policy uses."""
    given = {name: text.encode() for name, text in wish.get("parts", {}).items()}
    source = wish["source"].encode()
    read = read_policy(PolicyFile(source, FILE, Shelf.of(Part(name, text) for name, text in given.items())))
    return NewRevision(source, read.digest, name_of(read), person, wish.get("comment") or "", read.parts)


def known_draft(work: Work, draft_id: str) -> Revision:
    """The last revision of a draft. Raises: Refused (not-found)."""
    found = work.drafts.get(draft_id)
    if found is None:
        raise Refused("not-found", "there is no draft with this id")
    return found


def field_errors(refused: Checked) -> list[FieldError]:
    """What keeps a policy from being published, as the errors of a problem."""
    refusal = refused.refusal
    assert refusal is not None
    told = [FieldError(f"{one.where}", one.told("en")) for one in refusal.problems]
    told += [FieldError(f"line {one.line}", f"the test '{one.name}' fails") for one in refusal.failed]
    return told[:MOST_TOLD] or [FieldError("engines", refusal.engines)]
