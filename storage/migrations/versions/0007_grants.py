"""Grants raise the ceiling of one order; movements tell how much of their ceiling came from them, in more kinds."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Text,
)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
MONEY_MAX = 10**15
ADDED = ("limit_grant", "withdrawn_grant")
COLUMNS = "account_id, ver, kind, amount, balance_after, ceiling, decision_id, at"
HOLD = "kind <> 'hold' OR (amount > 0 AND (ceiling IS NULL OR balance_after <= ceiling))"
OLD_KINDS = "kind IN ('hold', 'release', 'invoice', 'nothing_held')"
OLD_NOTHING = "kind <> 'nothing_held' OR amount = 0"
KINDS = "kind IN ('hold', 'release', 'invoice', 'nothing_held', 'granted', 'withdrawn', 'moved', 'revalued')"
NOTHING = "kind NOT IN ('nothing_held', 'granted', 'withdrawn') OR amount = 0"
GRANTED = "granted = 0 OR (granted > 0 AND kind = 'hold' AND ceiling IS NOT NULL)"
FOLLOWS = """
CREATE TRIGGER movement_follows_account BEFORE INSERT ON movement
WHEN NOT EXISTS (SELECT 1 FROM account WHERE account_id = NEW.account_id AND ver = NEW.ver
                 AND balance + NEW.amount = NEW.balance_after)
BEGIN SELECT RAISE(ABORT, 'a movement must follow from its account'); END
""".strip()
MOVES = """
CREATE TRIGGER movement_moves_account AFTER INSERT ON movement
BEGIN
  UPDATE account SET balance = NEW.balance_after,
    open_receivables = open_receivables + CASE NEW.kind WHEN 'invoice' THEN NEW.amount ELSE 0 END
  WHERE account_id = NEW.account_id;
END
""".strip()
VALID_GRANTS = """
SELECT coalesce(sum(amount), 0) FROM limit_grant
WHERE account_id = NEW.account_id AND until > NEW.at
AND order_id = (SELECT order_id FROM decision WHERE decision_id = NEW.decision_id)
AND grant_id NOT IN (SELECT grant_id FROM withdrawn_grant WHERE account_id = NEW.account_id)
""".strip()
WITHIN = f"""
CREATE TRIGGER movement_within_grants BEFORE INSERT ON movement
WHEN NEW.granted <> 0 AND NEW.granted > ({VALID_GRANTS})
BEGIN SELECT RAISE(ABORT, 'a ceiling is raised by valid grants alone'); END
""".strip()
WITHIN_FUNCTION = f"""
CREATE FUNCTION movement_within_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.granted > ({VALID_GRANTS}) THEN
    RAISE EXCEPTION 'a ceiling is raised by valid grants alone' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip()
WITHIN_TRIGGER = (
    "CREATE TRIGGER movement_within_grants BEFORE INSERT ON movement"
    " FOR EACH ROW WHEN (NEW.granted <> 0) EXECUTE FUNCTION movement_within_grants()"
)


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def upgrade() -> None:
    """Give movements their part of the ceiling, and make the grants with their withdrawals."""
    if on_server():
        op.execute("ALTER TABLE movement ADD COLUMN granted BIGINT NOT NULL DEFAULT 0")
        op.execute("ALTER TABLE movement ALTER COLUMN granted DROP DEFAULT")
        renew_check("kind_known", KINDS)
        renew_check("nothing_is_nothing", NOTHING)
        op.execute(f"ALTER TABLE movement ADD CONSTRAINT movement_granted_for_a_hold CHECK ({GRANTED})")
        make_grants()
        op.execute(WITHIN_FUNCTION)
        op.execute(WITHIN_TRIGGER)
    else:
        make_movement_anew(f"INSERT INTO movement ({COLUMNS}, granted) SELECT {COLUMNS}, 0 FROM movement_kept",
                           KINDS, NOTHING, granted=True)  # fmt: skip
        make_grants()
        op.execute(WITHIN)
    for table in ADDED:
        refuse_changes(table)


