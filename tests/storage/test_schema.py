"""Migrations: up, down, all or nothing, and in agreement with the models."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from storage.engine import Database, open_database
from storage.failures import Busy
from storage.schema import current_revision, downgrade, is_current, newest_revision, upgrade
from storage.tables import metadata
from tests.storage.records import ROOT, a_database, approve, start


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """A database that nobody has migrated."""
    opened = open_database(tmp_path / "empty.db", wait_seconds=0.2)
    yield opened
    opened.dispose()


def written(path: Path) -> dict[str, str]:
    """Everything that a database's schema says, by name, without the migrations' own table."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    schema = {name: " ".join(sql.split()) for name, sql in rows}
    connection.close()
    return schema


def test_the_migrations_make_exactly_what_the_models_say(empty: Database, tmp_path: Path) -> None:
    upgrade(empty)
    models = create_engine(f"sqlite:///{tmp_path / 'models.db'}")
    metadata.create_all(models)
    models.dispose()
    migrated = written(empty.path)
    assert migrated == written(tmp_path / "models.db")
    assert {"decision", "movement", "movement_follows_account", "decision_verdict_seq"} <= migrated.keys()
    with empty.looking() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_up_down_and_up_again(empty: Database) -> None:
    assert current_revision(empty) is None
    assert not is_current(empty)
    upgrade(empty)
    assert current_revision(empty) == newest_revision()
    assert is_current(empty)
    before = written(empty.path)
    downgrade(empty, "base")
    assert written(empty.path) == {}
    upgrade(empty)
    assert written(empty.path) == before


def test_upgrading_again_keeps_what_is_stored(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10)
    upgrade(database)
    with database.read() as work:
        assert work.decisions.find("shop", "k") is not None


def test_downgrading_works_on_a_database_that_was_used(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10)
    downgrade(database, "base")
    assert written(database.path) == {}


def test_a_migration_waits_for_the_write_lock(tmp_path: Path) -> None:
    a_database(tmp_path / "aval.db").dispose()
    process = start("hold_lock", str(tmp_path / "aval.db"), "before")
    database = open_database(tmp_path / "aval.db", wait_seconds=0.2)
    with pytest.raises(Busy):
        downgrade(database, "base")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert is_current(database)
    database.dispose()


def test_a_migration_that_fails_leaves_no_table_behind(empty: Database) -> None:
    with empty.alone() as connection:
        connection.exec_driver_sql("CREATE TABLE invoice (one INTEGER)")
    before = written(empty.path)
    with pytest.raises(Exception, match="invoice"):
        upgrade(empty)
    assert written(empty.path) == before
    assert current_revision(empty) is None


def test_every_table_is_strict(database: Database) -> None:
    with database.looking() as connection:
        rows = connection.exec_driver_sql("PRAGMA table_list").mappings().all()
    strict = {row["name"]: row["strict"] for row in rows}
    assert {name: strict[name] for name in metadata.tables} == dict.fromkeys(metadata.tables, 1)


def test_the_steps_lie_inside_the_package_and_run_from_any_folder(tmp_path: Path) -> None:
    steps = files("storage.migrations")
    assert (steps / "env.py").is_file()
    assert (steps / "versions" / "0001_first_tables.py").is_file()
    script = "from storage.engine import open_database as o; from storage.schema import *; d = o('x.db'); upgrade(d)"
    command = [sys.executable, "-c", script + "; print(is_current(d))"]
    told = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert told.stdout == b"True\n", told.stderr
