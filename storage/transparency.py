"""The transparency log as it is read: checkpoints, receipts and proofs that whoever holds them checks alone.

A receipt shows that an entry lies under a signed checkpoint; a consistency proof that a later checkpoint only adds to
an earlier one. What nobody catches: a change that was made before anybody outside held a checkpoint or a receipt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from storage.checkpoints import Checkpoint
from storage.clock import database_now, read_instant
from storage.log_tables import log_checkpoint, log_entry, log_head, log_leaf, log_queue, log_tile
from storage.merkle import ReadTile, Tree

MOST_ENTRIES = 1_000  # of one page


@dataclass(frozen=True, slots=True)
class Sequenced:
    """An entry with its leaf: the bytes that the leaf covers, and the salt of what they hide (empty: none is left)."""

    seq: int
    entry_id: str
    kind: str
    body: bytes
    salt: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it was written, whether it has its leaf or not."""

    body: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an entry lies at `seq` under a checkpoint: its bytes, the hashes up to the root, and the signed note."""

    entry_id: str
    seq: int
    body: bytes
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: str


class TransparencyLog:
    """The log as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        """Read over the transaction's connection."""
        self._connection = connection

    def size(self) -> int:
        """How many entries have their leaf."""
        return self._connection.execute(select(log_head.c.size)).scalar() or 0

    def checkpoint(self, size: int | None = None) -> tuple[Checkpoint, str] | None:
        """The newest signed checkpoint, or that of a size, with its note; None where none was signed."""
        return last_signed(self._connection, size=size)

    def origins(self) -> frozenset[str]:
        """Every name under which the log was signed."""
        return frozenset(self._connection.execute(select(log_checkpoint.c.origin).distinct()).scalars())

    def shared(self, origin: str) -> int:
        """How many entries the newest checkpoint of a name covers that is one of this tree; 0 where none is."""
        wanted = select(log_checkpoint).where(log_checkpoint.c.origin == origin, log_checkpoint.c.size <= self.size())
        for row in self._connection.execute(wanted.order_by(log_checkpoint.c.size.desc())):
            if self.tree(row.size).root() == bytes(row.root):
                return int(row.size)
        return 0

    def entry(self, entry_id: str) -> Entry | None:
        """An entry by its id, or None."""
        wanted = select(log_entry.c.body, log_entry.c.salt).where(log_entry.c.entry_id == entry_id)
        row = self._connection.execute(wanted).first()
        return None if row is None else Entry(bytes(row.body), bytes(row.salt))

    def entries_of(self, entry_ids: Sequence[str]) -> dict[str, Entry]:
        """The entries with these ids, by id; what the log does not have is left out."""
        columns = (log_entry.c.entry_id, log_entry.c.body, log_entry.c.salt)
        rows = self._connection.execute(select(*columns).where(log_entry.c.entry_id.in_(entry_ids)))
        return {row.entry_id: Entry(bytes(row.body), bytes(row.salt)) for row in rows}

    def receipt(self, entry_id: str) -> Receipt | None:
        """The receipt of an entry under the newest checkpoint; None while it waits for its leaf or its signature.

        Raises: KeyError where the log has no such entry.
        """
        entry = self._connection.execute(select(log_entry).where(log_entry.c.entry_id == entry_id)).first()
        if entry is None:
            raise KeyError(entry_id)
        seq = self._connection.execute(select(log_leaf.c.seq).where(log_leaf.c.place == entry.place)).scalar()
        signed = self.checkpoint()
        if seq is None or signed is None or seq >= signed[0].size:
            return None
        checkpoint, note = signed
        proof = self.tree(checkpoint.size).inclusion(seq)
        return Receipt(entry_id, seq, bytes(entry.body), proof, checkpoint, note)

    def consistency(self, earlier: int, later: int) -> tuple[bytes, ...]:
        """The proof that the tree of one size only adds to that of a smaller one.

        Raises: IndexError for sizes that the log never had, or in the wrong order.
        """
        if later > self.size():
            raise IndexError(f"the log has {self.size()} entries, not {later}")
        return self.tree(later).consistency(earlier)

    def tree(self, size: int) -> Tree:
        """The tree at a size that the log has reached."""
        return Tree(size, tile_reader(self._connection))

    def entries(self, start: int, end: int) -> Iterator[Sequenced]:
        """The entries with leaves from `start` up to, not including, `end`, read page by page."""
        wanted = select(log_leaf.c.seq, log_entry).join(log_entry, log_entry.c.place == log_leaf.c.place)
        while start < end:
            page = wanted.where(log_leaf.c.seq >= start, log_leaf.c.seq < min(end, start + MOST_ENTRIES))
            rows = self._connection.execute(page.order_by(log_leaf.c.seq)).all()
            for row in rows:
                yield Sequenced(row.seq, row.entry_id, row.kind, bytes(row.body), bytes(row.salt), read_instant(row.at))
            start += MOST_ENTRIES

    def behind(self) -> float:
        """For how many seconds the oldest entry has waited for its leaf or for a signature; 0 where none waits."""
        now = database_now().label("now")
        queued, now_text = self._connection.execute(select(func.min(log_queue.c.at), now)).one()
        signed = self.checkpoint()
        unsigned = select(log_leaf.c.at).where(log_leaf.c.seq == (signed[0].size if signed else 0))
        waiting = [at for at in (queued, self._connection.execute(unsigned).scalar()) if at is not None]
        return (read_instant(now_text) - read_instant(min(waiting))).total_seconds() if waiting else 0.0

    def is_behind(self) -> bool:
        """Whether any entry waits for its leaf; asked several times a second, so nothing is counted."""
        return self._connection.execute(select(log_queue.c.place).limit(1)).first() is not None

    def waiting(self) -> int:
        """How many entries wait for their leaf."""
        return int(self._connection.execute(select(func.count()).select_from(log_queue)).scalar_one())


def tile_reader(connection: Connection) -> ReadTile:
    """Reads tiles in the connection's transaction."""

    def read(level: int, place: int) -> bytes:
        wanted = select(log_tile.c.hashes).where(log_tile.c.level == level, log_tile.c.place == place)
        return bytes(connection.execute(wanted).scalar_one())

    return read


def last_signed(
    connection: Connection, origin: str | None = None, *, size: int | None = None
) -> tuple[Checkpoint, str] | None:
    """The newest checkpoint that was signed, with its note: of a log's name, and of a size, where they are given."""
    wanted = select(log_checkpoint).order_by(log_checkpoint.c.at.desc(), log_checkpoint.c.size.desc()).limit(1)
    if origin is not None:
        wanted = wanted.where(log_checkpoint.c.origin == origin)
    if size is not None:
        wanted = wanted.where(log_checkpoint.c.size == size)
    row = connection.execute(wanted).first()
    return None if row is None else (Checkpoint(row.origin, row.size, bytes(row.root)), row.note)
