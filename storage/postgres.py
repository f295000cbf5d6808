"""The production database: PostgreSQL, spoken to by psycopg over TCP or a local socket.

No lock of ours: a decision locks its customer's account by an UPDATE, in READ COMMITTED. What a session may wait for is
bounded, so that a frozen holder of a lock stops one customer for a second and not for ever. Every connection is given
its settings and then asked for them, as a pooler between us and the server may drop them without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from storage.database import Database, committed, told
from storage.failures import StorageFailure, Unavailable
from storage.prepared import Command
from storage.turns import take_turn

LOCK_SECONDS = 2.0
STATEMENT_SECONDS = 3.0  # more than the wait for a lock, so that a wait is told as one
IDLE_MILLISECONDS = 1_000
CONNECTIONS = 16  # of each process: the threads of one worker
OLDEST_VERSION = 140_000
USED = "aval_used"  # the mark of a connection that was begun on before
CLOSED = "SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only'"
# A statement that changes a large table may work for an hour, and its operator sees it work; a process that froze
# between two statements would keep every decision out, so it loses its session in the end. The wait for tables in use
# stays as short as a decision's: while it lasts, all decisions wait behind it.
MIGRATION_IDLE_MILLISECONDS = 600_000
WRITING = Command("BEGIN")  # each statement sees what was committed before it began: sessions are set to READ COMMITTED
READING = Command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
# every decision looks for its key first, so whoever has that table meets no decision that holds another one
LOCK_OUT = """
DO $$ BEGIN
  IF to_regclass('decision') IS NOT NULL THEN LOCK TABLE decision IN ACCESS EXCLUSIVE MODE; END IF;
END $$
""".strip()
# a commit that was told must survive a crash of the server: these belong to its operator, and are only asked for
DURABLE = {"fsync": "on", "full_page_writes": "on", "server_encoding": "UTF8"}
CONNECT = {
    "connect_timeout": 5, "application_name": "aval",
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000,
}  # fmt: skip


class PostgresDatabase(Database):
    """A database of a PostgreSQL server, shared by any number of processes and machines."""

    def __init__(self, url: URL, wait_seconds: float = LOCK_SECONDS) -> None:
        """Name the database; nothing is opened before the first use."""
        self._engine = connecting_engine(url, wait_seconds)
        super().__init__(without_password(url), (self._engine,))

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A bare write transaction in READ COMMITTED: each statement sees what was committed before it began."""
        with self._writing(WRITING) as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A write transaction that has its turn among migrations; it may work for hours and wait for seconds."""
        with self._writing(Command(migration_beginning())) as connection:
            take_turn(connection)
            connection.exec_driver_sql(LOCK_OUT)
            yield connection

    @contextmanager
    def _writing(self, beginning: Command) -> Iterator[Connection]:
        self._refuse_torn()
        with told("writing"), committed(begun(self._engine, beginning)) as connection:
            yield connection
            refuse_broken(connection)

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A bare read transaction over one snapshot, which the server keeps from writing."""
        self._refuse_torn()
        with told("reading"), committed(begun(self._engine, READING)) as connection:
            yield connection

    def exists(self) -> bool:
        """Always: a server's database is made by its operator."""
        return True

    def checkpoint(self) -> None:
        """Nothing: the server moves its own log."""
        self._refuse_torn()

    def unwritable(self) -> str:
        """A standby takes no writes, nor does a server that its operator closed for them; a full disk shows late."""
        try:
            with self.looking() as connection:
                standby = connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar()
                closed = connection.exec_driver_sql(CLOSED).scalar() == "on"
        except StorageFailure:
            return "the server gives no connection; see that it runs"
        if standby:
            return "the server is a standby, which takes no writes; name the primary"
        return "the server is closed for writes; see its 'default_transaction_read_only'" if closed else ""

    def warnings(self) -> tuple[str, ...]:
        """Whether the role that we connect as could undo what the tables promise."""
        with self.looking() as connection:
            mighty = connection.exec_driver_sql("SELECT current_setting('is_superuser')").scalar() == "on"
        return ("the database is used as a superuser, whom no trigger stops; give aval a role of its own",) * mighty


