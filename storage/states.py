"""What is remembered of a customer between decisions: states entered and left, and acts that people recorded.

Both are only added to. Every event takes the next count of the account's facts (`facts_ver`), which puts changes and
acts of one customer in one order that no clock can blur, and tells a decision in work that its facts moved. Each is an
event of the service too, and so a leaf of the log: a state's author is the decision that changed it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from storage.account_facts import FACTS_MOVED
from storage.clock import database_now, read_instant, write_instant
from storage.events import Event, Events, author_of
from storage.exposure_ledger import AccountState
from storage.prepared import Prepared
from storage.tables import account, act, state_change


@dataclass(frozen=True, slots=True)
class StateChanged:
    """One state that a decision entered or ended, on the day of that decision, and the lines that did it."""

    state: str
    entered: bool
    day: date
    why: tuple[str, ...]
    decision_id: str
    place: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One act that somebody recorded: `person` in the words of the caller, `client` whose key it was."""

    act: str
    role: str
    person: str
    client: str
    reason: str
    place: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """All changes and acts of one customer, each in the order in which they happened."""

    changes: tuple[StateChanged, ...] = ()
    acts: tuple[Act, ...] = ()


CHANGES = Prepared(
    select(state_change).where(state_change.c.account_id == bindparam("wanted")).order_by(state_change.c.place)
)
ACTS = Prepared(select(act).where(act.c.account_id == bindparam("wanted")).order_by(act.c.place))
COLUMNS = (account.c.account_id, account.c.facts_ver, database_now().label("now"))
TAKE = FACTS_MOVED.returning(*COLUMNS)


class States:
    """The states and acts of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection
        self._events = events

    def history(self, account_id: int) -> History:
        """Everything recorded of an account's customer; exact where the account is locked."""
        changes = CHANGES.run(self._connection, {"wanted": account_id})
        acts = ACTS.run(self._connection, {"wanted": account_id})
        return History(tuple(_change(row) for row in changes), tuple(_act(row) for row in acts))

    def change(self, locked: AccountState, changes: Sequence[StateChanged]) -> None:
        """Record what a decision on a locked account entered and ended, in the decision's own transaction."""
        if not changes:
            return
        [taken] = self._connection.execute(TAKE.where(account.c.account_id == locked.account_id))
        rows = [
            {"account_id": locked.account_id, "place": taken.facts_ver, "state": one.state,
             "change": "entered" if one.entered else "left", "day": one.day.isoformat(),
             "decision_id": one.decision_id, "why": json.dumps(one.why, ensure_ascii=False),
             "at": write_instant(locked.now)}
            for one in changes
        ]  # fmt: skip
        self._connection.execute(insert(state_change), rows)
        for one in changes:
            details = {"state": one.state, "day": one.day.isoformat(), "why": list(one.why)}
            kind, subject = "state_entered" if one.entered else "state_left", locked.customer.customer_id
            self._events.record(Event(kind, f"customer:{subject}", f"decision:{one.decision_id}", details))

    def act(self, customer_id: str, done: Act) -> datetime | None:
        """Record an act; when it was recorded, or None for an unknown customer."""
        taken = self._connection.execute(TAKE.where(account.c.customer_id == customer_id)).first()
        if taken is None:
            return None
        values = {"account_id": taken.account_id, "place": taken.facts_ver, "act": done.act, "role": done.role,
                  "person": done.person, "client": done.client, "reason": done.reason, "at": taken.now}  # fmt: skip
        self._connection.execute(insert(act).values(**values))
        details = {"act": done.act, "role": done.role, "person": done.person, "reason": done.reason}
        self._events.record(Event("act_recorded", f"customer:{customer_id}", author_of(done.client), details))
        return read_instant(taken.now)


def _change(row: Any) -> StateChanged:
    return StateChanged(
        row.state, row.change == "entered", date.fromisoformat(row.day), tuple(json.loads(row.why)), row.decision_id,
        row.place, read_instant(row.at),
    )  # fmt: skip


def _act(row: Any) -> Act:
    return Act(row.act, row.role, row.person, row.client, row.reason, row.place, read_instant(row.at))
