"""What the database itself watches over, in the words of each kind.

Movements, settlements, reservations, grants, decisions, policies, states, acts, events and the log are only ever added
to: a change is refused, whoever asks, but for what an erasure names. A movement must follow from its account, and moves
it, so that a balance is always what its last movement says. No more of a settlement is allocated than there is. The
migrations keep words of their own, as they never change; a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import DDL, MetaData, event

from storage.policy_triggers import GUARDS_IN_FILE, GUARDS_ON_SERVER, ONLY_ADDED_OF_POLICIES

OF_INVOICES = "'invoice', 'revalued', 'payment', 'credit_note', 'write_off', 'discount', 'reversal'"

MOVEMENT_FOLLOWS = """
CREATE TRIGGER movement_follows_account BEFORE INSERT ON movement
WHEN NOT EXISTS (SELECT 1 FROM account WHERE account_id = NEW.account_id AND ver = NEW.ver
                 AND balance + NEW.amount = NEW.balance_after)
BEGIN SELECT RAISE(ABORT, 'a movement must follow from its account'); END
""".strip()

MOVEMENT_MOVES = f"""
CREATE TRIGGER movement_moves_account AFTER INSERT ON movement
BEGIN
  UPDATE account SET balance = NEW.balance_after,
    open_receivables = open_receivables + CASE WHEN NEW.kind IN ({OF_INVOICES}) THEN NEW.amount ELSE 0 END
  WHERE account_id = NEW.account_id;
END
""".strip()

VALID_GRANTS = """
SELECT coalesce(sum(amount), 0) FROM limit_grant
WHERE account_id = NEW.account_id AND until > NEW.at
AND order_id = (SELECT order_id FROM decision WHERE decision_id = NEW.decision_id)
AND grant_id NOT IN (SELECT grant_id FROM withdrawn_grant WHERE account_id = NEW.account_id)
""".strip()

MOVEMENT_GRANTED = f"""
CREATE TRIGGER movement_within_grants BEFORE INSERT ON movement
WHEN NEW.granted <> 0 AND NEW.granted > ({VALID_GRANTS})
BEGIN SELECT RAISE(ABORT, 'a ceiling is raised by valid grants alone'); END
""".strip()

ALLOCATED_TOO_MUCH = """
(SELECT coalesce(sum(amount), 0) FROM allocation WHERE kind = NEW.kind AND settlement_id = NEW.settlement_id)
  + NEW.amount NOT BETWEEN 0 AND
(SELECT amount FROM settlement WHERE kind = NEW.kind AND settlement_id = NEW.settlement_id)
""".strip()

ALLOCATION_WITHIN = f"""
CREATE TRIGGER allocation_within_settlement BEFORE INSERT ON allocation
WHEN {ALLOCATED_TOO_MUCH}
BEGIN SELECT RAISE(ABORT, 'no more is allocated than there is'); END
""".strip()

COPIED = """
UPDATE {table} SET limit_state = NEW.state, limit_minor = NEW.minor, limit_valid_from = NEW.valid_from,
    limit_valid_until = NEW.valid_until
  WHERE {key} = (SELECT {key} FROM account WHERE account_id = NEW.account_id)
""".strip()
COPIES = ";\n  ".join(COPIED.format(table=table, key=key) for table, key in (
    ("customer", "customer_id"), ("customer_group", "group_id")))  # fmt: skip

LIMIT_COPIED = f"""
CREATE TRIGGER granted_limit_copied AFTER INSERT ON granted_limit WHEN NEW.kind = 'permanent'
BEGIN
  {COPIES};
END
""".strip()

LIMIT_COPIED_FUNCTION = f"""
CREATE FUNCTION granted_limit_copied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {COPIES};
  RETURN NULL;
