"""The tables of the customer file: facts told from a day on, documents, reviews, and alerts of who fell.

Rows are only added to. A fact that was wrong is told again, a document that no longer counts is withdrawn by a row of
its own.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Table, UniqueConstraint

from storage.tables import TEXT, WHOLE, metadata, text, whole

told_fact = Table(
    "told_fact", metadata,
    Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    # value is JSON; null says that nobody knows it from that day on
    text("name"), text("value"), text("valid_from", empty=True),
    text("reason"), text("source", empty=True), text("told_by"), text("at"),
    CheckConstraint("name <> '' AND value <> ''", name="says_what"),
    CheckConstraint("reason <> '' AND told_by <> ''", name="says_who_and_why"),
    Index("told_fact_account_id", "account_id", "name", "place"),
    sqlite_strict=True,
)  # fmt: skip

customer_document = Table(
    "customer_document", metadata,
    Column("document_id", TEXT, primary_key=True),
    Column("account_id", WHOLE, ForeignKey("account.account_id"), nullable=False), whole("place"),
    text("kind"), text("title"), text("number", empty=True), text("issued_on"),
    Column("valid_until", TEXT, nullable=True), text("source"),
    # the file itself stays where it is; its SHA-256 says which one was seen
    text("file_name", empty=True), text("sha256", empty=True),
    whole("months", empty=True), whole("years", empty=True), text("quality", empty=True),
    text("filed_by"), text("client"), text("at"),
    CheckConstraint("issued_on <= valid_until", name="days_in_order"),
    CheckConstraint("kind <> '' AND title <> '' AND source <> '' AND filed_by <> ''", name="says_what_and_who"),
    CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name="hash_in_full"),
    Index("customer_document_account_id", "account_id", "place", unique=True),
    sqlite_strict=True,
)  # fmt: skip

withdrawn_document = Table(
    "withdrawn_document", metadata,
    Column("document_id", TEXT, ForeignKey("customer_document.document_id"), primary_key=True),
    text("reason"), text("withdrawn_by"), text("client"), text("at"),
    CheckConstraint("reason <> '' AND withdrawn_by <> ''", name="says_who_and_why"),
    sqlite_strict=True,
)  # fmt: skip

customer_review = Table(
    "customer_review", metadata,
    Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("reviewed_on"), text("next_on"), text("basis"), text("tier", empty=True),
    Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=True),
    text("finding"), text("reviewed_by"), text("client"), text("at"),
    CheckConstraint("reviewed_on < next_on", name="days_in_order"),
    CheckConstraint("basis IN ('policy', 'stated')", name="basis_known"),
    CheckConstraint("finding <> '' AND reviewed_by <> ''", name="says_who_and_what"),
    sqlite_strict=True,
)  # fmt: skip

# where a customer stood by its policy, whenever that was another standing than the one before
customer_standing = Table(
    "customer_standing", metadata,
    Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("as_of"), text("standing"),
    Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False),
    text("why"), text("at"),
    sqlite_strict=True,
)  # fmt: skip

downgrade_alert = Table(
    "downgrade_alert", metadata,
    Column("alert_id", TEXT, primary_key=True),
    Column("account_id", WHOLE, nullable=False), whole("place"),
    text("fell"), text("at"),
    ForeignKeyConstraint(["account_id", "place"], ["customer_standing.account_id", "customer_standing.place"]),
    UniqueConstraint("account_id", "place"),
    sqlite_strict=True,
)  # fmt: skip

seen_alert = Table(
    "seen_alert", metadata,
    Column("alert_id", TEXT, ForeignKey("downgrade_alert.alert_id"), primary_key=True),
    text("seen_by"), text("note"), text("at"),
    CheckConstraint("seen_by <> '' AND note <> ''", name="says_who_and_what"),
    sqlite_strict=True,
)  # fmt: skip
