"""Every committed entry gets one leaf, whatever the order of commits; nothing is signed that takes back what was."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select, text

from storage.checkpoints import Checkpoint, SigningKey, read_checkpoint
from storage.engine import Database
from storage.events import Event
from storage.failures import Busy, Refused
from storage.log_tables import log_entry, log_leaf
from storage.merkle import Tree as RebuiltTree
from storage.merkle import grow, leaf_hash
from storage.postgres import PostgresDatabase
from storage.sequencer import Integrated, RefusedToSign, integrate, sign_head
from storage.sqlite_database import SqliteDatabase
from tests.storage.records import approve

KEY = SigningKey("aval.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ORIGIN = "aval.example/log"


def decide(database: Database, *keys: str) -> None:
    for key in keys:
        with database.write() as work:
            approve(work, key, 1)


def happen(database: Database, count: int) -> None:
    for number in range(count):
        with database.write() as work:
            work.events.record(Event("signed_in", f"person:p{number}", "person:ann"))


def entry_ids(database: Database) -> list[str]:
    with database.read() as work:
        return [entry.entry_id for entry in work.log.entries(0, work.log.size())]


def recomputed_root(database: Database) -> bytes:
    """The root over the entries' bytes, from nothing else."""
    tiles: dict[tuple[int, int], bytes] = {}
    with database.read() as work:
        leaves = [leaf_hash(entry.body) for entry in work.log.entries(0, work.log.size())]
    tiles.update(grow(0, leaves, lambda level, place: tiles[level, place]))
    return RebuiltTree(len(leaves), lambda level, place: tiles[level, place]).root()


def test_each_decision_and_event_gets_one_leaf_in_order(database: Database) -> None:
    before = integrate(database).size
    decide(database, "a", "b")
    happen(database, 1)
    decide(database, "c")
    assert integrate(database) == Integrated(4, before + 4, pytest.approx(0, abs=60))
    assert entry_ids(database)[before:][0:2] == ["D-a", "D-b"]
    assert entry_ids(database)[-1] == "D-c"
    assert integrate(database).count == 0
    with database.read() as work:
        assert work.log.tree(work.log.size()).root() == recomputed_root(database)
        assert work.log.waiting() == 0


def test_what_is_taken_back_leaves_no_entry(database: Database) -> None:
    with suppress(Refused), database.write() as work:
        approve(work, "k", 1)
        work.erasures.erase("D-404", "person:dpo", "asked")
    integrate(database)
    assert "D-k" not in entry_ids(database)


def test_batches_end_in_the_same_tree(database: Database) -> None:
    happen(database, 23)
    while integrate(database, batch=5).count:
        pass
    with database.read() as work:
        assert work.log.size() == len(entry_ids(database)) >= 23
        assert work.log.tree(work.log.size()).root() == recomputed_root(database)


def test_an_entry_that_commits_after_a_later_one_is_not_left_out(server_database: PostgresDatabase) -> None:
    """Control: a sequencer that goes on behind the largest number it saw leaves the late entry out."""
    seen = 0

    def beyond() -> list[str]:
        nonlocal seen
        with server_database.looking() as connection:
            wanted = select(log_entry.c.place, log_entry.c.entry_id).where(log_entry.c.place > seen)
            rows = connection.execute(wanted.order_by(log_entry.c.place)).all()
        seen = max([seen, *(row.place for row in rows)])
        return [row.entry_id for row in rows]

    beyond()
    with server_database.write() as late:
        late.events.record(Event("signed_in", "person:late", "person:late"))
        happen(server_database, 1)
        integrate(server_database)
        watermarked = beyond()
    integrate(server_database)
    watermarked += beyond()
    with server_database.read() as work:
        entries = list(work.log.entries(0, work.log.size()))
    late_id = next(entry.entry_id for entry in entries if b"person:late" in entry.body)
    assert entries[-1].entry_id == late_id
    assert late_id not in watermarked  # the control


