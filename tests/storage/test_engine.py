"""How the database is opened, and what its failures leave behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.engine import Database, open_database, read_location, server_url, shown
from storage.failures import Unavailable
from tests.storage.conftest import Fresh
from tests.storage.records import a_customer, a_decision, approve, start


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


def test_a_killed_process_leaves_nothing_and_frees_the_lock(database: Database, prepared: str) -> None:
    process = start("hold_lock", prepared, "recorded")
    process.send_signal(signal.SIGKILL)
    process.wait()
    with database.write() as work:  # told busy where the lock is not free within the bounded wait
        assert work.decisions.claim("shop", "killed", b"body").state == "new"
        locked = work.accounts.lock("C-1")
        assert locked is not None
        assert (locked.version, locked.balance) == (1, 0)
        work.decisions.record(locked, a_decision(locked, "killed", 10))


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


def test_a_disposed_database_opens_again(database: Database) -> None:
    database.dispose()
    with database.write() as work:
        approve(work, "k", 10)


def test_a_database_without_tables_says_what_to_do(fresh: Fresh) -> None:
    empty = open_database(fresh())
    with pytest.raises(Unavailable, match="aval db upgrade"), empty.read() as work:
        work.customers.get("C-1")
    empty.dispose()


@pytest.mark.parametrize(
    ("location", "path"), [("var/a.db", "var/a.db"), ("sqlite:///var/a.db", "var/a.db"), ("sqlite:////srv/a", "/srv/a")]
)
def test_a_location_is_a_path_or_an_sqlite_url(location: str, path: str) -> None:
    assert read_location(location) == Path(path)
    assert server_url(location) is None


@pytest.mark.parametrize("location", ["", ":memory:", "sqlite://", "sqlite:///:memory:", "mysql://host/aval"])
def test_what_would_not_survive_a_restart_is_refused(location: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///PATH"):
        open_database(location)


@pytest.mark.parametrize("location", ["postgresql://host", "postgresql://me:secret@host:port/aval", "mysql://me:secret@host/a"])
def test_a_url_that_cannot_be_used_is_refused_without_its_password(location: str) -> None:
    with pytest.raises(ValueError, match="postgresql://USER@HOST/NAME") as told:
        open_database(location)
    assert "secret" not in str(told.value)


def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    open_database(tmp_path / "new" / "folder" / "aval.db").dispose()
    assert (tmp_path / "new" / "folder").is_dir()


def test_a_location_is_shown_without_its_password() -> None:
    told = shown("postgresql+psycopg://me:secret@host:5433/aval?password=secret")
    assert told == "postgresql://me@host:5433/aval"
    assert shown("var/a.db") == "var/a.db"
