"""The tables of money in other currencies: rates, orders as they were sent, and what each converted item counted as."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Identity, Index, Table

from storage.tables import MONEY_MAX, TEXT, WHOLE, metadata, text, whole

rate = Table(
    "rate", metadata,
    Column("seq", WHOLE, Identity(), primary_key=True),
    Column("rate_id", TEXT, nullable=False, unique=True),
    text("from_currency"), text("to_currency"), text("day"), whole("digits"), whole("scale"), whole("per"),
    text("source"), text("added_by"), text("at"),
    CheckConstraint("from_currency <> to_currency", name="of_two_currencies"),
    CheckConstraint(f"digits BETWEEN 1 AND {MONEY_MAX} AND scale BETWEEN 0 AND 12 AND per > 0", name="above_zero"),
    CheckConstraint("source <> '' AND added_by <> ''", name="says_whence"),
    Index("rate_from_currency_to_currency_day", "from_currency", "to_currency", "day", "seq"),
    sqlite_strict=True,
)  # fmt: skip

foreign_order = Table(
    "foreign_order", metadata,
    Column("decision_id", TEXT, ForeignKey("decision.decision_id"), primary_key=True),
    text("currency"), whole("amount"), whole("prepaid"),
    Column("rate_id", TEXT, ForeignKey("rate.rate_id"), nullable=True),  # none where no rate could be used
    CheckConstraint(f"amount BETWEEN 1 AND {MONEY_MAX} AND prepaid BETWEEN 0 AND amount", name="amounts_of_an_order"),
    sqlite_strict=True,
)  # fmt: skip

conversion = Table(
    "conversion", metadata,
    Column("account_id", WHOLE, primary_key=True, autoincrement=False),
    Column("account_ver", WHOLE, primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("reservation_id", empty=True), text("invoice_id", empty=True),
    text("currency"), whole("original_amount"),
    Column("rate_id", TEXT, ForeignKey("rate.rate_id"), nullable=False),
    whole("amount"),
    ForeignKeyConstraint(["account_id", "account_ver"], ["movement.account_id", "movement.ver"]),
    CheckConstraint("(reservation_id IS NULL) <> (invoice_id IS NULL)", name="of_one_item"),
    Index("conversion_reservation_id", "reservation_id"),
    sqlite_strict=True,
)  # fmt: skip
