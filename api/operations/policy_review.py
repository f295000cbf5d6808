"""What compliance reads of policies: versions, what changed between two, who published what when, and the evidence."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from api.errors import Refused
from api.operations.compare_policies import comparison
from api.operations.policy_drafts import loaded_of
from api.operations.policy_shown import (
    draft_line,
    instant,
    publication_dict,
    revision_dict,
    submission_dict,
    submission_line,
    version_dict,
)
from api.services import Services
from storage.page import Page
from storage.policies import PolicyVersion
from storage.policy_challenges import Challenge
from storage.policy_timeline import Whose
from storage.unit_of_work import Work

MOST_EVIDENCE = 500


def list_drafts(held: Services, cursor: str | None, size: int) -> dict[str, Any]:
    """Drafts, each with its last revision and state."""
    with held.database.read() as work:
        page = work.drafts.list(cursor, size)
        return _page(page, [draft_line(work, one) for one in page.items])


def list_submissions(held: Services, cursor: str | None, size: int) -> dict[str, Any]:
    """Submissions, newest first. Raises: ValueError for a cursor that no page gave."""
    with held.database.read() as work:
        page = work.submissions.list(cursor, size)
        return _page(page, [submission_line(work, one) for one in page.items])


def show_submission(held: Services, submission_id: str) -> dict[str, Any]:
    """A submission with its evidence and comments. Raises: Refused (not-found)."""
    with held.database.read() as work:
        found = work.submissions.get(submission_id)
        if found is None:
            raise Refused("not-found", "there is no submission with this id")
        return submission_dict(work, found)


def list_versions(held: Services, cursor: str | None, size: int) -> dict[str, Any]:
    """Stored versions by name and number."""
    with held.database.read() as work:
        page = work.policies.list(cursor, size)
    return _page(page, [version_dict(one) for one in page.items])


def show_version(held: Services, digest: str) -> PolicyVersion:
    """A stored version. Raises: Refused (not-found)."""
    with held.database.read() as work:
        return _stored(work, digest)


def diff_policies(held: Services, old: str, new: str) -> dict[str, Any]:
    """What changed between two stored versions, and for whom. Raises: Refused (unknown-policy, not-publishable)."""
    with held.database.read() as work:
        found = [work.policies.get(digest) for digest in (old, new)]
    before, after = found
    if before is None or after is None:
        raise Refused("unknown-policy", "no policy version with this digest is stored")
    loaded = loaded_of(before), loaded_of(after)
    if loaded[0].program is None or loaded[1].program is None:
        raise Refused("not-publishable", "a version has errors under this program and cannot be compared")
    told = comparison((loaded[0], before.source), (loaded[1], after.source))
    return {"old": version_dict(before), "new": version_dict(after), **told}


def policy_history(held: Services, cursor: str | None, size: int) -> dict[str, Any]:
    """What began to decide, for whom, from when, and who wrote and approved it; newest first.

    Raises: ValueError for a cursor that no page gave.
    """
    with held.database.read() as work:
        page = work.policies.history(cursor, size)
        return _page(page, [publication_dict(work, one) for one in page.items])


def effective_policies(held: Services, on: datetime | None, customer_id: str | None) -> dict[str, Any]:
    """What decides at an instant (None: now), for everybody and, where named, for one customer.

    Raises: Refused (unknown-customer).
    """
    with held.database.read() as work:
        at = on or work.now()
        timeline = work.policies.timeline()
        items = [{"assignment": key, **version_dict(_stored(work, digest))}
                 for key, digest in timeline.all_at(at).items()]  # fmt: skip
        told: dict[str, Any] = {"on": instant(at), "items": items}
        if customer_id is None:
            return told
        account = work.accounts.look(customer_id, None)
        if account is None:
            raise Refused("unknown-customer", f"there is no customer '{customer_id[:64]}'")
        whose = Whose(customer_id, tuple(one.group_id for one in account.groups), account.customer.country)
        key, digest = timeline.found_for(whose, at)
        decides = None if digest is None else {"assignment": key, **version_dict(_stored(work, digest))}
        return told | {"customer_id": customer_id, "decides": decides}


def list_challengers(held: Services) -> dict[str, Any]:
    """What challengers would have answered beside live decisions: counts by pairs of verdicts, and examples."""
    with held.database.read() as work:
        pairs = work.challenges.pairs()
        versions = {digest: work.policies.get(digest) for one in pairs for digest in (one.digest, one.decided_by)}
        return {"items": [{
            "digest": digest, "policy": _named(versions[digest]),
            "compared": sum(one.count for one in pairs if one.digest == digest),
            "differing": sum(one.differing for one in pairs if one.digest == digest),
            "verdicts": [{"decided_by": one.decided_by, "verdict": one.verdict, "challenger": one.challenger_verdict,
                          "count": one.count, "differing": one.differing} for one in pairs if one.digest == digest],
            "examples": [_example(one) for one in work.challenges.examples(digest)],
        } for digest in dict.fromkeys(one.digest for one in pairs)]}  # fmt: skip


def _example(one: Challenge) -> dict[str, Any]:
    return {"decision_id": one.decision_id, "verdict": one.verdict, "challenger": one.challenger_verdict,
            "parts": dict(one.details), "at": instant(one.at)}  # fmt: skip


def _named(version: PolicyVersion | None) -> str:
    return "" if version is None else f"{version.name} {version.version}"


def export_policy(held: Services, digest: str) -> dict[str, Any]:
    """One version with everything that speaks for it: bytes, revisions, checks, approvals, comments, when it decided.

    Bytes are in base64, so that their digest can be computed again. Raises: Refused (not-found).
    """
    with held.database.read() as work:
        version = _stored(work, digest)
        asked = work.submissions.list(limit=MOST_EVIDENCE, of=digest).items
        drafts = {one.draft_id for one in asked if one.draft_id is not None}
        lines = work.policies.publications([one.submission_id for one in asked])
        return {
            "format": "aval policy evidence 1", "version": version_dict(version),
            "source": b64encode(version.source).decode(),
            "parts": {part.name: b64encode(part.source).decode() for part in version.parts},
            "submissions": [submission_dict(work, one) for one in asked],
            "revisions": {draft: [revision_dict(one) for one in work.drafts.revisions(draft)]
                          for draft in sorted(drafts)},
            "published": [publication_dict(work, one) for one in lines.values()],
            "before_approvals": not asked and work.policies.was_effective(digest),
        }  # fmt: skip


def _stored(work: Work, digest: str) -> PolicyVersion:
    found = work.policies.get(digest)
    if found is None:
        raise Refused("not-found", "no policy version with this digest is stored")
    return found


def _page(page: Page[Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": items, "next": page.next_cursor}
