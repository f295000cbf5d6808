"""A fresh database for each storage test, on both kinds, closed when the test ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.engine import Database, open_database
from storage.postgres import PostgresDatabase
from storage.sqlite_database import SqliteDatabase
from tests.postgres import Server, name_of
from tests.storage.records import a_database

Fresh = Callable[[], str]
KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which kind of database the test runs on; each test runs on both."""
    return str(request.param)


@pytest.fixture
def fresh(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Fresh]:
    """Gives a new location at each call, with nothing there yet."""
    made: list[str] = []

    def give() -> str:
        made.append(server.fresh() if server else str(tmp_path / f"fresh-{len(made)}.db"))
        return made[-1]

    server: Server | None = request.getfixturevalue("server") if kind == "postgresql" else None
    yield give
    for one in made if server else ():
        server.drop(one)


@pytest.fixture
def prepared(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The location of a migrated database with customer C-1, whose limit is 1,000, and an effective policy."""
    if kind == "postgresql":
        server: Server = request.getfixturevalue("server")
        location = server.fresh(like=name_of(request.getfixturevalue("prepared_on_server")))
        yield location
        server.drop(location)
    else:
        shutil.copy(request.getfixturevalue("prepared_file"), tmp_path / "aval.db")
        yield str(tmp_path / "aval.db")


@pytest.fixture
def database(prepared: str) -> Iterator[Database]:
    """The prepared database, opened; which policies decide was read before, as by every look at an account."""
    opened = open_database(prepared, wait_seconds=5.0)
    with opened.read() as work:
        work.policies.timeline()
    yield opened
    opened.dispose()


@pytest.fixture
def file_database(prepared_file: Path, tmp_path: Path) -> Iterator[SqliteDatabase]:
    """The prepared database as a file, for what only a file has."""
    opened = SqliteDatabase(Path(shutil.copy(prepared_file, tmp_path / "aval.db")), wait_seconds=5.0)
    yield opened
    opened.dispose()


@pytest.fixture
def server_database(server: Server, prepared_on_server: str) -> Iterator[PostgresDatabase]:
    """The prepared database on the server, for what only a server has."""
    location = server.fresh(like=name_of(prepared_on_server))
    opened = open_database(location)
    assert isinstance(opened, PostgresDatabase)
    yield opened
    opened.dispose()
    server.drop(location)


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that was migrated once, for tests to copy."""
    path = tmp_path_factory.mktemp("prepared") / "aval.db"
    opened = a_database(path)
    opened.checkpoint()
    opened.dispose()
    return path


@pytest.fixture(scope="session")
def prepared_on_server(server: Server) -> str:
    """A database of the server that was migrated once, for tests to copy."""
    location = server.migrated()
    a_database(location).dispose()
    return location
