"""Payments, credit notes and write-offs, what each took from which invoice, and what is open of each invoice."""

from __future__ import annotations

from fractions import Fraction

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
from sqlalchemy import (
    text as sql,
)

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
MONEY_MAX = 10**15
ADDED = ("settlement", "settlement_reversal", "allocation")
OLD_KINDS = "kind IN ('hold', 'release', 'invoice', 'nothing_held', 'granted', 'withdrawn', 'moved', 'revalued')"
KINDS = (
    "kind IN ('hold', 'release', 'invoice', 'nothing_held', 'granted', 'withdrawn', 'moved', 'revalued', "
    "'payment', 'credit_note', 'write_off', 'reversal')"
)
NOTHING = "kind NOT IN ('nothing_held', 'granted', 'withdrawn') OR amount = 0"
LESS = "(kind NOT IN ('payment', 'credit_note', 'write_off') OR amount <= 0) AND (kind <> 'reversal' OR amount >= 0)"
HOLD = "kind <> 'hold' OR (amount > 0 AND (ceiling IS NULL OR balance_after <= ceiling))"
GRANTED = "granted = 0 OR (granted > 0 AND kind = 'hold' AND ceiling IS NOT NULL)"
MOVEMENT = "account_id, ver, kind, amount, balance_after, ceiling, decision_id, at, granted"
OLDER = MOVEMENT.replace(
    "kind", "CASE WHEN kind IN ('payment', 'credit_note', 'write_off', 'reversal') THEN 'invoice' ELSE kind END"
)
INVOICE = (
    "customer_id, invoice_id, amount, currency, invoiced_on, due_on, settled_on, disputed, carrying_amount, rate_id, "
    "valued_on"
)
RANGE = f"amount BETWEEN -{MONEY_MAX} AND {MONEY_MAX}"
PART = "open_amount BETWEEN 0 AND amount OR open_amount BETWEEN amount AND 0"
IN_FULL = "settled_on IS NULL OR open_amount = 0"
OPEN = "CASE WHEN settled_on IS NULL THEN amount ELSE 0 END"
OLD_PART = "'invoice', 'revalued'"
NEW_PART = "'invoice', 'revalued', 'payment', 'credit_note', 'write_off', 'reversal'"
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
TOO_MUCH = """
(SELECT coalesce(sum(amount), 0) FROM allocation WHERE kind = NEW.kind AND settlement_id = NEW.settlement_id)
  + NEW.amount NOT BETWEEN 0 AND
(SELECT amount FROM settlement WHERE kind = NEW.kind AND settlement_id = NEW.settlement_id)
""".strip()
WITHIN = f"""
CREATE TRIGGER allocation_within_settlement BEFORE INSERT ON allocation
WHEN {TOO_MUCH}
BEGIN SELECT RAISE(ABORT, 'no more is allocated than there is'); END
""".strip()
WITHIN_FUNCTION = f"""
CREATE FUNCTION allocation_within_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {TOO_MUCH} THEN
    RAISE EXCEPTION 'no more is allocated than there is' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip()
WITHIN_TRIGGER = (
    "CREATE TRIGGER allocation_within_settlement BEFORE INSERT ON allocation"
    " FOR EACH ROW EXECUTE FUNCTION allocation_within_settlement()"
)


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def key(name: str) -> Column[str]:
    """A text column of the primary key."""
    return Column(name, TEXT, primary_key=True)


def number(name: str) -> Column[int]:
    """A number of the primary key."""
    return Column(name, WHOLE, primary_key=True, autoincrement=False)


def moved() -> ForeignKeyConstraint:
    """The movement that a row was written with."""
    return ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"])


def upgrade() -> None:
    """Tell movements of settlements apart, keep what is open of each invoice, and make the tables."""
    if on_server():
        renew_check("kind_known", KINDS)
        op.execute(f"ALTER TABLE movement ADD CONSTRAINT movement_settled_is_less CHECK ({LESS})")
        op.execute("ALTER TABLE invoice ADD COLUMN open_amount BIGINT")
        op.execute(f"UPDATE invoice SET open_amount = {OPEN}")
        op.execute("ALTER TABLE invoice ALTER COLUMN open_amount SET NOT NULL")
        op.execute(f"ALTER TABLE invoice ADD CONSTRAINT invoice_open_is_a_part CHECK ({PART})")
        op.execute(f"ALTER TABLE invoice ADD CONSTRAINT invoice_settled_in_full CHECK ({IN_FULL})")
        op.execute(MOVES_FUNCTION.format(part=NEW_PART))
    else:
        make_movement_anew(MOVEMENT, KINDS, NEW_PART, settlements=True)
        make_invoice_anew(f"{INVOICE}, {OPEN}", f"{INVOICE}, open_amount", with_open=True)
    make_settlements()


def downgrade() -> None:
    """Remove settlements; an invoice that was paid in part becomes one of what is open of it, so that balances stay."""
    for customer_id, invoice_id, amount, carrying in left_over():
        op.execute(
            sql("UPDATE invoice SET amount = :amount, carrying_amount = :carrying, open_amount = :amount "
                "WHERE customer_id = :customer_id AND invoice_id = :invoice_id")
            .bindparams(amount=amount, carrying=carrying, customer_id=customer_id, invoice_id=invoice_id)
        )  # fmt: skip
    for table in reversed(ADDED):
        op.drop_table(table)
    if not on_server():
        make_movement_anew(OLDER, OLD_KINDS, OLD_PART, settlements=False)
        make_invoice_anew(INVOICE, INVOICE, with_open=False)
        return
    op.execute("DROP FUNCTION allocation_within_settlement()")
    op.execute("ALTER TABLE invoice DROP COLUMN open_amount")
    op.execute("ALTER TABLE movement DROP CONSTRAINT movement_settled_is_less")
    op.execute("ALTER TABLE movement DISABLE TRIGGER movement_only_added_to")
    op.execute("UPDATE movement SET kind = 'invoice' WHERE kind IN ('payment', 'credit_note', 'write_off', 'reversal')")
    op.execute("ALTER TABLE movement ENABLE TRIGGER movement_only_added_to")
    renew_check("kind_known", OLD_KINDS)
    op.execute(MOVES_FUNCTION.format(part=OLD_PART))


def left_over() -> list[tuple[str, str, int, int | None]]:
    """The invoices that are open in part: what is open, and what that counts as."""
    rows = op.get_bind().execute(sql(
        "SELECT customer_id, invoice_id, amount, open_amount, carrying_amount FROM invoice "
        "WHERE settled_on IS NULL AND open_amount <> amount"
    ))  # fmt: skip
    return [
        (row.customer_id, row.invoice_id, row.open_amount,
         None if row.carrying_amount is None else round(Fraction(row.carrying_amount * row.open_amount, row.amount)))
        for row in rows
    ]  # fmt: skip


def on_server() -> bool:
    """Whether the database is PostgreSQL, which changes tables in place."""
    return bool(op.get_context().dialect.name == "postgresql")


def renew_check(name: str, told: str) -> None:
    """Replace a CHECK of movements."""
    op.execute(f"ALTER TABLE movement DROP CONSTRAINT movement_{name}")
    op.execute(f"ALTER TABLE movement ADD CONSTRAINT movement_{name} CHECK ({told})")


def make_movement_anew(fill: str, kinds: str, part: str, *, settlements: bool) -> None:
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
        *([CheckConstraint(LESS, name="settled_is_less")] if settlements else []),
        CheckConstraint(HOLD, name="hold_within_ceiling"),
        CheckConstraint(GRANTED, name="granted_for_a_hold"),
        sqlite_strict=True,
    )  # fmt: skip
    op.execute(f"INSERT INTO movement ({MOVEMENT}) SELECT {fill} FROM movement_kept")
    op.execute("DROP TABLE movement_kept")
    op.execute(FOLLOWS)
    op.execute(MOVES.format(part=part))
    op.execute(WITHIN_GRANTS)
    refuse_changes("movement")


def make_invoice_anew(fill: str, columns: str, *, with_open: bool) -> None:
    """Make SQLite's table again, with what is open or without it."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE invoice_kept AS SELECT * FROM invoice")
    op.drop_table("invoice")
    opened = [whole("open_amount")] if with_open else []
    op.create_table(
        "invoice",
        Column("customer_id", TEXT, ForeignKey("customer.customer_id"), primary_key=True), key("invoice_id"),
        whole("amount"), text("currency"),
        text("invoiced_on"), text("due_on"), text("settled_on", empty=True), whole("disputed", empty=True),
        whole("carrying_amount", empty=True), text("rate_id", empty=True), text("valued_on", empty=True), *opened,
        CheckConstraint(RANGE, name="amount_in_range"),
        *([CheckConstraint(PART, name="open_is_a_part")] if with_open else []),
        *([CheckConstraint(IN_FULL, name="settled_in_full")] if with_open else []),
        CheckConstraint("disputed IN (0, 1)", name="disputed_yes_or_no"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("invoice_customer_id_invoiced_on", "invoice", ["customer_id", "invoiced_on"])
    op.execute(f"INSERT INTO invoice ({columns}) SELECT {fill} FROM invoice_kept")
    op.execute("DROP TABLE invoice_kept")


def make_settlements() -> None:
    """What settles invoices, what was taken back, and which invoices each part went to."""
    op.create_table(
        "settlement",
        key("kind"), key("settlement_id"),
        whole("account_id"), whole("account_ver"), text("customer_id"),
        whole("amount"), text("currency"), text("day"), text("told"), text("stated"),
        text("entered_by"), text("client"), text("at"),
        moved(), ForeignKeyConstraint(["customer_id"], ["customer.customer_id"]),
        CheckConstraint("kind IN ('payment', 'credit_note', 'write_off')", name="kind_known"),
        CheckConstraint(f"amount BETWEEN 1 AND {MONEY_MAX}", name="amount_above_zero"),
        CheckConstraint("kind = 'payment' OR told <> ''", name="says_why"),
        CheckConstraint("entered_by <> ''", name="says_who"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("settlement_customer_id_day", "settlement", ["customer_id", "day"])
    of_it = ForeignKeyConstraint(["kind", "settlement_id"], ["settlement.kind", "settlement.settlement_id"])
    op.create_table(
        "settlement_reversal",
        key("kind"), key("settlement_id"), whole("account_id"), whole("account_ver"),
        text("reversed_on"), text("reason"), text("reversed_by"), text("client"), text("at"),
        of_it, moved(),
        CheckConstraint("reason <> '' AND reversed_by <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip
    of_it = ForeignKeyConstraint(["kind", "settlement_id"], ["settlement.kind", "settlement.settlement_id"])
    op.create_table(
        "allocation",
        number("account_id"), number("account_ver"), number("place"),
        text("kind"), text("settlement_id"), text("customer_id"), text("invoice_id"),
        whole("amount"), whole("counted"), text("day"),
        moved(), of_it,
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
        CheckConstraint("amount <> 0", name="moves_something"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("allocation_customer_id_invoice_id", "allocation", ["customer_id", "invoice_id"])
    op.create_index("allocation_kind_settlement_id", "allocation", ["kind", "settlement_id"])
    for trigger in (WITHIN_FUNCTION, WITHIN_TRIGGER) if on_server() else (WITHIN,):
        op.execute(trigger)
    for table in ADDED:
        refuse_changes(table)


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
