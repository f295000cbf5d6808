"""How an invoice was sent, electronically or on paper: its ladder may ask for it."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

KNOWN = "CONSTRAINT invoice_form_known CHECK (form IN ('electronic', 'paper'))"


def upgrade() -> None:
    """Add the column; of an invoice that is known nobody said so."""
    kind = 'TEXT COLLATE "C"' if op.get_context().dialect.name == "postgresql" else "TEXT"
    op.execute(f"ALTER TABLE invoice ADD COLUMN form {kind} {KNOWN}")


def downgrade() -> None:
    """Remove it; conditions that ask for it find nothing, and their steps wait for a person."""
    op.execute("ALTER TABLE invoice DROP COLUMN form")
