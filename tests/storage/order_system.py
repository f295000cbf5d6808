"""Order systems that ask at the same time: `python -m tests.storage.order_system MODE DATABASE NAME THREADS ORDERS`.

MODE `locked` decides through storage; `read_then_write` is the control, deliberately wrong: it looks with the driver's
own transactions, thinks, and then writes, as SQLAlchemy does on SQLite when nobody tells it otherwise. Both think for
the same time at the same place.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from storage.engine import Database, open_database
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


def make_control(path: Path, limit: int) -> None:
    """The control's own small ledger."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE account (balance INTEGER, ceiling INTEGER)")
        connection.execute("CREATE TABLE hold (amount INTEGER)")
        connection.execute("INSERT INTO account VALUES (0, ?)", (limit,))


def ask_control(path: Path, amount: int) -> None:
    """Ask the wrong way: look, think, then write."""
    connection = sqlite3.connect(path, timeout=10)
    balance, limit = connection.execute("SELECT balance, ceiling FROM account").fetchone()
    if decide(balance, amount, limit):
        connection.execute("INSERT INTO hold VALUES (?)", (amount,))
        connection.execute("UPDATE account SET balance = balance + ?", (amount,))
        connection.commit()
    connection.close()


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


def asking(mode: str, path: Path) -> Callable[[str, int], None]:
    """The way of asking that a mode names."""
    if mode == "read_then_write":
        return lambda key, amount: ask_control(path, amount)
    database = open_database(path, wait_seconds=30.0)
    return lambda key, amount: ask_locked(database, key, amount)


if __name__ == "__main__":
    mode, path, name, threads, orders = sys.argv[1:]
    ask = asking(mode, Path(path))
    print("ready", flush=True)
    sys.stdin.readline()  # all processes are let go at the same time
    ask_together(ask, name, int(threads), int(orders))
