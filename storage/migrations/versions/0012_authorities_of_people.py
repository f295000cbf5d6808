"""The roles of the policy in which a person decides; whoever was there before has none until one is given."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column, empty for everybody."""
    op.add_column("person", Column("authorities", TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    """Remove the column; the events still say who had which."""
    op.drop_column("person", "authorities")
