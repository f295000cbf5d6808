"""`make reliability`: the promises of the ledger under contention and faults, with seeds, and the checker's counts.

T1 and T3 run here, with their controls, on both databases. The others are tests of their own, run by pytest; whoever
adds one names it in TESTS, and the page docs/reliability.md says what it shows.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres
from tests.reliability.contention import SHAPES, run, wrongs

ROOT = Path(__file__).parents[2]
TESTS = {
    "T2": ("tests/storage/test_groups.py",),
    "T4": ("tests/api/operations/test_reservation_machine.py",),
    "T5": ("tests/api/test_serve_under_load.py",),
    "T7": ("tests/storage/test_sqlite_database.py",),
    "T8": ("tests/storage/test_postgres.py", "tests/api/test_idempotency.py"),
    "T9": ("tests/storage/test_clock.py", "tests/storage/test_grants.py", "tests/api/test_expiring.py"),
    "T16": ("tests/reliability/test_ladder.py",),
}


@contextmanager
def places(kind: str) -> Iterator[Iterator[str]]:
    """New locations of one kind of database, gone afterwards."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="aval-reliability-") as folder:
            yield (str(Path(folder) / f"{number}.db") for number in range(1_000))
        return
    server = postgres.Server()
    try:
        yield (server.fresh() for _ in range(1_000))
    finally:
        server.stop()


def contend(kind: str, seed: int, orders: int) -> bool:
    """T1 and T3 with their controls on one kind of database; whether all went as it must."""
    good = True
    with places(kind) as fresh:
        for shape, firm in SHAPES.items():
            found = run("locked", next(fresh), firm, orders, seed)
            good &= not wrongs(found)
            counts = " ".join(f"{name}={count}" for name, count in sorted(found.items()))
            print(f"T1 T3  {kind}, {shape}, seed {seed}: {counts}", flush=True)
        for mode, told in (("outside", "wrong_before"), ("read_then_write", "over_limit_plus_grants")):
            found = run(mode, next(fresh), SHAPES["one hot customer"], orders, seed)
            good &= found[told] > 0
            state = "red, as it must be" if found[told] else "GREEN: this arrangement sees nothing"
            print(f"control {kind}, {mode}: {told}={found[told]}, {state}", flush=True)
    return good


def main() -> int:
    """Everything that is asked for; 1 where anything is not as it must be."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--orders", type=int, default=40, help="orders of each of the 16 threads")
    asked.add_argument("--database", choices=("both", "sqlite", "postgresql"), default="both")
    asked.add_argument("--only-contention", action="store_true", help="leave out the tests that pytest runs")
    given = asked.parse_args()
    kinds = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    if "postgresql" in kinds and (why := postgres.missing()):
        print(f"PostgreSQL is left out: {why}")
        kinds.remove("postgresql")
    good = True
    for kind in kinds:
        good &= contend(kind, given.seed, given.orders)
    for name, files in {} if given.only_contention else TESTS.items():
        print(f"{name}: {' '.join(files)}", flush=True)
        good &= subprocess.run([sys.executable, "-m", "pytest", "-q", *files], cwd=ROOT).returncode == 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
