"""Two sequencers that are killed again and again: no entry missing, none twice, all checkpoints consistent (T10)."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.checkpoints import read_checkpoint, write_signing_key
from storage.engine import Database, open_database
from storage.log_tables import log_checkpoint, log_entry, log_leaf
from storage.merkle import is_consistent
from storage.sequencer import integrate, sign_head
from tests.storage.records import start
from tests.storage.test_sequencer import KEY, happen, recomputed_root

KILLS = 40 if os.environ.get("AVAL_SOAK") == "1" else 3
SEED = int(os.environ.get("AVAL_TEST_SEED", "7"))


def checkpoints(database: Database) -> list[str]:
    """All that were signed, the smallest first."""
    with database.looking() as connection:
        return list(connection.execute(select(log_checkpoint.c.note).order_by(log_checkpoint.c.size)).scalars())


def assert_consistent(database: Database) -> int:
    """Every checkpoint is consistent with the next one; how many pairs there were."""
    signed = [read_checkpoint(note, KEY.verifying) for note in checkpoints(database)]
    with database.read() as work:
        for first, second in zip(signed, signed[1:], strict=False):
            proof = work.log.consistency(first.size, second.size)
            assert is_consistent((first.size, first.root), (second.size, second.root), proof)
    return len(signed) - 1


@pytest.mark.slow
def test_sequencers_that_are_killed_lose_and_double_nothing(prepared: str, tmp_path: Path) -> None:
    chance, stopped = random.Random(SEED), threading.Event()
    database = open_database(prepared, wait_seconds=20.0)
    (tmp_path / "key").write_text(write_signing_key(KEY))
    write = threading.Thread(target=lambda: [happen(database, 1) for _ in iter(stopped.is_set, True)])
    running = [start("sequence", prepared, str(tmp_path / "key")) for _ in range(2)]
    write.start()
    try:
        for _ in range(KILLS):
            grown = database_size(database) + chance.randint(10, 60)
            while database_size(database) < grown:
                stopped.wait(0.01)
            victim = running.pop(chance.randrange(2))
            victim.kill()
            victim.wait()
            running.append(start("sequence", prepared, str(tmp_path / "key")))
    finally:
        stopped.set()
        write.join()
        for one in running:
            one.kill()
            one.wait()
    while integrate(database).count:
        pass
    sign_head(database, KEY.name, KEY, None)
    with database.looking() as connection:
        entries = connection.execute(select(log_entry.c.place)).scalars().all()
        leaves = connection.execute(select(log_leaf.c.seq, log_leaf.c.place).order_by(log_leaf.c.seq)).all()
    assert [leaf.seq for leaf in leaves] == list(range(len(entries)))
    assert sorted(leaf.place for leaf in leaves) == sorted(entries)
    with database.read() as work:
        assert work.log.tree(work.log.size()).root() == recomputed_root(database)
    pairs = assert_consistent(database)
    assert pairs > KILLS
    print(f"seed {SEED}: {KILLS} kills, {len(entries)} entries, 0 missing, 0 twice, {pairs} pairs of checkpoints")
    database.dispose()


def database_size(database: Database) -> int:
    """How many entries have their leaf."""
    with database.read() as work:
        return work.log.size()
