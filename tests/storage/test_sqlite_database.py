"""The embedded database: what its file and its lock mean for a full disk, other programs and forks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from storage.engine import open_database
from storage.failures import Busy, Unavailable
from storage.sqlite_database import SqliteDatabase
from tests.storage.records import ROOT, approve
from tests.storage.test_engine import ended_well, in_child, write


def test_a_full_disk_is_told_and_leaves_nothing_half_written(file_database: SqliteDatabase) -> None:
    with file_database.alone() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="SQLITE_FULL"), file_database.write() as work:
        approve(work, "k", 10, response=b"x" * 200_000)
    with file_database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        assert (state.version, state.balance) == (0, 0)
        assert work.reservations.of_account(state.account_id) == ()
    with file_database.alone() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    with file_database.write() as work:
        assert work.decisions.claim("shop", "k", b"body").state == "new"
        approve(work, "k", 10, response=b"x" * 200_000)


def test_a_commit_cut_short_is_in_doubt_and_the_same_key_clears_it(file_database: SqliteDatabase) -> None:
    file_database.dispose()
    command = [sys.executable, "-m", "tests.storage.fill_disk", str(file_database.path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert told.stdout.splitlines() == ["InDoubt", "True True", "new", "2 20"], told.stderr


def test_a_writer_of_another_program_is_waited_for_and_then_told(file_database: SqliteDatabase) -> None:
    other = sqlite3.connect(file_database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    hasty = open_database(file_database.path, wait_seconds=0.2)
    with pytest.raises(Busy), hasty.write():
        pass
    hasty.dispose()
    other.execute("ROLLBACK")
    other.close()
    with file_database.write() as work:
        approve(work, "k", 10)


def test_a_forked_child_inherits_no_open_file_of_the_database(file_database: SqliteDatabase) -> None:
    def look() -> None:
        opened = [os.readlink(f"/proc/self/fd/{file}") for file in os.listdir("/proc/self/fd") if open_still(file)]
        assert not [name for name in opened if name.startswith(str(file_database.path))]

    def open_still(file: str) -> bool:
        return os.path.lexists(f"/proc/self/fd/{file}")

    write(file_database, "before", 1)
    with file_database.read() as work:
        assert work.decisions.find("shop", "before")
    with pytest.raises(AssertionError):
        look()
    assert ended_well(in_child(look))


def test_a_checkpoint_empties_the_write_ahead_log(file_database: SqliteDatabase) -> None:
    with file_database.write() as work:
        approve(work, "k", 10)
    log = Path(f"{file_database.path}-wal")
    assert log.stat().st_size > 0
    file_database.checkpoint()
    assert log.stat().st_size == 0


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "aval.db").write_bytes(b"certainly not a database" * 100)
    broken = open_database(tmp_path / "aval.db")
    with pytest.raises(Unavailable), broken.read() as work:
        work.customers.get("C-1")
    with pytest.raises(Unavailable), broken.write():
        pass
    broken.dispose()


def test_two_names_of_one_file_are_one_database(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "aval.db")
    assert open_database(tmp_path / "link.db").name == open_database(tmp_path / "aval.db").name
