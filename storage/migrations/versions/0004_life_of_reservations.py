"""The life of reservations: each step says what left the hold; confirmed securities; requests answered once per key."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
ADDED = ("confirmed_security", "answered_request")
KEEP = "CREATE TABLE reservation_kept AS SELECT * FROM reservation WHERE step = 1"
FILL = """
INSERT INTO reservation (reservation_id, step, decision_id, account_id, account_ver, change, amount, remaining,
                         expires_at, at)
SELECT kept.reservation_id, 1, kept.decision_id, kept.account_id, decision.account_ver, 'held', kept.amount,
       kept.amount, kept.expires_at, kept.at
FROM reservation_kept AS kept JOIN decision ON decision.decision_id = kept.decision_id
"""
FILL_BACK = """
INSERT INTO reservation (reservation_id, step, decision_id, account_id, amount, state, expires_at, at)
SELECT reservation_id, 1, decision_id, account_id, amount, 'held', expires_at, at FROM reservation_kept
"""


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def upgrade() -> None:
    """Make the steps of reservations anew from those that are held, and the two tables beside them."""
    op.execute(KEEP)
    op.drop_table("reservation")
    make_reservation()
    make_beside()
    op.execute(FILL)
    op.drop_table("reservation_kept")
    for table in ("reservation", *ADDED):
        refuse_changes(table)


def downgrade() -> None:
    """Take back the tables; of a reservation only its first step is kept."""
    op.execute(KEEP)
    for table in (*ADDED, "reservation"):
        op.drop_table(table)
    op.create_table(
        "reservation",
        Column("reservation_id", TEXT, primary_key=True),
        Column("step", WHOLE, primary_key=True, autoincrement=False),
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=False),
        Column("account_id", WHOLE, ForeignKey("account.account_id"), nullable=False),
        whole("amount"), text("state"), text("expires_at"), text("at"),
        CheckConstraint("state IN ('held', 'converted', 'voided', 'expired')", name="state_known"),
        CheckConstraint("(step = 1) = (state = 'held')", name="held_first"),
        CheckConstraint("amount > 0", name="amount_held"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("reservation_account_id", "reservation", ["account_id", "expires_at"])
    op.create_index("reservation_decision_id", "reservation", ["decision_id"])
    op.execute(FILL_BACK)
    op.drop_table("reservation_kept")
    refuse_changes("reservation")


def make_reservation() -> None:
    """What a decision holds, and each step that takes from it."""
    op.create_table(
        "reservation",
        Column("reservation_id", TEXT, primary_key=True),
        Column("step", WHOLE, primary_key=True, autoincrement=False),
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=False),
        whole("account_id"), whole("account_ver"),
        text("change"), whole("amount"), whole("remaining"),
        whole("step_before", empty=True), whole("remaining_before", empty=True),
        text("expires_at"), text("at"), text("client", empty=True),
        UniqueConstraint("reservation_id", "step", "remaining"),
        ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
        # each step takes up where the one before left off, so nothing can follow an end and nothing is counted twice
        ForeignKeyConstraint(
            ["reservation_id", "step_before", "remaining_before"],
            ["reservation.reservation_id", "reservation.step", "reservation.remaining"],
        ),
        CheckConstraint(
            "change IN ('held', 'converted', 'secured', 'voided', 'expired', 'replaced')", name="change_known"
        ),
        CheckConstraint("(step = 1) = (change = 'held')", name="held_first"),
        CheckConstraint("amount > 0 AND remaining >= 0", name="amount_moved"),
        CheckConstraint(
            "(step = 1 AND step_before IS NULL AND remaining_before IS NULL AND remaining = amount) OR (step > 1 AND "
            "step_before IS NOT NULL AND remaining_before IS NOT NULL AND step = step_before + 1 AND "
            "remaining = remaining_before - amount)", name="follows_the_step_before"
        ),
        CheckConstraint("change NOT IN ('voided', 'expired', 'replaced') OR remaining = 0", name="ends_in_full"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("reservation_account_id", "reservation", ["account_id", "expires_at"])
    op.create_index("reservation_decision_id", "reservation", ["decision_id"])
    op.create_index("reservation_expires_at", "reservation", ["expires_at"])


def make_beside() -> None:
    """Securities that were confirmed, and the requests that changed a reservation, with their answers."""
    op.create_table(
        "confirmed_security",
        Column("reservation_id", TEXT, primary_key=True),
        Column("step", WHOLE, primary_key=True, autoincrement=False),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        whole("alternative"), text("security"), whole("amount"), text("reference"),
        ForeignKeyConstraint(["reservation_id", "step"], ["reservation.reservation_id", "reservation.step"]),
        CheckConstraint("amount > 0", name="amount_in_place"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "answered_request",
        Column("client", TEXT, primary_key=True),
        Column("idempotency_key", TEXT, primary_key=True),
        Column("body_hash", LargeBinary, nullable=False), text("operation"), text("subject_id"), whole("status"),
        Column("response", LargeBinary, nullable=False), text("at"),
        CheckConstraint("status BETWEEN 200 AND 299", name="only_answers"),
        sqlite_strict=True,
    )  # fmt: skip


def refuse_changes(table: str) -> None:
    """Keep a table's rows as they were written."""
    if op.get_context().dialect.name == "postgresql":
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        op.execute(
            f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        name = f"{table}_no_{change.lower()}"
        refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
        op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN {refusal}; END")