END $$
""".strip()

LIMIT_COPIED_TRIGGER = (
    "CREATE TRIGGER granted_limit_copied AFTER INSERT ON granted_limit"
    " FOR EACH ROW WHEN (NEW.kind = 'permanent') EXECUTE FUNCTION granted_limit_copied()"
)

NOTHING_ELSE: Mapping[str, str] = MappingProxyType({})
ONLY_ADDED = ("movement", "reservation", "policy_version", "policy_part", "policy_effective",
              "state_change", "act", "confirmed_security", "event", "limit_grant",
              "withdrawn_grant", "decided_referral", "log_leaf", "log_checkpoint", "erasure", "rate",
              "foreign_order", "conversion", "granted_limit", "order_hold", "order_hold_end",
              "escalation_step", "outbox", "settlement_reversal", "allocation",
              "invoice_block", "invoice_block_end", "customer_standing", "downgrade_alert",
              "legal_case", "legal_case_invoice", "legal_case_change", "invoice_day", "invoice_origin",
              *ONLY_ADDED_OF_POLICIES)  # fmt: skip
# a row of these may lose what an erasure names, and nothing else: what each column becomes then, and what stays
ERASABLE = {
    "decision": {"response": "x''", "request": "x''", "facts": "'{}'", "outcome": "'{}'"},
    "log_entry": {"salt": "x''"},
    "answered_request": {"response": "x''"},
    "policy_challenge": {"details": "'{}'"},
    "letter": {"address": "''", "subject": "''", "content": "x''"},
    "delivery": {"proof": "''"},
    "delivery_proof": {"receipt": "''", "note": "''", "file_name": "''", "digest": "''", "content": "x''"},
    "told_fact": {"value": "'null'", "reason": "'erased'", "source": "NULL"},
    "customer_document": {"title": "'erased'", "number": "NULL", "source": "'erased'", "file_name": "NULL",
                          "sha256": "NULL"},
    "customer_review": {"finding": "'erased'"},
    "withdrawn_document": {"reason": "'erased'"},
    "seen_alert": {"note": "'erased'"},
    "settlement": {"told": "''"},  # a payment's reference; why money was credited or written off is a reason, and stays
}  # fmt: skip
KEPT = {
    "decision": (
        "seq", "decision_id", "client", "idempotency_key", "body_hash", "status", "customer_id", "account_id",
        "account_ver", "policy_digest", "program_digest", "verdict", "decided_at", "as_of", "order_id",
        "order_amount", "unsecured_amount", "placed_on",
    ),
    "log_entry": ("place", "entry_id", "kind", "body", "at"),
    "answered_request": ("client", "idempotency_key", "body_hash", "operation", "subject_id", "status", "at"),
    "policy_challenge": ("decision_id", "digest", "decided_by", "verdict", "challenger_verdict", "differs", "at"),
    "letter": ("message_id", "edition", "carried_by", "media_type", "template", "at"),
    "delivery": ("message_id", "attempt", "outcome", "day", "edition", "done_by", "at"),
    "delivery_proof": ("message_id", "place", "received_at", "media_type", "added_by", "at"),
    "told_fact": ("account_id", "place", "name", "valid_from", "told_by", "at"),
    "customer_document": (
        "document_id", "account_id", "place", "kind", "issued_on", "valid_until", "months", "years", "quality",
        "filed_by", "client", "at",
    ),
    "customer_review": (
        "account_id", "place", "reviewed_on", "next_on", "basis", "tier", "policy_digest", "reviewed_by", "client",
        "at",
    ),
    "withdrawn_document": ("document_id", "withdrawn_by", "client", "at"),
    "seen_alert": ("alert_id", "seen_by", "at"),
    "settlement": (
        "kind", "settlement_id", "account_id", "account_ver", "customer_id", "amount", "currency", "day", "stated",
        "entered_by", "client", "at",
    ),
}  # fmt: skip
OF_MESSAGE = "'message-' || OLD.message_id"
# which erasure names a row: the answer to a person quotes the referral and the decision that followed it
ERASED_BY = {
    "decision": "OLD.decision_id",
    "log_entry": "OLD.entry_id",
    "answered_request": "OLD.subject_id OR entry_id ="
    " (SELECT decision_id FROM decided_referral WHERE referral_id = OLD.subject_id)",
    "policy_challenge": "OLD.decision_id",
    "letter": OF_MESSAGE,
    "delivery": OF_MESSAGE,
    "delivery_proof": OF_MESSAGE,
}

QUEUED = """
CREATE TRIGGER log_entry_queued AFTER INSERT ON log_entry
BEGIN INSERT INTO log_queue (place, at) VALUES (NEW.place, NEW.at); END
""".strip()


# the accounts of whom a row tells, where it has no account of its own: it goes with the customer's record
TELLS_OF = {
    "answered_request": " UNION ALL ".join((
        "SELECT account_id FROM account WHERE customer_id = OLD.subject_id",
        "SELECT account_id FROM customer_document WHERE document_id = OLD.subject_id",
        "SELECT account_id FROM downgrade_alert WHERE alert_id = OLD.subject_id",
        "SELECT account_id FROM settlement WHERE settlement_id = OLD.subject_id",
        "SELECT account_id FROM account JOIN outbox ON outbox.customer_id = account.customer_id"
        " WHERE message_id = OLD.subject_id",
    )),
    "withdrawn_document": "SELECT account_id FROM customer_document WHERE document_id = OLD.document_id",
    "seen_alert": "SELECT account_id FROM downgrade_alert WHERE alert_id = OLD.alert_id",
}  # fmt: skip


def erased_by(table: str) -> str:
    """Whether an erasure names the row, or the customer of whom it tells is erased."""
    named = f"EXISTS (SELECT 1 FROM erasure WHERE entry_id = {ERASED_BY.get(table)})"
    tells_of = f"IN ({TELLS_OF[table]})" if table in TELLS_OF else "= OLD.account_id"
    of_customer = (
        "EXISTS (SELECT 1 FROM event JOIN account ON event.subject = 'customer:' || account.customer_id"
        f" WHERE account.account_id {tells_of} AND event.kind = 'customer_erased')"
    )
    if table in ERASED_BY:
        return f"({named} OR {of_customer})" if table in TELLS_OF else named
    return of_customer


def gone(table: str, spelled: Mapping[str, str] = NOTHING_ELSE) -> str:
    """Whether a row has lost what may be erased."""
    values = ((name, spelled.get(value, value)) for name, value in ERASABLE[table].items())
    return " AND ".join(f"NEW.{name} IS NULL" if value == "NULL" else f"NEW.{name} = {value}" for name, value in values)


def refuse_change(table: str, change: str) -> str:
    """The trigger that keeps a table's rows as they were written; `change` is UPDATE or DELETE."""
    name = f"{table}_no_{change.lower()}"
    refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
    return f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN {refusal}; END"


