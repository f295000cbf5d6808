"""The tree over the log: what a checkpoint's root covers, and the proofs that a stranger can check against it.

Arithmetic alone: no database, no clock, no keys. A leaf is the hash of an entry's bytes as they are stored; a root
covers all entries up to a size; an inclusion proof shows that one entry lies under a root, and a consistency proof that
a later root only adds to an earlier one. Source: RFC 9162 section 2.1. Hashes are kept in tiles of 256 (level 0 are the
leaves, level 1 the roots of 256 leaves, and so on), so that a proof reads a few rows and growth rewrites one a level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

HASH_BYTES = 32
TILE_HEIGHT = 8  # a tile holds 2 ** 8 hashes
TILE_WIDTH = 1 << TILE_HEIGHT
EMPTY_ROOT = sha256(b"").digest()

ReadTile = Callable[[int, int], bytes]
"""The hashes of the tile at a level and index, one after another; as many as the tree has by now."""


def leaf_hash(entry: bytes) -> bytes:
    """The leaf of an entry: a hash that no node can have, as nodes begin with another byte."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two neighbours."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The log's tree at one size, read from its tiles."""

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        """A tree of `size` leaves; tiles are read when they are needed, each once."""
        self.size = size
        self._read_tile = read_tile
        self._tiles: dict[tuple[int, int], bytes] = {}

    def root(self) -> bytes:
        """What a checkpoint of this size signs."""
        return self._range(0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """The hashes that lead from the leaf at `index` (from 0) to the root, nearest first.

        Raises: IndexError where the tree has no such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(f"the log has {self.size} entries, none at {index}")
        path, start, end = [], 0, self.size
        while end - start > 1:
            middle = start + largest_power_below(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, earlier: int) -> tuple[bytes, ...]:
        """The hashes that show that this tree's first `earlier` leaves are those of the tree of that size.

        Raises: IndexError where that size is larger than the tree's.
        """
        if not 0 <= earlier <= self.size:
            raise IndexError(f"the log has {self.size} entries, not {earlier}")
        if earlier in (0, self.size):
            return ()
        path, start, end = [], 0, self.size
        while end != earlier:
            middle = start + largest_power_below(end - start)
            if earlier <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        # what is left is a subtree that both trees have; the verifier knows it where it is the whole earlier tree
        return tuple(([self._range(start, end)] if start else []) + path[::-1])

    def _range(self, start: int, end: int) -> bytes:
        """The hash over leaves [start, end), a range that the tree's own splits lead to."""
        width = end - start
        if width & (width - 1) == 0:
            return self._complete(width.bit_length() - 1, start // width)
        middle = start + largest_power_below(width)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _complete(self, height: int, index: int) -> bytes:
        """The hash of the index-th complete subtree of 2 ** height leaves."""
        level, within = divmod(height, TILE_HEIGHT)
        first = index << within
        tile, place = divmod(first, TILE_WIDTH)
        return fold(self._hashes(level, tile)[place : place + (1 << within)])

    def _hashes(self, level: int, index: int) -> list[bytes]:
        if (level, index) not in self._tiles:
            self._tiles[level, index] = self._read_tile(level, index)
        return split_hashes(self._tiles[level, index])


def grow(size: int, leaves: Sequence[bytes], read_tile: ReadTile) -> Mapping[tuple[int, int], bytes]:
    """The tiles that change when leaves are added to a tree of this size: by level and index, as they are then."""
    changed: dict[tuple[int, int], bytes] = {}
    level, added = 0, list(leaves)
    while added:
        finished = []
        while added:
            index, place = divmod(size, TILE_WIDTH)
            tile = (read_tile(level, index)[: place * HASH_BYTES] if place else b"") + b"".join(
                added[: TILE_WIDTH - place]
            )
            changed[level, index] = tile
            size, added = size + len(added[: TILE_WIDTH - place]), added[TILE_WIDTH - place :]
            if len(tile) == TILE_WIDTH * HASH_BYTES:
                finished.append(fold(split_hashes(tile)))
        level, added, size = level + 1, finished, (size // TILE_WIDTH) - len(finished)
    return changed


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to from a leaf at `index` of `size`; None where it cannot be one.

    Source: RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size or not all_hashes([leaf, *proof]):
        return None
    node, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            current = node_hash(sibling, current)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        node, last = node >> 1, last >> 1
    return current if last == 0 else None


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf stands at `index` of the tree of `size` leaves with this root."""
    return root_from_inclusion(leaf, index, size, proof) == root


def is_consistent(earlier: tuple[int, bytes], later: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the later tree (size, root) only adds to the earlier one.

    Source: RFC 9162 section 2.1.4.2.
    """
    (first, first_root), (second, second_root) = earlier, later
    if not 0 <= first <= second or not all_hashes([first_root, second_root, *proof]):
        return False
    if first in (0, second):
        return not proof and first_root == (EMPTY_ROOT if first == 0 else second_root)
    if not proof:
        return False
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    return follow(path, node, last) == (first_root, second_root)


def follow(path: Sequence[bytes], node: int, last: int) -> tuple[bytes, bytes] | None:
    """The earlier and the later root that a consistency proof leads to; None where it has another length."""
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, step)
        node, last = node >> 1, last >> 1
    return (before, after) if last == 0 else None


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of neighbouring hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[place], hashes[place + 1]) for place in range(0, len(hashes), 2)]
    return hashes[0]


def split_hashes(joined: bytes) -> list[bytes]:
    """A tile's hashes, one by one."""
    return [joined[place : place + HASH_BYTES] for place in range(0, len(joined), HASH_BYTES)]


def all_hashes(values: Iterable[bytes]) -> bool:
    """Whether each value is as long as a hash."""
    return all(len(value) == HASH_BYTES for value in values)


def largest_power_below(width: int) -> int:
    """The largest power of two below a width above 1."""
    return 1 << ((width - 1).bit_length() - 1)
