"""Collect the evidence of one decision, from one view of the database."""

from __future__ import annotations

from api.evidence_pack import Evidence, pack
from api.operations.replay_decision import Versions, kept_of
from api.replaying import program_of, replay
from storage.database import Database


def collect_evidence(database: Database, decision_id: str) -> bytes | None:
    """The file for an auditor; None where there is no such decision."""
    with database.read() as work:
        stored = work.decisions.get(decision_id)
        if stored is None:
            return None
        kept = kept_of(work, stored, Versions())
        entry = work.log.entry(decision_id)
        receipt = None if entry is None else work.log.receipt(decision_id)
    program = program_of(kept)
    return pack(Evidence(kept, replay(kept), None if isinstance(program, str) else program, entry, receipt))
