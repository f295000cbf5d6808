"""What a challenger would have answered beside decisions: counted by pairs of verdicts, with examples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from storage.clock import database_now, read_instant
from storage.policy_tables import policy_challenge

MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Challenge:
    """One decision and what the challenger `digest` would have answered; `details` has the parts that differ."""

    decision_id: str
    digest: str
    decided_by: str
    verdict: str
    challenger_verdict: str
    differs: bool
    details: Mapping[str, Any]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """How often a decision had one verdict and the challenger another, and how often anything differed."""

    digest: str
    decided_by: str
    verdict: str
    challenger_verdict: str
    count: int
    differing: int


class Challenges:
    """The comparisons of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def add_many(self, found: Sequence[Challenge]) -> None:
        """Keep comparisons of decisions that are recorded."""
        rows = [{
            "decision_id": one.decision_id, "digest": one.digest, "decided_by": one.decided_by, "verdict": one.verdict,
            "challenger_verdict": one.challenger_verdict, "differs": int(one.differs),
            "details": json.dumps(one.details, ensure_ascii=False, sort_keys=True),
        } for one in found]  # fmt: skip
        for row in rows:
            self._connection.execute(insert(policy_challenge).values(at=database_now(), **row))

    def pairs(self) -> tuple[Pair, ...]:
        """Every pair of verdicts of every challenger, with counts."""
        keys = (policy_challenge.c.digest, policy_challenge.c.decided_by, policy_challenge.c.verdict,
                policy_challenge.c.challenger_verdict)  # fmt: skip
        counts = (func.count().label("number"), func.sum(policy_challenge.c.differs).label("differing"))
        rows = self._connection.execute(select(*keys, *counts).group_by(*keys).order_by(*keys))
        return tuple(Pair(row.digest, row.decided_by, row.verdict, row.challenger_verdict, row.number,
                          int(row.differing)) for row in rows)  # fmt: skip

    def examples(self, digest: str) -> tuple[Challenge, ...]:
        """The latest decisions that a challenger would have answered otherwise, at most 20."""
        differing = select(policy_challenge).where(policy_challenge.c.digest == digest, policy_challenge.c.differs == 1)
        rows = self._connection.execute(differing.order_by(policy_challenge.c.at.desc()).limit(MOST_EXAMPLES))
        return tuple(Challenge(row.decision_id, row.digest, row.decided_by, row.verdict, row.challenger_verdict, True,
                               json.loads(row.details), read_instant(row.at)) for row in rows)  # fmt: skip
