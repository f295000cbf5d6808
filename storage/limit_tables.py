"""The table of granted limits: every one that was ever told, with its days, by whom and why."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table

from storage.tables import MONEY_MAX, TEXT, WHOLE, metadata, text, whole

granted_limit = Table(
    "granted_limit", metadata,
    Column("account_id", WHOLE, ForeignKey("account.account_id"), primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("kind"), text("state"), whole("minor", empty=True),
    text("valid_from", empty=True), Column("valid_until", TEXT, nullable=True),
    text("reason"), text("granted_by"), text("at"),
    CheckConstraint("kind IN ('permanent', 'temporary')", name="kind_known"),
    CheckConstraint("state IN ('none', 'zero', 'amount', 'unlimited')", name="state_known"),
    CheckConstraint("(state = 'amount') = (minor IS NOT NULL)", name="has_amount"),
    CheckConstraint(f"minor BETWEEN 0 AND {MONEY_MAX}", name="in_range"),
    CheckConstraint("valid_from <= valid_until", name="days_in_order"),
    CheckConstraint("kind <> 'temporary' OR valid_until IS NOT NULL", name="temporary_ends"),
    CheckConstraint("reason <> '' AND granted_by <> ''", name="says_who_and_why"),
    sqlite_strict=True,
)  # fmt: skip
