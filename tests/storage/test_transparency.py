"""What the log hands out, checked with nothing but what was handed out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.checkpoints import read_checkpoint
from storage.engine import Database
from storage.merkle import is_consistent, is_included, leaf_hash
from storage.sequencer import integrate, sign_head
from tests.storage.records import approve
from tests.storage.test_sequencer import KEY, ORIGIN, happen


def test_a_receipt_waits_for_its_leaf_and_its_signature(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 1)
    with database.read() as work:
        assert work.log.receipt("D-k") is None
        assert work.queues.all(timedelta(hours=1))["unsequenced_entries"].count == work.log.waiting() > 0
    integrate(database)
    with database.read() as work:
        assert work.log.receipt("D-k") is None
        assert work.queues.all(timedelta(hours=1))["unsequenced_entries"].count == work.log.waiting() == 0
    sign_head(database, ORIGIN, KEY, None)
    with database.read() as work:
        assert work.log.receipt("D-k") is not None


def test_a_receipt_is_checked_with_the_public_key_alone(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 1)
    happen(database, 5)
    integrate(database)
    sign_head(database, ORIGIN, KEY, None)
    with database.read() as work:
        receipt = work.log.receipt("D-k")
    assert receipt is not None
    signed = read_checkpoint(receipt.note, KEY.verifying)
    leaf = leaf_hash(receipt.body)
    assert is_included(leaf, receipt.seq, signed.size, receipt.proof, signed.root)
    assert not is_included(leaf_hash(receipt.body + b" "), receipt.seq, signed.size, receipt.proof, signed.root)


def test_two_checkpoints_are_shown_to_agree(database: Database) -> None:
    happen(database, 3)
    integrate(database)
    first, _ = sign_head(database, ORIGIN, KEY, None)
    happen(database, 4)
    integrate(database)
    second, _ = sign_head(database, ORIGIN, KEY, first)
    with database.read() as work:
        proof = work.log.consistency(first.size, second.size)
        assert is_consistent((first.size, first.root), (second.size, second.root), proof)
        with pytest.raises(IndexError):
            work.log.consistency(second.size, first.size)
        with pytest.raises(IndexError):
            work.log.consistency(first.size, second.size + 1)


def test_an_unknown_entry_has_no_receipt(database: Database) -> None:
    with pytest.raises(KeyError), database.read() as work:
        work.log.receipt("D-404")


def test_entries_are_read_by_their_places(database: Database) -> None:
    happen(database, 6)
    integrate(database)
    with database.read() as work:
        size = work.log.size()
        assert [entry.seq for entry in work.log.entries(size - 4, size - 1)] == [size - 4, size - 3, size - 2]
        assert list(work.log.entries(size, size + 5)) == []
