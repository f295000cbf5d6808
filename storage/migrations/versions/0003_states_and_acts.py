"""States that stay and recorded acts: what is remembered of a customer from one decision to the next."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
TABLES = ("state_change", "act")


def text(name: str) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=False)


def upgrade() -> None:
    """Make both tables, to which rows are only added."""
    op.create_table(
        "state_change",
        Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        Column("state", TEXT, primary_key=True),
        text("change"), text("day"),
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=False),
        text("why"), text("at"),
        CheckConstraint("change IN ('entered', 'left')", name="change_known"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "act",
        Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        text("act"), text("role"), text("person"), text("client"), text("reason"), text("at"),
        sqlite_strict=True,
    )  # fmt: skip
    for table in TABLES:
        if op.get_context().dialect.name == "postgresql":
            op.execute(refuse_every_change(table))
        else:
            for change in ("UPDATE", "DELETE"):
                op.execute(refuse_change(table, change))


def downgrade() -> None:
    """Remove both tables, with everything that was remembered."""
    for table in TABLES:
        op.drop_table(table)


def refuse_change(table: str, change: str) -> str:
    """The trigger that keeps a table's rows as they were written; `change` is UPDATE or DELETE."""
    name = f"{table}_no_{change.lower()}"
    refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
    return f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN {refusal}; END"


def refuse_every_change(table: str) -> str:
    """The one trigger of PostgreSQL that keeps a table's rows as they were written."""
    when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    return f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
