"""The tables: what a firm must still know after a restart.

Money is BIGINT minor units, a day is ISO text (`2026-11-23`), an instant ISO text in UTC with milliseconds. Tables are
STRICT on SQLite, as a text in a number column would make every comparison with a limit true; text sorts by its bytes
on PostgreSQL too, whatever the language of the server. Triggers (`storage.triggers`) keep rows as they were written and
balances equal to their movements. INVARIANT: a hold never leaves a balance above its ceiling (`hold_within_ceiling`),
and no ceiling is raised but by grants for that order that are valid at that instant (`movement_within_grants`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from storage.triggers import watch

WHOLE = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's INTEGER has 64 bits, and numbers rows by itself
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
MONEY_MAX = 10**15
LIMIT_STATES = ("none", "zero", "amount", "unlimited")

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_once",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s_known",
        "pk": "%(table_name)s_key",
    }
)


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column; `empty` ones may have no value."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number: money in minor units, or a count."""
    return Column(name, WHOLE, nullable=empty)


def limit_end() -> Column[str]:
    """The last day of a limit, never before its first."""
    in_order = CheckConstraint("limit_valid_from <= limit_valid_until", name="limit_days_in_order")
    return Column("limit_valid_until", TEXT, in_order, nullable=True)


customer = Table(
    "customer", metadata,
    Column("customer_id", TEXT, primary_key=True),
    text("name"), text("country", empty=True), text("currency"),
    text("limit_state"), whole("limit_minor", empty=True),
    text("facts"), text("updated_at"), text("limit_valid_from", empty=True), limit_end(),
    CheckConstraint("limit_state IN ('none', 'zero', 'amount', 'unlimited')", name="limit_state_known"),
    CheckConstraint("(limit_state = 'amount') = (limit_minor IS NOT NULL)", name="limit_has_amount"),
    CheckConstraint(f"limit_minor BETWEEN 0 AND {MONEY_MAX}", name="limit_in_range"),
    sqlite_strict=True,
)  # fmt: skip

customer_group = Table(
    "customer_group", metadata,
    Column("group_id", TEXT, primary_key=True),
    text("name"), text("currency"), text("limit_state"), whole("limit_minor", empty=True), text("updated_at"),
    text("limit_valid_from", empty=True), limit_end(),
    CheckConstraint("limit_state IN ('none', 'zero', 'amount', 'unlimited')", name="limit_state_known"),
    CheckConstraint("(limit_state = 'amount') = (limit_minor IS NOT NULL)", name="limit_has_amount"),
    CheckConstraint(f"limit_minor BETWEEN 0 AND {MONEY_MAX}", name="limit_in_range"),
    sqlite_strict=True,
)  # fmt: skip

account = Table(
    "account", metadata,
    Column("account_id", WHOLE, Identity(), primary_key=True),
    Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=True, unique=True),
    text("currency"), whole("balance"), whole("open_receivables"), whole("ver"), whole("facts_ver"),
    Column("group_id", TEXT, ForeignKey("customer_group.group_id"), nullable=True, unique=True),
    Column("parent_id", WHOLE, ForeignKey("account.account_id"), nullable=True),
    CheckConstraint("(customer_id IS NULL) <> (group_id IS NULL)", name="of_one_owner"),
    CheckConstraint("parent_id <> account_id", name="not_its_own_parent"),
    Index("account_parent_id", "parent_id"),
    CheckConstraint(f"balance BETWEEN -{MONEY_MAX} AND {MONEY_MAX}", name="balance_in_range"),
    sqlite_strict=True,
)  # fmt: skip

policy_version = Table(
    "policy_version", metadata,
    Column("digest", TEXT, primary_key=True),
    text("name"), whole("version"), Column("source", LargeBinary, nullable=False), text("program_digest"),
    text("stored_at"), text("stored_by"),
    UniqueConstraint("name", "version"),
    sqlite_strict=True,
)  # fmt: skip

policy_part = Table(
    "policy_part", metadata,
    Column("digest", TEXT, ForeignKey("policy_version.digest"), primary_key=True),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("name"), Column("source", LargeBinary, nullable=False),
    UniqueConstraint("digest", "name"),
    sqlite_strict=True,
)  # fmt: skip

