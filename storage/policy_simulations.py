"""What simulations of policies found, kept by the digest of the bytes that were simulated.

A simulation belongs to bytes, not to a draft: whoever edits has none. Rows are only added.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.clock import database_now, read_instant
from storage.events import Event, Events
from storage.people import subject_of
from storage.policy_tables import policy_simulation


@dataclass(frozen=True, slots=True)
class NewSimulation:
    """What a simulation found of some bytes, and who ran it; `report` is a JSON object."""

    digest: str
    report: Mapping[str, Any]
    by: str
    simulation_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class PolicySimulation:
    """A simulation as it is kept."""

    simulation_id: str
    digest: str
    report: Mapping[str, Any]
    by: str
    at: datetime


class Simulations:
    """The simulations of one transaction; each writes its event."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection
        self._events = events

    def add(self, new: NewSimulation, subject: str) -> None:
        """Keep what was found; `subject` is the draft that was simulated."""
        values = {"simulation_id": new.simulation_id, "digest": new.digest, "simulated_by": new.by,
                  "report": json.dumps(new.report, ensure_ascii=False, sort_keys=True)}  # fmt: skip
        self._connection.execute(insert(policy_simulation).values(at=database_now(), **values))
        told = {"simulation": new.simulation_id, "digest": new.digest}
        self._events.record(Event("policy_simulated", subject, subject_of(new.by), told))

    def of(self, digest: str) -> PolicySimulation | None:
        """The last simulation of some bytes, or None where nobody ran one."""
        of_bytes = select(policy_simulation).where(policy_simulation.c.digest == digest)
        row = self._connection.execute(of_bytes.order_by(policy_simulation.c.seq.desc()).limit(1)).first()
        if row is None:
            return None
        return PolicySimulation(row.simulation_id, row.digest, json.loads(row.report), row.simulated_by,
                                read_instant(row.at))  # fmt: skip
