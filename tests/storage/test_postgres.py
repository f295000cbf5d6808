"""The production database: its settings, what a frozen or killed session leaves, and who waits for whom."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage import postgres
from storage.customers import GrantedLimit
from storage.database import begun
from storage.engine import open_database
from storage.failures import Busy, InDoubt, Refused, Unavailable
from storage.postgres import DURABLE, LOCK_SECONDS, PostgresDatabase, session_settings, settle_session
from storage.prepared import Command
from tests.postgres import Server
from tests.storage.records import a_customer, a_decision, a_policy, approve, let_decide, start

SHIPPED_IDLE = postgres.IDLE_MILLISECONDS  # before the tests' server gives itself patience
pytestmark = pytest.mark.postgres
COMMITTING = "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND query ILIKE 'COMMIT%' AND state = 'active'"


def location_of(database: PostgresDatabase) -> str:
    """Where a database of the tests is; it needs no password."""
    return database.name


def base_name(database: PostgresDatabase) -> str:
    """The database's own name on the server."""
    return database.name.rpartition("/")[2]


@pytest.mark.usefixtures("shipped_bounds")
def test_every_session_has_its_settings(server: Server) -> None:
    server_database = open_database(server.migrated())
    with server_database.alone() as connection:
        rows = connection.exec_driver_sql("SELECT name, setting FROM pg_settings").all()
        isolation = connection.exec_driver_sql("SHOW transaction_isolation").scalar()
    found = {row.name: row.setting for row in rows}
    wanted = {
        "lock_timeout": "2000", "statement_timeout": "5000", "idle_in_transaction_session_timeout": "1000",
        "synchronous_commit": "on", "fsync": "on", "TimeZone": "UTC",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert isolation == "read committed"


def test_a_server_that_may_lose_a_commit_is_refused(server_database: PostgresDatabase) -> None:
    class Careless:
        """A connection whose server does what it was asked, but for one setting."""

        autocommit = False

        def __init__(self, **wrong: str) -> None:
            self.told = session_settings(2.0) | DURABLE | {"server_version_num": "150000"} | wrong

        def execute(self, *statement: object) -> Careless:
            return self

        def fetchall(self) -> list[tuple[str, str]]:
            return list(self.told.items())

    settle_session(Careless(), session_settings(2.0))
    for name, value in (("fsync", "off"), ("synchronous_commit", "off"), ("lock_timeout", "0"), ("TimeZone", "PRC"),
                        ("full_page_writes", "off"), ("server_encoding", "LATIN1")):  # fmt: skip
        with pytest.raises(Unavailable, match=name):
            settle_session(Careless(**{name: value}), session_settings(2.0))
    with pytest.raises(Unavailable, match="too old"):
        settle_session(Careless(server_version_num="130011"), session_settings(2.0))


def test_a_server_whose_sync_is_off_is_refused_by_name(server: Server, server_database: PostgresDatabase) -> None:
    server.set("full_page_writes", "off")
    try:
        server_database.dispose()
        with pytest.raises(Unavailable, match="full_page_writes"), server_database.read():
            pass
    finally:
        server.set("full_page_writes", None)


def test_a_server_that_is_not_there_is_unavailable_and_the_password_stays_unsaid() -> None:
    away = open_database("postgresql://me:secret@127.0.0.1:1/aval")
    with pytest.raises(Unavailable) as told, away.read():
        pass
    assert "secret" not in f"{told.value} {told.value.__cause__} {away.name}"
    away.dispose()


def test_a_reader_cannot_write(server_database: PostgresDatabase) -> None:
    with pytest.raises(Unavailable), server_database.read() as work:
        work.customers.put(a_customer("C-2"))
    with server_database.read() as work:
        assert work.customers.get("C-2") is None


def test_a_failed_statement_is_never_committed_over(server_database: PostgresDatabase) -> None:
    def fail_and_go_on() -> None:
        with server_database.write() as work:
            approve(work, "k", 10)
            with pytest.raises(IntegrityError):
                work._connection.exec_driver_sql("INSERT INTO customer (customer_id) VALUES ('C-3')")

    with pytest.raises(Unavailable, match="failed before the commit"):
        fail_and_go_on()
    with server_database.read() as work:
        assert work.decisions.find("shop", "k") is None


def test_a_frozen_holder_of_a_lock_stops_a_customer_no_longer_than_the_bound(server_database: PostgresDatabase) -> None:
    process = start("hold_lock", location_of(server_database), "recorded")
    process.send_signal(signal.SIGSTOP)
    assert SHIPPED_IDLE / 1000 < LOCK_SECONDS
    waiting = open_database(location_of(server_database), wait_seconds=LOCK_SECONDS)
    with waiting.write() as work:  # told busy where the bound is not held
        assert work.decisions.claim("shop", "killed", b"body").state == "new"
        approve(work, "killed", 10)
    waiting.dispose()
    process.kill()
    process.wait()


@pytest.mark.parametrize(("bound", "statement"), [("IDLE_MILLISECONDS", "SELECT 1"),
                                                  ("STATEMENT_SECONDS", "SELECT pg_sleep(0.5)")])  # fmt: skip
def test_what_bounds_a_decision_does_not_end_a_migration(
    bound: str, statement: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, bound, {"IDLE_MILLISECONDS": 100, "STATEMENT_SECONDS": 0.0}[bound])
    location = server.fresh()
    database = open_database(location, wait_seconds=0.2)

    def pause_and_go_on(begun: AbstractContextManager[Connection]) -> None:
        with begun as connection:
            time.sleep(0.5)
            connection.exec_driver_sql(statement)

    pause_and_go_on(database.migrating())
    with pytest.raises(Unavailable):
        pause_and_go_on(database.alone())
    database.dispose()
    server.drop(location)


def test_a_wait_for_an_account_ends_as_busy(server_database: PostgresDatabase) -> None:
    hasty = open_database(location_of(server_database), wait_seconds=0.1)
    with server_database.write() as work:
        approve(work, "k", 10)
        with pytest.raises(Busy), hasty.write() as other:
            approve(other, "k-2", 10)
    hasty.dispose()


@contextmanager
def committing(database: PostgresDatabase, key: str) -> Iterator[list[BaseException]]:
    """A decision in another thread, which is going to take its time to commit; what it raised is told at the end."""
    told: list[BaseException] = []

    def decide() -> None:
        try:
            with database.write() as work:
                approve(work, key, 10)
        except BaseException as fault:
            told.append(fault)

    thread = threading.Thread(target=decide)
    thread.start()
    yield told
    thread.join(60)


def kill_commit(server: Server, database: PostgresDatabase) -> None:
    """End the session that is committing, once there is one."""
    ends = time.monotonic() + 60
    while not (found := server.tell(COMMITTING.format(base_name(database)))):
        assert time.monotonic() < ends
        time.sleep(0.01)
    server.tell(f"SELECT pg_terminate_backend({found[0][0]})")


def test_a_session_killed_while_it_commits_is_in_doubt_and_the_key_tells(
    server: Server, server_database: PostgresDatabase
) -> None:
    server.tell(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(40); RETURN NULL; END'",
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON decision DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION wait()",
        database=base_name(server_database),
    )
    with committing(server_database, "k") as told:
        kill_commit(server, server_database)
    assert [type(one) for one in told] == [InDoubt]
    with server_database.write() as work:
        assert work.decisions.claim("shop", "k", b"body").state == "new"


def test_a_session_killed_behind_its_commit_is_in_doubt_and_the_key_replays(
    server: Server, server_database: PostgresDatabase
) -> None:
    server_database.dispose()
    server.set("synchronous_standby_names", "'nobody'")
    try:
        with committing(server_database, "k") as told:
            kill_commit(server, server_database)
    finally:
        server.set("synchronous_standby_names", None)
    assert [type(one) for one in told] == [InDoubt]
    with server_database.write() as work:
        assert work.decisions.claim("shop", "k", b"body").state == "replay"


def test_a_decision_that_waited_sees_the_limit_of_after_the_wait(
    server: Server, server_database: PostgresDatabase
) -> None:
    seen: list[GrantedLimit] = []

    def decide() -> None:
        with server_database.write() as work:
            locked = work.accounts.lock("C-1")
            assert locked is not None
            seen.append(locked.customer.limit)
            work.decisions.record(locked, a_decision(locked, "k"))

    with ThreadPoolExecutor(1) as pool:
        with server_database.write() as work:
            work.customers.put(a_customer(limit=5))
            waiting = pool.submit(decide)
            server.wait_until_one_waits(server_database.name)
        waiting.result(60)
    assert seen == [GrantedLimit("amount", 5)]


def test_no_decision_dated_after_a_policy_names_the_one_before(
    server: Server, server_database: PostgresDatabase
) -> None:
    named: list[str | None] = []

    def decide() -> None:
        with server_database.write() as work:
            locked = work.accounts.lock("C-1")
            assert locked is not None
            named.append(locked.policy_digest)
            work.decisions.record(locked, a_decision(locked, "k"))

    with ThreadPoolExecutor(1) as pool:
        with server_database.write() as work:
            work.policies.add(a_policy(digest="sha256:b", source=b"b"))
            let_decide(work, "sha256:b")
            waiting = pool.submit(decide)
            server.wait_until_one_waits(server_database.name)
        waiting.result(60)
    assert named == ["sha256:b"]


def test_one_key_decided_twice_at_one_moment_is_decided_once(server_database: PostgresDatabase) -> None:
    together = threading.Barrier(2)

    def decide(number: int) -> str:
        try:
            with server_database.write() as work:
                assert work.decisions.claim("shop", "k", b"body").state == "new"
                together.wait(60)
                approve(work, "k", 10, decision_id=f"D-{number}")
        except Busy:
            return "busy"
        return "decided"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, (1, 2))) == ["busy", "decided"]
    with server_database.write() as work:
        assert work.decisions.claim("shop", "k", b"body").state == "replay"
        state = work.accounts.look("C-1")
    assert state is not None
    assert (state.version, state.balance) == (1, 10)


