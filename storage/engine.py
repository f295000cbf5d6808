"""Which database a text names, and how it is opened: a file of SQLite, or a database of a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.database import Database
from storage.failures import Unavailable
from storage.postgres import LOCK_SECONDS, PostgresDatabase, without_password
from storage.sqlite_database import BUSY_SECONDS, SqliteDatabase

__all__ = ["Database", "open_database", "read_location", "server_url", "shown"]

KNOWN = "give a path, 'sqlite:///PATH' or 'postgresql://USER@HOST/NAME'"
SERVER_DRIVERS = ("postgresql", "postgresql+psycopg")


def open_database(location: str | Path, wait_seconds: float | None = None) -> Database:
    """The database that a path or URL names; its tables are made by `storage.schema.upgrade`.

    `wait_seconds` bounds how long a writer waits for another one. A file's folder is made.
    Raises: ValueError for another kind of database; Unavailable where the folder cannot be made.
    """
    server = None if isinstance(location, Path) else server_url(location)
    if server is not None:
        return PostgresDatabase(server, LOCK_SECONDS if wait_seconds is None else wait_seconds)
    path = location if isinstance(location, Path) else read_location(location)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"cannot make the folder of the database ({error.strerror})") from error
    return SqliteDatabase(path.resolve(), BUSY_SECONDS if wait_seconds is None else wait_seconds)


def server_url(location: str) -> URL | None:
    """The database of a server that a text names, or None where it names a file.

    Raises: ValueError for a URL that names no database, whose server would choose one.
    """
    url = read_url(location)
    if url is None or url.drivername not in SERVER_DRIVERS:
        return None
    if not url.database:
        raise ValueError(f"the URL names no database; {KNOWN}")
    return url


def read_location(location: str) -> Path:
    """The path that a text names, given plainly or as an SQLite URL.

    Raises: ValueError for another database, or for one in memory, which would not survive a restart.
    """
    if "://" not in location and location not in ("", ":memory:"):
        return Path(location)
    url = read_url(location)
    if url is not None and url.get_backend_name() != "sqlite":
        raise ValueError(f"database '{url.drivername}' is not known here; {KNOWN}")
    if url is None or url.database in (None, "", ":memory:"):
        raise ValueError(f"a database in memory does not survive a restart; {KNOWN}")
    return Path(str(url.database))


def read_url(location: str) -> URL | None:
    """A text as a URL, or None for a plain path. Raises: ValueError without the text, which may hold a password."""
    if "://" not in location:
        return None
    try:
        return make_url(location)
    except (ArgumentError, ValueError):
        raise ValueError(f"the database's URL cannot be read; {KNOWN}") from None


def shown(location: str) -> str:
    """A location as it may be told to people: a URL without its password and its options."""
    url = read_url(location)
    return location if url is None else without_password(url)
