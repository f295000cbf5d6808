"""The tables of blocks: an invoice whose ladder takes no step for some days, and the end of that before its time."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Table

from storage.tables import TEXT, metadata, text

invoice_block = Table(
    "invoice_block", metadata,
    Column("block_id", TEXT, primary_key=True),
    text("customer_id"), text("invoice_id"), text("kind"), text("begins_on"), text("until"),
    text("reason"), text("placed_by"), text("client"), text("at"),
    ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
    CheckConstraint("kind IN ('dispute', 'promise')", name="kind_known"),
    CheckConstraint("begins_on <= until", name="days_in_order"),
    CheckConstraint("reason <> '' AND placed_by <> ''", name="says_who_and_why"),
    Index("invoice_block_customer_id", "customer_id", "invoice_id"),
    sqlite_strict=True,
)  # fmt: skip

invoice_block_end = Table(
    "invoice_block_end", metadata,
    Column("block_id", TEXT, ForeignKey("invoice_block.block_id"), primary_key=True),
    text("ended_on"), text("reason"), text("ended_by"), text("client"), text("at"),
    CheckConstraint("reason <> '' AND ended_by <> ''", name="says_who_and_why"),
    sqlite_strict=True,
)  # fmt: skip
