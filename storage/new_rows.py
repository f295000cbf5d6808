"""A row that is written unless its key is there already: who comes first writes it, who comes second is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row and say True; False, and nothing is written, where one with its key is there."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    writing = kind.insert(table).values(**row).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(writing).first() is not None


def insert_new_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], **every: Any) -> int:
    """Write those of several rows whose key is not there; how many that were. `every` row gets these values too."""
    if not rows:
        return 0
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    writing = kind.insert(table).values(**every).on_conflict_do_nothing().returning(*table.primary_key)
    return len(connection.execute(writing, rows).all())
