"""Rows of an account as one JSON text, so that the statement that locks it brings them and none is added."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class json_rows(FunctionElement[str]):
    """The values of all rows as a JSON list of lists; the rows say their own order."""

    inherit_cache = True
    name = "json_rows"
    type = Text()


@compiles(json_rows, "sqlite")
def sqlite_rows(element: json_rows, compiler: Any, **options: Any) -> str:
    """SQLite's spelling."""
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(json_rows, "postgresql")
def postgresql_rows(element: json_rows, compiler: Any, **options: Any) -> str:
    """PostgreSQL's spelling; as text, so that both databases hand out the same."""
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **options)})) AS text)"


def read_rows(text: str | None) -> list[list[Any]]:
    """The rows in such a text, the smallest first value first."""
    return sorted(json.loads(text), key=lambda row: row[0]) if text else []
