"""Migrations: up, down, all or nothing, and in agreement with the models."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.engine import Database, open_database
from storage.failures import Busy, Unavailable
from storage.schema import configuration, current_revision, downgrade, is_current, newest_revision, steps, upgrade
from storage.sqlite_database import SqliteDatabase
from storage.tables import metadata
from tests.storage.conftest import Fresh
from tests.storage.records import ROOT, a_database, approve


@pytest.fixture
def empty(fresh: Fresh) -> Iterator[Database]:
    """A database that nobody has migrated."""
    opened = open_database(fresh(), wait_seconds=0.2)
    yield opened
    opened.dispose()


CATALOGUES = (
    """SELECT table_name || '.' || column_name, concat_ws(' ', ordinal_position, data_type, collation_name, is_nullable,
              is_identity, identity_generation, column_default)
       FROM information_schema.columns WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace""",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT proname || '()', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
)
OF_A_FILE = ("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL",)


def written(database: Database, kind: str) -> dict[str, str]:
    """Everything that a database's schema says, by name, without the migrations' own table."""
    with database.looking() as connection:
        rows = [row for query in (OF_A_FILE if kind == "sqlite" else CATALOGUES)
                for row in connection.exec_driver_sql(query)]  # fmt: skip
    return {name: " ".join(told.split()) for name, told in rows if "alembic_version" not in name}


def test_the_migrations_make_exactly_what_the_models_say(empty: Database, fresh: Fresh, kind: str) -> None:
    upgrade(empty)
    models = open_database(fresh())
    with models.alone() as connection:
        metadata.create_all(connection)
    migrated = written(empty, kind)
    assert migrated == written(models, kind)
    assert {"movement_follows_account", "decision_verdict_seq"} <= migrated.keys()
    assert len(migrated) > 30
    models.dispose()
    with empty.looking() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_up_down_and_up_again(empty: Database, kind: str) -> None:
    assert current_revision(empty) is None
    assert not is_current(empty)
    upgrade(empty)
    assert current_revision(empty) == newest_revision()
    assert is_current(empty)
    before = written(empty, kind)
    downgrade(empty, "base")
    assert written(empty, kind) == {}
    upgrade(empty)
    assert written(empty, kind) == before


def test_the_versions_are_those_that_alembic_finds_in_the_steps_and_in_the_database(database: Database) -> None:
    scripts = ScriptDirectory.from_config(configuration(None))
    assert steps() == {step.revision for step in scripts.walk_revisions()}
    assert scripts.get_heads() == [newest_revision()] == [current_revision(database)]
    downgrade(database, "0003")
    with database.looking() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (current_revision(database),) == ("0003",)


def test_upgrading_again_keeps_what_is_stored(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10)
    upgrade(database)
    with database.read() as work:
        assert work.decisions.find("shop", "k") is not None


def test_downgrading_works_on_a_database_that_was_used(database: Database, kind: str) -> None:
    with database.write() as work:
        approve(work, "k", 10)
    downgrade(database, "base")
    assert written(database, kind) == {}


def test_a_migration_waits_for_another_one(database: Database, prepared: str) -> None:
    second = open_database(prepared, wait_seconds=0.2)
    with database.migrating(), pytest.raises(Busy):
        downgrade(second, "base")
    assert is_current(second)
    second.dispose()


def patiently(migrate: Callable[[Database, str], None], database: Database, revision: str) -> None:
    """Migrate as an operator does: a migration that found the tables in use is run again."""
    for _ in range(20):
        try:
            migrate(database, revision)
            return
        except Busy as fault:
            last = fault
    raise last


def test_the_tables_change_while_others_decide_and_nothing_is_lost(fresh: Fresh) -> None:
    location = fresh()
    database = a_database(location, limit=10**9, wait_seconds=5.0)
    downgrade(database, "0003")  # whoever decides now is told that the tables are of another version
    ended = threading.Event()
    stored: list[str] = []
    told: list[Unavailable] = []

    def ask(name: str) -> None:
        while not ended.is_set():
            key = f"{name}-{len(stored)}"
            try:
                with database.write() as work:
                    approve(work, key, 1)
            except Unavailable as fault:  # nothing was written, so another key does as well
                told.append(fault)
            else:
                stored.append(key)

    asking = [threading.Thread(target=ask, args=(name,)) for name in ("left", "right")]
    for one in asking:
        one.start()
    try:
        for revision in (newest_revision(), "0003", newest_revision()):
            patiently((downgrade if revision == "0003" else upgrade), database, revision)
        wanted, ends = len(stored) + 5, time.monotonic() + 30
        while len(stored) < wanted and time.monotonic() < ends:
            ended.wait(0.01)
    finally:
        ended.set()
        for one in asking:
            one.join()
    assert is_current(database)
    with database.read() as work:
        assert all(work.decisions.find("shop", key) for key in stored)
        state = work.accounts.look("C-1")
    assert state is not None
    assert state.version == state.balance == len(stored) > 5
    database.dispose()


def test_a_migration_that_fails_leaves_no_table_behind(empty: Database, kind: str) -> None:
    with empty.alone() as connection:
        connection.exec_driver_sql("CREATE TABLE invoice (one INTEGER)")
    before = written(empty, kind)
    with pytest.raises(Exception, match="invoice"):
        upgrade(empty)
    assert written(empty, kind) == before
    assert current_revision(empty) is None


def test_every_table_of_a_file_is_strict(file_database: SqliteDatabase) -> None:
    with file_database.looking() as connection:
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