def test_a_superuser_is_warned_of(server: Server, server_database: PostgresDatabase) -> None:
    assert server_database.warnings() == ()
    mighty = open_database(location_of(server_database).replace("aval@", "postgres@"))
    assert "superuser" in mighty.warnings()[0]
    mighty.dispose()


def test_a_nul_is_refused_wherever_it_stands(server_database: PostgresDatabase) -> None:
    with pytest.raises(Refused, match="NUL"), server_database.write() as work:
        work.customers.put(a_customer(name="a\0b"))
    with pytest.raises(Refused, match="NUL"), server_database.read() as work:
        work.customers.get("C\0")


def end_sessions(server: Server, database: PostgresDatabase) -> int:
    """End every session of a database from the server's side, and say how many there were."""
    ended = server.tell(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        f" WHERE datname = '{base_name(database)}' AND pid <> pg_backend_pid()"
    )
    return len(ended)


def test_connections_that_died_idle_are_replaced_before_anybody_notices(
    server: Server, server_database: PostgresDatabase
) -> None:
    together = threading.Barrier(4)

    def look(number: int) -> bool:
        with server_database.read() as work:
            together.wait(60)
            return work.customers.get("C-1") is not None

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(look, range(4)))
        assert end_sessions(server, server_database) == 4
        assert all(pool.map(look, range(4)))
    end_sessions(server, server_database)
    with server_database.write() as work:
        approve(work, "k", 10)


