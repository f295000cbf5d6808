"""The log as the files that other public logs serve: a checkpoint, tiles of hashes, and bundles of entries.

Whoever keeps a copy of them can prove any entry and any older checkpoint without asking us, with tools that were made
for other logs. A full tile never changes, so a copy is brought up to date by the files that are new. What stands behind
an entry is not in them; an entry says only what may be known for ever. Source: C2SP, the specification `tlog-tiles`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from storage.log_export import NothingSigned
from storage.merkle import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH
from storage.transparency import TransparencyLog, tile_reader

CHECKPOINT = "checkpoint"
LONGEST_ENTRY = 0xFFFF


class EntryTooLong(Exception):
    """An entry that no bundle can hold; the text says which."""


def tile_files(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Every file under the newest checkpoint, by its path; the checkpoint comes last, when all that it covers is there.

    Raises: NothingSigned; EntryTooLong.
    """
    log = TransparencyLog(connection)
    signed = log.checkpoint()
    if signed is None:
        raise NothingSigned("no checkpoint was signed yet; see that 'aval log run' runs")
    checkpoint, note = signed
    yield from hash_tiles(connection, checkpoint.size)
    for index, width in tiles_of(checkpoint.size):
        yield tile_path("entries", index, width), bundle(log, index * TILE_WIDTH, width)
    yield CHECKPOINT, note.encode()


def hash_tiles(connection: Connection, size: int) -> Iterator[tuple[str, bytes]]:
    """The tiles of a tree of this size, level by level; of one that grew since, as many hashes as the size has."""
    read, level = tile_reader(connection), 0
    while size:
        for index, width in tiles_of(size):
            yield tile_path(str(level), index, width), read(level, index)[: width * HASH_BYTES]
        level, size = level + 1, size >> TILE_HEIGHT


def tiles_of(count: int) -> Iterator[tuple[int, int]]:
    """The tiles that so many hashes fill, each by its number and how many it holds; the last may hold fewer."""
    for index in range(-(-count // TILE_WIDTH)):
        yield index, min(TILE_WIDTH, count - index * TILE_WIDTH)


def bundle(log: TransparencyLog, start: int, width: int) -> bytes:
    """Some entries, each behind its length as two bytes."""
    parts = []
    for one in log.entries(start, start + width):
        if len(one.body) > LONGEST_ENTRY:
            raise EntryTooLong(f"entry {one.seq} has {len(one.body)} bytes; tiles hold at most {LONGEST_ENTRY} of one")
        parts += [len(one.body).to_bytes(2, "big"), one.body]
    return b"".join(parts)


def tile_path(level: str, index: int, width: int) -> str:
    """Where a tile lies: its number in groups of three digits, each but the last marked by an x."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    part = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{part}"
