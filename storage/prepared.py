"""Statements that are turned into the database's own text once, for the few that every decision runs.

SQLAlchemy's Core prepares a statement anew at each execution, which costs more than SQLite takes to run it. These are
still written in Core, so each database gets its own spelling, but only their text and the order of their values remain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.elements import ClauseElement

# the text, its values' names in order, values that never change, and whether the driver wants values by their place
Text = tuple[str, tuple[str, ...], Mapping[str, Any], bool]


class Prepared:
    """One statement of Core over columns of text, whole numbers and bytes, ready to run."""

    def __init__(self, statement: ClauseElement, columns: tuple[str, ...] | None = None) -> None:
        """Keep the statement; `columns` are those that an INSERT fills."""
        self._statement = statement
        self._columns = columns
        self._texts: dict[str, Text] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Run the statement with a value for each of its names."""
        text = self._texts.get(connection.dialect.name) or self._prepare(connection.dialect)
        statement, names, fixed, by_place = text
        given = {**fixed, **values}
        if by_place:
            return connection.exec_driver_sql(statement, tuple(given[name] for name in names))
        return connection.exec_driver_sql(statement, {name: given[name] for name in names})

    def _prepare(self, dialect: Dialect) -> Text:
        keys = None if self._columns is None else list(self._columns)
        compiled = self._statement.compile(dialect=dialect, column_keys=keys)
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        by_place = getattr(compiled, "positional", False)
        names = tuple(getattr(compiled, "positiontup", None) or ()) if by_place else tuple(compiled.params)
        return self._texts.setdefault(dialect.name, (str(compiled), names, fixed, by_place))