EFFECTIVE_KIND = CheckConstraint("kind IN ('begins', 'ends', 'cancels')", name="kind_known")

policy_effective = Table(
    "policy_effective", metadata,
    Column("seq", WHOLE, Identity(), primary_key=True),
    Column("digest", TEXT, ForeignKey("policy_version.digest"), nullable=False),
    text("name"), text("effective_from"), text("set_at"), text("set_by"),
    # a decision names the policy that was effective when it was made, so nobody may change that afterwards
    CheckConstraint("effective_from >= set_at", name="never_reaches_back"),
    # lines of before approvals were kept have no submission; each later one is approved (storage.policy_triggers)
    text("submission_id", empty=True),
    Column("assignment", TEXT, nullable=False, server_default="default"),
    Column("kind", TEXT, EFFECTIVE_KIND, nullable=False, server_default="begins"),
    Index("policy_effective_from", "effective_from", "seq"),
    Index("policy_effective_submission_id", "submission_id", "kind", unique=True),
    sqlite_strict=True,
)  # fmt: skip

decision = Table(
    "decision", metadata,
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
    Index("decision_customer_id_as_of", "customer_id", "as_of"),
    Index("decision_customer_id_seq", "customer_id", "seq"),
    Index("decision_verdict_seq", "verdict", "seq"),
    sqlite_strict=True,
)  # fmt: skip

movement = Table(
    "movement", metadata,
    Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
    Column("ver", WHOLE, primary_key=True, autoincrement=False),
    text("kind"), whole("amount"), whole("balance_after"), whole("ceiling", empty=True),
    Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=True),
    text("at"), whole("granted"),  # what valid grants add to the limit is part of the ceiling, and told apart
    CheckConstraint(
        "kind IN ('hold', 'release', 'invoice', 'nothing_held', 'granted', 'withdrawn', 'moved', 'revalued', "
        "'payment', 'credit_note', 'write_off', 'discount', 'reversal')",
        name="kind_known",
    ),
    CheckConstraint("kind NOT IN ('nothing_held', 'granted', 'withdrawn') OR amount = 0", name="nothing_is_nothing"),
    CheckConstraint(
        "(kind NOT IN ('payment', 'credit_note', 'write_off', 'discount') OR amount <= 0) "
        "AND (kind <> 'reversal' OR amount >= 0)",
        name="settled_is_less",
    ),
    CheckConstraint(
        "kind <> 'hold' OR (amount > 0 AND (ceiling IS NULL OR balance_after <= ceiling))", name="hold_within_ceiling"
    ),
    CheckConstraint(
        "granted = 0 OR (granted > 0 AND kind = 'hold' AND ceiling IS NOT NULL)", name="granted_for_a_hold"
    ),
    sqlite_strict=True,
)  # fmt: skip

limit_grant = Table(
    "limit_grant", metadata,
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
    Index("limit_grant_account_id", "account_id", "order_id"),
    sqlite_strict=True,
)  # fmt: skip

withdrawn_grant = Table(
    "withdrawn_grant", metadata,
    Column("grant_id", TEXT, ForeignKey("limit_grant.grant_id"), primary_key=True),
    whole("account_id"), whole("account_ver"),
    text("withdrawn_by"), text("reason"), text("client"), text("at"),
    ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
    sqlite_strict=True,
)  # fmt: skip

reservation = Table(
    "reservation", metadata,
    Column("reservation_id", TEXT, primary_key=True),
    Column("step", WHOLE, primary_key=True, autoincrement=False),
    Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=False),
    whole("account_id"), whole("account_ver"),
    text("change"), whole("amount"), whole("remaining"),
    whole("step_before", empty=True), whole("remaining_before", empty=True),
    text("expires_at"), text("at"), text("client", empty=True),
    UniqueConstraint("reservation_id", "step", "remaining"),
    ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
    # each step takes up where the one before left off, so nothing can follow an end and nothing is counted twice
    ForeignKeyConstraint(
        ["reservation_id", "step_before", "remaining_before"],
        ["reservation.reservation_id", "reservation.step", "reservation.remaining"],
    ),
    CheckConstraint(
        "change IN ('held', 'converted', 'secured', 'voided', 'expired', 'replaced')", name="change_known"
    ),
    CheckConstraint("(step = 1) = (change = 'held')", name="held_first"),
    CheckConstraint("amount > 0 AND remaining >= 0", name="amount_moved"),
    CheckConstraint(
        "(step = 1 AND step_before IS NULL AND remaining_before IS NULL AND remaining = amount) OR (step > 1 AND "
        "step_before IS NOT NULL AND remaining_before IS NOT NULL AND step = step_before + 1 AND "
        "remaining = remaining_before - amount)", name="follows_the_step_before"
    ),
    CheckConstraint("change NOT IN ('voided', 'expired', 'replaced') OR remaining = 0", name="ends_in_full"),
    Index("reservation_account_id", "account_id", "expires_at"),
    Index("reservation_decision_id", "decision_id"),
    Index("reservation_expires_at", "expires_at"),
    sqlite_strict=True,
)  # fmt: skip

