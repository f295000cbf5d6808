"""The steps of a policy's life as they are shown: plain records, the same over HTTP and at the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from credit.decision import instant_text
from storage.policies import PolicyVersion, Publication
from storage.policy_approvals import Said, Submission
from storage.policy_drafts import PolicyCheck, Revision
from storage.policy_simulations import PolicySimulation
from storage.unit_of_work import Work


def instant(at: datetime | None) -> str | None:
    """An instant as text, None for none."""
    return None if at is None else instant_text(at)


def revision_dict(one: Revision) -> dict[str, Any]:
    """A revision without its bytes."""
    return {"revision": one.revision, "digest": one.digest, "edited_by": one.edited_by, "comment": one.comment,
            "at": instant(one.at)}  # fmt: skip


def draft_line(work: Work, one: Revision) -> dict[str, Any]:
    """A draft as lists show it: its last revision, whether that is checked, and what became of its submissions."""
    checked = work.drafts.check_of(one.digest)
    asked = work.submissions.list(limit=1, of=one.draft_id).items
    state = asked[0].state(work.now()) if asked and asked[0].revision == one.revision else None
    found = "unchecked" if checked is None else "checked" if checked.publishable else "not_publishable"
    return {"id": one.draft_id, "policy": one.name, "author": one.author, **revision_dict(one),
            "state": state or found, "submission": asked[0].submission_id if asked else None}  # fmt: skip


def draft_dict(work: Work, one: Revision) -> dict[str, Any]:
    """A draft in full: its bytes as text, its parts, every revision, the last check and all submissions."""
    checked = work.drafts.check_of(one.digest)
    asked = work.submissions.list(limit=100, of=one.draft_id).items
    return draft_line(work, one) | {
        "source": one.source.decode("utf-8", "replace"),
        "parts": {part.name: part.source.decode("utf-8", "replace") for part in one.parts},
        "check": None if checked is None else check_dict(checked),
        "simulation": _simulation(work, one.digest),
        "revisions": [revision_dict(each) for each in work.drafts.revisions(one.draft_id)],
        "submissions": [submission_line(work, each) for each in asked],
    }  # fmt: skip


def check_dict(one: PolicyCheck) -> dict[str, Any]:
    """A check with everything that it found."""
    return {"id": one.check_id, "digest": one.digest, "program_digest": one.program_digest,
            "publishable": one.publishable, "by": one.by, "at": instant(one.at), **one.report}  # fmt: skip


def simulation_dict(one: PolicySimulation) -> dict[str, Any]:
    """A simulation with everything that it found."""
    return {"id": one.simulation_id, "digest": one.digest, "by": one.by, "at": instant(one.at), "report": one.report}


def submission_line(work: Work, one: Submission) -> dict[str, Any]:
    """A submission as lists show it."""
    version = work.policies.get(one.digest)
    return {
        "id": one.submission_id, "kind": one.kind, "state": one.state(work.now()), "digest": one.digest,
        "policy": None if version is None else version.name, "version": None if version is None else version.version,
        "assignment": one.assignment, "author": one.author, "last_editor": one.last_editor,
        "submitted_by": one.submitted_by, "reason": one.reason, "at": instant(one.at), "draft": one.draft_id,
        "revision": one.revision, "check": one.check_id, "approval": _said(one.approval),
        "withdrawal": _said(one.withdrawal),
        "effective_from": None if one.publication is None else instant(one.publication.effective_from),
    }  # fmt: skip


def submission_dict(work: Work, one: Submission) -> dict[str, Any]:
    """A submission in full: with the check that goes with it, and what was said to it."""
    checked = None if one.check_id is None else work.drafts.check(one.check_id)
    return submission_line(work, one) | {
        "evidence": None if checked is None else check_dict(checked),
        "simulation": _simulation(work, one.digest),
        "comments": [_said(each) for each in work.submissions.comments(one.submission_id)],
        "may_not_approve": sorted(work.submissions.writers(one)),
    }  # fmt: skip


def version_dict(one: PolicyVersion) -> dict[str, Any]:
    """A version without its bytes."""
    return {
        "policy": one.name, "version": one.version, "digest": one.digest, "program_digest": one.program_digest,
        "stored_at": instant(one.stored_at), "stored_by": one.stored_by,
        "parts": [{"name": part.name, "digest": part.digest} for part in one.parts],
    }  # fmt: skip


def publication_dict(work: Work, one: Publication) -> dict[str, Any]:
    """A line of the dated list with who is behind it; no submission where it is older than approvals."""
    asked = None if one.submission_id is None else work.submissions.get(one.submission_id)
    version = work.policies.get(one.digest)
    return {
        "seq": one.seq, "what": one.kind, "assignment": one.assignment, "policy": one.name,
        "version": None if version is None else version.version, "digest": one.digest,
        "effective_from": instant(one.effective_from), "set_at": instant(one.set_at), "set_by": one.set_by,
        "submission": one.submission_id, "kind": None if asked is None else asked.kind,
        "author": None if asked is None else asked.author,
        "approver": None if asked is None or asked.approval is None else asked.approval.person,
        "reason": "published before approvals were kept" if asked is None else asked.reason,
    }  # fmt: skip


def _simulation(work: Work, digest: str) -> dict[str, Any] | None:
    """The last simulation of some bytes; None where nobody ran one, and for bytes that were edited since."""
    found = work.simulations.of(digest)
    return None if found is None else simulation_dict(found)


def _said(one: Said | None) -> dict[str, Any] | None:
    return None if one is None else {"person": one.person, "comment": one.text, "at": instant(one.at)}
