"""Discounts for early payment: what an invoice offers until when, and the settlement that takes it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Integer, Text

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
MONEY_MAX = 10**15
OLDER_KINDS = "'hold', 'release', 'invoice', 'nothing_held', 'granted', 'withdrawn', 'moved', 'revalued', "
OLD_KINDS = f"kind IN ({OLDER_KINDS}'payment', 'credit_note', 'write_off', 'reversal')"
KINDS = f"kind IN ({OLDER_KINDS}'payment', 'credit_note', 'write_off', 'discount', 'reversal')"
NOTHING = "kind NOT IN ('nothing_held', 'granted', 'withdrawn') OR amount = 0"
OLD_LESS = (
    "(kind NOT IN ('payment', 'credit_note', 'write_off') OR amount <= 0) AND (kind <> 'reversal' OR amount >= 0)"
)
LESS = OLD_LESS.replace("'write_off')", "'write_off', 'discount')")
HOLD = "kind <> 'hold' OR (amount > 0 AND (ceiling IS NULL OR balance_after <= ceiling))"
GRANTED = "granted = 0 OR (granted > 0 AND kind = 'hold' AND ceiling IS NOT NULL)"
MOVEMENT = "account_id, ver, kind, amount, balance_after, ceiling, decision_id, at, granted"
SETTLED = "kind IN ('payment', 'credit_note', 'write_off')"
OLD_PART = "'invoice', 'revalued', 'payment', 'credit_note', 'write_off', 'reversal'"
PART = "'invoice', 'revalued', 'payment', 'credit_note', 'write_off', 'discount', 'reversal'"
OF_SETTLEMENT = (
    "settlement_id, account_id, account_ver, customer_id, amount, currency, day, told, stated, entered_by, client, at"
)
CHANGED = ("allocation", "settlement_reversal")
DISCOUNT = "(discount IS NULL) = (discount_until IS NULL) AND (discount IS NULL OR discount BETWEEN 1 AND amount - 1)"
AS_CREDIT_NOTE = "'discount ' || settlement_id"  # so that it takes the name of no other credit note
OLDER_SETTLEMENT = (
    "CASE kind WHEN 'discount' THEN 'credit_note' ELSE kind END, "
    f"CASE kind WHEN 'discount' THEN {AS_CREDIT_NOTE} ELSE settlement_id END, "
    + OF_SETTLEMENT.removeprefix("settlement_id, ")
)
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
    open_receivables = open_receivables + CASE WHEN NEW.kind IN ({part}) THEN NEW.amount ELSE 0 END
  WHERE account_id = NEW.account_id;
END
""".strip()
MOVES_FUNCTION = """
CREATE OR REPLACE FUNCTION movement_moves_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET balance = NEW.balance_after,
    open_receivables = open_receivables + CASE WHEN NEW.kind IN ({part}) THEN NEW.amount ELSE 0 END
  WHERE account_id = NEW.account_id;
  RETURN NULL;
END $$
""".strip()
WITHIN_GRANTS = """
CREATE TRIGGER movement_within_grants BEFORE INSERT ON movement
WHEN NEW.granted <> 0 AND NEW.granted > (SELECT coalesce(sum(amount), 0) FROM limit_grant
WHERE account_id = NEW.account_id AND until > NEW.at
AND order_id = (SELECT order_id FROM decision WHERE decision_id = NEW.decision_id)
AND grant_id NOT IN (SELECT grant_id FROM withdrawn_grant WHERE account_id = NEW.account_id))
BEGIN SELECT RAISE(ABORT, 'a ceiling is raised by valid grants alone'); END
""".strip()
RENAMED = (
    f"UPDATE {{table}} SET kind = 'credit_note', settlement_id = {AS_CREDIT_NOTE} WHERE kind = 'discount'"
)
# the triggers of settlements, as step 0031 left them
REFUSED = "BEGIN SELECT RAISE(ABORT, 'settlement is only added to'); END"
KEPT = (
    "kind, settlement_id, account_id, account_ver, customer_id, amount, currency, day, stated, entered_by, client, at"
)
ERASED = (
    "EXISTS (SELECT 1 FROM event JOIN account ON event.subject = 'customer:' || account.customer_id"
    " WHERE account.account_id = OLD.account_id AND event.kind = 'customer_erased')"
)
OF_SETTLEMENTS = (
    f"CREATE TRIGGER settlement_no_update BEFORE UPDATE OF {KEPT} ON settlement {REFUSED}",
    "CREATE TRIGGER settlement_only_erased BEFORE UPDATE OF told ON settlement"
    f" WHEN NOT ({ERASED} AND NEW.told = '') {REFUSED}",
    f"CREATE TRIGGER settlement_no_delete BEFORE DELETE ON settlement {REFUSED}",
)


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def upgrade() -> None:
    """Give invoices their discount, and let a discount settle and move."""
    op.add_column("invoice", text("discount_until", empty=True))
    kind = "BIGINT" if on_server() else "INTEGER"
    op.execute(f"ALTER TABLE invoice ADD COLUMN discount {kind} CONSTRAINT invoice_discount_is_a_part CHECK ({DISCOUNT})")
    if on_server():
        renew_check("movement", "kind_known", KINDS)
        renew_check("movement", "settled_is_less", LESS)
        renew_check("settlement", "kind_known", SETTLED.replace("'write_off')", "'write_off', 'discount')"))
        op.execute(MOVES_FUNCTION.format(part=PART))
        return
    make_movement_anew("SELECT * FROM movement_kept", KINDS, LESS, PART)
    make_settlement_anew("SELECT * FROM settlement_kept", SETTLED.replace("'write_off')", "'write_off', 'discount')"))


