"""The tables of legal cases: one that a ladder opened, the invoices that joined it, and what became of it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Table

from storage.tables import TEXT, WHOLE, metadata, text, whole

RESULTS = ("paid", "settled", "judgment", "written_off", "dropped")

legal_case = Table(
    "legal_case", metadata,
    Column("case_id", TEXT, primary_key=True),
    Column("customer_id", TEXT, ForeignKey("customer.customer_id"), nullable=False), whole("place"),
    text("opened_on"), text("at"),
    Index("legal_case_customer_id", "customer_id", "place", unique=True),
    sqlite_strict=True,
)  # fmt: skip

legal_case_invoice = Table(
    "legal_case_invoice", metadata,
    Column("case_id", TEXT, ForeignKey("legal_case.case_id"), primary_key=True),
    Column("invoice_id", TEXT, primary_key=True),
    text("customer_id"), text("joined_on"), text("ladder"), text("step"),
    Column("policy_digest", TEXT, ForeignKey("policy_version.digest"), nullable=False), text("at"),
    ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
    sqlite_strict=True,
)  # fmt: skip

legal_case_change = Table(
    "legal_case_change", metadata,
    Column("case_id", TEXT, ForeignKey("legal_case.case_id"), primary_key=True),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("state"), text("day"), text("result", empty=True), text("note"), text("done_by"), text("client"), text("at"),
    CheckConstraint("state IN ('handed_over', 'closed')", name="state_known"),
    CheckConstraint("(state = 'closed') = (result IS NOT NULL)", name="closed_with_a_result"),
    CheckConstraint("result IN ('paid', 'settled', 'judgment', 'written_off', 'dropped')", name="result_known"),
    CheckConstraint("note <> '' AND done_by <> ''", name="says_who_and_why"),
    sqlite_strict=True,
)  # fmt: skip
