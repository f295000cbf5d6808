"""The tables of sending: where a customer is written to, each letter byte for byte, and what proves that it came.

A letter is kept before it leaves, so that every attempt sends the same bytes; a new address makes a new edition. What
tells of a person (address, letter, proof) can be erased; the log committed to it under a salt.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, Table

from storage.tables import TEXT, WHOLE, metadata, text

customer_contact = Table(
    "customer_contact", metadata,
    Column("customer_id", TEXT, ForeignKey("customer.customer_id"), primary_key=True),
    text("kind"), text("address"), text("language", empty=True), text("set_by"), text("at"),
    CheckConstraint("kind IN ('email', 'webhook')", name="kind_known"),
    CheckConstraint("address <> '' AND set_by <> ''", name="says_where_and_who"),
    sqlite_strict=True,
)  # fmt: skip

letter = Table(
    "letter", metadata,
    Column("message_id", TEXT, ForeignKey("outbox.message_id"), primary_key=True),
    Column("edition", WHOLE, primary_key=True, autoincrement=False),
    text("carried_by"), text("address"), text("media_type"), text("subject"), text("template"),
    Column("content", LargeBinary, nullable=False), text("at"),
    CheckConstraint("carried_by IN ('email', 'webhook', 'paper')", name="carrier_known"),
    sqlite_strict=True,
)  # fmt: skip

delivery_proof = Table(
    "delivery_proof", metadata,
    Column("message_id", TEXT, ForeignKey("outbox.message_id"), primary_key=True),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("receipt"), text("received_at"), text("note"), text("file_name"), text("media_type"),
    Column("content", LargeBinary, nullable=False), text("digest"), text("added_by"), text("at"),
    CheckConstraint("added_by <> ''", name="says_who"),
    CheckConstraint("place >= 1", name="counted_from_one"),
    sqlite_strict=True,
)  # fmt: skip