confirmed_security = Table(
    "confirmed_security", metadata,
    Column("reservation_id", TEXT, primary_key=True),
    Column("step", WHOLE, primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    whole("alternative"), text("security"), whole("amount"), text("reference"),
    ForeignKeyConstraint(["reservation_id", "step"], ["reservation.reservation_id", "reservation.step"]),
    CheckConstraint("amount > 0", name="amount_in_place"),
    sqlite_strict=True,
)  # fmt: skip

answered_request = Table(
    "answered_request", metadata,
    Column("client", TEXT, primary_key=True),
    Column("idempotency_key", TEXT, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False), text("operation"), text("subject_id"), whole("status"),
    Column("response", LargeBinary, nullable=False), text("at"),
    CheckConstraint("status BETWEEN 200 AND 299", name="only_answers"),
    Index("answered_request_subject_id", "subject_id"),  # an erasure looks for the answers that quote it
    sqlite_strict=True,
)  # fmt: skip

decided_referral = Table(
    "decided_referral", metadata,
    Column("referral_id", TEXT, ForeignKey("decision.decision_id"), primary_key=True),
    text("outcome"), text("person"), text("role"), text("client"), text("reason"),
    Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=True, unique=True),
    Column("grant_id", TEXT, ForeignKey("limit_grant.grant_id"), nullable=True),
    whole("released", empty=True), text("until", empty=True), text("at"),
    CheckConstraint("outcome IN ('approved', 'rejected', 'decided_anew')", name="outcome_known"),
    CheckConstraint("(outcome = 'rejected') = (decision_id IS NULL)", name="followed_by_a_decision"),
    CheckConstraint(
        "(outcome = 'approved') = (released IS NOT NULL) AND (outcome = 'approved') = (until IS NOT NULL)",
        name="bound_where_approved",
    ),
    CheckConstraint("grant_id IS NULL OR outcome = 'approved'", name="granted_where_approved"),
    CheckConstraint("reason <> '' AND person <> '' AND role <> ''", name="says_who_and_why"),
    sqlite_strict=True,
)  # fmt: skip

api_key = Table(
    "api_key", metadata,
    Column("key_id", TEXT, primary_key=True),
    Column("digest", LargeBinary, nullable=False), text("role"), text("client"),
    text("label", empty=True), text("permissions"), text("pepper_id", empty=True),
    text("created_at"), text("expires_at", empty=True), text("revoked_at", empty=True),
    Column("replaced_by", TEXT, ForeignKey("api_key.key_id"), nullable=True),
    sqlite_strict=True,
)  # fmt: skip

person = Table(
    "person", metadata,
    Column("name", TEXT, primary_key=True),
    text("roles"), text("password"), text("created_at"), text("disabled_at", empty=True),
    Column("authorities", TEXT, nullable=False, server_default=""),
    sqlite_strict=True,
)  # fmt: skip

identity = Table(
    "identity", metadata,
    Column("issuer", TEXT, primary_key=True), Column("subject", TEXT, primary_key=True),
    Column("person", TEXT, ForeignKey("person.name"), nullable=False), text("linked_at"),
    UniqueConstraint("issuer", "person"),
    sqlite_strict=True,
)  # fmt: skip

used_sign_on = Table(
    "used_sign_on", metadata,
    Column("attempt", LargeBinary, primary_key=True), text("used_at"),
    Index("used_sign_on_used_at", "used_at"),
    sqlite_strict=True,
)  # fmt: skip

