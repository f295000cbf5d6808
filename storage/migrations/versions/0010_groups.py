"""Groups of customers, each with an account of its own: accounts hang together as a tree."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Integer, Text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
MONEY_MAX = 10**15
COLUMNS = "account_id, customer_id, currency, balance, open_receivables, ver, facts_ver"
OWNER = "(customer_id IS NULL) <> (group_id IS NULL)"
PARENT = "parent_id <> account_id"
IN_RANGE = f"balance BETWEEN -{MONEY_MAX} AND {MONEY_MAX}"
OF_GROUPS = "account_id IN (SELECT account_id FROM account WHERE group_id IS NOT NULL)"
KEPT_FOR_GOOD = ("withdrawn_grant", "limit_grant", "movement")
ON_SERVER = (
    "ALTER TABLE account ALTER COLUMN customer_id DROP NOT NULL",
    'ALTER TABLE account ADD COLUMN group_id TEXT COLLATE "C"',
    "ALTER TABLE account ADD COLUMN parent_id BIGINT",
    "ALTER TABLE account ADD CONSTRAINT account_group_id_once UNIQUE (group_id)",
    "ALTER TABLE account ADD CONSTRAINT account_group_id_known FOREIGN KEY (group_id) REFERENCES customer_group (group_id)",
    "ALTER TABLE account ADD CONSTRAINT account_parent_id_known FOREIGN KEY (parent_id) REFERENCES account (account_id)",
    f"ALTER TABLE account ADD CONSTRAINT account_of_one_owner CHECK ({OWNER})",
    f"ALTER TABLE account ADD CONSTRAINT account_not_its_own_parent CHECK ({PARENT})",
    "CREATE INDEX account_parent_id ON account (parent_id)",
)


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def upgrade() -> None:
    """Make the groups, and let an account belong to one, and hang below one."""
    op.create_table(
        "customer_group",
        Column("group_id", TEXT, primary_key=True),
        text("name"), text("currency"), text("limit_state"), whole("limit_minor", empty=True), text("updated_at"),
        CheckConstraint("limit_state IN ('none', 'zero', 'amount', 'unlimited')", name="limit_state_known"),
        CheckConstraint("(limit_state = 'amount') = (limit_minor IS NOT NULL)", name="limit_has_amount"),
        CheckConstraint(f"limit_minor BETWEEN 0 AND {MONEY_MAX}", name="limit_in_range"),
        sqlite_strict=True,
    )  # fmt: skip
    if on_server():
        for statement in ON_SERVER:
            op.execute(statement)
        return
    begin_anew()
    op.create_table(
        "account",
        Column("account_id", WHOLE, Identity(), primary_key=True),
        Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=True, unique=True),
        text("currency"), whole("balance"), whole("open_receivables"), whole("ver"), whole("facts_ver"),
        Column("group_id", TEXT, ForeignKey("customer_group.group_id"), nullable=True, unique=True),
        Column("parent_id", WHOLE, ForeignKey("account.account_id"), nullable=True),
        CheckConstraint(OWNER, name="of_one_owner"),
        CheckConstraint(PARENT, name="not_its_own_parent"),
        CheckConstraint(IN_RANGE, name="balance_in_range"),
        sqlite_strict=True,
    )  # fmt: skip
    end_anew()
    op.create_index("account_parent_id", "account", ["parent_id"])


def downgrade() -> None:
    """Remove the groups with their accounts and movements; customers keep theirs."""
    for table in KEPT_FOR_GOOD:
        forget(table)
    if on_server():
        op.execute("UPDATE account SET parent_id = NULL")
        op.execute("DELETE FROM account WHERE group_id IS NOT NULL")
        op.drop_index("account_parent_id")
        op.execute("ALTER TABLE account DROP COLUMN parent_id, DROP COLUMN group_id")
        op.execute("ALTER TABLE account ALTER COLUMN customer_id SET NOT NULL")
    else:
        begin_anew("WHERE customer_id IS NOT NULL")
        op.create_table(
            "account",
            Column("account_id", WHOLE, Identity(), primary_key=True),
            Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=False, unique=True),
            text("currency"), whole("balance"), whole("open_receivables"), whole("ver"), whole("facts_ver"),
            CheckConstraint(IN_RANGE, name="balance_in_range"),
            sqlite_strict=True,
        )  # fmt: skip
        end_anew()
    op.drop_table("customer_group")


def on_server() -> bool:
    """Whether the database is PostgreSQL, which changes tables in place."""
    return bool(op.get_context().dialect.name == "postgresql")


def begin_anew(which: str = "") -> None:
    """Set SQLite's accounts aside; what refers to them is looked at again when all is committed."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(f"CREATE TABLE account_kept AS SELECT {COLUMNS} FROM account {which}")
    op.drop_table("account")


def end_anew() -> None:
    """Fill the new table with what was set aside."""
    op.execute(f"INSERT INTO account ({COLUMNS}) SELECT {COLUMNS} FROM account_kept")
    op.execute("DROP TABLE account_kept")


def forget(table: str) -> None:
    """Remove the rows of groups from a table to which rows are only added."""
    if on_server():
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_only_added_to")
        op.execute(f"DELETE FROM {table} WHERE {OF_GROUPS}")
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_only_added_to")
        return
    refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
    op.execute(f"DROP TRIGGER {table}_no_delete")
    op.execute(f"DELETE FROM {table} WHERE {OF_GROUPS}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refusal}; END")
