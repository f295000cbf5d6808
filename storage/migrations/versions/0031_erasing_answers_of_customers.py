"""The erasure of a customer reaches the answers that quote its file, and what its payments, documents and alerts say."""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ANSWERS = "answered_request"
OF_ANSWERS = " UNION ALL ".join((
    "SELECT account_id FROM account WHERE customer_id = OLD.subject_id",
    "SELECT account_id FROM customer_document WHERE document_id = OLD.subject_id",
    "SELECT account_id FROM downgrade_alert WHERE alert_id = OLD.subject_id",
    "SELECT account_id FROM settlement WHERE settlement_id = OLD.subject_id",
    "SELECT account_id FROM account JOIN outbox ON outbox.customer_id = account.customer_id"
    " WHERE message_id = OLD.subject_id",
))  # fmt: skip
NAMED = (
    "EXISTS (SELECT 1 FROM erasure WHERE entry_id = OLD.subject_id OR entry_id ="
    " (SELECT decision_id FROM decided_referral WHERE referral_id = OLD.subject_id))"
)
# table: the column that an erasure empties and what it becomes, what stays, and the accounts of whom a row tells
TELLS_OF: dict[str, tuple[str, str, str, str]] = {
    ANSWERS: (
        "response", "x''", "client, idempotency_key, body_hash, operation, subject_id, status, at", f"IN ({OF_ANSWERS})",
    ),
    "withdrawn_document": (
        "reason", "'erased'", "document_id, withdrawn_by, client, at",
        "IN (SELECT account_id FROM customer_document WHERE document_id = OLD.document_id)",
    ),
    "seen_alert": (
        "note", "'erased'", "alert_id, seen_by, at",
        "IN (SELECT account_id FROM downgrade_alert WHERE alert_id = OLD.alert_id)",
    ),
    "settlement": (
        "told", "''", "kind, settlement_id, account_id, account_ver, customer_id, amount, currency, day, stated,"
        " entered_by, client, at", "= OLD.account_id",
    ),
}  # fmt: skip


def upgrade() -> None:
    """Let go of what the erasure of a customer names too, and of nothing else."""
    op.create_index("answered_request_subject_id", ANSWERS, ["subject_id"])
    for table in TELLS_OF:
        execute(lift(table, erased_before=table == ANSWERS))
        execute(let_erase(table, f"({NAMED} OR {of_customer(table)})" if table == ANSWERS else of_customer(table)))


def downgrade() -> None:
    """Let the erasure of a decision alone empty answers, and the others be only added to again."""
    for table in TELLS_OF:
        execute(lift(table, erased_before=True))
        execute(let_erase(table, NAMED) if table == ANSWERS else refuse_changes(table))
    op.drop_index("answered_request_subject_id", table_name=ANSWERS)


def of_customer(table: str) -> str:
    """Whether the customer is erased of whom a row tells."""
    return (
        "EXISTS (SELECT 1 FROM event JOIN account ON event.subject = 'customer:' || account.customer_id"
        f" WHERE account.account_id {TELLS_OF[table][3]} AND event.kind = 'customer_erased')"
    )


def on_server() -> bool:
    """Whether the database is PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


def execute(statements: Sequence[str]) -> None:
    """Run statements."""
    for one in statements:
        op.execute(one)


def lift(table: str, erased_before: bool) -> Sequence[str]:
    """Take the triggers of a table away."""
    if on_server():
        gone = [f"DROP TRIGGER {table}_only_erased ON {table}", f"DROP FUNCTION {table}_only_erased()"]
        return [f"DROP TRIGGER {table}_only_added_to ON {table}", *(gone if erased_before else [])]
    names = ["no_update", *(["only_erased"] if erased_before else []), "no_delete"]
    return [f"DROP TRIGGER {table}_{name}" for name in names]


def refuse_changes(table: str) -> Sequence[str]:
    """Keep a table's rows as they were written."""
    if on_server():
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        return [f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"]
    return [refuse_change(table, change) for change in ("UPDATE", "DELETE")]


def refuse_change(table: str, change: str) -> str:
    """The trigger of SQLite that refuses an UPDATE or DELETE."""
    return (
        f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
    )


def let_erase(table: str, named: str) -> Sequence[str]:
    """Let a row lose what an erasure names, where there is one for it, and nothing else."""
    column, emptied, kept, _ = TELLS_OF[table]
    if not on_server():
        refused = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
        return [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {kept} ON {table} {refused}",
            f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE OF {column} ON {table}"
            f" WHEN NOT ({named} AND NEW.{column} = {emptied}) {refused}",
            refuse_change(table, "DELETE"),
        ]
    gone = f"NEW.{column} = " + ("''::bytea" if emptied == "x''" else emptied)
    return [
        f"""
CREATE FUNCTION {table}_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT {named} OR NOT ({gone})
     OR to_jsonb(NEW) - ARRAY['{column}'] <> to_jsonb(OLD) - ARRAY['{column}'] THEN
    RAISE EXCEPTION '{table} is only added to' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip(),
        f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_only_erased()",
        f"CREATE TRIGGER {table}_only_added_to BEFORE DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()",
    ]
