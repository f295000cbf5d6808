"""Statements that are turned into the database's own text once, for the few that every decision runs.

SQLAlchemy's Core prepares a statement anew at each execution and wraps what comes back, which costs more than SQLite
takes to run it. These are still written in Core, so each database gets its own spelling, but only their text and the
order of their values remain: they go to the driver and their rows come from it. A failure leaves as Core's own would.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.crud import REQUIRED
from sqlalchemy.sql.elements import ClauseElement


class Rows:
    """What a statement answered: rows whose values have the names of their columns."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> Sequence[Any]:
        """Every row."""
        return self._rows

    def first(self) -> Any:
        """The first row, or None where there is none."""
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        """The only row."""
        [row] = self._rows
        return row

    def scalar(self) -> Any:
        """The first value of the first row, or None where there is none."""
        return self._rows[0][0] if self._rows else None


@dataclass(slots=True)
class Text:
    """A statement as one database reads it.

    `names` are its values' names in order, `fixed` values that never change, `by_place` whether the driver wants values
    by their place; `row` makes a row from a tuple, once the first answer has named the columns.
    """

    statement: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    by_place: bool
    row: Callable[[Sequence[Any]], Any] | None = None

    def read(self, cursor: Any) -> Rows:
        """The rows of an answer."""
        if cursor.description is None:
            return Rows(())
        if self.row is None:
            columns = [column[0] for column in cursor.description]
            named: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # named by the database
            self.row = named._make
        return Rows([self.row(values) for values in cursor.fetchall()])


class Command:
    """A statement without values and without an answer, such as the BEGIN of a transaction."""

    def __init__(self, statement: str) -> None:
        self.statement = statement

    def run(self, connection: Connection) -> None:
        """Give it to the driver as it is."""
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(self.statement)
        except connection.dialect.loaded_dbapi.Error as fault:
            raise failure(connection, driver, self.statement, fault) from fault


class Prepared:
    """One statement of Core over columns of text, whole numbers and bytes, ready to run."""

    def __init__(self, statement: ClauseElement, columns: tuple[str, ...] | None = None) -> None:
        """Keep the statement; `columns` are those that an INSERT fills."""
        self._statement = statement
        self._columns = columns
        self._texts: dict[str, Text] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """Run the statement in the connection's transaction, with a value for each of its names."""
        text = self._texts.get(connection.dialect.name) or self._prepare(connection.dialect)
        given = {**text.fixed, **values}
        asked: Any = (
            tuple([given[name] for name in text.names]) if text.by_place else {name: given[name] for name in text.names}
        )
        driver: Any = connection.connection.driver_connection
        try:
            return text.read(driver.execute(text.statement, asked))
        except connection.dialect.loaded_dbapi.Error as fault:
            raise failure(connection, driver, text.statement, fault) from fault

    def _prepare(self, dialect: Dialect) -> Text:
        keys = None if self._columns is None else list(self._columns)
        compiled = self._statement.compile(dialect=dialect, column_keys=keys)
        # the columns of an INSERT bear a mark that a driver would take for a number
        fixed = {name: value for name, value in compiled.params.items() if value is not None and value is not REQUIRED}
        by_place = getattr(compiled, "positional", False)
        names = tuple(getattr(compiled, "positiontup", None) or ()) if by_place else tuple(compiled.params)
        return self._texts.setdefault(dialect.name, Text(str(compiled), names, fixed, by_place))


def failure(connection: Connection, driver: Any, statement: str, fault: Exception) -> Exception:
    """A driver's failure as Core tells it, without the values; a connection that was lost is given up."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(fault, driver, None)  # type: ignore[arg-type]  # no driver looks at the cursor
    told = DBAPIError.instance(statement, None, fault, dialect.loaded_dbapi.Error, hide_parameters=True,
                               connection_invalidated=lost, dialect=dialect)  # fmt: skip
    if lost:
        connection.invalidate(fault)
    assert isinstance(told, Exception)
    return told