def test_control_a_connection_that_died_idle_is_noticed_by_who_begins_only_once(
    server: Server, server_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "begun", lambda engine, statement: begun(engine))
    with server_database.read() as work:
        assert work.customers.get("C-1") is not None
    end_sessions(server, server_database)
    with pytest.raises(Unavailable), server_database.read() as work:
        work.customers.get("C-1")


def test_a_connection_that_dies_after_the_begin_is_not_replaced(
    server: Server, server_database: PostgresDatabase
) -> None:
    def decide() -> None:
        with server_database.write() as work:
            assert work.decisions.claim("shop", "k", b"body").state == "new"
            end_sessions(server, server_database)
            approve(work, "k", 10)

    with pytest.raises(Unavailable):
        decide()
    with server_database.read() as work:
        assert work.decisions.find("shop", "k") is None


def test_a_server_that_stays_away_is_told_at_the_first_fresh_connection(
    server_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(connection: object, statement: Command) -> None:
        tried.append(statement.statement)
        raise DBAPIError("BEGIN", None, OSError("gone"), connection_invalidated=True)

    with server_database.read() as work:  # leaves one connection idle
        assert work.customers.get("C-1") is not None
    tried: list[str] = []
    monkeypatch.setattr(postgres, "begin", lost)
    with pytest.raises(Unavailable, match="connection was lost"), server_database.write():
        pass
    assert tried == ["BEGIN", "BEGIN"]
