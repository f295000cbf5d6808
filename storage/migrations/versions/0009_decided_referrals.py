"""What people made of referrals: one row for each, written once."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
TABLE = "decided_referral"


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def upgrade() -> None:
    """Make the table, to which rows are only added."""
    op.create_table(
        TABLE,
        Column("referral_id", TEXT, ForeignKey("decision.decision_id"), primary_key=True),
        text("outcome"), text("person"), text("role"), text("client"), text("reason"),
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=True, unique=True),
        Column("grant_id", TEXT, ForeignKey("limit_grant.grant_id"), nullable=True),
        Column("released", WHOLE, nullable=True), text("until", empty=True), text("at"),
        CheckConstraint("outcome IN ('approved', 'rejected', 'decided_anew')", name="outcome_known"),
        CheckConstraint("(outcome = 'rejected') = (decision_id IS NULL)", name="followed_by_a_decision"),
        CheckConstraint(
            "(outcome = 'approved') = (released IS NOT NULL) AND (outcome = 'approved') = (until IS NOT NULL)",
            name="bound_where_approved",
        ),
        CheckConstraint("grant_id IS NULL OR outcome = 'approved'", name="granted_where_approved"),
        CheckConstraint("reason <> '' AND person <> '' AND role <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    if op.get_context().dialect.name == "postgresql":
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
        op.execute(f"CREATE TRIGGER {TABLE}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()")
        return
    for change in ("UPDATE", "DELETE"):
        refusal = f"SELECT RAISE(ABORT, '{TABLE} is only added to')"
        op.execute(f"CREATE TRIGGER {TABLE}_no_{change.lower()} BEFORE {change} ON {TABLE} BEGIN {refusal}; END")


def downgrade() -> None:
    """Remove the table, with everything that people said."""
    op.drop_table(TABLE)
