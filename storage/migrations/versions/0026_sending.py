"""Sending: contacts, letters byte for byte, proofs; what an outcome may be, and a message's state in its lease.

What waited stays so: letters by e-mail wait for the sender, everything else for a person.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Text

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
STATES = "state IN ('queued', 'for_a_person', 'no_address', 'sent', 'failed', 'dead', 'withdrawn')"
ENDED = "(done_at IS NULL) = (state IN ('queued', 'for_a_person', 'no_address'))"
OUTCOMES = "outcome IN ('sent', 'failed', 'dead', 'withdrawn', 'tried')"
OLD_OUTCOMES = "outcome IN ('sent', 'failed', 'tried')"
DELIVERY = "message_id, attempt, outcome, day, proof, done_by, at"
LEASE = "message_id, fence, attempts, next_at, done_at"
STATE = """coalesce((SELECT outcome FROM delivery WHERE delivery.message_id = outbox_lease_kept.message_id
                     AND outcome <> 'tried'),
                    (SELECT CASE WHEN kind = 'letter' AND who = 'email' THEN 'queued' ELSE 'for_a_person' END
                     FROM outbox WHERE outbox.message_id = outbox_lease_kept.message_id))"""
# table: what an erasure empties, and what stays
ERASABLE = {
    "letter": ({"address": "''", "subject": "''", "content": "x''"},
               ("message_id", "edition", "carried_by", "media_type", "template", "at")),
    "delivery": ({"proof": "''"}, ("message_id", "attempt", "outcome", "day", "edition", "done_by", "at")),
    "delivery_proof": ({"receipt": "''", "note": "''", "file_name": "''", "digest": "''", "content": "x''"},
                       ("message_id", "place", "received_at", "media_type", "added_by", "at")),
}  # fmt: skip
NAMED = "'message-' || OLD.message_id"


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def of_message() -> Column[str]:
    """The message, as a part of the key."""
    return Column("message_id", TEXT, ForeignKey("outbox.message_id"), primary_key=True)


def numbered(name: str) -> Column[int]:
    """A number among those of a message, as a part of the key."""
    return Column(name, WHOLE, primary_key=True, autoincrement=False)


def upgrade() -> None:
    """Make the new tables, and the two of deliveries anew."""
    op.create_table(
        "customer_contact",
        Column("customer_id", TEXT, ForeignKey("customer.customer_id"), primary_key=True),
        text("kind"), text("address"), text("language", empty=True), text("set_by"), text("at"),
        CheckConstraint("kind IN ('email', 'webhook')", name="kind_known"),
        CheckConstraint("address <> '' AND set_by <> ''", name="says_where_and_who"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "letter",
        of_message(), numbered("edition"),
        text("carried_by"), text("address"), text("media_type"), text("subject"), text("template"),
        Column("content", LargeBinary, nullable=False), text("at"),
        CheckConstraint("carried_by IN ('email', 'webhook', 'paper')", name="carrier_known"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "delivery_proof",
        of_message(), numbered("place"),
        text("receipt"), text("received_at"), text("note"), text("file_name"), text("media_type"),
        Column("content", LargeBinary, nullable=False), text("digest"), text("added_by"), text("at"),
        CheckConstraint("added_by <> ''", name="says_who"),
        CheckConstraint("place >= 1", name="counted_from_one"),
        sqlite_strict=True,
    )  # fmt: skip
    make_lease_anew(f"INSERT INTO outbox_lease ({LEASE}, state, reason, counted_from) "
                    f"SELECT {LEASE}, {STATE}, '', 0 FROM outbox_lease_kept", new=True)  # fmt: skip
    make_delivery_anew(f"INSERT INTO delivery ({DELIVERY}) SELECT {DELIVERY} FROM delivery_kept", new=True)
    for table, (emptied, kept) in ERASABLE.items():
        for statement in only_erased(table, emptied) if on_server() else in_file(table, emptied, kept):
            op.execute(statement)


def downgrade() -> None:
    """Remove contacts, letters and proofs; what was given up, or not needed any more, has failed."""
    for table in ("delivery_proof", "letter", "customer_contact"):
        op.drop_table(table)
    make_lease_anew(f"INSERT INTO outbox_lease ({LEASE}) SELECT {LEASE} FROM outbox_lease_kept", new=False)
    older = "CASE WHEN outcome IN ('dead', 'withdrawn') THEN 'failed' ELSE outcome END"
    make_delivery_anew(f"INSERT INTO delivery ({DELIVERY}) SELECT message_id, attempt, {older}, day, proof, done_by, at "
                       "FROM delivery_kept", new=False)  # fmt: skip
    refuse_changes("delivery")
    if on_server():
        for table in ERASABLE:
            op.execute(f"DROP FUNCTION {table}_only_erased()")


def make_lease_anew(fill: str, *, new: bool) -> None:
    """Make the leases again with what they held."""
    op.execute("CREATE TABLE outbox_lease_kept AS SELECT * FROM outbox_lease")
    op.drop_table("outbox_lease")
    state = [text("state"), text("reason")] if new else []
    counted = [whole("counted_from")] if new else []
    checks = [CheckConstraint(STATES, name="state_known"), CheckConstraint(ENDED, name="ended_or_waits")] if new else []
    op.create_table(
        "outbox_lease",
        of_message(), *state, whole("fence"), whole("attempts"), *counted, text("next_at"), text("done_at", empty=True),
        *checks, sqlite_strict=True,
    )  # fmt: skip
    if new:
        op.create_index("outbox_lease_state", "outbox_lease", ["state", "next_at", "message_id"])
    else:
        op.create_index("outbox_lease_next_at", "outbox_lease", ["done_at", "next_at"])
    op.execute(fill)
    op.execute("DROP TABLE outbox_lease_kept")


def make_delivery_anew(fill: str, *, new: bool) -> None:
    """Make the deliveries again with what they held."""
    op.execute("CREATE TABLE delivery_kept AS SELECT * FROM delivery")
    op.drop_table("delivery")
    edition = [whole("edition", empty=True)] if new else []
    op.create_table(
        "delivery",
        of_message(), numbered("attempt"), text("outcome"), text("day"), text("proof"), *edition,
        text("done_by"), text("at"),
        CheckConstraint(OUTCOMES if new else OLD_OUTCOMES, name="outcome_known"),
        CheckConstraint("done_by <> ''", name="says_who"),
        sqlite_strict=True,
    )  # fmt: skip
    op.execute(fill)
    op.execute("DROP TABLE delivery_kept")


def on_server() -> bool:
    """Whether the database is PostgreSQL."""
    return bool(op.get_context().dialect.name == "postgresql")


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
    refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
    return f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} BEGIN {refusal}; END"


def in_file(table: str, emptied: dict[str, str], kept: tuple[str, ...]) -> tuple[str, str, str]:
    """The triggers that let a row lose what an erasure of its message names, and nothing else."""
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
    gone = " AND ".join(f"NEW.{name} = {value}" for name, value in emptied.items())
    erased = f"EXISTS (SELECT 1 FROM erasure WHERE entry_id = {NAMED})"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {', '.join(kept)} ON {table} {refused}",
        f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE OF {', '.join(emptied)} ON {table}"
        f" WHEN NOT ({erased} AND {gone}) {refused}",
        refuse_change(table, "DELETE"),
    )


def only_erased(table: str, emptied: dict[str, str]) -> tuple[str, str, str]:
    """The same on PostgreSQL: a function over the whole row, and its triggers."""
    bytes_gone = {"x''": "''::bytea"}
    gone = " AND ".join(f"NEW.{name} = {bytes_gone.get(value, value)}" for name, value in emptied.items())
    names = ", ".join(f"'{name}'" for name in emptied)
    return (
        f"""
CREATE FUNCTION {table}_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM erasure WHERE entry_id = {NAMED}) OR NOT ({gone})
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
