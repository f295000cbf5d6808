"""The tree's roots and proofs against the definition of RFC 9162 written out, and every damaged proof refused."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256

import pytest

from storage.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Tree,
    grow,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
)

LEAVES = tuple(leaf_hash(f"entry {number}".encode()) for number in range(65_540))
SIZES = [*range(1, 81), 255, 256, 257]


class Tiles:
    """Tiles in a dictionary, as a log keeps them in its tables."""

    def __init__(self) -> None:
        self.size, self.held = 0, dict[tuple[int, int], bytes]()

    def append(self, leaves: Sequence[bytes]) -> None:
        self.held.update(grow(self.size, leaves, self.read))
        self.size += len(leaves)

    def read(self, level: int, index: int) -> bytes:
        return self.held[level, index]

    def at(self, size: int) -> Tree:
        return Tree(size, self.read)


@cache
def tiles() -> Tiles:
    """A log of all leaves, grown in batches of many sizes."""
    log, place = Tiles(), 0
    for width in (1, 2, 5, 248, 1, 255, 256, 257, 3, 1000, 7):
        log.append(LEAVES[place : place + width])
        place += width
    log.append(LEAVES[place:])
    return log


# the definition, word for word and slow: sections 2.1.1, 2.1.3.1 and 2.1.4.1


def split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


@cache
def defined_root(start: int, end: int) -> bytes:
    if end == start:
        return sha256(b"").digest()
    if end - start == 1:
        return LEAVES[start]
    middle = start + split(end - start)
    return sha256(b"\x01" + defined_root(start, middle) + defined_root(middle, end)).digest()


def defined_path(index: int, start: int, end: int) -> tuple[bytes, ...]:
    if end - start == 1:
        return ()
    middle = start + split(end - start)
    if index < middle:
        return (*defined_path(index, start, middle), defined_root(middle, end))
    return (*defined_path(index, middle, end), defined_root(start, middle))


def defined_steps(earlier: int, start: int, end: int, whole: bool) -> tuple[bytes, ...]:
    if earlier == end:
        return () if whole else (defined_root(start, end),)
    middle = start + split(end - start)
    if earlier <= middle:
        return (*defined_steps(earlier, start, middle, whole), defined_root(middle, end))
    return (*defined_steps(earlier, middle, end, False), defined_root(start, middle))


@pytest.mark.parametrize("size", [0, *SIZES, 65_535, 65_536, 65_537])
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert tiles().at(size).root() == defined_root(0, size)


def test_the_empty_root_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_has_the_proof_of_the_definition_and_it_holds(size: int) -> None:
    tree, root = tiles().at(size), defined_root(0, size)
    for index in range(size):
        proof = tree.inclusion(index)
        assert proof == defined_path(index, 0, size)
        assert is_included(LEAVES[index], index, size, proof, root)


@pytest.mark.parametrize("size", SIZES)
def test_every_earlier_size_has_the_proof_of_the_definition_and_it_holds(size: int) -> None:
    tree, root = tiles().at(size), defined_root(0, size)
    for earlier in range(1, size + 1):
        proof = tree.consistency(earlier)
        assert proof == defined_steps(earlier, 0, size, True)
        assert is_consistent((earlier, defined_root(0, earlier)), (size, root), proof)
    assert tree.consistency(0) == ()
    assert is_consistent((0, EMPTY_ROOT), (size, root), ())


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_large_trees_prove_at_their_seams(size: int) -> None:
    tree, root = tiles().at(size), defined_root(0, size)
    for place in (0, 1, 255, 256, 32_767, 32_768, size - 2, size - 1):
        assert tree.inclusion(place) == defined_path(place, 0, size)
        assert is_included(LEAVES[place], place, size, tree.inclusion(place), root)
        proof = tree.consistency(place + 1)
        assert proof == defined_steps(place + 1, 0, size, True)
        assert is_consistent((place + 1, defined_root(0, place + 1)), (size, root), proof)


def damaged(proof: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    """The proof with a bit turned in each hash, shorter and longer at either end, and with neighbours swapped."""
    for place, held in enumerate(proof):
        turned = bytes([held[0] ^ 1]) + held[1:]
        yield (*proof[:place], turned, *proof[place + 1 :])
        yield (*proof[:place], held[:-1], *proof[place + 1 :])
        if place and proof[place - 1] != held:
            yield (*proof[: place - 1], held, proof[place - 1], *proof[place + 1 :])
    if proof:
        yield tuple(proof[1:])
        yield tuple(proof[:-1])
    yield (*proof, LEAVES[0])
    yield (LEAVES[0], *proof)


def test_no_damaged_or_misplaced_inclusion_proof_is_accepted() -> None:
    refused = 0
    for size in range(1, 41):
        tree, root = tiles().at(size), defined_root(0, size)
        for index in range(size):
            proof = tree.inclusion(index)
            for other in damaged(proof):
                assert not is_included(LEAVES[index], index, size, other, root)
                refused += 1
            for elsewhere in (index - 1, index + 1, size, size + 1, -1):
                if elsewhere != index:
                    assert not is_included(LEAVES[index], elsewhere, size, proof, root)
            assert not is_included(LEAVES[index + 1], index, size, proof, root)
            assert not is_included(LEAVES[index], index, size, proof, LEAVES[0] if size > 1 else LEAVES[1])
    assert refused > 10_000


def test_no_damaged_or_misplaced_consistency_proof_is_accepted() -> None:
    for size in range(1, 41):
        tree, root = tiles().at(size), defined_root(0, size)
        for earlier in range(1, size + 1):
            first, proof = (earlier, defined_root(0, earlier)), tree.consistency(earlier)
            for other in damaged(proof):
                assert not is_consistent(first, (size, root), other)
            assert not is_consistent((earlier, LEAVES[-1]), (size, root), proof)
            assert not is_consistent(first, (size, LEAVES[-1]), proof)
            if earlier < size:
                assert not is_consistent((size, root), first, proof)


def test_a_tree_that_repeats_its_last_node_is_another_tree() -> None:
    """Control: the habit of other trees, to pair a lonely node with itself, gives roots that ours refuses."""
    repeated = node_hash(node_hash(LEAVES[0], LEAVES[1]), node_hash(LEAVES[2], LEAVES[2]))
    assert repeated != tiles().at(3).root()


def test_published_roots_of_the_certificate_log_come_out() -> None:
    """Source: the roots that test suites of RFC 6962 logs have in common, over eight well-known entries."""
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    log = Tiles()
    log.append([leaf_hash(bytes.fromhex(entry)) for entry in entries])
    assert log.at(1).root().hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert log.at(8).root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_growing_rewrites_one_tile_a_level() -> None:
    log = Tiles()
    log.append(LEAVES[:1000])
    assert sorted(grow(1000, LEAVES[1000:1010], log.read)) == [(0, 3)]
    assert sorted(grow(1000, LEAVES[1000:1030], log.read)) == [(0, 3), (0, 4), (1, 0)]


def test_an_index_outside_of_the_log_is_refused() -> None:
    with pytest.raises(IndexError, match="the log has 5 entries, none at 5"):
        tiles().at(5).inclusion(5)
    with pytest.raises(IndexError, match="the log has 5 entries, not 6"):
        tiles().at(5).consistency(6)


@pytest.mark.slow
def test_a_proof_among_a_million_is_short_and_quick() -> None:
    log = Tiles()
    leaves = [number.to_bytes(HASH_BYTES, "big") for number in range(1_000_000)]
    for start in range(0, len(leaves), 10_000):
        log.append(leaves[start : start + 10_000])
    tree = log.at(1_000_000)
    root, proofs = tree.root(), [(index, tree.inclusion(index)) for index in range(0, 1_000_000, 9973)]
    longest = max(len(proof) for _, proof in proofs) * HASH_BYTES
    assert longest <= 640
    started = time.process_time()
    assert all(is_included(leaves[index], index, 1_000_000, proof, root) for index, proof in proofs)
    each = (time.process_time() - started) / len(proofs)
    print(f"{len(proofs)} proofs among 1,000,000 leaves: at most {longest} bytes, verified in {each * 1e6:.0f} us each")
    assert each < 0.001
