"""The customer file: facts told from a day on, and documents with their dates and sources."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Text

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
ADDED = ("told_fact", "customer_document", "withdrawn_document")


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A whole number."""
    return Column(name, WHOLE, nullable=empty)


def upgrade() -> None:
    """Make the three tables, which are only added to."""
    op.create_table(
        "told_fact",
        Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        text("name"), text("value"), text("valid_from", empty=True),
        text("reason"), text("source", empty=True), text("told_by"), text("at"),
        CheckConstraint("name <> '' AND value <> ''", name="says_what"),
        CheckConstraint("reason <> '' AND told_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("told_fact_account_id", "told_fact", ["account_id", "name", "place"])
    op.create_table(
        "customer_document",
        Column("document_id", TEXT, primary_key=True),
        Column("account_id", WHOLE, ForeignKey("account.account_id"), nullable=False), whole("place"),
        text("kind"), text("title"), text("number", empty=True), text("issued_on"),
        text("valid_until", empty=True), text("source"), text("file_name", empty=True), text("sha256", empty=True),
        whole("months", empty=True), whole("years", empty=True), text("quality", empty=True),
        text("filed_by"), text("client"), text("at"),
        CheckConstraint("issued_on <= valid_until", name="days_in_order"),
        CheckConstraint("kind <> '' AND title <> '' AND source <> '' AND filed_by <> ''", name="says_what_and_who"),
        CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name="hash_in_full"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("customer_document_account_id", "customer_document", ["account_id", "place"], unique=True)
    op.create_table(
        "withdrawn_document",
        Column("document_id", TEXT, ForeignKey("customer_document.document_id"), primary_key=True),
        text("reason"), text("withdrawn_by"), text("client"), text("at"),
        CheckConstraint("reason <> '' AND withdrawn_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    for table in ADDED:
        refuse_changes(table)


def downgrade() -> None:
    """Remove the tables; the master data keep the facts told last."""
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
