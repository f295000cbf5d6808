"""The tables of holds: orders of a customer, or the whole account, stopped on a day, and the end of it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from storage.tables import TEXT, WHOLE, metadata, text, whole

order_hold = Table(
    "order_hold", metadata,
    Column("hold_id", TEXT, primary_key=True),
    Column("account_id", WHOLE, ForeignKey("account.account_id"), nullable=False), whole("place"),
    text("scope"), text("placed_on"),
    # what a ladder placed names the invoice, its step and the policy; what a person placed names none of them
    text("invoice_id", empty=True), text("step", empty=True),
    Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=True),
    text("reason"), text("placed_by"), text("client"), text("at"),
    CheckConstraint("scope IN ('orders', 'account')", name="scope_known"),
    CheckConstraint("(invoice_id IS NULL) = (step IS NULL)", name="of_a_step_or_not"),
    CheckConstraint("reason <> '' AND placed_by <> ''", name="says_who_and_why"),
    Index("order_hold_account_id", "account_id", "place"),
    sqlite_strict=True,
)  # fmt: skip

order_hold_end = Table(
    "order_hold_end", metadata,
    Column("hold_id", TEXT, ForeignKey("order_hold.hold_id"), primary_key=True),
    whole("place"), text("released_on"), text("reason"), text("released_by"), text("client"), text("at"),
    CheckConstraint("reason <> '' AND released_by <> ''", name="says_who_and_why"),
    sqlite_strict=True,
)  # fmt: skip
