"""The sequencer: gives every committed entry its leaf, and signs what the tree has become.

It consumes a queue, never a watermark: numbers are handed out before transactions commit, so whoever goes on from the
last number that was seen leaves out what committed later under a smaller one. Everything of one step happens in one
transaction that holds the head, so that a crash leaves nothing half, and two sequencers take turns. Before it signs, it
proves to itself that the new tree only adds to the last one it signed, also where somebody put an older database back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.checkpoints import Checkpoint, SigningKey, sign
from storage.clock import database_now, read_instant
from storage.database import Database
from storage.events import LOG_BEGUN
from storage.log_tables import log_checkpoint, log_entry, log_head, log_leaf, log_queue, log_tile
from storage.merkle import Tree, grow, is_consistent, leaf_hash
from storage.new_rows import insert_new
from storage.tables import event
from storage.transparency import last_signed, tile_reader

BATCH = 1_000


class RefusedToSign(Exception):
    """The tree is smaller than, or does not add to, one that was signed before; the text says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Integrated:
    """What one step did: how many entries got their leaf, the tree's size, and the longest that one of them waited."""

    count: int
    size: int
    longest_wait_seconds: float


def integrate(database: Database, batch: int = BATCH) -> Integrated:
    """Give the oldest waiting entries their leaves, at most `batch` of them, in one transaction.

    Raises: storage's failures; Busy where another sequencer holds the head.
    """
    with database.alone() as connection:
        size = take_head(connection)
        taken = take_waiting(connection, batch)
        if not taken:
            return Integrated(0, size, 0.0)
        now = connection.execute(select(database_now())).scalar_one()
        leaves = [leaf_hash(row.body) for row in taken]
        connection.execute(
            insert(log_leaf),
            [
                {"seq": size + place, "place": row.place, "leaf": leaf, "at": now}
                for place, (row, leaf) in enumerate(zip(taken, leaves, strict=True))
            ],
        )
        keep_tiles(connection, size, leaves)
        connection.execute(update(log_head).values(size=size + len(leaves)))
        oldest = min(row.at for row in taken)
        waited = (read_instant(now) - read_instant(oldest)).total_seconds()
        return Integrated(len(leaves), size + len(leaves), max(0.0, waited))


def sign_head(database: Database, origin: str, key: SigningKey, known: Checkpoint | None) -> tuple[Checkpoint, str]:
    """Sign the tree as it is, once it is shown to add to the last signed one, here and in `known` outside.

    Gives the checkpoint and its note; where nothing was added, the one that was signed before. `known` is what the
    signer itself remembers in a place that no restored database takes back.
    Raises: RefusedToSign.
    """
    with database.alone() as connection:
        tree = Tree(take_head(connection), tile_reader(connection))
        refuse_ended(connection, origin)
        last = last_signed(connection, origin)
        checkpoint = Checkpoint(origin, tree.size, tree.root())
        for before in (known, last and last[0]):
            refuse_to_lose(tree, checkpoint, before)
        if last is not None and last[0] == checkpoint:
            return last
        note = sign(checkpoint, key)
        values = {
            "origin": origin,
            "size": checkpoint.size,
            "root": checkpoint.root,
            "note": note,
            "at": database_now(),
        }
        if last is None or last[0].size < checkpoint.size:
            connection.execute(insert(log_checkpoint).values(**values))
        return checkpoint, note


def refuse_ended(connection: Connection, origin: str) -> None:
    """Refuse to go on under a name in whose place another one was begun."""
    begun = select(event.c.details).where(event.c.kind == LOG_BEGUN).order_by(event.c.seq.desc()).limit(1)
    found = connection.execute(begun).scalar()
    name = origin if found is None else json.loads(found)["origin"]
    if name != origin:
        raise RefusedToSign(f"the log goes on as '{name}', which was begun in the place of '{origin}'; use its key")


def refuse_to_lose(tree: Tree, new: Checkpoint, before: Checkpoint | None) -> None:
    """Refuse a tree that lacks or changes what was signed before."""
    if before is None:
        return
    if before.origin != new.origin:
        raise RefusedToSign(f"the last checkpoint was of the log '{before.origin}', this one is of '{new.origin}'")
    if before.size > new.size:
        raise RefusedToSign(
            f"the log has {new.size} entries, but {before.size} were signed: the database is older than its last "
            "checkpoint; where it was restored from a backup, begin a new log with 'aval log begin'"
        )
    if not is_consistent((before.size, before.root), (new.size, new.root), tree.consistency(before.size)):
        raise RefusedToSign(f"the first {before.size} entries are not those that were signed: somebody changed "
                            "the log, or a backup was put back and it went on; then see 'aval log begin'")  # fmt: skip


def take_head(connection: Connection) -> int:
    """The tree's size, held until the transaction ends; a sequencer that comes second is told Busy at once."""
    insert_new(connection, log_head, {"one": 1, "size": 0})
    held = select(log_head.c.size).with_for_update(nowait=True)  # SQLite has one writer anyway, and leaves it out
    return int(connection.execute(held).scalar_one())


def take_waiting(connection: Connection, batch: int) -> Sequence[Any]:
    """The entries that waited longest, taken out of the queue, in the order in which they were written."""
    oldest = select(log_queue.c.place).order_by(log_queue.c.place).limit(batch)
    gone = delete(log_queue).where(log_queue.c.place.in_(oldest)).returning(log_queue.c.place)
    places = sorted(connection.execute(gone).scalars())
    rows: list[Any] = []
    wanted = select(log_entry.c.place, log_entry.c.body, log_entry.c.at)
    for start in range(0, len(places), 500):
        some = places[start : start + 500]
        rows += connection.execute(wanted.where(log_entry.c.place.in_(some)).order_by(log_entry.c.place)).all()
    return rows


def keep_tiles(connection: Connection, size: int, leaves: Sequence[bytes]) -> None:
    """Write the tiles that new leaves change."""
    kind = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    changed = grow(size, leaves, tile_reader(connection))
    rows = [{"level": level, "place": place, "hashes": held} for (level, place), held in changed.items()]
    writing = kind(log_tile)
    connection.execute(
        writing.on_conflict_do_update(index_elements=["level", "place"], set_={"hashes": writing.excluded.hashes}), rows
    )
