"""What a challenger would have answered, beside each decision that it was asked about; rows are only ever added."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
TABLE = "policy_challenge"


def text(name: str) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=False)


def upgrade() -> None:
    """Make the table, then what keeps its rows as they were written."""
    op.create_table(
        TABLE,
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), primary_key=True),
        Column("digest", TEXT, ForeignKey("policy_version.digest"), primary_key=True),
        text("decided_by"), text("verdict"), text("challenger_verdict"),
        Column("differs", WHOLE, nullable=False), text("details"), text("at"),
        CheckConstraint("differs IN (0, 1)", name="differs_or_not"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("policy_challenge_digest", TABLE, ["digest", "verdict", "challenger_verdict"])
    if op.get_context().dialect.name == "postgresql":
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
        op.execute(f"CREATE TRIGGER {TABLE}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()")
        return
    for change in ("UPDATE", "DELETE"):
        refusal = f"SELECT RAISE(ABORT, '{TABLE} is only added to')"
        op.execute(f"CREATE TRIGGER {TABLE}_no_{change.lower()} BEFORE {change} ON {TABLE} BEGIN {refusal}; END")


def downgrade() -> None:
    """Remove the table, with all comparisons."""
    op.drop_table(TABLE)
