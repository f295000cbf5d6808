"""The first tables: customers and their accounts, policies, decisions with their movements, keys, imports, invoices."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
MONEY_MAX = 10**15


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column; `empty` ones may have no value."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def upgrade() -> None:
    """Make all tables, then the triggers that watch over them."""
    make_master()
    make_policies()
    make_decisions()
    make_ledger()
    make_imports()
    for trigger in TRIGGERS[op.get_context().dialect.name]:
        op.execute(trigger)


def downgrade() -> None:
    """Remove all tables, the dependent ones first; their triggers and indexes go with them."""
    for table in DEPENDENT_FIRST:
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}()")


def make_master() -> None:
    """Who the customers are, and the one row of each that a decision locks."""
    op.create_table(
        "customer",
        Column("customer_id", TEXT, primary_key=True),
        text("name"), text("country", empty=True), text("currency"),
        text("limit_state"), whole("limit_minor", empty=True),
        text("facts"), text("updated_at"),
        CheckConstraint("limit_state IN ('none', 'zero', 'amount', 'unlimited')", name="limit_state_known"),
        CheckConstraint("(limit_state = 'amount') = (limit_minor IS NOT NULL)", name="limit_has_amount"),
        CheckConstraint(f"limit_minor BETWEEN 0 AND {MONEY_MAX}", name="limit_in_range"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "account",
        Column("account_id", WHOLE, Identity(), primary_key=True),
        Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=False, unique=True),
        text("currency"), whole("balance"), whole("open_receivables"), whole("ver"), whole("facts_ver"),
        CheckConstraint(f"balance BETWEEN -{MONEY_MAX} AND {MONEY_MAX}", name="balance_in_range"),
        sqlite_strict=True,
    )  # fmt: skip


def make_policies() -> None:
    """Policy versions by digest, and since when each is effective."""
    op.create_table(
        "policy_version",
        Column("digest", TEXT, primary_key=True),
        text("name"), whole("version"), Column("source", LargeBinary, nullable=False), text("program_digest"),
        text("stored_at"), text("stored_by"),
        UniqueConstraint("name", "version"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "policy_effective",
        Column("seq", WHOLE, Identity(), primary_key=True),
        Column("digest", TEXT, ForeignKey("policy_version.digest"), nullable=False),
        text("name"), text("effective_from"), text("set_at"), text("set_by"),
        # a decision names the policy that was effective when it was made, so nobody may change that afterwards
        CheckConstraint("effective_from >= set_at", name="never_reaches_back"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("policy_effective_from", "policy_effective", ["effective_from", "seq"])


def make_decisions() -> None:
    """The decision log."""
    op.create_table(
        "decision",
        Column("seq", WHOLE, Identity(), primary_key=True),
        Column("decision_id", TEXT, nullable=False, unique=True),
        text("client"), text("idempotency_key"), Column("body_hash", LargeBinary, nullable=False),
        whole("status"),
        Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=False),
        Column("account_id", WHOLE, ForeignKey("account.account_id"), nullable=False), whole("account_ver"),
        Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False), text("program_digest"),
        text("verdict"), text("decided_at"), text("as_of"),
        text("order_id"), whole("order_amount"), whole("unsecured_amount"), text("placed_on"),
        # the long columns come last: SQLite reads a row from its beginning
        Column("response", LargeBinary, nullable=False), Column("request", LargeBinary, nullable=False),
        text("facts"), text("outcome"),
        UniqueConstraint("client", "idempotency_key"),
        UniqueConstraint("account_id", "account_ver"),
        CheckConstraint("verdict IN ('approve', 'approve_with_conditions', 'refer', 'deny')", name="verdict_known"),
        CheckConstraint("status BETWEEN 200 AND 299", name="only_answers"),  # no error is ever kept as the answer to a key
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("decision_customer_id_as_of", "decision", ["customer_id", "as_of"])
    op.create_index("decision_customer_id_seq", "decision", ["customer_id", "seq"])
    op.create_index("decision_verdict_seq", "decision", ["verdict", "seq"])


def make_ledger() -> None:
    """What moved each balance, and what approvals hold."""
    op.create_table(
        "movement",
        Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
        Column("ver", WHOLE, primary_key=True, autoincrement=False),
        text("kind"), whole("amount"), whole("balance_after"), whole("ceiling", empty=True),
        Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=True),
        text("at"),
        CheckConstraint("kind IN ('hold', 'release', 'invoice', 'nothing_held')", name="kind_known"),
        CheckConstraint("kind <> 'nothing_held' OR amount = 0", name="nothing_is_nothing"),
        CheckConstraint(
            "kind <> 'hold' OR (amount > 0 AND (ceiling IS NULL OR balance_after <= ceiling))", name="hold_within_ceiling"
        ),
        sqlite_strict=True,
    )  # fmt: skip
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


def make_imports() -> None:
    """Keys, import runs and the invoices that they brought."""
    op.create_table(
        "api_key",
        Column("key_id", TEXT, primary_key=True),
        Column("digest", LargeBinary, nullable=False), text("role"), text("client"),
        text("created_at"), text("revoked_at", empty=True),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "import_run",
        Column("import_id", TEXT, primary_key=True),
        text("kind"), text("file_name"), text("counts"), text("imported_at"), text("imported_by"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "invoice",
        Column("customer_id", TEXT, ForeignKey("customer.customer_id"), primary_key=True),
        Column("invoice_id", TEXT, primary_key=True),
        whole("amount"), text("currency"),
        text("invoiced_on"), text("due_on"), text("settled_on", empty=True), whole("disputed", empty=True),
        CheckConstraint(f"amount BETWEEN -{MONEY_MAX} AND {MONEY_MAX}", name="amount_in_range"),
        CheckConstraint("disputed IN (0, 1)", name="disputed_yes_or_no"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("invoice_customer_id_invoiced_on", "invoice", ["customer_id", "invoiced_on"])


DEPENDENT_FIRST = (
    "invoice", "import_run", "api_key", "reservation", "movement", "decision", "policy_effective", "policy_version",
    "account", "customer",
)  # fmt: skip

MOVEMENT_FOLLOWS = """
CREATE TRIGGER movement_follows_account BEFORE INSERT ON movement
WHEN NOT EXISTS (SELECT 1 FROM account WHERE account_id = NEW.account_id AND ver = NEW.ver
                 AND balance + NEW.amount = NEW.balance_after)