session = Table(
    "session", metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", TEXT, ForeignKey("person.name"), nullable=False),
    text("created_at"), text("used_at"), text("expires_at"), text("ended_at", empty=True),
    Index("session_person", "person"),
    sqlite_strict=True,
)  # fmt: skip

event = Table(
    "event", metadata,
    Column("seq", WHOLE, Identity(), primary_key=True),
    text("kind"), text("subject"), text("done_by"), text("at"), text("details"),
    Index("event_subject_seq", "subject", "seq"),
    Index("event_kind_seq", "kind", "seq"),
    sqlite_strict=True,
)  # fmt: skip

import_run = Table(
    "import_run", metadata,
    Column("import_id", TEXT, primary_key=True),
    text("kind"), text("file_name"), text("counts"), text("imported_at"), text("imported_by"),
    sqlite_strict=True,
)  # fmt: skip

DISCOUNT = "(discount IS NULL) = (discount_until IS NULL) AND (discount IS NULL OR discount BETWEEN 1 AND amount - 1)"
IS_CHARGE: Any = literal_column("charge_of IS NOT NULL")
IN_PARTS: Any = literal_column("whole_id IS NOT NULL")
invoice = Table(
    "invoice", metadata,
    Column("customer_id", TEXT, ForeignKey("customer.customer_id"), primary_key=True),
    Column("invoice_id", TEXT, primary_key=True),
    whole("amount"), text("currency"),
    text("invoiced_on"), text("due_on"), text("settled_on", empty=True), whole("disputed", empty=True),
    # in another currency than the account's: what it counts as there, by which rate, of which day
    whole("carrying_amount", empty=True), text("rate_id", empty=True), text("valued_on", empty=True),
    # what no settlement took yet; 0 where an import said that it was settled (storage.settlement_tables)
    whole("open_amount"),
    # the agreed terms as they were spelled then; of an instalment the number of the whole, its place, and of how many
    text("terms", empty=True), text("whole_id", empty=True), whole("instalment", empty=True),
    whole("instalments", empty=True),
    # what may be taken off where the whole is paid by a day; both are fixed when the invoice is entered
    text("discount_until", empty=True),
    Column("discount", WHOLE, CheckConstraint(DISCOUNT, name="discount_is_a_part"), nullable=True),
    # of late charges that were billed: the invoice that bore them, and the last day of them
    text("charge_of", empty=True), text("charged_until", empty=True),
    Column("form", TEXT, CheckConstraint("form IN ('electronic', 'paper')", name="form_known"), nullable=True),
    CheckConstraint(f"amount BETWEEN -{MONEY_MAX} AND {MONEY_MAX}", name="amount_in_range"),
    CheckConstraint("open_amount BETWEEN 0 AND amount OR open_amount BETWEEN amount AND 0", name="open_is_a_part"),
    CheckConstraint("settled_on IS NULL OR open_amount = 0", name="settled_in_full"),
    CheckConstraint("disputed IN (0, 1)", name="disputed_yes_or_no"),
    Index("invoice_customer_id_invoiced_on", "customer_id", "invoiced_on"),
    Index("invoice_invoice_id", "invoice_id"),
    Index("invoice_whole_id", "whole_id", sqlite_where=IN_PARTS, postgresql_where=IN_PARTS),
    Index("invoice_charged_once", "customer_id", "charge_of", "charged_until", unique=True,
          sqlite_where=IS_CHARGE, postgresql_where=IS_CHARGE),
    sqlite_strict=True,
)  # fmt: skip

state_change = Table(
    "state_change", metadata,
    Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    Column("state", TEXT, primary_key=True),
    text("change"), text("day"),
    Column("decision_id", TEXT, ForeignKey("decision.decision_id"), nullable=False),
    text("why"), text("at"),
    CheckConstraint("change IN ('entered', 'left')", name="change_known"),
    sqlite_strict=True,
)  # fmt: skip

act = Table(
    "act", metadata,
    Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("act"), text("role"), text("person"), text("client"), text("reason"), text("at"),
    sqlite_strict=True,
)  # fmt: skip

watch(metadata)
