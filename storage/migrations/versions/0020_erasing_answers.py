"""An erasure reaches the copies of what it names: the stored answer to a person, and a challenger's comparison."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

# table: what an erasure empties, what stays, and which erasure names a row
ERASABLE = {
    "answered_request": (
        {"response": "x''"},
        ("client", "idempotency_key", "body_hash", "operation", "subject_id", "status", "at"),
        "OLD.subject_id OR entry_id = (SELECT decision_id FROM decided_referral WHERE referral_id = OLD.subject_id)",
    ),
    "policy_challenge": (
        {"details": "'{}'"},
        ("decision_id", "digest", "decided_by", "verdict", "challenger_verdict", "differs", "at"),
        "OLD.decision_id",
    ),
}


def upgrade() -> None:
    """Let go of what an erasure names, and of nothing else."""
    for table, (emptied, kept, named) in ERASABLE.items():
        drop_guards(table)
        for statement in only_erased(table, emptied, named) if on_server() else in_file(table, emptied, kept, named):
            op.execute(statement)


def downgrade() -> None:
    """Let go of nothing again; what was erased stays erased."""
    for table in ERASABLE:
        if on_server():
            op.execute(f"DROP TRIGGER {table}_only_erased ON {table}")
            op.execute(f"DROP TRIGGER {table}_only_added_to ON {table}")
            op.execute(f"DROP FUNCTION {table}_only_erased()")
            when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            op.execute(
                f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"
            )
            continue
        for change in ("no_update", "only_erased", "no_delete"):
            op.execute(f"DROP TRIGGER {table}_{change}")
        for change in ("UPDATE", "DELETE"):
            op.execute(refuse_change(table, change))


def on_server() -> bool:
    """Whether the database is PostgreSQL."""
    return bool(op.get_context().dialect.name == "postgresql")


def drop_guards(table: str) -> None:
    """Take away what refused every change."""
    if on_server():
        op.execute(f"DROP TRIGGER {table}_only_added_to ON {table}")
        return
    op.execute(f"DROP TRIGGER {table}_no_update")
    op.execute(f"DROP TRIGGER {table}_no_delete")


def refuse_change(table: str, change: str) -> str:
    """The trigger that refuses an UPDATE or DELETE."""
    refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
    return f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} BEGIN {refusal}; END"


def in_file(table: str, emptied: dict[str, str], kept: tuple[str, ...], named: str) -> tuple[str, str, str]:
    """The triggers that let a row lose what an erasure names, where there is one for it, and nothing else."""
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
    gone = " AND ".join(f"NEW.{name} = {value}" for name, value in emptied.items())
    erased = f"EXISTS (SELECT 1 FROM erasure WHERE entry_id = {named})"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {', '.join(kept)} ON {table} {refused}",
        f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE OF {', '.join(emptied)} ON {table}"
        f" WHEN NOT ({erased} AND {gone}) {refused}",
        refuse_change(table, "DELETE"),
    )


def only_erased(table: str, emptied: dict[str, str], named: str) -> tuple[str, str, str]:
    """The same on PostgreSQL: a function over the whole row, and its triggers."""
    bytes_gone = {"x''": "''::bytea"}
    gone = " AND ".join(f"NEW.{name} = {bytes_gone.get(value, value)}" for name, value in emptied.items())
    names = ", ".join(f"'{name}'" for name in emptied)
    return (
        f"""
CREATE FUNCTION {table}_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM erasure WHERE entry_id = {named}) OR NOT ({gone})
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
