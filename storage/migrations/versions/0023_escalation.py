"""Escalation: runs, the steps they took, and the outbox with what became of each message."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Integer, Text

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
ONLY_ADDED = ("outbox", "escalation_step", "delivery")


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=False)


def key(name: str, *of: ForeignKey) -> Column[str]:
    """A text column of the primary key."""
    return Column(name, TEXT, *of, primary_key=True)


def upgrade() -> None:
    """Make the tables; steps, messages and deliveries are only added to."""
    op.create_table(
        "escalation_run",
        key("as_of"), whole("fence"), text("holder"), text("lease_until"), text("after_customer"),
        whole("customers"), whole("steps"), whole("messages"), whole("holds"),
        text("started_at"), text("finished_at", empty=True),
        sqlite_strict=True,
    )  # fmt: skip
    make_outbox()
    op.create_table(
        "escalation_step",
        key("customer_id"), key("invoice_id"), key("step"),
        text("ladder"), text("as_of"), text("planned_on"), text("does"),
        Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False),
        Column("message_id", TEXT, ForeignKey("outbox.message_id"), nullable=True), text("at"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("escalation_step_message_id", "escalation_step", ["message_id"])
    for table in ONLY_ADDED:
        refuse_changes(table)


def make_outbox() -> None:
    """The messages, who may deliver each until when, and what became of each attempt."""
    op.create_table(
        "outbox",
        key("message_id"), Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=False),
        text("kind"), text("what"), text("who"), text("step"), text("invoices"), text("as_of"),
        Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False), text("at"),
        CheckConstraint("kind IN ('letter', 'task', 'proposal')", name="kind_known"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("outbox_customer_id", "outbox", ["customer_id", "at"])
    op.create_table(
        "outbox_lease",
        key("message_id", ForeignKey("outbox.message_id")),
        whole("fence"), whole("attempts"), text("next_at"), text("done_at", empty=True),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("outbox_lease_next_at", "outbox_lease", ["done_at", "next_at"])
    op.create_table(
        "delivery",
        key("message_id", ForeignKey("outbox.message_id")),
        Column("attempt", WHOLE, primary_key=True, autoincrement=False),
        text("outcome"), text("day"), text("proof"), text("done_by"), text("at"),
        CheckConstraint("outcome IN ('sent', 'failed', 'tried')", name="outcome_known"),
        CheckConstraint("done_by <> ''", name="says_who"),
        sqlite_strict=True,
    )  # fmt: skip


def downgrade() -> None:
    """Remove the tables; holds that ladders placed stay as they are."""
    for table in ("escalation_step", "delivery", "outbox_lease", "outbox", "escalation_run"):
        op.drop_table(table)


def refuse_changes(table: str) -> None:
    """Keep a table's rows as they were written."""
    if op.get_context().dialect.name == "postgresql":
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        op.execute(f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()")
        return
    for change in ("UPDATE", "DELETE"):
        name = f"{table}_no_{change.lower()}"
        refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
        op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN {refusal}; END")
