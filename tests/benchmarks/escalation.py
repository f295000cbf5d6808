"""A nightly run over a large book: open invoices a second and peak memory, on SQLite and on PostgreSQL.

Three nights of one book: `idle`, on which nothing is due; `usual`, on which one invoice in fifty has a step due; and
`heavy`, on which every invoice has. Each row is a process of its own, so that its peak of memory is its own; the second
in which it reads the policy is left out. The ratio says how much more an invoice costs in the largest book than in the
smallest. Beside them stands the same idle night taken customer by customer, each locked and in a transaction of its
own, on the smallest book.

    python -m tests.benchmarks.escalation --invoices 10000 100000 1000000 --nights idle usual
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, text

from api.build import load_version
from api.operations.escalate import begin_run, escalate_customers, run_escalation
from api.operations.plan_escalation import Day
from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.clock import database_now
from storage.engine import Database, open_database
from storage.escalation import Run
from storage.escalation_tables import escalation_run
from storage.policies import NewPolicy
from storage.postgres import PostgresDatabase
from storage.tables import account, customer
from storage.unit_of_work import Work
from tests import postgres
from tests.migrated import bring_up
from tests.storage.records import let_decide

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "policy" / "library" / "escalation.yaml"
EACH = 5  # open invoices of a customer, and as many that are paid
PER_WRITE = 2_000  # customers
COLUMNS = ("customer_id", "invoice_id", "amount", "currency", "invoiced_on", "due_on", "settled_on",
           "open_amount")  # fmt: skip
TODAY = date(2026, 6, 1)
NIGHTS = {"idle": 0, "usual": 50, "heavy": 1}  # one invoice in so many has its reminder due
ONE_BY_ONE = "idle, one by one"


@dataclass(frozen=True, slots=True)
class Measured:
    """One night: open invoices and customers, seconds by the clock and of the processor, steps, and peak megabytes."""

    invoices: int
    customers: int
    seconds: float
    worked: float
    steps: int
    peak: float

    @property
    def rate(self) -> float:
        """Open invoices a second."""
        return self.invoices / self.seconds

    @property
    def worked_rate(self) -> float:
        """Open invoices in a second of the processor, which other work on the machine moves less."""
        return self.invoices / self.worked


def make_book(database: Database, invoices: int, one_in: int) -> None:
    """A book under the shipped ladders: paid late once, so under the strict one; open invoices are not due yet."""
    bring_up(database)
    source = POLICY.read_bytes()
    program = load_policy(source, POLICY.name, trade_vocabulary()).program
    assert program is not None
    with database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, source, "benchmark"))
        let_decide(work, program.source_digest)
    names = [f"C-{number:07}" for number in range(invoices // EACH)]
    for start in range(0, len(names), PER_WRITE):
        several = names[start : start + PER_WRITE]
        owed = [row for place, name in enumerate(several, start) for row in invoices_of(name, place, one_in)]
        with database.alone() as connection:
            connection.execute(insert(customer).values(updated_at=database_now()), [
                {"customer_id": name, "name": name, "currency": "CNY", "limit_state": "none", "facts": "{}"}
                for name in several])  # fmt: skip
            connection.execute(insert(account), [
                {"customer_id": name, "currency": "CNY", "balance": 0, "open_receivables": 0, "ver": 0, "facts_ver": 0}
                for name in several])  # fmt: skip
            copy_in(connection, owed)


def copy_in(connection: Connection, rows: list[tuple[object, ...]]) -> None:
    """Invoices by the driver's own way for many rows; no balance follows them, and no run of escalation reads one."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.executemany(f"INSERT INTO invoice ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY invoice ({', '.join(COLUMNS)}) FROM STDIN") as copying:
        for row in rows:
            copying.write_row(row)


def invoices_of(name: str, place: int, one_in: int) -> Iterator[tuple[object, ...]]:
    """The invoices of one customer: paid ones of last year, open ones, due in some weeks or 3 days ago."""
    for number in range(EACH):
        paid = date(2025, 3, 1) + timedelta(30 * number)
        yield a_row(name, f"P-{number}", paid, paid + timedelta(10))
        is_due = one_in and (place * EACH + number) % one_in == 0
        due = TODAY - timedelta(3) if is_due else TODAY + timedelta(1 + (place + number) % 28)
        yield a_row(name, f"I-{number}", due, None)


def a_row(name: str, number: str, due: date, settled: date | None) -> tuple[object, ...]:
    """An invoice of 1,000.00 as the columns of its row."""
    return (name, number, 1_000_00, "CNY", (due - timedelta(30)).isoformat(), due.isoformat(),
            None if settled is None else settled.isoformat(), 1_000_00 if settled is None else 0)  # fmt: skip


