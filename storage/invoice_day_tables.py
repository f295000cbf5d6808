"""The table of told days of invoices: when one was delivered, or came onto a ladder."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table

from storage.tables import TEXT, WHOLE, metadata, text

TOLD = ("delivered", "entered")

invoice_day = Table(
    "invoice_day", metadata,
    Column("customer_id", TEXT, primary_key=True),
    Column("invoice_id", TEXT, primary_key=True),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("anchor"), text("day"), text("told_by"), text("client"), text("at"),
    ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
    CheckConstraint("anchor IN ('delivered', 'entered')", name="anchor_known"),
    CheckConstraint("told_by <> ''", name="says_who"),
    sqlite_strict=True,
)  # fmt: skip
