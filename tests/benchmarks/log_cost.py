"""What the transparency log costs a decision's transaction: the same decisions with and without their entry, in turns.

Storage alone, on SQLite and on PostgreSQL: lock, decision, movement, reservation, commit. The statement of the entry is
the only difference. `python -m tests.benchmarks.log_cost [ROUNDS]` prints the machine, medians and the ratio.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import func, select

from storage.database import Database
from storage.decisions import RECORD, Decisions
from storage.exposure_ledger import AccountState
from storage.log_tables import log_entry
from storage.sequencer import integrate
from tests import postgres
from tests.storage.records import a_database, approve

EACH_ROUND = 300


def decide(database: Database, name: str) -> float:
    """Decisions a second over one round."""
    began = time.perf_counter()
    for number in range(EACH_ROUND):
        with database.write() as work:
            work.decisions.claim("shop", f"{name}-{number}", b"body")
            approve(work, f"{name}-{number}", 1, request=b"{}" * 200, facts={"n": number}, response=b"x" * 3_000)
    return EACH_ROUND / (time.perf_counter() - began)


@contextmanager
def without_log() -> Iterator[None]:
    """No entry is written with a decision."""
    with mock.patch.object(Decisions, "_write", write_alone):
        yield


def write_alone(self: Decisions, row: Mapping[str, Any], locked: AccountState) -> None:
    """The decision's row, and no entry: what both kinds of database would do without a log."""
    RECORD.run(self._connection, row)


def entries_of(database: Database) -> int:
    """How many entries there are."""
    with database.looking() as connection:
        return int(connection.execute(select(func.count()).select_from(log_entry)).scalar_one())


def compared(database: Database, rounds: int) -> tuple[float, float]:
    """Medians with and without, a round of each in turn; the queue is emptied between them."""
    kept: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds):
        kept[True].append(decide(database, f"with-{number}"))
        while integrate(database).count:
            pass
        before = entries_of(database)
        with without_log():
            kept[False].append(decide(database, f"without-{number}"))
        assert entries_of(database) == before, "the other side wrote entries as well"
    return statistics.median(kept[True]), statistics.median(kept[False])


def main(rounds: int) -> None:
    """Print both databases."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {rounds} rounds of "
          f"{EACH_ROUND} decisions, one thread, a body of 3,000 bytes")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        tell("SQLite", a_database(Path(folder) / "aval.db", limit=None), rounds)
    if why := postgres.missing():
        print(f"PostgreSQL skipped: {why}")
        return
    server = postgres.Server()
    try:
        tell("PostgreSQL", a_database(server.fresh(), limit=None), rounds)
    finally:
        server.stop()


def tell(name: str, database: Database, rounds: int) -> None:
    """One line of the table."""
    decide(database, "warm")
    with_log, without = compared(database, rounds)
    print(f"{name:<12} with the log {with_log:6.0f}/s, without {without:6.0f}/s: {with_log / without:.0%}")
    database.dispose()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
