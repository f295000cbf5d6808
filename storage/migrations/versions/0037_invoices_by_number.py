"""Invoices by number alone: a payment names what it pays and not always whose that is."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

IN_PARTS = "whole_id IS NOT NULL"


def upgrade() -> None:
    """Add the indexes; nothing else changes. On a million invoices they take seconds."""
    op.create_index("invoice_invoice_id", "invoice", ["invoice_id"])
    op.create_index("invoice_whole_id", "invoice", ["whole_id"], sqlite_where=text(IN_PARTS),
                    postgresql_where=text(IN_PARTS))  # fmt: skip


def downgrade() -> None:
    """Remove them; an import of payments looks through all invoices for each lot of rows."""
    op.drop_index("invoice_whole_id", "invoice")
    op.drop_index("invoice_invoice_id", "invoice")
