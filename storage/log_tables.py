"""The tables of the transparency log: entries as they were written, and the tree that grows over them.

An entry is written in the transaction of what it tells; a trigger queues it. The sequencer consumes the queue, gives
each entry its leaf, and grows the tree. Only a commitment's salt can be erased from an entry, together with the bytes
that it hides (`erasure`); the entry's own bytes, and so every proof, stay as they were.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Identity, Index, LargeBinary, Table

from storage.tables import TEXT, WHOLE, metadata, text, whole

log_entry = Table(
    "log_entry", metadata,
    Column("place", WHOLE, Identity(), primary_key=True),  # no order of commits, so nothing may count on it
    Column("entry_id", TEXT, nullable=False, unique=True),
    text("kind"), Column("body", LargeBinary, nullable=False), Column("salt", LargeBinary, nullable=False), text("at"),
    Index("log_entry_kind_place", "kind", "place"),
    sqlite_strict=True,
)  # fmt: skip

log_queue = Table(
    "log_queue", metadata,
    Column("place", WHOLE, ForeignKey("log_entry.place"), primary_key=True, autoincrement=False),
    text("at"),
    sqlite_strict=True,
)  # fmt: skip

log_leaf = Table(
    "log_leaf", metadata,
    Column("seq", WHOLE, primary_key=True, autoincrement=False),
    Column("place", WHOLE, ForeignKey("log_entry.place"), nullable=False, unique=True),
    Column("leaf", LargeBinary, nullable=False), text("at"),
    sqlite_strict=True,
)  # fmt: skip

log_tile = Table(
    "log_tile", metadata,
    Column("level", WHOLE, primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    sqlite_strict=True,
)  # fmt: skip

log_head = Table(
    "log_head", metadata,
    Column("one", WHOLE, primary_key=True, autoincrement=False),
    whole("size"),
    CheckConstraint("one = 1 AND size >= 0", name="one_row"),
    sqlite_strict=True,
)  # fmt: skip

log_checkpoint = Table(
    "log_checkpoint", metadata,
    Column("origin", TEXT, primary_key=True),
    Column("size", WHOLE, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False), text("note"), text("at"),
    sqlite_strict=True,
)  # fmt: skip

erasure = Table(
    "erasure", metadata,
    Column("entry_id", TEXT, ForeignKey("log_entry.entry_id"), primary_key=True),
    text("done_by"), text("reason"), text("at"),
    CheckConstraint("done_by <> '' AND reason <> ''", name="says_who_and_why"),
    sqlite_strict=True,
)  # fmt: skip
