"""Legal cases, their invoices, and what became of them: rows that never change."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Integer, Text

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
ADDED = ("legal_case", "legal_case_invoice", "legal_case_change")


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def upgrade() -> None:
    """Make the three tables, which are only added to."""
    op.create_table(
        "legal_case",
        Column("case_id", TEXT, primary_key=True),
        Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=False),
        Column("place", WHOLE, nullable=False), text("opened_on"), text("at"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("legal_case_customer_id", "legal_case", ["customer_id", "place"], unique=True)
    op.create_table(
        "legal_case_invoice",
        Column("case_id", TEXT, ForeignKey("legal_case.case_id"), primary_key=True),
        Column("invoice_id", TEXT, primary_key=True),
        text("customer_id"), text("joined_on"), text("ladder"), text("step"),
        Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False), text("at"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "legal_case_change",
        Column("case_id", TEXT, ForeignKey("legal_case.case_id"), primary_key=True),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        text("state"), text("day"), text("result", empty=True), text("note"), text("done_by"), text("client"),
        text("at"),
        CheckConstraint("state IN ('handed_over', 'closed')", name="state_known"),
        CheckConstraint("(state = 'closed') = (result IS NOT NULL)", name="closed_with_a_result"),
        CheckConstraint("result IN ('paid', 'settled', 'judgment', 'written_off', 'dropped')", name="result_known"),
        CheckConstraint("note <> '' AND done_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    for table in ADDED:
        refuse_changes(table)


def downgrade() -> None:
    """Remove the tables; the steps that opened cases stay on record."""
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
