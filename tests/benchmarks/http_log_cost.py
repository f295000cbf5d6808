"""What the transparency log costs an HTTP decision, and how soon its entry has a leaf: with and without, in one run.

Two services of the same bytes, asked in turns over connections that stay open; the only difference is the statement
that writes the entry, and one side is seen to write an entry for each decision and the other none. Then a keeper
in a process of its own gives leaves while decisions arrive from eight clients: the time from the entry to its leaf by
the database's clock. `python -m tests.benchmarks.http_log_cost` prints medians, and never fails for being slow.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from storage.clock import read_instant
from storage.decisions import Decisions
from storage.engine import open_database
from storage.log_tables import log_entry, log_leaf
from storage.tables import decision
from tests import postgres
from tests.api.running import COMMAND, ROOT, Running, serving
from tests.benchmarks.http_decision import CUSTOMERS, Measured, closed, measure, prepare
from tests.benchmarks.log_cost import write_alone

SERVE = "from tests.benchmarks.http_log_cost import serve; serve()"
KEEPER_SECONDS = 2.0


def serve() -> None:
    """`aval serve` on a database and a port; without the log where the environment says so."""
    from api.commands import main as command

    database, port = sys.argv[1:3]
    if os.environ.get("AVAL_BENCH_LOG") == "without":
        Decisions._write = write_alone  # type: ignore[method-assign]
    sys.argv = ["aval", "serve", "--port", port, "--no-keeper", "--log-delay", "0", "--database", database,
                "--requests-per-minute", "0", "--failures-per-minute", "0"]  # fmt: skip
    command()


@contextmanager
def both(kind: str, folder: Path, server: postgres.Server | None) -> Iterator[dict[str, Running]]:
    """A service with the log and one without, each on a database of its own."""
    with ExitStack() as running:
        found = {}
        for name in ("with", "without"):
            place = folder / f"{kind}-{name}"
            place.mkdir()
            service = closed(prepare(server.fresh() if server else str(place / "aval.db")))
            environment = {"AVAL_BENCH_LOG": name, "AVAL_PEPPER": str(place / "pepper")}
            found[name] = running.enter_context(serving(service, place, program=SERVE, **environment))
        yield found


def cost(kind: str, asked: argparse.Namespace, sides: dict[str, Running]) -> None:
    """A round of each in turns; the first warms up."""
    before = {name: written(running) for name, running in sides.items()}
    for customers in (CUSTOMERS, 1):
        found: dict[str, list[Measured]] = {name: [] for name in sides}
        for turn in range(asked.rounds + 1):
            order = list(sides) if turn % 2 else list(sides)[::-1]
            for name in order:
                seconds = asked.seconds if turn else 1.0
                one = measure(sides[name], asked.clients, seconds, customers, f"{customers}-{turn}")
                if turn:
                    found[name].append(one)
        pairs = list(zip(found["with"], found["without"], strict=True))
        whom = "one hot customer" if customers == 1 else f"{customers:,} customers"
        rates = [f"{name} {median(one.rate for one in rounds):.0f}/s" for name, rounds in found.items()]
        rate, processor = 1 - median(a.rate / b.rate for a, b in pairs), median(a.each / b.each for a, b in pairs) - 1
        print(f"{kind:10} {whom:17} {', '.join(rates)}: the log costs {rate:.1%} of the rate, {processor:.1%} more "
              "processor time")  # fmt: skip
    for name, running in sides.items():
        entries, decisions = (now - then for now, then in zip(written(running), before[name], strict=True))
        assert decisions > 0 and entries == (decisions if name == "with" else 0), f"{name}: {entries} of {decisions}"


def written(running: Running) -> tuple[int, int]:
    """How many entries and how many decisions the database has."""
    database = open_database(running.service.held.settings.database)
    with database.looking() as connection:
        entries, decisions = (connection.execute(select(func.count()).select_from(table)).scalar_one()
                              for table in (log_entry, decision))  # fmt: skip
    database.dispose()
    return entries, decisions


def lag(kind: str, asked: argparse.Namespace, running: Running) -> None:
    """From the entry to its leaf, under load, with the keeper beside."""
    database, key = running.service.held.settings.database, running.log.with_name("log.key")
    place = ("--database", database, "--log-key", str(key))
    subprocess.run([*COMMAND, "log", "create-key", "--name", "bench.example/log", *place], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    subprocess.run([*COMMAND, "log", "run", "--once", *place], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    before = len(waits_of(database, 0))
    keeper = subprocess.Popen([*COMMAND, "log", "run", *place], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        measure(running, 1, KEEPER_SECONDS, CUSTOMERS, "starts")  # until the keeper is there
        begun = len(waits_of(database, 0))
        found = measure(running, asked.clients, asked.seconds * asked.rounds, CUSTOMERS, "lag")
    finally:
        keeper.terminate()
        keeper.wait(timeout=30)
    assert begun > before, "the keeper gave nothing a leaf"
    waits = sorted(waits_of(database, begun))
    at = {share: waits[int(len(waits) * share)] for share in (0.5, 0.99)}
    print(f"{kind:10} {found.rate:.0f} decisions/s with the keeper: {len(waits)} entries have their leaf after p50 "
          f"{at[0.5]:.3f} s, p99 {at[0.99]:.3f} s, at most {waits[-1]:.3f} s")  # fmt: skip


def waits_of(location: str, first: int) -> list[float]:
    """How long each entry waited for its leaf, from this leaf on, by the database's clock."""
    database = open_database(location)
    both_times = select(log_entry.c.at, log_leaf.c.at.label("leaf_at"))
    wanted = both_times.join(log_leaf, log_leaf.c.place == log_entry.c.place).where(log_leaf.c.seq >= first)
    with database.looking() as connection:
        rows = connection.execute(wanted).all()
    database.dispose()
    return [(read_instant(row.leaf_at) - read_instant(row.at)).total_seconds() for row in rows]


def main() -> None:
    """Both databases, or the one that is asked for."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--seconds", type=float, default=4.0)
    words.add_argument("--clients", type=int, default=8)
    words.add_argument("--only", choices=["sqlite", "postgresql"])
    asked = words.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
          f"Python {platform.python_version()}; {asked.rounds} rounds of {asked.seconds:.0f} s, "
          f"{asked.clients} clients")  # fmt: skip
    for kind in [asked.only] if asked.only else ["sqlite", "postgresql"]:
        if kind == "postgresql" and (why := postgres.missing()):
            print(f"postgresql skipped: {why}")
            continue
        server = postgres.Server() if kind == "postgresql" else None
        try:
            with tempfile.TemporaryDirectory() as folder, both(kind, Path(folder), server) as sides:
                cost(kind, asked, sides)
                lag(kind, asked, sides["with"])
        finally:
            if server is not None:
                server.stop()


if __name__ == "__main__":
    main()
