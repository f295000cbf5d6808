"""The table of origins: which step of which reservation became, or went into, which invoice."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Table

from storage.tables import TEXT, WHOLE, metadata, text

invoice_origin = Table(
    "invoice_origin", metadata,
    Column("reservation_id", TEXT, primary_key=True),
    Column("step", WHOLE, primary_key=True, autoincrement=False),
    text("customer_id"), Column("invoice_id", TEXT, primary_key=True),
    ForeignKeyConstraint(["reservation_id", "step"], ["reservation.reservation_id", "reservation.step"]),
    ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
    Index("invoice_origin_customer_id", "customer_id", "invoice_id"),
    sqlite_strict=True,
)  # fmt: skip
