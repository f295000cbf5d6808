"""Exchange rates, orders in another currency, what each converted item counted as, and invoices in their own currency."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    Text,
)

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
MONEY_MAX = 10**15
ADDED = ("rate", "foreign_order", "conversion")
OLD_PART = "CASE NEW.kind WHEN 'invoice' THEN NEW.amount ELSE 0 END"
NEW_PART = "CASE WHEN NEW.kind IN ('invoice', 'revalued') THEN NEW.amount ELSE 0 END"
MOVES = """
CREATE TRIGGER movement_moves_account AFTER INSERT ON movement
BEGIN
  UPDATE account SET balance = NEW.balance_after,
    open_receivables = open_receivables + {part}
  WHERE account_id = NEW.account_id;
END
""".strip()
MOVES_FUNCTION = """
CREATE OR REPLACE FUNCTION movement_moves_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET balance = NEW.balance_after,
    open_receivables = open_receivables + {part}
  WHERE account_id = NEW.account_id;
  RETURN NULL;
END $$
""".strip()


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def upgrade() -> None:
    """Make the rates and what refers to them; a revaluation moves what is owed by invoices."""
    make_rates()
    make_conversions()
    for table in ADDED:
        refuse_changes(table)
    for name, kind in (("carrying_amount", WHOLE), ("rate_id", TEXT), ("valued_on", TEXT)):
        op.add_column("invoice", Column(name, kind, nullable=True))
    count_in(NEW_PART)


def downgrade() -> None:
    """Remove the rates; an invoice in another currency becomes one of what it counts as, so that balances stay."""
    in_account = (
        "SELECT currency FROM account WHERE account.customer_id = invoice.customer_id AND customer_id IS NOT NULL"
    )
    op.execute(
        f"UPDATE invoice SET amount = carrying_amount, currency = ({in_account}) WHERE carrying_amount IS NOT NULL"
    )
    for name in ("valued_on", "rate_id", "carrying_amount"):
        op.execute(f"ALTER TABLE invoice DROP COLUMN {name}")
    for table in reversed(ADDED):
        op.drop_table(table)
    count_in(OLD_PART)


def make_rates() -> None:
    """The rates, and the orders that were decided in another currency."""
    op.create_table(
        "rate",
        Column("seq", WHOLE, Identity(), primary_key=True),
        Column("rate_id", TEXT, nullable=False, unique=True),
        text("from_currency"), text("to_currency"), text("day"), whole("digits"), whole("scale"), whole("per"),
        text("source"), text("added_by"), text("at"),
        CheckConstraint("from_currency <> to_currency", name="of_two_currencies"),
        CheckConstraint(f"digits BETWEEN 1 AND {MONEY_MAX} AND scale BETWEEN 0 AND 12 AND per > 0", name="above_zero"),
        CheckConstraint("source <> '' AND added_by <> ''", name="says_whence"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("rate_from_currency_to_currency_day", "rate", ["from_currency", "to_currency", "day", "seq"])
    op.create_table(
        "foreign_order",
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), primary_key=True),
        text("currency"), whole("amount"), whole("prepaid"),
        Column("rate_id", TEXT, ForeignKey("rate.rate_id"), nullable=True),
        CheckConstraint(
            f"amount BETWEEN 1 AND {MONEY_MAX} AND prepaid BETWEEN 0 AND amount", name="amounts_of_an_order"
        ),
        sqlite_strict=True,
    )  # fmt: skip


def make_conversions() -> None:
    """What each item in another currency counted as, at which version of its account."""
    op.create_table(
        "conversion",
        Column("account_id", WHOLE, primary_key=True, autoincrement=False),
        Column("account_ver", WHOLE, primary_key=True, autoincrement=False),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        text("reservation_id", empty=True), text("invoice_id", empty=True),
        text("currency"), whole("original_amount"),
        Column("rate_id", TEXT, ForeignKey("rate.rate_id"), nullable=False),
        whole("amount"),
        ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
        CheckConstraint("(reservation_id IS NULL) <> (invoice_id IS NULL)", name="of_one_item"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("conversion_reservation_id", "conversion", ["reservation_id"])


def on_server() -> bool:
    """Whether the database is PostgreSQL."""
    return bool(op.get_context().dialect.name == "postgresql")


def count_in(part: str) -> None:
    """Renew the trigger that moves an account."""
    if on_server():
        op.execute(MOVES_FUNCTION.format(part=part))
        return
    op.execute("DROP TRIGGER movement_moves_account")
    op.execute(MOVES.format(part=part))


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
