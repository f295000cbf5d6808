"""The keeper gives leaves, signs, remembers and publishes; what fails is told, and nothing signed is taken back."""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

import pytest

from api.log_keeping import LogKeeper
from api.log_keys import Remembered, make_log_key, memory_of
from api.log_places import NotPublished
from storage.checkpoints import SigningKey, read_checkpoint
from storage.engine import Database, open_database
from storage.events import Event
from storage.schema import upgrade
from storage.sequencer import RefusedToSign


class Clock:
    """A clock that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def happen(database: Database) -> None:
    with database.write() as work:
        work.events.record(Event("signed_in", "person:ann", "person:ann"))


class Kept:
    """A keeper over a database of its own, with a place that holds what it was given."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.outside, self.away = folder, Clock(), list[str](), False
        self.database = open_database(folder / "aval.db")
        upgrade(self.database)
        self.key: SigningKey = make_log_key(folder / "key", "firm.example/credit")
        self.keeper = self.another(self.database)

    def another(self, database: Database) -> LogKeeper:
        memory = Remembered(memory_of(self.folder / "key"), self.key.verifying)
        return LogKeeper(database, self.key, memory, {"outside": self.take}, self.clock)

    def take(self, note: str) -> None:
        if self.away:
            raise NotPublished("away")
        self.outside.append(note)

    def sizes(self) -> list[int]:
        return [read_checkpoint(note, self.key.verifying).size for note in self.outside]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_each_round_gives_leaves_and_a_checkpoint_goes_out_each_minute(kept: Kept) -> None:
    happen(kept.database)
    assert kept.keeper.step() == 1
    assert kept.sizes() == [1]
    for _ in range(2):
        kept.clock.now += 10
        happen(kept.database)
        assert kept.keeper.step() == 1
    assert kept.sizes() == [1]
    kept.clock.now += 60
    assert kept.keeper.step() == 0
    assert kept.sizes() == [1, 3]
    kept.clock.now += 600
    kept.keeper.step()
    assert kept.sizes() == [1, 3]  # nothing new, nothing to say


def test_a_place_that_is_away_gets_it_a_minute_later_and_the_log_goes_on(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.away = True
    happen(kept.database)
    with caplog.at_level(logging.ERROR, "aval.log"):
        kept.keeper.step()
    assert "a checkpoint was not published" in caplog.records[0].__dict__["alarm"]
    kept.away = False
    kept.keeper.step()
    assert kept.sizes() == []
    kept.clock.now += 60
    kept.keeper.step()
    assert kept.sizes() == [1]


def test_a_keeper_that_starts_again_remembers(kept: Kept) -> None:
    happen(kept.database)
    kept.keeper.step()
    happen(kept.database)
    again = kept.another(kept.database)
    again.step()
    assert kept.sizes() == [1, 2]


def test_an_older_database_is_not_signed_by_who_remembers_a_newer_one(kept: Kept) -> None:
    kept.database.checkpoint()
    backup = Path(shutil.copy(kept.folder / "aval.db", kept.folder / "backup.db"))
    happen(kept.database)
    kept.keeper.step()
    restored = open_database(backup)
    with pytest.raises(RefusedToSign, match="the database is older than its last checkpoint"):
        kept.another(restored).step()
    restored.dispose()


def test_it_runs_until_it_is_stopped_and_what_fails_is_told(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    memory_of(kept.folder / "key").write_text("something else")
    happen(kept.database)
    stopped, told = threading.Event(), logging.getLogger("aval.log")

    class Stops(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            stopped.set()

    handler = Stops()
    told.addHandler(handler)
    try:
        with caplog.at_level(logging.ERROR, "aval.log"):
            kept.keeper.run(stopped)
    finally:
        told.removeHandler(handler)
    assert caplog.records[0].__dict__["alarm"] == "the log is not signed"
    assert kept.outside == []
