"""Two sequencers that are killed again and again: no entry missing, none twice, all checkpoints consistent (T10)."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.checkpoints import read_checkpoint, write_signing_key
from storage.engine import Database, open_database
from storage.events import Event
from storage.failures import Busy
from storage.log_tables import log_checkpoint, log_entry, log_leaf
from storage.merkle import is_consistent
from storage.sequencer import sign_head
from tests.storage.records import start
from tests.storage.sequence import STEPS
from tests.storage.test_sequencer import KEY, recomputed_root

KILLS = 40 if os.environ.get("AVAL_SOAK") == "1" else 3
KILLS_OF_CONTROL = max(KILLS, 8)  # one that hits between two transactions is enough
WRITERS, DAWDLE_SECONDS = 3, 0.03
PATIENCE_SECONDS = 20.0
GROWTH_SECONDS = 120.0  # in which some writer must get on, however slow the machine
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


@dataclass(frozen=True, slots=True)
class Log:
    """What is left behind killed sequencers: the numbers of all entries, and the leaves, as place and number."""

    entries: Sequence[int]
    leaves: Sequence[tuple[int, int]]

    @property
    def missing(self) -> int:
        """How many entries have no leaf."""
        return len(set(self.entries) - {place for _, place in self.leaves})


def under_kills(prepared: str, key: Path, how: str, kills: int) -> Database:
    """A log that two sequencers grew that were killed so often at random, while three writers wrote without a pause."""
    chance, stopped = random.Random(SEED), threading.Event()
    database = open_database(prepared, wait_seconds=20.0)
    key.write_text(write_signing_key(KEY))
    writers = [threading.Thread(target=write_on, args=(database, SEED + n, stopped)) for n in range(WRITERS)]
    running = [start("sequence", prepared, str(key), how) for _ in range(2)]
    for one in writers:
        one.start()
    try:
        for _ in range(kills):
            grown = database_size(database) + chance.randint(10, 60)
            until = time.monotonic() + GROWTH_SECONDS
            while database_size(database) < grown:
                assert time.monotonic() < until, "nothing is written any more"
                stopped.wait(0.01)
            victim = running.pop(chance.randrange(2))
            victim.kill()
            victim.wait()
            running.append(start("sequence", prepared, str(key), how))
    finally:
        stopped.set()
        for one in writers:
            one.join()
        for process in running:
            process.kill()
            process.wait()
    patiently(lambda: deque(iter(lambda: STEPS[how](database), 0), maxlen=0))
    patiently(lambda: sign_head(database, KEY.name, KEY, None))
    return database


def patiently(step: Callable[[], object]) -> None:
    """Take a step, again while what a killed sequencer had begun still holds the head: its server ends it soon."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            step()
            return
        except Busy:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def write_on(database: Database, seed: int, stopped: threading.Event) -> None:
    """Events one after the other, in transactions that dawdle, so that they commit in another order than they began.

    What a killed sequencer held may be held for longer than a writer waits: then it tries again.
    """
    chance = random.Random(seed)
    while not stopped.is_set():
        with suppress(Busy), database.write() as work:
            work.events.record(Event("signed_in", "person:p", "person:ann"))
            time.sleep(chance.random() * DAWDLE_SECONDS)


def read_log(database: Database) -> Log:
    """All entries and leaves."""
    with database.looking() as connection:
        entries = connection.execute(select(log_entry.c.place)).scalars().all()
        leaves = connection.execute(select(log_leaf.c.seq, log_leaf.c.place).order_by(log_leaf.c.seq)).all()
    return Log(entries, [(leaf.seq, leaf.place) for leaf in leaves])


@pytest.mark.slow
def test_sequencers_that_are_killed_lose_and_double_nothing(prepared: str, tmp_path: Path) -> None:
    database = under_kills(prepared, tmp_path / "key", "queue", KILLS)
    found = read_log(database)
    assert found.missing == 0
    assert [seq for seq, _ in found.leaves] == list(range(len(found.entries)))
    assert sorted(place for _, place in found.leaves) == sorted(found.entries)
    with database.read() as work:
        assert work.log.tree(work.log.size()).root() == recomputed_root(database)
    pairs = assert_consistent(database)
    assert pairs > KILLS
    print(f"seed {SEED}: {KILLS} kills, {len(found.entries)} entries, 0 missing, 0 twice, {pairs} pairs of checkpoints")
    database.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["watermark", "halves"])
def test_control_other_sequencers_lose_entries_under_the_same_kills(
    kind: str, how: str, prepared: str, tmp_path: Path
) -> None:
    if (kind, how) == ("sqlite", "watermark"):
        pytest.skip("a file has one writer at a time, so its numbers are in the order of commits")
    database = under_kills(prepared, tmp_path / "key", how, KILLS_OF_CONTROL)
    found = read_log(database)
    print(f"seed {SEED}: by {how} {found.missing} of {len(found.entries)} entries are missing")
    assert found.missing > 0
    assert assert_consistent(database) > KILLS  # the tree is whole, and nobody would notice by the tree alone
    database.dispose()


def database_size(database: Database) -> int:
    """How many entries have their leaf."""
    with database.read() as work:
        return work.log.size()
