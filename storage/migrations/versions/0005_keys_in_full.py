"""Keys in full: what a key is called, what it may do beyond its role, when it ends, and which key took its place."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, LargeBinary, Text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
KEEP = "CREATE TABLE api_key_kept AS SELECT * FROM api_key"
FILL = """
INSERT INTO api_key (key_id, digest, role, client, permissions, created_at, revoked_at)
SELECT key_id, digest, role, client, '', created_at, revoked_at FROM api_key_kept
"""
# a key that would have ended by itself ends now: the older tables know no end, and it must not live for ever
FILL_BACK = """
INSERT INTO api_key (key_id, digest, role, client, created_at, revoked_at)
SELECT key_id, digest, role, client, created_at, COALESCE(revoked_at, expires_at) FROM api_key_kept
"""


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def upgrade() -> None:
    """Make the table anew with everything that is stored; what no key had before is empty."""
    op.execute(KEEP)
    op.drop_table("api_key")
    op.create_table(
        "api_key",
        Column("key_id", TEXT, primary_key=True),
        Column("digest", LargeBinary, nullable=False), text("role"), text("client"),
        text("label", empty=True), text("permissions"), text("pepper_id", empty=True),
        text("created_at"), text("expires_at", empty=True), text("revoked_at", empty=True),
        Column("replaced_by", TEXT, ForeignKey("api_key.key_id"), nullable=True),
        sqlite_strict=True,
    )  # fmt: skip
    op.execute(FILL)
    op.drop_table("api_key_kept")


def downgrade() -> None:
    """Take back the table as it was."""
    op.execute(KEEP)
    op.drop_table("api_key")
    op.create_table(
        "api_key",
        Column("key_id", TEXT, primary_key=True),
        Column("digest", LargeBinary, nullable=False), text("role"), text("client"),
        text("created_at"), text("revoked_at", empty=True),
        sqlite_strict=True,
    )  # fmt: skip
    op.execute(FILL_BACK)
    op.drop_table("api_key_kept")
