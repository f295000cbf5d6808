"""Holds of orders and accounts, and their ends: rows that never change."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Text

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
ADDED = ("order_hold", "order_hold_end")


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def upgrade() -> None:
    """Make the two tables, which are only added to."""
    op.create_table(
        "order_hold",
        Column("hold_id", TEXT, primary_key=True),
        Column("account_id", WHOLE, ForeignKey("account.account_id"), nullable=False),
        Column("place", WHOLE, nullable=False),
        text("scope"), text("placed_on"), text("invoice_id", empty=True), text("step", empty=True),
        Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=True),
        text("reason"), text("placed_by"), text("client"), text("at"),
        CheckConstraint("scope IN ('orders', 'account')", name="scope_known"),
        CheckConstraint("(invoice_id IS NULL) = (step IS NULL)", name="of_a_step_or_not"),
        CheckConstraint("reason <> '' AND placed_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("order_hold_account_id", "order_hold", ["account_id", "place"])
    op.create_table(
        "order_hold_end",
        Column("hold_id", TEXT, ForeignKey("order_hold.hold_id"), primary_key=True),
        Column("place", WHOLE, nullable=False),
        text("released_on"), text("reason"), text("released_by"), text("client"), text("at"),
        CheckConstraint("reason <> '' AND released_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    for table in ADDED:
        refuse_changes(table)


def downgrade() -> None:
    """Remove the holds; nothing else knows of them."""
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
