"""An erasure says who and why, once; what it erases is gone, and the log says so itself."""

from __future__ import annotations

import json

import pytest

from storage.engine import Database
from storage.failures import Refused
from storage.sequencer import integrate
from tests.storage.records import approve


def test_an_erasure_is_an_event_and_so_an_entry_of_the_log(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 1, request=b'{"name":"Vale"}')
    with database.write() as work:
        done = work.erasures.erase("D-k", "person:dpo", "asked by the data subject")
    integrate(database)
    with database.read() as work:
        assert work.erasures.get("D-k") == done
        told = json.loads(list(work.log.entries(0, work.log.size()))[-1].body)
    assert (told["kind"], told["subject"], told["by"]) == ("record_erased", "decision:D-k", "person:dpo")
    assert told["details"] == {"reason": "asked by the data subject"}
    assert "Vale" not in json.dumps(told)


def test_the_second_time_the_first_one_is_told(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 1)
        first = work.erasures.erase("D-k", "person:dpo", "first")
    with database.write() as work:
        assert work.erasures.erase("D-k", "person:other", "second") == first
    with database.read() as work:
        assert len(work.events.list(kind="record_erased").items) == 1


def test_nothing_is_erased_that_the_log_does_not_know(database: Database) -> None:
    with database.read() as work:
        assert work.erasures.get("D-404") is None
    with pytest.raises(Refused, match="the log has no decision 'D-404'"), database.write() as work:
        work.erasures.erase("D-404", "person:dpo", "asked")


def test_many_are_looked_up_at_once_with_their_entries_in_the_log(database: Database) -> None:
    with database.write() as work:
        for key, version in (("a", 1), ("b", 2), ("c", 3)):
            approve(work, key, version)
        done = work.erasures.erase("D-b", "person:dpo", "asked")
    ids = ["D-a", "D-b", "D-404"]
    with database.read() as work:
        assert work.erasures.among(ids) == {"D-b": done}
        assert work.log.entries_of(ids) == {one: work.log.entry(one) for one in ("D-a", "D-b")}
        assert work.erasures.among([]) == work.log.entries_of([]) == {}
