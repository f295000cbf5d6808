"""An expression that names its tables, also behind RETURNING, where SQLAlchemy leaves them out for SQLite.

Without the table, `account_id = account_id` inside a subquery compares a column with itself, which is always true.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal


class qualified(ColumnElement[Any]):
    """The same expression, with the table before each column."""

    inherit_cache = True
    _traverse_internals = [("inner", InternalTraversal.dp_clauseelement)]

    def __init__(self, inner: ColumnElement[Any]) -> None:
        """Keep the expression."""
        self.inner = inner
        self.type = inner.type


@compiles(qualified)
def with_tables(element: qualified, compiler: Any, **options: Any) -> str:
    """The expression as it would be written anywhere else."""
    return str(compiler.process(element.inner, **{**options, "include_table": True}))
