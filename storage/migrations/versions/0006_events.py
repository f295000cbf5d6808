"""Events: what people and operators changed, by whom and when; rows are only ever added."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Identity, Integer, Text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def text(name: str) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=False)


def upgrade() -> None:
    """Make the table, then the triggers that keep its rows as they were written."""
    op.create_table(
        "event",
        Column("seq", WHOLE, Identity(), primary_key=True),
        text("kind"), text("subject"), text("done_by"), text("at"), text("details"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("event_subject_seq", "event", ["subject", "seq"])
    op.create_index("event_kind_seq", "event", ["kind", "seq"])
    for trigger in TRIGGERS[op.get_context().dialect.name]:
        op.execute(trigger)


def downgrade() -> None:
    """Remove the table; its triggers go with it."""
    op.drop_table("event")


def refuse_change(change: str) -> str:
    """The trigger that refuses an UPDATE or DELETE."""
    refusal = "SELECT RAISE(ABORT, 'event is only added to')"
    return f"CREATE TRIGGER event_no_{change.lower()} BEFORE {change} ON event BEGIN {refusal}; END"


TRIGGERS = {
    "sqlite": (refuse_change("UPDATE"), refuse_change("DELETE")),
    "postgresql": (
        "CREATE TRIGGER event_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON event"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()",
    ),
}
