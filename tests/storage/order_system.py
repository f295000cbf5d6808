"""Order systems that ask at the same time: `python -m tests.storage.order_system MODE DATABASE NAME THREADS ORDERS`.

MODE `locked` decides through storage; `read_then_write` is the control, deliberately wrong: it looks with the driver's
own transactions, thinks, and then writes, as SQLAlchemy does when nobody tells it otherwise. Both think for the same
time at the same place.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from sqlalchemy import URL, Engine, create_engine, text

from storage.engine import Database, open_database, server_url
from tests.storage.records import a_decision

THINKING_SECONDS = 0.005
AMOUNTS = (7, 11, 13)


def decide(balance: int, amount: int, limit: int) -> bool:
    """The trivial policy: approve what fits under the limit."""
    time.sleep(THINKING_SECONDS)
    return balance + amount <= limit


def ask_locked(database: Database, key: str, amount: int) -> None:
    """Ask through the ledger: lock first, then look."""
    with database.write() as work:
        assert work.decisions.claim("shop", key, b"body").state == "new"
        locked = work.accounts.lock("C-1")
        assert locked is not None
        limit = locked.customer.limit.minor
        assert limit is not None
        fits = decide(locked.balance, amount, limit)
        work.decisions.record(locked, a_decision(locked, key, amount if fits else 0, outcome={"asked": amount}))


def control_engine(location: str) -> Engine:
    """An engine with nothing set, for the control alone."""
    url = server_url(location)
    named = URL.create("sqlite", database=location) if url is None else url.set(drivername="postgresql+psycopg")
    return create_engine(named, connect_args={"timeout": 10} if url is None else {})


def make_control(location: str, limit: int) -> None:
    """The control's own small ledger."""
    engine = control_engine(location)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE account (balance BIGINT, ceiling BIGINT)"))
        connection.execute(text("CREATE TABLE hold (amount BIGINT)"))
        connection.execute(text("INSERT INTO account VALUES (0, :ceiling)"), {"ceiling": limit})
    engine.dispose()


def ask_control(engine: Engine, amount: int) -> None:
    """Ask the wrong way: look, think, then write."""
    with engine.begin() as connection:
        balance, limit = connection.execute(text("SELECT balance, ceiling FROM account")).one()
        if decide(balance, amount, limit):
            connection.execute(text("INSERT INTO hold VALUES (:amount)"), {"amount": amount})
            connection.execute(text("UPDATE account SET balance = balance + :amount"), {"amount": amount})


def held_by_control(location: str) -> int:
    """What the control has committed."""
    engine = control_engine(location)
    with engine.begin() as connection:
        total = int(connection.execute(text("SELECT sum(amount) FROM hold")).scalar_one())
    engine.dispose()
    return total


def ask_together(ask: Callable[[str, int], None], name: str, threads: int, orders: int) -> None:
    """Let threads that start together ask for their orders, and raise what any of them raised."""
    start = threading.Barrier(threads)
    failures: list[BaseException] = []

    def run(thread: int) -> None:
        try:
            start.wait()
            for order in range(orders):
                ask(f"{name}-{thread}-{order}", AMOUNTS[(thread + order) % 3])
        except BaseException as failure:
            failures.append(failure)

    running = [threading.Thread(target=run, args=(thread,)) for thread in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    if failures:
        raise failures[0]


def asking(mode: str, location: str) -> Callable[[str, int], None]:
    """The way of asking that a mode names."""
    if mode == "read_then_write":
        engine = control_engine(location)
        return lambda key, amount: ask_control(engine, amount)
    database = open_database(location, wait_seconds=30.0)
    return lambda key, amount: ask_locked(database, key, amount)


if __name__ == "__main__":
    mode, location, name, threads, orders = sys.argv[1:]
    ask = asking(mode, location)
    print("ready", flush=True)
    sys.stdin.readline()  # all processes are let go at the same time
    ask_together(ask, name, int(threads), int(orders))