def connecting_engine(url: URL, wait_seconds: float) -> Engine:
    """The engine of one process. Raises: ValueError where the driver is not installed."""
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"), connect_args=dict(CONNECT),
            pool_size=CONNECTIONS, max_overflow=0, pool_timeout=wait_seconds, hide_parameters=True,
        )  # fmt: skip
    except ModuleNotFoundError:
        raise ValueError("the driver of PostgreSQL is not installed; install aval with its extra 'postgres'") from None
    wanted = session_settings(wait_seconds)

    @event.listens_for(engine, "connect")
    def settle(connection: Any, record: object) -> None:
        try:
            settle_session(connection, wanted)
        except BaseException:
            connection.close()
            raise

    return engine


@contextmanager
def begun(engine: Engine, statement: Command) -> Iterator[Connection]:
    """A connection in a transaction that the server has begun, over a fresh connection where the first one was dead."""
    connection = engine.connect()
    try:
        while True:
            used, known = USED in connection.info, connection.info
            try:
                begin(connection, statement)
                break
            except DBAPIError as fault:
                if not fault.connection_invalidated or not used:
                    raise
                connection.invalidate()  # never to be used again, so that this comes to an end
                connection.close()
                connection = engine.connect()  # each of those that were idle may have died, a fresh one has not
        known[USED] = True
        yield connection
    finally:
        connection.close()


def begin(connection: Connection, statement: Command) -> None:
    """Begin a transaction at once, instead of together with its first statement."""
    connection.begin()
    statement.run(connection)


def migration_beginning() -> str:
    """How a migration begins: what bounds a decision's statements and pauses never holds for one moment of it."""
    bounds = {"statement_timeout": 0, "idle_in_transaction_session_timeout": MIGRATION_IDLE_MILLISECONDS}
    return "; ".join([WRITING.statement, *(f"SET LOCAL {name} = {value}" for name, value in bounds.items())])


def session_settings(wait_seconds: float) -> dict[str, str]:
    """What every session is set to, as the server itself counts: times in milliseconds."""
    wait = round(wait_seconds * 1000)
    return {
        "lock_timeout": str(wait), "statement_timeout": str(wait + round(STATEMENT_SECONDS * 1000)),
        "idle_in_transaction_session_timeout": str(IDLE_MILLISECONDS), "synchronous_commit": "on",
        "TimeZone": "UTC", "client_encoding": "UTF8", "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "off",
    }  # fmt: skip


def settle_session(connection: Any, wanted: dict[str, str]) -> None:
    """Give a new connection its settings, and refuse one that does not have them, or whose server may lose a commit."""
    connection.autocommit = True  # for good: the BEGIN is ours
    for name, value in wanted.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    rows = connection.execute(
        "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
        ([*wanted, *DURABLE, "server_version_num"],),
    ).fetchall()
    found = dict(rows)
    for name, value in {**wanted, **DURABLE}.items():
        if found.get(name) != value:
            raise Unavailable(f"the database server has '{name}' at '{found.get(name)}'; it must be '{value}'")
    if int(found["server_version_num"]) < OLDEST_VERSION:
        raise Unavailable(f"the database server is too old; version {OLDEST_VERSION // 10_000} or later is needed")


def refuse_broken(connection: Connection) -> None:
    """Refuse to commit after a statement failed: the server would roll back, and call that a success."""
    driver: Any = connection.connection.driver_connection
    if driver.info.transaction_status.name == "INERROR":
        raise Unavailable("a statement failed before the commit; nothing was written, try again")


def without_password(url: URL) -> str:
    """A URL as people may read it, also without its options, which may hold a password too."""
    return URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database).render_as_string()
