"""A copy taken while orders are decided is a consistent ledger: whole decisions, versions without a gap, sums that fit.

The copies are taken and brought back as docs/operations.md tells it. The control copies the bare file of SQLite alone,
as someone would who has not read it, and misses what is still in the write-ahead log.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from storage.engine import open_database
from storage.schema import upgrade
from tests.api.nothing_lost import Counts, count_losses
from tests.api.running import OrderSystems, serving
from tests.api.service import Service, start_service
from tests.api.test_kills import PLAIN
from tests.postgres import Server, binaries

pytestmark = pytest.mark.slow


def consistent(location: str, told: OrderSystems, at_least: int) -> Counts:
    """The ledger in a copy; what was answered after the copy was taken is not in it, all else must be right."""
    database = open_database(location)
    upgrade(database)  # as an operator does; a copy of today needs none
    counts = count_losses(database, [one for one in told.told if one.decided])
    database.dispose()
    print(f"\nthe copy: {counts}")
    assert counts.decisions >= at_least
    assert counts.broken.keys() <= {"lost"}, counts
    assert counts.lost == counts.answered - counts.decisions > 0, counts
    return counts


def a_service(location: str) -> Service:
    """A service with a customer, in a database that others open too."""
    service = start_service(location)
    service.put_customer(granted_limit="100000000.00")
    service.held.database.dispose()
    return service


def test_a_copy_of_the_file_under_load_is_consistent(tmp_path: Path) -> None:
    service = a_service(str(tmp_path / "aval.db"))
    copied, bare = tmp_path / "copied.db", tmp_path / "bare.db"
    with serving(service, tmp_path, program=PLAIN) as running, OrderSystems(running) as asking:
        asking.wait_for(40)
        known = len(asking.decided())
        shutil.copy(tmp_path / "aval.db", bare)
        asking.wait_for(5)  # so that there is something for the bare file to miss, wherever its log stood
        with sqlite3.connect(tmp_path / "aval.db") as source, sqlite3.connect(copied) as copy:
            source.backup(copy)  # what `sqlite3 FILE ".backup COPY"` does
        asking.wait_for(10)
    counts = consistent(str(copied), asking, known - asking.threads)
    with sqlite3.connect(bare) as control:
        try:
            [(found,)] = control.execute("SELECT count(*) FROM decision").fetchall()
        except sqlite3.DatabaseError:
            found = 0
    assert found < counts.decisions


@pytest.mark.postgres
def test_a_dump_of_the_server_under_load_is_consistent(server: Server, tmp_path: Path) -> None:
    location, restored = server.fresh(), server.fresh()
    service = a_service(location)
    folder = binaries()
    assert folder is not None
    with serving(service, tmp_path, program=PLAIN) as running, OrderSystems(running) as asking:
        asking.wait_for(40)
        known = len(asking.decided())
        dump = [str(folder / "pg_dump"), "-Fc", "-d", location, "-f", str(tmp_path / "saved.dump")]
        subprocess.run(dump, check=True, timeout=60)
        asking.wait_for(10)
    back = [str(folder / "pg_restore"), "--no-owner", "-d", restored, str(tmp_path / "saved.dump")]
    subprocess.run(back, check=True, timeout=60)
    consistent(restored, asking, known - asking.threads)
    service.held.database.dispose()
    for one in (location, restored):
        server.drop(one)