def refuse_all_but_erasure(table: str) -> tuple[str, str, str]:
    """The triggers that let a row lose what an erasure names, where there is one for it, and nothing else."""
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {', '.join(KEPT[table])} ON {table} {refused}",
        f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE OF {', '.join(ERASABLE[table])} ON {table}"
        f" WHEN NOT ({erased_by(table)} AND {gone(table)}) {refused}",
        refuse_change(table, "DELETE"),
    )


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

MOVES_FUNCTION = f"""
CREATE FUNCTION movement_moves_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET balance = NEW.balance_after,
    open_receivables = open_receivables + CASE WHEN NEW.kind IN ({OF_INVOICES}) THEN NEW.amount ELSE 0 END
  WHERE account_id = NEW.account_id;
  RETURN NULL;
END $$
""".strip()

ALLOCATION_FUNCTION = f"""
CREATE FUNCTION allocation_within_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {ALLOCATED_TOO_MUCH} THEN
    RAISE EXCEPTION 'no more is allocated than there is' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip()

GRANTED_FUNCTION = f"""
CREATE FUNCTION movement_within_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.granted > ({VALID_GRANTS}) THEN
    RAISE EXCEPTION 'a ceiling is raised by valid grants alone' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip()


def refuse_every_change(table: str) -> str:
    """The one trigger of PostgreSQL that keeps a table's rows as they were written."""
    when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    return f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()"


QUEUED_FUNCTION = """
CREATE FUNCTION log_entry_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO log_queue (place, at) VALUES (NEW.place, NEW.at);
  RETURN NULL;
END $$
""".strip()


def only_erased(table: str) -> tuple[str, str, str]:
    """The same on PostgreSQL: a function over the whole row, and its triggers."""
    names = ", ".join(f"'{name}'" for name in ERASABLE[table])
    return (
        f"""
CREATE FUNCTION {table}_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT {erased_by(table)} OR NOT ({gone(table, {"x''": "''::bytea"})})
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


TRIGGERS = {
    "sqlite": (
        MOVEMENT_FOLLOWS,
        MOVEMENT_MOVES,
        MOVEMENT_GRANTED,
        ALLOCATION_WITHIN,
        LIMIT_COPIED,
        QUEUED,
        *(trigger for table in ERASABLE for trigger in refuse_all_but_erasure(table)),
        *GUARDS_IN_FILE,
        *(refuse_change(table, change) for table in ONLY_ADDED for change in ("UPDATE", "DELETE")),
    ),
    "postgresql": (
        ONLY_ADDED_TO,
        FOLLOWS_FUNCTION,
        MOVES_FUNCTION,
        GRANTED_FUNCTION,
        LIMIT_COPIED_FUNCTION,
        LIMIT_COPIED_TRIGGER,
        ALLOCATION_FUNCTION,
        "CREATE TRIGGER allocation_within_settlement BEFORE INSERT ON allocation"
        " FOR EACH ROW EXECUTE FUNCTION allocation_within_settlement()",
        "CREATE TRIGGER movement_within_grants BEFORE INSERT ON movement"
        " FOR EACH ROW WHEN (NEW.granted <> 0) EXECUTE FUNCTION movement_within_grants()",
        "CREATE TRIGGER movement_follows_account BEFORE INSERT ON movement"
        " FOR EACH ROW EXECUTE FUNCTION movement_follows_account()",
        "CREATE TRIGGER movement_moves_account AFTER INSERT ON movement"
        " FOR EACH ROW EXECUTE FUNCTION movement_moves_account()",
        QUEUED_FUNCTION,
        "CREATE TRIGGER log_entry_queued AFTER INSERT ON log_entry FOR EACH ROW EXECUTE FUNCTION log_entry_queued()",
        *(statement for table in ERASABLE for statement in only_erased(table)),
        *GUARDS_ON_SERVER,
        *map(refuse_every_change, ONLY_ADDED),
    ),
}


def watch(metadata: MetaData) -> None:
    """Have the triggers made behind the tables."""
    for kind, triggers in TRIGGERS.items():
        for trigger in triggers:
            made = DDL(trigger.replace("%", "%%"))  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", made.execute_if(dialect=kind))
