"""A granted limit has a first and a last day; limits of before have neither and stay in force."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("customer", "customer_group")


def upgrade() -> None:
    """Add the days to customers and groups."""
    kind = 'TEXT COLLATE "C"' if op.get_context().dialect.name == "postgresql" else "TEXT"
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN limit_valid_from {kind}")
        in_order = f"CONSTRAINT {table}_limit_days_in_order CHECK (limit_valid_from <= limit_valid_until)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN limit_valid_until {kind} {in_order}")


def downgrade() -> None:
    """Remove the days. A limit that is not in force today becomes zero, so that none comes back into force."""
    server = op.get_context().dialect.name == "postgresql"
    today = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD')" if server else "strftime('%Y-%m-%d', 'now')"
    for table in TABLES:
        op.execute(
            f"UPDATE {table} SET limit_state = 'zero', limit_minor = NULL"
            f" WHERE limit_valid_from > {today} OR limit_valid_until < {today}"
        )
        op.execute(f"ALTER TABLE {table} DROP COLUMN limit_valid_until")
        op.execute(f"ALTER TABLE {table} DROP COLUMN limit_valid_from")
