"""Granted limits are rows with days, by whom and why; those of before become the first row of each account."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Text

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
MONEY_MAX = 10**15
OWNERS = (("customer", "customer_id"), ("customer_group", "group_id"))
COPIED = """
UPDATE {table} SET limit_state = NEW.state, limit_minor = NEW.minor, limit_valid_from = NEW.valid_from,
    limit_valid_until = NEW.valid_until
  WHERE {key} = (SELECT {key} FROM account WHERE account_id = NEW.account_id)
""".strip()
COPIES = ";\n  ".join(COPIED.format(table=table, key=key) for table, key in OWNERS)
ON_FILE = f"""
CREATE TRIGGER granted_limit_copied AFTER INSERT ON granted_limit WHEN NEW.kind = 'permanent'
BEGIN
  {COPIES};
END
""".strip()
FUNCTION = f"""
CREATE FUNCTION granted_limit_copied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {COPIES};
  RETURN NULL;
END $$
""".strip()
ON_SERVER = (
    "CREATE TRIGGER granted_limit_copied AFTER INSERT ON granted_limit"
    " FOR EACH ROW WHEN (NEW.kind = 'permanent') EXECUTE FUNCTION granted_limit_copied()"
)
FILLED = """
INSERT INTO granted_limit (account_id, place, kind, state, minor, valid_from, valid_until, reason, granted_by, at)
SELECT account.account_id, 1, 'permanent', limit_state, limit_minor, limit_valid_from, limit_valid_until,
  'known before limits were rows', 'migration', updated_at
FROM {table} JOIN account ON account.{key} = {table}.{key} WHERE limit_state <> 'none'
""".strip()
CHANGED_SINCE = """
UPDATE {table} SET limit_state = 'zero', limit_minor = NULL
WHERE {key} IN (SELECT {key} FROM account JOIN granted_limit ON granted_limit.account_id = account.account_id
                WHERE kind = 'temporary' AND valid_until >= {today} AND (valid_from IS NULL OR valid_from <= {today}))
  AND limit_state <> 'none'
""".strip()


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def upgrade() -> None:
    """Make the rows, and one of each limit that is there."""
    op.create_table(
        "granted_limit",
        Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        text("kind"), text("state"), Column("minor", WHOLE, nullable=True),
        text("valid_from", empty=True), text("valid_until", empty=True),
        text("reason"), text("granted_by"), text("at"),
        CheckConstraint("kind IN ('permanent', 'temporary')", name="kind_known"),
        CheckConstraint("state IN ('none', 'zero', 'amount', 'unlimited')", name="state_known"),
        CheckConstraint("(state = 'amount') = (minor IS NOT NULL)", name="has_amount"),
        CheckConstraint(f"minor BETWEEN 0 AND {MONEY_MAX}", name="in_range"),
        CheckConstraint("valid_from <= valid_until", name="days_in_order"),
        CheckConstraint("kind <> 'temporary' OR valid_until IS NOT NULL", name="temporary_ends"),
        CheckConstraint("reason <> '' AND granted_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    for table, key in OWNERS:
        op.execute(FILLED.format(table=table, key=key))
    if on_server():
        op.execute(FUNCTION)
        op.execute(ON_SERVER)
        op.execute("CREATE TRIGGER granted_limit_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON granted_limit"
                   " FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()")  # fmt: skip
        return
    op.execute(ON_FILE)
    for change in ("UPDATE", "DELETE"):
        name, refusal = f"granted_limit_no_{change.lower()}", "SELECT RAISE(ABORT, 'granted_limit is only added to')"
        op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON granted_limit BEGIN {refusal}; END")


def downgrade() -> None:
    """Remove the rows; a customer or group keeps the permanent limit told last.

    Where a temporary one counts today nobody can say it any longer, so the limit becomes zero and a person sets it.
    """
    today = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD')" if on_server() else "date('now')"
    for table, key in OWNERS:
        op.execute(CHANGED_SINCE.format(table=table, key=key, today=today))
    op.drop_table("granted_limit")
    if on_server():
        op.execute("DROP FUNCTION granted_limit_copied()")


def on_server() -> bool:
    """Whether the database is PostgreSQL."""
    return bool(op.get_context().dialect.name == "postgresql")
