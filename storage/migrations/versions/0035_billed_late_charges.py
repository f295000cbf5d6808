"""Late charges that are billed: which invoice bore them, and up to which day."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text, text

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
COLUMNS = ("charge_of", "charged_until")
IS_CHARGE = "charge_of IS NOT NULL"


def upgrade() -> None:
    """Add the columns; no invoice that is known is a late charge. An invoice is charged once up to a day."""
    for name in COLUMNS:
        op.add_column("invoice", Column(name, TEXT, nullable=True))
    op.create_index("invoice_charged_once", "invoice", ["customer_id", *COLUMNS], unique=True,
                    sqlite_where=text(IS_CHARGE), postgresql_where=text(IS_CHARGE))  # fmt: skip


def downgrade() -> None:
    """Remove them; what was billed stays as an invoice, so that balances and letters stay true."""
    op.drop_index("invoice_charged_once", "invoice")
    for name in COLUMNS:
        op.execute(f"ALTER TABLE invoice DROP COLUMN {name}")
