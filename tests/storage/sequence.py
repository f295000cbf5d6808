"""A sequencer in a process of its own, for tests that kill it: integrates and signs until it is ended.

Run with the location of the database, the file of a signing key, and how it takes what waits: by the queue, as it
should, or in one of two ways that lose, which are the controls. A *watermark* goes on from the largest number that it
saw, and so leaves out what commits later under a smaller one. *Halves* takes from the queue in one transaction and
writes the leaves in the next, and so loses what it had taken when it is killed in between.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from storage.checkpoints import read_signing_key
from storage.clock import database_now
from storage.engine import Database, open_database
from storage.failures import StorageFailure
from storage.log_tables import log_entry, log_head, log_leaf
from storage.merkle import leaf_hash
from storage.sequencer import integrate, keep_tiles, sign_head, take_head, take_waiting

BATCH = 50  # more than is written meanwhile: what waits long is nothing that a watermark could miss
HALVED_SECONDS = 0.02


def by_queue(database: Database) -> int:
    """One step as the product takes it; how many entries got a leaf."""
    return integrate(database, BATCH).count


def by_watermark(database: Database) -> int:
    """One step from the largest number that has a leaf."""
    with database.alone() as connection:
        size = take_head(connection)
        last = connection.execute(select(func.coalesce(func.max(log_leaf.c.place), 0))).scalar_one()
        wanted = select(log_entry.c.place, log_entry.c.body).where(log_entry.c.place > last)
        rows = connection.execute(wanted.order_by(log_entry.c.place).limit(BATCH)).all()
        return write_leaves(connection, size, rows)


def by_halves(database: Database) -> int:
    """One step in two transactions."""
    with database.alone() as connection:
        take_head(connection)
        rows = take_waiting(connection, BATCH)
    time.sleep(HALVED_SECONDS if rows else 0)
    with database.alone() as connection:
        return write_leaves(connection, take_head(connection), rows)


def write_leaves(connection: Connection, size: int, rows: Sequence[Any]) -> int:
    """Write the leaves of some entries behind a tree of this size."""
    leaves = [leaf_hash(row.body) for row in rows]
    for place, (row, leaf) in enumerate(zip(rows, leaves, strict=True)):
        values = {"seq": size + place, "place": row.place, "leaf": leaf, "at": database_now()}
        connection.execute(insert(log_leaf).values(**values))
    if leaves:
        keep_tiles(connection, size, leaves)
        connection.execute(update(log_head).values(size=size + len(leaves)))
    return len(leaves)


STEPS: Mapping[str, Callable[[Database], int]] = {
    "queue": by_queue, "watermark": by_watermark, "halves": by_halves,
}  # fmt: skip


def main(location: str, key_file: str, how: str) -> None:
    """Go on for ever."""
    database, key = open_database(location), read_signing_key(Path(key_file).read_text("ascii"))
    print("ready", flush=True)
    while True:
        with suppress(StorageFailure):  # the other one holds the head
            STEPS[how](database)
            sign_head(database, key.name, key, None)
        time.sleep(0.002)


if __name__ == "__main__":
    main(*sys.argv[1:])
