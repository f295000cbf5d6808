"""Collect the evidence of one decision, from one view of the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.evidence_pack import Evidence, pack
from api.operations.replay_decision import Versions, kept_of_page
from api.replaying import program_of, replay
from credit.decision import instant_text
from storage.database import Database
from storage.unit_of_work import Work


def collect_evidence(database: Database, decision_id: str) -> bytes | None:
    """The file for an auditor; None where there is no such decision."""
    with database.read() as work:
        stored = work.decisions.get(decision_id)
        if stored is None:
            return None
        [kept] = kept_of_page(work, [stored], Versions())
        entry = work.log.entry(decision_id)
        receipt = None if entry is None else work.log.receipt(decision_id)
        approvals = approvals_of(work, stored.policy_digest)
    program = program_of(kept)
    return pack(Evidence(kept, replay(kept), None if isinstance(program, str) else program, entry, receipt,
                         approvals))  # fmt: skip


def approvals_of(work: Work, digest: str) -> tuple[Mapping[str, Any], ...]:
    """Who submitted and who approved a policy version, each time that it was; none from before approvals were kept."""
    return tuple(
        {"submitted_by": one.submitted_by, "author": one.author, "approved_by": one.approval.person,
         "approved_at": instant_text(one.approval.at), "comment": one.approval.text, "kind": one.kind}
        for one in work.submissions.list(of=digest).items if one.approval is not None
    )  # fmt: skip
