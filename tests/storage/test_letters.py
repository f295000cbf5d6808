"""A letter is kept once for its edition, cannot be changed, and the log commits to it before it leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.letters import Letter
from storage.log_entries import commitment
from storage.outbox import Message
from tests.storage.records import DIGEST, a_customer, a_policy

DAY = date(2026, 2, 15)
FIRST = Letter("M-1", 1, "email", "a@b.example", "message/rfc822", "Pay", "sha256:t", b"bytes \x00\xff")


@pytest.fixture(autouse=True)
def written(database: Database) -> None:
    """A message."""
    with database.write() as work:
        work.policies.add(a_policy())
        work.customers.put(a_customer("C-1"))
        work.outbox.put(Message("M-1", "C-1", "letter", "demand", "email", "demand", ("I-1",), DAY, DIGEST))


def test_the_first_who_keeps_an_edition_keeps_it(database: Database) -> None:
    other = Letter("M-1", 1, "email", "c@d.example", "message/rfc822", "Pay now", "sha256:t", b"other")
    with database.write() as work:
        assert work.letters.last("M-1") is None
        assert work.letters.keep(FIRST).content == b"bytes \x00\xff"
        assert work.letters.keep(other).content == b"bytes \x00\xff"
        second = work.letters.keep(replace(other, edition=2, content=b"new"))
    assert (second.edition, second.content) == (2, b"new")


def test_the_log_commits_to_bytes_and_address_and_shows_neither(database: Database) -> None:
    with database.write() as work:
        work.letters.keep(FIRST)
        row = work._connection.exec_driver_sql("SELECT body, salt FROM log_entry WHERE entry_id = 'letter-M-1-1'").one()
    told, salt = json.loads(bytes(row[0])), bytes(row[1])
    assert told["commitments"] == {"content": commitment(salt, "content", FIRST.content),
                                   "address": commitment(salt, "address", b"a@b.example")}  # fmt: skip
    assert b"b.example" not in bytes(row[0])


@pytest.mark.parametrize("change", ["UPDATE letter SET content = x'00'", "UPDATE letter SET address = ''",
                                    "UPDATE letter SET edition = 3", "DELETE FROM letter"])  # fmt: skip
def test_nobody_changes_a_letter(database: Database, change: str, kind: str) -> None:
    if kind == "postgresql":
        change = change.replace("x'00'", "'x'::bytea")
    with database.write() as work:
        work.letters.keep(FIRST)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))
