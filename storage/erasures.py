"""Erasing what a decision was made from, on request of the person it tells of, while every proof still verifies.

The bytes of the request, the facts, the outcome and the answer go, the copies of them with which a person or a
challenger was answered, and the salt with which the log committed to them. The decision's verdict, its policy and its
place in the ledger stay. The erasure itself is an event, and so an entry of the log: an auditor who finds a record
without its bytes finds there who let them go, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from storage.clock import database_now, read_instant
from storage.customers import write_json
from storage.events import Event, Events
from storage.failures import Refused
from storage.file_erasures import ERASED_NAME, empty_file
from storage.log_tables import erasure, log_entry
from storage.policy_tables import policy_challenge
from storage.tables import answered_request, customer, decided_referral, decision

EMPTIED = {"request": b"", "response": b"", "facts": "{}", "outcome": "{}"}


@dataclass(frozen=True, slots=True)
class Erasure:
    """That the bytes of a decision were erased: by whom, why, and when."""

    decision_id: str
    by: str
    reason: str
    at: datetime


class Erasures:
    """The erasures of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection
        self._events = events

    def erase(self, decision_id: str, by: str, reason: str) -> Erasure:
        """Erase what a decision was made from and answered with; the second time, the first erasure is told again.

        Raises: Refused where the log has no such decision, as one from before the log has nothing that commits to it.
        """
        known = self.get(decision_id)
        if known is not None:
            return known
        wanted = (log_entry.c.entry_id == decision_id) & (log_entry.c.kind == "decision")
        if self._connection.execute(select(log_entry.c.place).where(wanted)).first() is None:
            raise Refused(f"the log has no decision '{decision_id}'")
        values = {"entry_id": decision_id, "done_by": by, "reason": reason}
        self._connection.execute(insert(erasure).values(at=database_now(), **values))
        self._connection.execute(update(log_entry).where(wanted).values(salt=b""))
        self._connection.execute(update(decision).where(decision.c.decision_id == decision_id).values(**EMPTIED))
        self._empty_copies(decision_id)
        self._events.record(Event("record_erased", subject_of(decision_id), by, {"reason": reason}))
        done = self.get(decision_id)
        assert done is not None
        return done

    def _empty_copies(self, decision_id: str) -> None:
        """Empty what quotes the decision: the answers to whoever decided on it, and what challengers made of it."""
        referred = select(decided_referral.c.referral_id).where(decided_referral.c.decision_id == decision_id)
        quoting = or_(answered_request.c.subject_id == decision_id, answered_request.c.subject_id.in_(referred))
        self._connection.execute(update(answered_request).where(quoting).values(response=b""))
        compared = policy_challenge.c.decision_id == decision_id
        self._connection.execute(update(policy_challenge).where(compared).values(details="{}"))

    def erase_master(self, customer_id: str, by: str, reason: str, decisions: int) -> bool:
        """Erase a customer's name, country, facts and file; False where that was done before. Id and account stay."""
        mine = customer.c.customer_id == customer_id
        emptied = {"name": ERASED_NAME, "country": None, "facts": write_json({})}
        told = {name: customer.c[name] for name in emptied}
        before = self._connection.execute(select(*told.values()).where(mine)).mappings().one()
        if dict(before) == emptied:
            empty_file(self._connection, customer_id)  # what was filed since
            return False
        self._connection.execute(update(customer).where(mine).values(updated_at=database_now(), **emptied))
        details = {"reason": reason, "decisions": decisions}
        self._events.record(Event("customer_erased", f"customer:{customer_id}", by, details))
        empty_file(self._connection, customer_id)
        return True

    def get(self, decision_id: str) -> Erasure | None:
        """The erasure of a decision, or None where its bytes are there."""
        row = self._connection.execute(select(erasure).where(erasure.c.entry_id == decision_id)).first()
        return None if row is None else Erasure(row.entry_id, row.done_by, row.reason, read_instant(row.at))

    def among(self, decision_ids: Sequence[str]) -> dict[str, Erasure]:
        """The erasures of these decisions, by decision; those whose bytes are there are left out."""
        rows = self._connection.execute(select(erasure).where(erasure.c.entry_id.in_(decision_ids)))
        return {row.entry_id: Erasure(row.entry_id, row.done_by, row.reason, read_instant(row.at)) for row in rows}


def subject_of(decision_id: str) -> str:
    """How events name a decision."""
    return f"decision:{decision_id}"
