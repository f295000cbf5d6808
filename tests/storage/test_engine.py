"""How the database is opened, and what its failures leave behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.engine import Database, open_database, read_location
from storage.failures import Busy, Unavailable
from tests.storage.records import ROOT, a_customer, a_decision, approve, start


def test_a_reader_keeps_one_view_while_others_write(database: Database) -> None:
    with database.read() as reading:
        assert reading.customers.get("C-2") is None
        with database.write() as work:
            work.customers.put(a_customer("C-2"))
        assert reading.customers.get("C-2") is None
    with database.read() as reading:
        assert reading.customers.get("C-2") is not None


def test_an_exception_takes_everything_back(database: Database) -> None:
    def approve_and_fail() -> None:
        with database.write() as work:
            approve(work, "k", 10)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        approve_and_fail()
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        assert (state.version, state.balance) == (0, 0)
        assert work.decisions.find("shop", "k") is None


def test_a_full_disk_is_told_and_leaves_nothing_half_written(database: Database) -> None:
    with database.alone() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="SQLITE_FULL"), database.write() as work:
        approve(work, "k", 10, response=b"x" * 200_000)
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        assert (state.version, state.balance) == (0, 0)
        assert work.accounts.reservations(state.account_id) == ()
    with database.alone() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    with database.write() as work:
        assert work.decisions.claim("shop", "k", b"body").state == "new"
        approve(work, "k", 10, response=b"x" * 200_000)


def test_a_commit_cut_short_is_in_doubt_and_the_same_key_clears_it(database: Database) -> None:
    database.dispose()
    command = [sys.executable, "-m", "tests.storage.fill_disk", str(database.path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert told.stdout.splitlines() == ["InDoubt", "True True", "new", "2 20"], told.stderr


def test_a_killed_process_leaves_nothing_and_frees_the_lock(database: Database) -> None:
    process = start("hold_lock", str(database.path), "recorded")
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = time.monotonic()
    with database.write() as work:
        assert work.decisions.claim("shop", "killed", b"body").state == "new"
        locked = work.accounts.lock("C-1")
        assert locked is not None
        assert (locked.version, locked.balance) == (1, 0)
        work.decisions.record(locked, a_decision(locked, "killed", 10))
    assert time.monotonic() - begun < 1.5


def test_a_writer_of_another_program_is_waited_for_and_then_told(database: Database) -> None:
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    hasty = open_database(database.path, wait_seconds=0.2)
    with pytest.raises(Busy), hasty.write():
        pass
    hasty.dispose()
    other.execute("ROLLBACK")
    other.close()
    with database.write() as work:
        approve(work, "k", 10)


def in_child(do: Callable[[], None]) -> int:
    """Fork, and give the child that is to do something and leave with 0, or 1 where that raised."""
    child = os.fork()
    if child == 0:
        try:
            do()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return child


def ended_well(child: int) -> bool:
    """Say whether a child left with 0."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def write(database: Database, key: str, amount: int) -> None:
    """Approve an amount in a transaction of its own."""
    with database.write() as work:
        approve(work, key, amount)


def test_a_forked_child_and_its_parent_both_write(database: Database) -> None:
    write(database, "before", 1)
    child = in_child(lambda: write(database, "child", 10))
    write(database, "parent", 20)
    assert ended_well(child)
    with database.read() as work:
        state = work.accounts.look("C-1")
    assert state is not None
    assert (state.version, state.balance) == (3, 31)


def test_a_forked_child_inherits_no_open_file_of_the_database(database: Database) -> None:
    def look() -> None:
        opened = [os.readlink(f"/proc/self/fd/{file}") for file in os.listdir("/proc/self/fd") if open_still(file)]
        assert not [name for name in opened if name.startswith(str(database.path))]

    def open_still(file: str) -> bool:
        return os.path.lexists(f"/proc/self/fd/{file}")

    write(database, "before", 1)
    with database.read() as work:
        assert work.decisions.find("shop", "before")
    with pytest.raises(AssertionError):
        look()
    assert ended_well(in_child(look))


def test_a_child_forked_in_the_middle_of_a_transaction_refuses_to_go_on(database: Database) -> None:
    def refuse() -> None:
        with pytest.raises(Unavailable, match="forked"), database.write():
            pass
        with pytest.raises(Unavailable, match="forked"), database.read():
            pass
        with pytest.raises(Unavailable, match="forked"):
            database.checkpoint()

    with database.write() as work:
        approve(work, "parent", 20)
        children = [in_child(refuse)]
    with database.read() as work:
        children.append(in_child(refuse))
        assert work.decisions.find("shop", "parent")
    assert [ended_well(child) for child in children] == [True, True]
    write(database, "after", 1)


def test_a_checkpoint_empties_the_write_ahead_log(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10)
    log = Path(f"{database.path}-wal")
    assert log.stat().st_size > 0
    database.checkpoint()
    assert log.stat().st_size == 0


def test_a_disposed_database_opens_again(database: Database) -> None:
    database.dispose()
    with database.write() as work:
        approve(work, "k", 10)


def test_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    empty = open_database(tmp_path / "new" / "folder" / "aval.db")
    with pytest.raises(Unavailable, match="aval db upgrade"), empty.read() as work:
        work.customers.get("C-1")
    empty.dispose()


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
    assert open_database(tmp_path / "link.db").path == open_database(tmp_path / "aval.db").path


@pytest.mark.parametrize(
    ("location", "path"), [("var/a.db", "var/a.db"), ("sqlite:///var/a.db", "var/a.db"), ("sqlite:////srv/a", "/srv/a")]
)
def test_a_location_is_a_path_or_an_sqlite_url(location: str, path: str) -> None:
    assert read_location(location) == Path(path)


@pytest.mark.parametrize("location", ["", ":memory:", "sqlite://", "sqlite:///:memory:", "postgresql://host/aval"])
def test_what_would_not_survive_a_restart_is_refused(location: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///PATH"):
        read_location(location)