BEGIN SELECT RAISE(ABORT, 'a movement must follow from its account'); END
""".strip()

MOVEMENT_MOVES = """
CREATE TRIGGER movement_moves_account AFTER INSERT ON movement
BEGIN
  UPDATE account SET balance = NEW.balance_after,
    open_receivables = open_receivables + CASE NEW.kind WHEN 'invoice' THEN NEW.amount ELSE 0 END
  WHERE account_id = NEW.account_id;
END
""".strip()

ONLY_ADDED = ("movement", "reservation", "decision", "policy_version", "policy_effective")


def refuse_change(table: str, change: str) -> str:
    """The trigger that keeps a table's rows as they were written; `change` is UPDATE or DELETE."""
    name = f"{table}_no_{change.lower()}"
    refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
    return f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN {refusal}; END"


ONLY_ADDED_TO = """
CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
""".strip()

FOLLOWS_FUNCTION = """
CREATE FUNCTION movement_follows_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM account WHERE account_id = NEW.account_id AND ver = NEW.ver
                 AND balance + NEW.amount = NEW.balance_after) THEN
    RAISE EXCEPTION 'a movement must follow from its account' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip()

MOVES_FUNCTION = """
CREATE FUNCTION movement_moves_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET balance = NEW.balance_after,
    open_receivables = open_receivables + CASE NEW.kind WHEN 'invoice' THEN NEW.amount ELSE 0 END
  WHERE account_id = NEW.account_id;
  RETURN NULL;
END $$
""".strip()

FUNCTIONS = ("only_added_to", "movement_follows_account", "movement_moves_account")


def refuse_every_change(table: str) -> str:
    """The one trigger of PostgreSQL that keeps a table's rows as they were written."""
    when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    return f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"


TRIGGERS = {
    "sqlite": (
        MOVEMENT_FOLLOWS,
        MOVEMENT_MOVES,
        *(refuse_change(table, change) for table in ONLY_ADDED for change in ("UPDATE", "DELETE")),
    ),
    "postgresql": (
        ONLY_ADDED_TO,
        FOLLOWS_FUNCTION,
        MOVES_FUNCTION,
        "CREATE TRIGGER movement_follows_account BEFORE INSERT ON movement"
        " FOR EACH ROW EXECUTE FUNCTION movement_follows_account()",
        "CREATE TRIGGER movement_moves_account AFTER INSERT ON movement"
        " FOR EACH ROW EXECUTE FUNCTION movement_moves_account()",
        *map(refuse_every_change, ONLY_ADDED),
    ),
}
