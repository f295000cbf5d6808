"""How each group above a customer stood when a decision was made, read back from the movements of then.

A decision's movement is written in every group above its customer, under one lock. So the movements say which groups
there were, what each owed before, and, where something was held, up to what it might have owed; else the limits say
that were told by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from storage.clock import read_instant
from storage.exposure_ledger import group_limit_of
from storage.limits import LimitRow, Limits
from storage.tables import account, decision, movement

OF_DECISIONS = ("hold", "nothing_held")


@dataclass(frozen=True, slots=True)
class GroupThen:
    """A group as a decision found it: what it owed before, and the most that it might; None: nothing bound it.

    Minor units; `exact` where the most is what the decision was checked with, grants for its order included.
    """

    group_id: str
    owed: int
    most: int | None
    exact: bool


class GroupMovements:
    """The movements of groups as one transaction sees them."""

    def __init__(self, connection: Connection, limits: Limits) -> None:
        """Read over the transaction's connection."""
        self._connection = connection
        self._limits = limits

    def of(self, decision_ids: Sequence[str]) -> dict[str, tuple[GroupThen, ...]]:
        """The groups above the customers of some decisions, by decision; those of none are left out."""
        columns = (movement, account.c.group_id, decision.c.as_of, decision.c.decided_at)
        wanted = select(*columns).join(account, account.c.account_id == movement.c.account_id)
        wanted = wanted.join(decision, decision.c.decision_id == movement.c.decision_id)
        of_these = movement.c.decision_id.in_(decision_ids) & movement.c.kind.in_(OF_DECISIONS)
        rows = self._connection.execute(wanted.where(of_these, account.c.group_id.is_not(None))).all()
        told = {one: self._limits.of_account(one) for one in {row.account_id for row in rows}}
        found: dict[str, list[GroupThen]] = defaultdict(list)
        for row in rows:
            found[row.decision_id].append(read_group_then(row, told[row.account_id]))
        return {one: tuple(groups) for one, groups in found.items()}


def read_group_then(row: Any, told: Iterable[LimitRow]) -> GroupThen:
    """A group from its movement and from every limit that was told of it."""
    owed = row.balance_after - row.amount
    if row.kind == "hold":
        return GroupThen(row.group_id, owed, row.ceiling, exact=True)
    decided = read_instant(row.decided_at)
    limit = group_limit_of([one.timed for one in told if one.at <= decided], date.fromisoformat(row.as_of))
    most = None if limit.state in ("none", "unlimited") else limit.minor or 0
    return GroupThen(row.group_id, owed, most, exact=False)
