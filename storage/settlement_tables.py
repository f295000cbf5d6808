"""The tables of settlements: payments, credit notes, write-offs and discounts, what each took from what, their ends."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table

from storage.tables import MONEY_MAX, TEXT, WHOLE, metadata, text, whole

settlement = Table(
    "settlement", metadata,
    Column("kind", TEXT, primary_key=True), Column("settlement_id", TEXT, primary_key=True),
    whole("account_id"), whole("account_ver"), text("customer_id"),
    whole("amount"), text("currency"), text("day"), text("told"), text("stated"),
    text("entered_by"), text("client"), text("at"),
    ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
    ForeignKeyConstraint(["customer_id"], ["customer.customer_id"]),
    CheckConstraint("kind IN ('payment', 'credit_note', 'write_off', 'discount')", name="kind_known"),
    CheckConstraint(f"amount BETWEEN 1 AND {MONEY_MAX}", name="amount_above_zero"),
    CheckConstraint("kind = 'payment' OR told <> ''", name="says_why"),
    CheckConstraint("entered_by <> ''", name="says_who"),
    Index("settlement_customer_id_day", "customer_id", "day"),
    sqlite_strict=True,
)  # fmt: skip

settlement_reversal = Table(
    "settlement_reversal", metadata,
    Column("kind", TEXT, primary_key=True), Column("settlement_id", TEXT, primary_key=True),
    whole("account_id"), whole("account_ver"),
    text("reversed_on"), text("reason"), text("reversed_by"), text("client"), text("at"),
    ForeignKeyConstraint(["kind", "settlement_id"], ["settlement.kind", "settlement.settlement_id"]),
    ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
    CheckConstraint("reason <> '' AND reversed_by <> ''", name="says_who_and_why"),
    sqlite_strict=True,
)  # fmt: skip

# below zero where it was taken back; `counted` is what it moved the account by, in the account's currency
allocation = Table(
    "allocation", metadata,
    Column("account_id", WHOLE, primary_key=True, autoincrement=False),
    Column("account_ver", WHOLE, primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("kind"), text("settlement_id"), text("customer_id"), text("invoice_id"),
    whole("amount"), whole("counted"), text("day"),
    ForeignKeyConstraint(["kind", "settlement_id"], ["settlement.kind", "settlement.settlement_id"]),
    ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
    ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.invoice_id"]),
    CheckConstraint("amount <> 0", name="moves_something"),
    Index("allocation_customer_id_invoice_id", "customer_id", "invoice_id"),
    Index("allocation_kind_settlement_id", "kind", "settlement_id"),
    sqlite_strict=True,
)  # fmt: skip
