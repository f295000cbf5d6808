"""Many names in one value of a statement: a JSON list, whose texts the database takes out itself.

A value for each name would make another statement of each number of names, which the client builds anew, and for
thousands of them that takes longer than a transaction may stand still.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class listed(FunctionElement[str]):
    """The texts of a JSON list, each a row."""

    inherit_cache = True
    name = "listed"
    type = Text()


@compiles(listed, "sqlite")
def sqlite_listed(element: listed, compiler: Any, **options: Any) -> str:
    """SQLite's spelling."""
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **options)}))"


@compiles(listed, "postgresql")
def postgresql_listed(element: listed, compiler: Any, **options: Any) -> str:
    """PostgreSQL's spelling."""
    return f"(SELECT json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS json)))"


def is_one_of(column: Any, names: Collection[str]) -> ColumnElement[bool]:
    """Whether a column has one of these texts."""
    found: ColumnElement[bool] = column.bool_op("IN")(listed(literal(json.dumps(sorted(names)), Text())))
    return found
