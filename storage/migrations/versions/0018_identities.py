"""Who is who at a provider of identities, and which attempts to sign on were used."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, LargeBinary, Text, UniqueConstraint

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "identity",
        Column("issuer", TEXT, primary_key=True), Column("subject", TEXT, primary_key=True),
        Column("person", TEXT, ForeignKey("person.name"), nullable=False), Column("linked_at", TEXT, nullable=False),
        UniqueConstraint("issuer", "person"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "used_sign_on",
        Column("attempt", LargeBinary, primary_key=True), Column("used_at", TEXT, nullable=False),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("used_sign_on_used_at", "used_sign_on", ["used_at"])


def downgrade() -> None:
    """Remove them, with all links."""
    op.drop_table("used_sign_on")
    op.drop_table("identity")
