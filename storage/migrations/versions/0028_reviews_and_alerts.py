"""Reviews of customers, where they stood and who fell; what a file holds goes when its customer is erased."""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Text,
    UniqueConstraint,
)

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
ADDED = ("customer_review", "customer_standing", "downgrade_alert", "seen_alert")
ONLY_ADDED = ADDED[1:]
ERASED = (
    "EXISTS (SELECT 1 FROM event JOIN account ON event.subject = 'customer:' || account.customer_id"
    " WHERE account.account_id = OLD.account_id AND event.kind = 'customer_erased')"
)
# what an erasure empties, how, and what stays
ERASABLE: dict[str, tuple[str, str, str]] = {
    "told_fact": (
        "value, reason, source", "NEW.value = 'null' AND NEW.reason = 'erased' AND NEW.source IS NULL",
        "account_id, place, name, valid_from, told_by, at",
    ),
    "customer_document": (
        "title, number, source, file_name, sha256",
        "NEW.title = 'erased' AND NEW.number IS NULL AND NEW.source = 'erased' AND NEW.file_name IS NULL"
        " AND NEW.sha256 IS NULL",
        "document_id, account_id, place, kind, issued_on, valid_until, months, years, quality, filed_by, client, at",
    ),
    "customer_review": (
        "finding", "NEW.finding = 'erased'",
        "account_id, place, reviewed_on, next_on, basis, tier, policy_digest, reviewed_by, client, at",
    ),
}  # fmt: skip
FILE_OF_0024 = ("told_fact", "customer_document")


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def of_place() -> tuple[Column[int], Column[int]]:
    """The key of a row of an account."""
    return (
        Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
    )


def upgrade() -> None:
    """Make the four tables, and let what a file holds be erased with its customer."""
    make_reviews()
    op.create_table(
        "downgrade_alert",
        Column("alert_id", TEXT, primary_key=True),
        Column("account_id", WHOLE, nullable=False), Column("place", WHOLE, nullable=False), text("fell"), text("at"),
        ForeignKeyConstraint(["account_id", "place"], ["customer_standing.account_id", "customer_standing.place"]),
        UniqueConstraint("account_id", "place"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "seen_alert",
        Column("alert_id", TEXT, ForeignKey("downgrade_alert.alert_id"), primary_key=True),
        text("seen_by"), text("note"), text("at"),
        CheckConstraint("seen_by <> '' AND note <> ''", name="says_who_and_what"),
        sqlite_strict=True,
    )  # fmt: skip
    for table in ONLY_ADDED:
        execute(refuse_changes(table))
    for table in ERASABLE:
        if table in FILE_OF_0024:
            execute(lift(table, only_added=True))
        execute(refuse_all_but_erasure(table))


def make_reviews() -> None:
    """The reviews of customers, and where they stood."""
    op.create_table(
        "customer_review", *of_place(),
        text("reviewed_on"), text("next_on"), text("basis"), text("tier", empty=True),
        Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=True),
        text("finding"), text("reviewed_by"), text("client"), text("at"),
        CheckConstraint("reviewed_on < next_on", name="days_in_order"),
        CheckConstraint("basis IN ('policy', 'stated')", name="basis_known"),
        CheckConstraint("finding <> '' AND reviewed_by <> ''", name="says_who_and_what"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "customer_standing", *of_place(), text("as_of"), text("standing"),
        Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False), text("why"), text("at"),
        sqlite_strict=True,
    )  # fmt: skip


def downgrade() -> None:
    """Remove the tables; files are only added to again."""
    for table in FILE_OF_0024:
        execute(lift(table, only_added=False))
        execute(refuse_changes(table))
    for table in reversed(ADDED):
        op.drop_table(table)
    if on_server():
        op.execute("DROP FUNCTION customer_review_only_erased()")


def on_server() -> bool:
    """Whether the database is PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


def execute(statements: Sequence[str]) -> None:
    """Run statements."""
    for one in statements:
        op.execute(one)


def refuse_changes(table: str) -> Sequence[str]:
    """Keep a table's rows as they were written."""
    if on_server():
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        return [f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"]
    return [
        f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
        for change in ("UPDATE", "DELETE")
    ]


def lift(table: str, only_added: bool) -> Sequence[str]:
    """Take the triggers of a table away: those that refuse every change, or those that let an erasure through."""
    if on_server():
        added = f"DROP TRIGGER {table}_only_added_to ON {table}"
        erased = [f"DROP TRIGGER {table}_only_erased ON {table}", f"DROP FUNCTION {table}_only_erased()"]
        return [added] if only_added else [added, *erased]
    names = ["no_update", "no_delete"] if only_added else ["no_update", "only_erased", "no_delete"]
    return [f"DROP TRIGGER {table}_{name}" for name in names]


def refuse_all_but_erasure(table: str) -> Sequence[str]:
    """Let a row lose what its customer's erasure empties, and nothing else."""
    emptied, gone, kept = ERASABLE[table]
    if not on_server():
        refused = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
        return [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {kept} ON {table} {refused}",
            f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE OF {emptied} ON {table}"
            f" WHEN NOT ({ERASED} AND {gone}) {refused}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refused}",
        ]
    names = ", ".join(f"'{name}'" for name in emptied.split(", "))
    function = f"""
CREATE FUNCTION {table}_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT {ERASED} OR NOT ({gone})
     OR to_jsonb(NEW) - ARRAY[{names}] <> to_jsonb(OLD) - ARRAY[{names}] THEN
    RAISE EXCEPTION '{table} is only added to' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip()
    return [
        function,
        f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_only_erased()",
        f"CREATE TRIGGER {table}_only_added_to BEFORE DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()",
    ]
