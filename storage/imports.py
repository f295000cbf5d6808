"""The runs that imported customers or invoices: which file, by whom, and what became of its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from storage.clock import database_now, read_instant
from storage.customers import write_json
from storage.tables import import_run


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One import: which file, by whom, and what became of its rows."""

    import_id: str
    kind: str
    file_name: str
    counts: Mapping[str, int]
    imported_by: str
    imported_at: datetime | None = None


class Imports:
    """The import runs of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def add(self, run: ImportRun) -> None:
        """Record an import; `imported_at` is the database's clock, whatever the record says."""
        values = {
            "import_id": run.import_id, "kind": run.kind, "file_name": run.file_name,
            "counts": write_json(dict(run.counts)), "imported_by": run.imported_by,
        }  # fmt: skip
        self._connection.execute(insert(import_run).values(imported_at=database_now(), **values))

    def list(self) -> tuple[ImportRun, ...]:
        """The latest 500 imports, newest first."""
        newest = select(import_run).order_by(import_run.c.imported_at.desc(), import_run.c.import_id).limit(500)
        return tuple(
            ImportRun(
                row.import_id, row.kind, row.file_name, json.loads(row.counts), row.imported_by,
                read_instant(row.imported_at),
            )
            for row in self._connection.execute(newest)
        )  # fmt: skip
