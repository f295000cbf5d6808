"""Origins of invoices: which step of which reservation went into which."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, Text

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def text(name: str) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=False)


def upgrade() -> None:
    """Make the table, which is only added to; invoices that were converted before name no order."""
    op.create_table(
        "invoice_origin",
        Column("reservation_id", TEXT, primary_key=True),
        Column("step", WHOLE, primary_key=True, autoincrement=False),
        text("customer_id"), Column("invoice_id", TEXT, primary_key=True),
        ForeignKeyConstraint(["reservation_id", "step"], ["reservation.reservation_id", "reservation.step"]),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("invoice_origin_customer_id", "invoice_origin", ["customer_id", "invoice_id"])
    if op.get_context().dialect.name == "postgresql":
        when = "BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_origin"
        op.execute(f"CREATE TRIGGER invoice_origin_only_added_to {when} FOR EACH STATEMENT"
                   " EXECUTE FUNCTION only_added_to()")  # fmt: skip
        return
    for change in ("UPDATE", "DELETE"):
        refusal = "SELECT RAISE(ABORT, 'invoice_origin is only added to')"
        op.execute(f"CREATE TRIGGER invoice_origin_no_{change.lower()} BEFORE {change} ON invoice_origin"
                   f" BEGIN {refusal}; END")  # fmt: skip


def downgrade() -> None:
    """Remove the table; which order an invoice is for is then known to the order system alone."""
    op.drop_table("invoice_origin")