def downgrade() -> None:
    """Take discounts back: those that were taken become credit notes, so that balances stay."""
    if on_server():
        rename_on_server()
    else:
        older = MOVEMENT.replace("kind", "CASE kind WHEN 'discount' THEN 'credit_note' ELSE kind END")
        make_movement_anew(f"SELECT {older} FROM movement_kept", OLD_KINDS, OLD_LESS, OLD_PART)
        make_settlement_anew(f"SELECT {OLDER_SETTLEMENT} FROM settlement_kept", SETTLED)
        for table in CHANGED:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(RENAMED.format(table=table))
            op.execute(refusal(table, "UPDATE"))
    op.execute("ALTER TABLE invoice DROP COLUMN discount")
    op.execute("ALTER TABLE invoice DROP COLUMN discount_until")


def rename_on_server() -> None:
    """The same on PostgreSQL, which keeps its tables: a row is copied before what refers to it is changed."""
    tables = ("movement", "settlement", *CHANGED)
    for table in tables:
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute("UPDATE movement SET kind = 'credit_note' WHERE kind = 'discount'")
    op.execute(
        f"INSERT INTO settlement (kind, {OF_SETTLEMENT}) SELECT {OLDER_SETTLEMENT} FROM settlement"
        " WHERE kind = 'discount'"
    )
    for table in CHANGED:
        op.execute(RENAMED.format(table=table))
    op.execute("DELETE FROM settlement WHERE kind = 'discount'")
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    renew_check("movement", "kind_known", OLD_KINDS)
    renew_check("movement", "settled_is_less", OLD_LESS)
    renew_check("settlement", "kind_known", SETTLED)
    op.execute(MOVES_FUNCTION.format(part=OLD_PART))


def on_server() -> bool:
    """Whether the database is PostgreSQL, which changes tables in place."""
    return bool(op.get_context().dialect.name == "postgresql")


def renew_check(table: str, name: str, told: str) -> None:
    """Replace a CHECK of a table."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name} CHECK ({told})")


def make_movement_anew(fill: str, kinds: str, less: str, part: str) -> None:
    """Make SQLite's table again with what it held; what refers to it is looked at again when all is committed."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE movement_kept AS SELECT * FROM movement")
    op.drop_table("movement")
    op.create_table(
        "movement",
        Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
        Column("ver", WHOLE, primary_key=True, autoincrement=False),
        text("kind"), whole("amount"), whole("balance_after"), whole("ceiling", empty=True),
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=True),
        text("at"), whole("granted"),
        CheckConstraint(kinds, name="kind_known"),
        CheckConstraint(NOTHING, name="nothing_is_nothing"),
        CheckConstraint(less, name="settled_is_less"),
        CheckConstraint(HOLD, name="hold_within_ceiling"),
        CheckConstraint(GRANTED, name="granted_for_a_hold"),
        sqlite_strict=True,
    )  # fmt: skip
    op.execute(f"INSERT INTO movement ({MOVEMENT}) {fill}")
    op.execute("DROP TABLE movement_kept")
    op.execute(FOLLOWS)
    op.execute(MOVES.format(part=part))
    op.execute(WITHIN_GRANTS)
    for change in ("UPDATE", "DELETE"):
        op.execute(refusal("movement", change))


def make_settlement_anew(fill: str, kinds: str) -> None:
    """Make SQLite's table of settlements again with what it held."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE settlement_kept AS SELECT * FROM settlement")
    op.drop_table("settlement")
    op.create_table(
        "settlement",
        Column("kind", TEXT, primary_key=True), Column("settlement_id", TEXT, primary_key=True),
        whole("account_id"), whole("account_ver"), text("customer_id"),
        whole("amount"), text("currency"), text("day"), text("told"), text("stated"),
        text("entered_by"), text("client"), text("at"),
        ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
        ForeignKeyConstraint(["customer_id"], ["customer.customer_id"]),
        CheckConstraint(kinds, name="kind_known"),
        CheckConstraint(f"amount BETWEEN 1 AND {MONEY_MAX}", name="amount_above_zero"),
        CheckConstraint("kind = 'payment' OR told <> ''", name="says_why"),
        CheckConstraint("entered_by <> ''", name="says_who"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("settlement_customer_id_day", "settlement", ["customer_id", "day"])
    op.execute(f"INSERT INTO settlement (kind, {OF_SETTLEMENT}) {fill}")
    op.execute("DROP TABLE settlement_kept")
    for trigger in OF_SETTLEMENTS:
        op.execute(trigger)


def refusal(table: str, change: str) -> str:
    """The trigger of SQLite that keeps a table's rows as they were written."""
    told = f"SELECT RAISE(ABORT, '{table} is only added to')"
    return f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} BEGIN {told}; END"
