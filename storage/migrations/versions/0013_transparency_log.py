"""The transparency log: entries, their queue, the tree over them, and erasures; decisions may lose what one names.

Decisions of before have no entry, and none is made up for them: nobody could have noticed a change of them until now.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Integer, LargeBinary, Text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
TABLES = ("log_entry", "log_queue", "log_leaf", "log_tile", "log_head", "log_checkpoint", "erasure")
ADDED = ("log_leaf", "log_checkpoint", "erasure")
ERASABLE = {
    "decision": {"response": "x''", "request": "x''", "facts": "'{}'", "outcome": "'{}'"},
    "log_entry": {"salt": "x''"},
}
KEPT = {
    "decision": (
        "seq", "decision_id", "client", "idempotency_key", "body_hash", "status", "customer_id", "account_id",
        "account_ver", "policy_digest", "program_digest", "verdict", "decided_at", "as_of", "order_id",
        "order_amount", "unsecured_amount", "placed_on",
    ),
    "log_entry": ("place", "entry_id", "kind", "body", "at"),
}  # fmt: skip
ERASED_BY = {"decision": "decision_id", "log_entry": "entry_id"}
QUEUED = """
CREATE TRIGGER log_entry_queued AFTER INSERT ON log_entry
BEGIN INSERT INTO log_queue (place, at) VALUES (NEW.place, NEW.at); END
""".strip()
QUEUED_FUNCTION = """
CREATE FUNCTION log_entry_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO log_queue (place, at) VALUES (NEW.place, NEW.at);
  RETURN NULL;
END $$
""".strip()


def text(name: str) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=False)


def whole(name: str) -> Column[int]:
    """A 64-bit whole number that the database does not choose."""
    return Column(name, WHOLE, primary_key=True, autoincrement=False)


def held(name: str) -> Column[bytes]:
    """A column of bytes."""
    return Column(name, LargeBinary, nullable=False)


def upgrade() -> None:
    """Make the tables, then what watches over them and over decisions."""
    make_entries()
    make_tree()
    server = on_server()
    op.execute(QUEUED_FUNCTION if server else QUEUED)
    if server:
        op.execute(
            "CREATE TRIGGER log_entry_queued AFTER INSERT ON log_entry FOR EACH ROW EXECUTE FUNCTION log_entry_queued()"
        )
        op.execute("DROP TRIGGER decision_only_added_to ON decision")
    else:
        op.execute("DROP TRIGGER decision_no_update")
        op.execute("DROP TRIGGER decision_no_delete")
    for table in ERASABLE:
        for statement in only_erased(table) if server else refuse_all_but_erasure(table):
            op.execute(statement)
    for table in ADDED:
        refuse_changes(table)


def downgrade() -> None:
    """Remove the log; decisions are as they were before, and what was erased stays erased."""
    if on_server():
        for name in ("decision_only_erased", "decision_only_added_to"):
            op.execute(f"DROP TRIGGER {name} ON decision")
    else:
        for name in ("decision_no_update", "decision_only_erased", "decision_no_delete"):
            op.execute(f"DROP TRIGGER {name}")
    refuse_changes("decision")
    for table in reversed(TABLES):
        op.drop_table(table)
    if on_server():
        for name in ("log_entry_queued", "decision_only_erased", "log_entry_only_erased"):
            op.execute(f"DROP FUNCTION {name}()")


def on_server() -> bool:
    """Whether the database is PostgreSQL."""
    return bool(op.get_context().dialect.name == "postgresql")


def make_entries() -> None:
    """What is told, and what waits for its leaf."""
    op.create_table(
        "log_entry",
        Column("place", WHOLE, Identity(), primary_key=True),
        Column("entry_id", TEXT, nullable=False, unique=True),
        text("kind"), held("body"), held("salt"), text("at"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_index("log_entry_kind_place", "log_entry", ["kind", "place"])
    op.create_table(
        "log_queue",
        Column("place", WHOLE, ForeignKey("log_entry.place"), primary_key=True, autoincrement=False),
        text("at"),
        sqlite_strict=True,
    )


def make_tree() -> None:
    """The tree, what was signed of it, and what may be forgotten."""
    op.create_table(
        "log_leaf",
        whole("seq"), Column("place", WHOLE, ForeignKey("log_entry.place"), nullable=False, unique=True),
        held("leaf"), text("at"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table("log_tile", whole("level"), whole("place"), held("hashes"), sqlite_strict=True)
    op.create_table(
        "log_head",
        whole("one"), Column("size", WHOLE, nullable=False),
        CheckConstraint("one = 1 AND size >= 0", name="one_row"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "log_checkpoint",
        Column("origin", TEXT, primary_key=True), whole("size"), held("root"), text("note"), text("at"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "erasure",
        Column("entry_id", TEXT, ForeignKey("log_entry.entry_id"), primary_key=True),
        text("done_by"), text("reason"), text("at"),
        CheckConstraint("done_by <> '' AND reason <> ''", name="says_who_and_why"),
        sqlite_strict=True,
    )  # fmt: skip


def refuse_changes(table: str) -> None:
    """Keep a table's rows as they were written."""
    if on_server():
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        op.execute(f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()")
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(refuse_change(table, change))


def refuse_change(table: str, change: str) -> str:
    """The trigger that refuses an UPDATE or DELETE."""
    name = f"{table}_no_{change.lower()}"
    refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
    return f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN {refusal}; END"


def refuse_all_but_erasure(table: str) -> tuple[str, str, str]:
    """The triggers that let a row lose what an erasure names, where there is one for it, and nothing else."""
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
    gone = " AND ".join(f"NEW.{name} = {value}" for name, value in ERASABLE[table].items())
    named = f"EXISTS (SELECT 1 FROM erasure WHERE entry_id = OLD.{ERASED_BY[table]})"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {', '.join(KEPT[table])} ON {table} {refused}",
        f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE OF {', '.join(ERASABLE[table])} ON {table}"
        f" WHEN NOT ({named} AND {gone}) {refused}",
        refuse_change(table, "DELETE"),
    )


def only_erased(table: str) -> tuple[str, str, str]:
    """The same on PostgreSQL: a function over the whole row, and its triggers."""
    bytes_gone = {"x''": "''::bytea"}
    gone = " AND ".join(f"NEW.{name} = {bytes_gone.get(value, value)}" for name, value in ERASABLE[table].items())
    names = ", ".join(f"'{name}'" for name in ERASABLE[table])
    return (
        f"""
CREATE FUNCTION {table}_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM erasure WHERE entry_id = OLD.{ERASED_BY[table]}) OR NOT ({gone})
     OR to_jsonb(NEW) - ARRAY[{names}] <> to_jsonb(OLD) - ARRAY[{names}] THEN
    RAISE EXCEPTION '{table} is only added to' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip(),
        f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_only_erased()",
        f"CREATE TRIGGER {table}_only_added_to BEFORE DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()",
    )