def test_sequencers_and_writers_at_once_lose_and_double_nothing(database: Database) -> None:
    ended = threading.Event()
    failures: list[Exception] = []

    def sequence() -> None:
        while not ended.is_set():
            try:
                integrate(database, batch=7)
            except Busy:
                continue
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=sequence) for _ in range(2)]
    for thread in threads:
        thread.start()
    writers = [threading.Thread(target=happen, args=(database, 30)) for _ in range(3)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    for thread in threads:
        thread.join()
    while integrate(database).count:
        pass
    assert failures == []
    with database.looking() as connection:
        entries = connection.execute(select(log_entry.c.place)).scalars().all()
        leaves = connection.execute(select(log_leaf.c.seq, log_leaf.c.place).order_by(log_leaf.c.seq)).all()
    assert [leaf.seq for leaf in leaves] == list(range(len(entries)))
    assert sorted(leaf.place for leaf in leaves) == sorted(entries)
    with database.read() as work:
        assert work.log.tree(work.log.size()).root() == recomputed_root(database)


def test_the_head_is_held_by_one_sequencer_at_a_time(server_database: PostgresDatabase) -> None:
    happen(server_database, 1)
    integrate(server_database)
    with server_database.alone() as connection:
        connection.execute(text("SELECT size FROM log_head FOR UPDATE"))
        with pytest.raises(Busy):
            integrate(server_database)


def test_a_signed_tree_is_signed_once_and_read_with_the_public_key_alone(database: Database) -> None:
    decide(database, "a")
    size = integrate(database).size
    checkpoint, note = sign_head(database, ORIGIN, KEY, None)
    assert read_checkpoint(note, KEY.verifying) == checkpoint == Checkpoint(ORIGIN, size, recomputed_root(database))
    assert sign_head(database, ORIGIN, KEY, checkpoint) == (checkpoint, note)
    happen(database, 3)
    integrate(database)
    later, _ = sign_head(database, ORIGIN, KEY, checkpoint)
    assert later.size == size + 3
    with database.read() as work:
        assert work.log.checkpoint() == sign_head(database, ORIGIN, KEY, later)
        assert work.log.checkpoint(size) == (checkpoint, note)


def test_an_older_database_is_not_signed(file_database: SqliteDatabase, tmp_path: Path) -> None:
    happen(file_database, 2)
    integrate(file_database)
    file_database.checkpoint()
    backup = shutil.copy(file_database.path, tmp_path / "backup.db")
    happen(file_database, 2)
    integrate(file_database)
    last, _ = sign_head(file_database, ORIGIN, KEY, None)
    restored = SqliteDatabase(Path(backup))
    with pytest.raises(RefusedToSign, match="the database is older than its last checkpoint"):
        sign_head(restored, ORIGIN, KEY, last)
    happen(restored, 5)  # also when it has grown past the old size with other entries
    integrate(restored)
    with pytest.raises(RefusedToSign, match="are not those that were signed"):
        sign_head(restored, ORIGIN, KEY, last)
    # control: without what the signer remembers outside, nobody would notice
    assert sign_head(restored, ORIGIN, KEY, None)[0].size > last.size
    restored.dispose()


def test_a_changed_tree_is_not_signed(database: Database) -> None:
    happen(database, 3)
    integrate(database)
    last, _ = sign_head(database, ORIGIN, KEY, None)
    with database.alone() as connection:
        connection.execute(text("UPDATE log_tile SET hashes = :other"), {"other": b"\x01" * 32 * last.size})
    happen(database, 1)
    integrate(database)
    with pytest.raises(RefusedToSign, match="are not those that were signed"):
        sign_head(database, ORIGIN, KEY, None)


def test_a_log_of_another_name_is_not_signed_in_passing(database: Database) -> None:
    integrate(database)
    last, _ = sign_head(database, ORIGIN, KEY, None)
    with pytest.raises(RefusedToSign, match=r"was of the log 'aval.example/log', this one is of 'aval.example/log-2'"):
        sign_head(database, "aval.example/log-2", KEY, last)


def test_a_body_that_is_no_json_does_not_stop_the_log(database: Database) -> None:
    with database.alone() as connection:
        values = {"entry_id": "odd", "kind": "odd", "body": b"\xff\x00", "salt": b"", "at": "2026-01-01T00:00:00.000Z"}
        connection.execute(insert(log_entry).values(**values))
    integrate(database)
    assert "odd" in entry_ids(database)
