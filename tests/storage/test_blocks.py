"""Blocks of invoices are placed and ended once, are events, and nobody changes them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from credit.blocks import Block
from storage.blocks import BlockEnd, NewBlock
from storage.engine import Database
from storage.failures import NotAllowed, Refused
from storage.unit_of_work import Work
from tests.storage.records import an_invoice

FIRST, LAST = date(2026, 1, 10), date(2026, 1, 20)


@pytest.fixture(autouse=True)
def invoices(database: Database) -> None:
    """Two invoices of C-1."""
    with database.write() as work:
        work.invoices.add_many([an_invoice("I-1"), an_invoice("I-2")], FIRST)


def place(work: Work, block_id: str = "B-1", invoice_id: str = "I-1", **changes: Any) -> bool:
    """Block an invoice of C-1."""
    values = {"block": Block("dispute", FIRST, LAST), "reason": "wrong goods", "by": "person:ann"} | changes
    return work.blocks.place(NewBlock(block_id, "C-1", invoice_id, **values))


def test_a_block_belongs_to_its_invoice_and_is_placed_once(database: Database) -> None:
    with database.write() as work:
        assert place(work)
    with database.write() as work:
        assert not place(work)
        (one,) = work.blocks.of_customer("C-1")
        pasts = work.escalation.pasts_of(["C-1", "C-9"])
        (event,) = [one for one in work.events.list(subject="customer:C-1").items if one.kind == "block_placed"]
    assert (one.invoice_id, one.block, one.end) == ("I-1", Block("dispute", FIRST, LAST), None)
    assert {name: past.blocks for name, past in pasts.items()} == {("C-1", "I-1"): (one.block,)}
    assert (event.by, event.details["until"]) == ("person:ann", "2026-01-20")


def test_a_block_is_ended_once_and_not_after_its_last_day(database: Database) -> None:
    with database.write() as work:
        place(work)
        place(work, "B-2", "I-2")
    late = BlockEnd(date(2026, 1, 21), "late", "person:ann")
    with pytest.raises(NotAllowed, match="over since 2026-01-20"), database.write() as work:
        work.blocks.end("B-2", late)
    with database.write() as work:
        ended = work.blocks.end("B-1", BlockEnd(LAST, "they paid", "person:bo"))
        assert work.blocks.end("B-9", late) is None
    assert ended is not None and ended.end is not None
    assert (ended.block.ended_on, ended.end.by, ended.end.reason) == (LAST, "person:bo", "they paid")
    with pytest.raises(NotAllowed, match="over since 2026-01-20"), database.write() as work:
        work.blocks.end("B-1", BlockEnd(FIRST, "again", "person:ann"))


def test_an_invoice_that_nobody_knows_cannot_be_blocked(database: Database) -> None:
    with pytest.raises(Refused, match="no invoice 'I-9'"), database.write() as work:
        place(work, invoice_id="I-9")


@pytest.mark.parametrize("table", ["invoice_block", "invoice_block_end"])
@pytest.mark.parametrize("change", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}"])
def test_nobody_changes_a_block(database: Database, table: str, change: str) -> None:
    with database.write() as work:
        place(work)
        work.blocks.end("B-1", BlockEnd(LAST, "they paid", "person:bo"))
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change.format(table)))


def test_what_says_no_reason_is_refused_by_the_database(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as work:
        place(work, reason="")
