"""What simulations of policies found, by the digest of the bytes that were simulated; rows are only ever added."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Integer, Text

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
TABLE = "policy_simulation"


def text(name: str) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=False)


def upgrade() -> None:
    """Make the table, then what keeps its rows as they were written."""
    op.create_table(
        TABLE,
        Column("seq", WHOLE, Identity(), primary_key=True),
        Column("simulation_id", TEXT, nullable=False, unique=True),
        text("digest"), text("report"),
        Column("simulated_by", TEXT, ForeignKey("person.name"), nullable=False), text("at"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("policy_simulation_digest", TABLE, ["digest", "seq"])
    if op.get_context().dialect.name == "postgresql":
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
        op.execute(f"CREATE TRIGGER {TABLE}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()")
        return
    for change in ("UPDATE", "DELETE"):
        refusal = f"SELECT RAISE(ABORT, '{TABLE} is only added to')"
        op.execute(f"CREATE TRIGGER {TABLE}_no_{change.lower()} BEFORE {change} ON {TABLE} BEGIN {refusal}; END")


def downgrade() -> None:
    """Remove the table, with all simulations."""
    op.drop_table(TABLE)