def downgrade() -> None:
    """Take grants back; what a newer kind of movement moved stays moved, under an older name."""
    kept = (
        f"INSERT INTO movement ({COLUMNS}) SELECT account_id, ver, CASE WHEN kind IN ('granted', 'withdrawn') "
        "THEN 'nothing_held' WHEN kind IN ('moved', 'revalued') THEN 'release' ELSE kind END, amount, balance_after, "
        "ceiling, decision_id, at FROM movement_kept"
    )
    if on_server():
        op.execute("DROP TRIGGER movement_within_grants ON movement")
        op.execute("DROP FUNCTION movement_within_grants()")
    for table in reversed(ADDED):
        op.drop_table(table)
    if not on_server():
        make_movement_anew(kept, OLD_KINDS, OLD_NOTHING, granted=False)
        return
    op.execute("ALTER TABLE movement DROP COLUMN granted")
    op.execute("ALTER TABLE movement DISABLE TRIGGER movement_only_added_to")
    op.execute("UPDATE movement SET kind = 'nothing_held' WHERE kind IN ('granted', 'withdrawn')")
    op.execute("UPDATE movement SET kind = 'release' WHERE kind IN ('moved', 'revalued')")
    op.execute("ALTER TABLE movement ENABLE TRIGGER movement_only_added_to")
    renew_check("kind_known", OLD_KINDS)
    renew_check("nothing_is_nothing", OLD_NOTHING)


def on_server() -> bool:
    """Whether the database is PostgreSQL, which changes tables in place."""
    return bool(op.get_context().dialect.name == "postgresql")


def renew_check(name: str, told: str) -> None:
    """Replace a CHECK of movements."""
    op.execute(f"ALTER TABLE movement DROP CONSTRAINT movement_{name}")
    op.execute(f"ALTER TABLE movement ADD CONSTRAINT movement_{name} CHECK ({told})")


def make_movement_anew(fill: str, kinds: str, nothing: str, *, granted: bool) -> None:
    """Make SQLite's table again with what it held; what refers to it is looked at again when all is committed."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE movement_kept AS SELECT * FROM movement")
    op.drop_table("movement")
    added = [whole("granted")] if granted else []
    op.create_table(
        "movement",
        Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
        Column("ver", WHOLE, primary_key=True, autoincrement=False),
        text("kind"), whole("amount"), whole("balance_after"), whole("ceiling", empty=True),
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=True),
        text("at"), *added,
        CheckConstraint(kinds, name="kind_known"),
        CheckConstraint(nothing, name="nothing_is_nothing"),
        CheckConstraint(HOLD, name="hold_within_ceiling"),
        *([CheckConstraint(GRANTED, name="granted_for_a_hold")] if granted else []),
        sqlite_strict=True,
    )  # fmt: skip
    op.execute(fill)
    op.execute("DROP TABLE movement_kept")
    op.execute(FOLLOWS)
    op.execute(MOVES)
    refuse_changes("movement")


def make_grants() -> None:
    """What was granted for which order, and what was taken back."""
    op.create_table(
        "limit_grant",
        Column("grant_id", TEXT, primary_key=True),
        whole("account_id"), whole("account_ver"),
        text("order_id"), whole("amount"), text("currency"), text("until"),
        text("granted_by"), text("reason"), text("client"),
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=True), text("referral_id", empty=True),
        text("at"),
        ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
        CheckConstraint(f"amount BETWEEN 1 AND {MONEY_MAX}", name="amount_granted"),
        CheckConstraint("until > at", name="lasts"),
        CheckConstraint("order_id <> ''", name="for_one_order"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("limit_grant_account_id", "limit_grant", ["account_id", "order_id"])
    op.create_table(
        "withdrawn_grant",
        Column("grant_id", TEXT, ForeignKey("limit_grant.grant_id"), primary_key=True),
        whole("account_id"), whole("account_ver"),
        text("withdrawn_by"), text("reason"), text("client"), text("at"),
        ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
        sqlite_strict=True,
    )  # fmt: skip


def refuse_changes(table: str) -> None:
    """Keep a table's rows as they were written."""
    if on_server():
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        op.execute(f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()")
        return
    for change in ("UPDATE", "DELETE"):
        name = f"{table}_no_{change.lower()}"
        refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
        op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN {refusal}; END")