def measure(location: str, night: str, invoices: int) -> Measured:
    """One night's run in this process."""
    database = open_database(location, wait_seconds=30.0)
    with database.read() as work:
        version = work.policies.effective()
    assert version is not None and load_version(version).program is not None  # a second, once in each process
    began, busy = time.perf_counter(), time.process_time()
    if night == ONE_BY_ONE:
        customers, steps = one_by_one(database)
    else:
        customers = steps = 0
        for one in run_escalation(database, begin_run(database, TODAY, "benchmark")):
            customers, steps = customers + 1, steps + len(one.plan.steps)
    seconds, worked = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    return Measured(invoices, customers, seconds, worked, steps, peak)


def one_by_one(database: Database) -> tuple[int, int]:
    """Every customer locked and planned for alone, in a transaction that writes."""
    day, steps = Day(database, TODAY), 0
    names: list[str] = []
    while page := day.page(names[-1] if names else "", 5_000):
        names += [one.customer_id for one in page]
    run = begin_run(database, TODAY, "benchmark")
    for name in names:
        run, taken = day.writing(partial(take_one, day, run, name))
        steps += taken
    return len(names), steps


def take_one(day: Day, run: Run, name: str, work: Work) -> tuple[Run, int]:
    """One customer, in the transaction of its own progress."""
    [done] = escalate_customers(work, day, [name])
    return work.escalation.advance(run, 60.0, name, customers=1), len(done.plan.steps)


def measured_apart(location: str, night: str, invoices: int) -> Measured:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.escalation", "--measure", location, night, str(invoices)]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Measured(**json.loads(told))


@contextmanager
def places(kind: str) -> Iterator[Iterator[str]]:
    """New locations on one kind of database, each gone when the next one is asked for."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory(prefix="aval-nights-") as folder:
            yield files(Path(folder))
        return
    server = postgres.Server()
    try:
        yield databases(server)
    finally:
        server.stop()


def files(folder: Path) -> Iterator[str]:
    """One file after another."""
    while True:
        yield str(folder / "aval.db")
        for one in folder.iterdir():
            one.unlink()


def databases(server: postgres.Server) -> Iterator[str]:
    """One database of a server after another."""
    while True:
        location = server.migrated()
        yield location
        server.drop(location)


def tell(kind: str, sizes: list[int], nights: list[str]) -> None:
    """The rows of one kind of database; whoever makes a book is given more time for it than a night has."""
    for module, name, seconds in postgres.PATIENT:
        setattr(module, name, seconds)
    with places(kind) as fresh:
        for night in nights:
            found = []
            for size in sizes:
                location = next(fresh)
                database = open_database(location, wait_seconds=30.0)
                make_book(database, size, NIGHTS[night])
                settle(database)
                if night == "idle" and size == min(sizes):
                    show(kind, ONE_BY_ONE, measured_apart(location, ONE_BY_ONE, size))
                    forget_run(database)
                database.dispose()
                found.append(measured_apart(location, night, size))
                show(kind, night, found[-1])
            dearer, more = found[0].rate / found[-1].rate, found[0].worked_rate / found[-1].worked_rate
            print(f"{kind:<11} {night:<17} an invoice among {sizes[-1]:,} costs {dearer:.2f} of one among "
                  f"{sizes[0]:,}, {more:.2f} by processor time", flush=True)  # fmt: skip


def settle(database: Database) -> None:
    """What a server does by itself within minutes: look at how the rows are spread."""
    if isinstance(database, PostgresDatabase):
        with database.alone() as connection:
            connection.execute(text("ANALYZE"))
    database.checkpoint()


def forget_run(database: Database) -> None:
    """Let the same night be run again."""
    with database.alone() as connection:
        connection.execute(escalation_run.delete())


def show(kind: str, night: str, one: Measured) -> None:
    """One row."""
    print(f"{kind:<11} {night:<17} {one.invoices:>9,} invoices of {one.customers:>7,} customers: {one.seconds:8.2f} s, "
          f"{one.rate:>7,.0f} invoices/s, {one.worked_rate:>7,.0f} by processor time, {one.steps:,} steps, "
          f"peak {one.peak:.0f} MB", flush=True)  # fmt: skip


def main() -> None:
    """Print every row that is asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--invoices", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    asked.add_argument("--nights", nargs="+", choices=tuple(NIGHTS), default=["idle", "usual"])
    asked.add_argument("--database", nargs="+", choices=("SQLite", "PostgreSQL"), default=["SQLite", "PostgreSQL"])
    asked.add_argument("--measure", nargs=3, metavar=("LOCATION", "NIGHT", "INVOICES"), help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.measure:
        location, night, invoices = given.measure
        one = measure(location, night, int(invoices))
        print(json.dumps({name: getattr(one, name) for name in Measured.__slots__}))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
          f"SQLite {sqlite3.sqlite_version}; one process")  # fmt: skip
    for kind in given.database:
        why = postgres.missing() if kind == "PostgreSQL" else ""
        if why:
            print(f"PostgreSQL is left out: {why}")
        else:
            tell(kind, given.invoices, given.nights)


if __name__ == "__main__":
    main()
