"""Instalments: the terms of an invoice, and of an instalment the whole that it belongs to and its place there."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
COLUMNS = (("terms", TEXT), ("whole_id", TEXT), ("instalment", WHOLE), ("instalments", WHOLE))


def upgrade() -> None:
    """Add the columns; every invoice that is known is one of one date, whose terms nobody said."""
    for name, kind in COLUMNS:
        op.add_column("invoice", Column(name, kind, nullable=True))


def downgrade() -> None:
    """Remove them; an instalment stays as an invoice of its own, so that balances and letters stay true."""
    for name, _ in COLUMNS:
        op.execute(f"ALTER TABLE invoice DROP COLUMN {name}")
