"""Told days of invoices: when one was delivered, or came onto a ladder."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Integer, Text

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def text(name: str) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=False)


def upgrade() -> None:
    """Make the table, which is only added to."""
    op.create_table(
        "invoice_day",
        Column("customer_id", TEXT, primary_key=True),
        Column("invoice_id", TEXT, primary_key=True),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        text("anchor"), text("day"), text("told_by"), text("client"), text("at"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
        CheckConstraint("anchor IN ('delivered', 'entered')", name="anchor_known"),
        CheckConstraint("told_by <> ''", name="says_who"),
        sqlite_strict=True,
    )  # fmt: skip
    if op.get_context().dialect.name == "postgresql":
        when = "BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_day"
        op.execute(f"CREATE TRIGGER invoice_day_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()")
        return
    for change in ("UPDATE", "DELETE"):
        refusal = "SELECT RAISE(ABORT, 'invoice_day is only added to')"
        op.execute(f"CREATE TRIGGER invoice_day_no_{change.lower()} BEFORE {change} ON invoice_day"
                   f" BEGIN {refusal}; END")  # fmt: skip


def downgrade() -> None:
    """Remove the table; steps that count from such a day wait again."""
    op.drop_table("invoice_day")
