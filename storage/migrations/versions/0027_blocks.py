"""Blocks of invoices, whose ladders take no step for some days, and their ends: rows that never change."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Text

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
ADDED = ("invoice_block", "invoice_block_end")


def text(name: str) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=False)


def upgrade() -> None:
    """Make the two tables, which are only added to."""
    op.create_table(
        "invoice_block",
        Column("block_id", TEXT, primary_key=True),
        text("customer_id"), text("invoice_id"), text("kind"), text("begins_on"), text("until"),
        text("reason"), text("placed_by"), text("client"), text("at"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
        CheckConstraint("kind IN ('dispute', 'promise')", name="kind_known"),
        CheckConstraint("begins_on <= until", name="days_in_order"),
        CheckConstraint("reason <> '' AND placed_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("invoice_block_customer_id", "invoice_block", ["customer_id", "invoice_id"])
    op.create_table(
        "invoice_block_end",
        Column("block_id", TEXT, ForeignKey("invoice_block.block_id"), primary_key=True),
        text("ended_on"), text("reason"), text("ended_by"), text("client"), text("at"),
        CheckConstraint("reason <> '' AND ended_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    for table in ADDED:
        refuse_changes(table)


def downgrade() -> None:
    """Remove the blocks; the ladders of their invoices go on."""
    for table in reversed(ADDED):
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
