"""The tables of escalation: runs, each step that was taken of each invoice, and what is to be sent or done for it.

`escalation_step` has one row for an invoice and a step, ever: whoever comes second finds it there. A message and the
steps that it stands for are written in one transaction; `outbox_lease` alone changes afterwards: it says what a message
waits for, or what became of it.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Table

from storage.tables import TEXT, WHOLE, metadata, text, whole

KINDS = ("letter", "task", "proposal")
# sent; refused for good; given up after too many attempts; not needed any more; and to be tried again
OUTCOMES = ("sent", "failed", "dead", "withdrawn", "tried")
NOT_SENT = ("failed", "dead")  # a letter came back, or nobody took it: a ladder goes on, and a person may try again
WAITING = ("queued", "for_a_person", "no_address")  # what a message waits for, until an outcome ends that

escalation_run = Table(
    "escalation_run", metadata,
    Column("as_of", TEXT, primary_key=True),
    whole("fence"), text("holder"), text("lease_until"), text("after_customer"),
    whole("customers"), whole("steps"), whole("messages"), whole("holds"),
    text("started_at"), text("finished_at", empty=True),
    sqlite_strict=True,
)  # fmt: skip

outbox = Table(
    "outbox", metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=False),
    text("kind"), text("what"), text("who"), text("step"), text("invoices"), text("as_of"),
    Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False), text("at"),
    CheckConstraint("kind IN ('letter', 'task', 'proposal')", name="kind_known"),
    Index("outbox_customer_id", "customer_id", "at"),
    sqlite_strict=True,
)  # fmt: skip

escalation_step = Table(
    "escalation_step", metadata,
    Column("customer_id", TEXT, primary_key=True),
    Column("invoice_id", TEXT, primary_key=True),
    Column("step", TEXT, primary_key=True),
    text("ladder"), text("as_of"), text("planned_on"), text("does"),
    Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False),
    # the letter of the step, alone or together with those of others
    Column("message_id", TEXT, ForeignKey("outbox.message_id"), nullable=True), text("at"),
    ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
    Index("escalation_step_message_id", "message_id"),
    sqlite_strict=True,
)  # fmt: skip

outbox_lease = Table(
    "outbox_lease", metadata,
    Column("message_id", TEXT, ForeignKey("outbox.message_id"), primary_key=True),
    text("state"), text("reason"),
    whole("fence"), whole("attempts"), whole("counted_from"), text("next_at"), text("done_at", empty=True),
    CheckConstraint("state IN ('queued', 'for_a_person', 'no_address', 'sent', 'failed', 'dead', 'withdrawn')",
                    name="state_known"),
    CheckConstraint("(done_at IS NULL) = (state IN ('queued', 'for_a_person', 'no_address'))", name="ended_or_waits"),
    # who delivers reads its own state alone, so that what waits for people is never in its way
    Index("outbox_lease_state", "state", "next_at", "message_id"),
    sqlite_strict=True,
)  # fmt: skip

delivery = Table(
    "delivery", metadata,
    Column("message_id", TEXT, ForeignKey("outbox.message_id"), primary_key=True),
    Column("attempt", WHOLE, primary_key=True, autoincrement=False),
    text("outcome"), text("day"), text("proof"), Column("edition", WHOLE, nullable=True), text("done_by"), text("at"),
    CheckConstraint("outcome IN ('sent', 'failed', 'dead', 'withdrawn', 'tried')", name="outcome_known"),
    CheckConstraint("done_by <> ''", name="says_who"),
    sqlite_strict=True,
)  # fmt: skip
