"""Shared parts of policies: their bytes stand with the version that uses them, so that it can be run again exactly."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Text, UniqueConstraint

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, then the triggers that keep its rows as they were written."""
    op.create_table(
        "policy_part",
        Column("digest", TEXT, ForeignKey("policy_version.digest"), primary_key=True),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        Column("name", TEXT, nullable=False), Column("source", LargeBinary, nullable=False),
        UniqueConstraint("digest", "name"),
        sqlite_strict=True,
    )  # fmt: skip
    for trigger in TRIGGERS[op.get_context().dialect.name]:
        op.execute(trigger)


def downgrade() -> None:
    """Remove the table; its triggers go with it."""
    op.drop_table("policy_part")


def refuse_change(change: str) -> str:
    """The trigger that refuses an UPDATE or DELETE."""
    refusal = "SELECT RAISE(ABORT, 'policy_part is only added to')"
    return f"CREATE TRIGGER policy_part_no_{change.lower()} BEFORE {change} ON policy_part BEGIN {refusal}; END"


TRIGGERS = {
    "sqlite": (refuse_change("UPDATE"), refuse_change("DELETE")),
    "postgresql": (
        "CREATE TRIGGER policy_part_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_part"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()",
    ),
}
