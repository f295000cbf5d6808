"""Events: every change of keys, people and rules, written in the transaction of the change and never altered.

An event says what happened (`kind`), to what (`subject`, such as `key:0123456789abcdef`), by whom (`by`, such as
`operator:ann`, `client:erp`, `person:ann` or `decision:ID`), when, and what a reader needs beside it (`details`, never
a secret).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from storage.clock import database_now, read_instant
from storage.log_entries import LogEntries
from storage.page import LARGEST_PAGE, Page, page_of, read_cursor
from storage.tables import event

LOG_BEGUN = "log_begun"
# What may happen; a new kind is a word here and a line in docs/operations.md.
KINDS = (
    "key_created", "key_rotated", "key_revoked",
    "person_added", "person_disabled", "person_enabled", "password_changed", "person_linked", "person_unlinked",
    "roles_changed",
    "signed_in", "signed_out",
    "limit_told", "grant_given", "grant_withdrawn", "hold_placed", "hold_ended",
    "block_placed", "block_ended", "facts_told", "document_filed", "document_withdrawn",
    "payment_entered", "credit_note_entered", "written_off", "money_allocated", "allocation_taken_back",
    "settlement_reversed", "discount_taken", "late_charge_billed",
    "customer_reviewed", "customer_downgraded", "alert_seen",
    "legal_case_opened", "legal_case_joined", "legal_case_handed_over", "legal_case_closed",
    "invoice_day_told",
    "authority_changed", "rate_added", "referral_approved", "referral_rejected", "referral_decided_anew",
    "record_erased", "customer_erased", "contact_set",
    "message_sent", "message_failed", "message_dead", "message_withdrawn", "message_queued_again", "proof_added",
    "act_recorded", "state_entered", "state_left",
    "reservation_converted", "reservation_secured", "reservation_voided", "reservation_expired",
    "policy_drafted", "policy_edited", "policy_checked", "policy_simulated", "policy_submitted", "policy_approved",
    "policy_withdrawn", "policy_commented", "policy_published", "policy_assignment_ended", "policy_emergency_submitted",
    "policy_emergency_published", "policy_refused", "request_refused",
    LOG_BEGUN,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `seq` and `at` are what the database gives it."""

    kind: str
    subject: str
    by: str
    details: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
    at: datetime | None = None


class Events:
    """The events of one transaction."""

    def __init__(self, connection: Connection, log: LogEntries) -> None:
        """Read and write over the transaction's connection; each event is an entry of the log as well."""
        self._connection = connection
        self._log = log

    def record(self, happened: Event, hidden: Mapping[str, bytes] | None = None) -> str:
        """Write down what happened, in the transaction that made it happen; the name of its entry in the log.

        The entry commits to what is `hidden`, which an erasure may let go; `details` stand in the open for ever.
        """
        assert happened.kind in KINDS and happened.subject and happened.by, f"no event is made so: {happened}"
        told = json.dumps(happened.details, ensure_ascii=False, sort_keys=True)
        values = {"kind": happened.kind, "subject": happened.subject, "done_by": happened.by, "details": told}
        writing = insert(event).values(at=database_now(), **values).returning(event.c.seq, event.c.at)
        seq, at = self._connection.execute(writing).one()
        open_to_all = {"kind": happened.kind, "subject": happened.subject, "by": happened.by,
                       "details": happened.details}  # fmt: skip
        self._log.add(f"event-{seq}", open_to_all, read_instant(at), hidden)
        return f"event-{seq}"

    def list(self, cursor: str | None = None, limit: int = 50, *, kind: str | None = None,
             subject: str | None = None) -> Page[Event]:  # fmt: skip
        """Events, newest first, behind the cursor, of one kind or subject where given; at most 500.

        Raises: ValueError for a cursor that no page gave.
        """
        size = min(limit, LARGEST_PAGE)
        wanted = select(event).order_by(event.c.seq.desc()).limit(size + 1)
        if cursor is not None:
            wanted = wanted.where(event.c.seq < read_cursor(cursor))
        if kind is not None:
            wanted = wanted.where(event.c.kind == kind)
        if subject is not None:
            wanted = wanted.where(event.c.subject == subject)
        rows = self._connection.execute(wanted).all()
        return page_of(rows, size, lambda row: row.seq, read_event)


def read_event(row: Row[Any]) -> Event:
    """An event from its row."""
    return Event(row.kind, row.subject, row.done_by, json.loads(row.details), row.seq, read_instant(row.at))


def author_of(client: str) -> str:
    """A client as the author of events: a person is one already, under their own name."""
    return client if client.startswith("person:") else f"client:{client}"
