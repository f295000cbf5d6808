"""The log as tiles: read by the specification alone, they are the tree that the checkpoint signs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from storage.checkpoints import read_checkpoint
from storage.engine import Database
from storage.log_export import NothingSigned
from storage.log_tiles import EntryTooLong, tile_files, tile_path, tiles_of
from storage.sequencer import integrate, sign_head
from tests.storage.log_verifier import tree
from tests.storage.test_sequencer import KEY, happen

HASH = 32


@pytest.mark.parametrize(("index", "width", "path"), [
    (0, 256, "tile/0/000"), (0, 1, "tile/0/000.p/1"), (999, 256, "tile/0/999"), (1000, 255, "tile/0/x001/000.p/255"),
    (1234067, 256, "tile/0/x001/x234/067"),
])  # fmt: skip
def test_a_tile_lies_where_the_specification_says(index: int, width: int, path: str) -> None:
    assert tile_path("0", index, width) == path


@pytest.mark.parametrize(("count", "tiles"), [
    (0, []), (1, [(0, 1)]), (255, [(0, 255)]), (256, [(0, 256)]), (257, [(0, 256), (1, 1)]),
])  # fmt: skip
def test_a_tile_is_full_at_256(count: int, tiles: list[tuple[int, int]]) -> None:
    assert list(tiles_of(count)) == tiles


def written(database: Database) -> dict[str, bytes]:
    """All files, under a new checkpoint."""
    while integrate(database).count:
        pass
    sign_head(database, KEY.name, KEY, None)
    with database.looking() as connection:
        return dict(tile_files(connection))


def entries_in(bundle: bytes) -> Iterator[bytes]:
    """The entries of a bundle."""
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        yield bundle[2 : 2 + length]
        bundle = bundle[2 + length :]


def hashes_in(tile: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [tile[place : place + HASH] for place in range(0, len(tile), HASH)]


def test_entries_hash_to_the_leaves_and_the_leaves_to_the_signed_root(database: Database) -> None:
    happen(database, 300)
    files = written(database)
    signed = read_checkpoint(files["checkpoint"].decode(), KEY.verifying)
    assert list(files)[-1] == "checkpoint"
    rest = signed.size - 256
    leaves = hashes_in(files["tile/0/000"]) + hashes_in(files[f"tile/0/001.p/{rest}"])
    bodies = [*entries_in(files["tile/entries/000"]), *entries_in(files[f"tile/entries/001.p/{rest}"])]
    assert [hashlib.sha256(b"\0" + one).digest() for one in bodies] == leaves
    assert tree(leaves) == signed.root
    assert hashes_in(files["tile/1/000.p/1"]) == [tree(leaves[:256])]
    assert len(files) == 6


def test_full_tiles_stay_as_they_are_while_the_log_grows(database: Database) -> None:
    happen(database, 260)
    before = written(database)
    happen(database, 3)
    after = written(database)
    assert {path for path in before if ".p/" not in path} == {"tile/0/000", "tile/entries/000", "checkpoint"}
    assert before["tile/0/000"] == after["tile/0/000"] and before["tile/entries/000"] == after["tile/entries/000"]
    assert before["checkpoint"] != after["checkpoint"]


def test_nothing_is_written_before_anything_is_signed(database: Database) -> None:
    with database.looking() as connection, pytest.raises(NothingSigned):
        list(tile_files(connection))


def test_an_entry_that_no_bundle_holds_is_named(database: Database) -> None:
    with database.write() as work:
        work.log_entries.add("long", {"kind": "x", "told": "y" * 66_000}, work.now())
    with pytest.raises(EntryTooLong, match="bytes; tiles hold at most 65535"):
        written(database)
