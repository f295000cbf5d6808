"""People with their roles, and the sessions in which they come in."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, LargeBinary, Text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "person",
        Column("name", TEXT, primary_key=True),
        text("roles"), text("password"), text("created_at"), text("disabled_at", empty=True),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "session",
        Column("digest", LargeBinary, primary_key=True),
        Column("person", TEXT, ForeignKey("person.name"), nullable=False),
        text("created_at"), text("used_at"), text("expires_at"), text("ended_at", empty=True),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("session_person", "session", ["person"])


def downgrade() -> None:
    """Remove both tables, and everybody in them."""
    op.drop_table("session")
    op.drop_table("person")
