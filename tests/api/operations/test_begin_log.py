"""A log that is begun anew: the old name is never signed again, and what it covered can still be shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.log_keeping import LogKeeper
from api.log_keys import Remembered, load_log_key, make_log_key, memory_of
from api.operations import begin_log as module
from api.operations.begin_log import Beginning, CannotBegin, begin_log
from storage.checkpoints import Checkpoint, SigningKey
from storage.database import Database
from storage.failures import Busy
from storage.log_export import export_lines
from storage.log_verify import Checked, verify_export
from storage.sequencer import RefusedToSign, sign_head
from tests.api.service import Service, start_service

NEW = Beginning("log.example/2", "person:root", "the backup of last night was put back")


@pytest.fixture
def real(location: str) -> Service:
    """A service on each kind of database."""
    return start_service(location)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a log's first key."""
    found = tmp_path / "aval.log-key"
    make_log_key(found, "log.example/1")
    return found


def keeper(database: Database, path: Path) -> LogKeeper:
    """Whoever keeps the log with the key that lies there now."""
    key = load_log_key(path)
    return LogKeeper(database, key, Remembered(memory_of(path), key.verifying))


def newest(database: Database) -> tuple[Checkpoint, str]:
    """The newest checkpoint."""
    with database.read() as work:
        found = work.log.checkpoint()
    assert found is not None
    return found


def checked(database: Database, key: SigningKey, older: Checkpoint) -> Checked:
    """An export against a key and a checkpoint that somebody kept."""
    with database.looking() as connection:
        return verify_export(export_lines(connection), key.verifying, older)


def test_a_new_log_says_who_ended_the_old_one_and_is_signed_at_once(real: Service, path: Path) -> None:
    database, old = real.held.database, load_log_key(path)
    keeper(database, path).step()
    before, _ = newest(database)
    begun = begin_log(database, path, NEW)
    assert load_log_key(path).name == "log.example/2" and load_log_key(begun.old_key).name == "log.example/1"
    assert (begun.before, begun.shared) == (before, before.size)
    assert newest(database)[0] == begun.checkpoint and begun.checkpoint.size == before.size + 1
    assert Remembered(memory_of(path), begun.key.verifying).last() == begun.checkpoint
    assert Remembered(memory_of(begun.old_key), old.verifying).last() == before
    with database.read() as work:
        [told] = work.events.list(kind="log_begun").items
    assert (told.subject, told.by, told.details["reason"]) == ("log:log.example/2", NEW.by, NEW.reason)
    assert (told.details["before"], told.details["shared"]) == ("log.example/1", before.size)
    assert keeper(database, path).step() == 0


def test_the_old_checkpoints_verify_under_the_new_log_and_others_do_not(real: Service, path: Path) -> None:
    database = real.held.database
    keeper(database, path).step()
    kept, _ = newest(database)
    key = begin_log(database, path, NEW).key
    assert checked(database, key, kept).faults == []
    lost = Checkpoint(kept.origin, kept.size + 5, kept.root)
    [taken, ended] = checked(database, key, lost).faults
    assert "entries were taken away" in taken
    assert "'log.example/1' was ended, by person:root" in ended and NEW.reason in ended
    other = checked(database, key, Checkpoint(kept.origin, kept.size, bytes(32)))
    assert "are not those that your checkpoint covers" in other.faults[0]
    strange = checked(database, key, Checkpoint("log.example/9", kept.size, kept.root))
    assert strange.faults == ["your checkpoint is of the log 'log.example/9', the export of 'log.example/2'"]


def test_nobody_signs_under_the_old_name_again(real: Service, path: Path) -> None:
    database, old, running = real.held.database, load_log_key(path), keeper(real.held.database, path)
    running.step()
    begun = begin_log(database, path, NEW)
    with pytest.raises(RefusedToSign, match="goes on as 'log.example/2'"):
        sign_head(database, old.name, old, None)
    with pytest.raises(Exception, match="not signed by 'log.example/1'|goes on as 'log.example/2'"):
        running.sign()
    assert Remembered(memory_of(path), begun.key.verifying).last() == begun.checkpoint


def test_a_log_may_be_begun_more_than_once(real: Service, path: Path) -> None:
    begin_log(real.held.database, path, NEW)
    third = Beginning("log.example/3", "person:root", "its key was copied")
    begin_log(real.held.database, path, third)
    keeper(real.held.database, path).step()
    assert newest(real.held.database)[0].origin == "log.example/3"
    assert len(list(path.parent.glob("aval.log-key.*"))) == 4  # two old keys, one of them with what it signed, and ours


@pytest.mark.parametrize("name", ["log.example/1", "two words", "", "a+b"])
def test_a_name_that_is_none_or_was_used_begins_nothing(real: Service, path: Path, name: str) -> None:
    keeper(real.held.database, path).step()
    with pytest.raises(CannotBegin):
        begin_log(real.held.database, path, Beginning(name, "person:root", "x"))
    begin_log(real.held.database, path, NEW)
    with pytest.raises(CannotBegin, match="signed already"):
        begin_log(real.held.database, path, Beginning("log.example/1", "person:root", "x"))
    with real.held.database.read() as work:
        assert len(work.events.list(kind="log_begun").items) == 1


def test_a_log_whose_beginning_broke_off_is_signed_by_nobody_until_it_is_begun_again(
    real: Service, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper(real.held.database, path).step()
    with monkeypatch.context() as broken:
        broken.setattr(module, "_put_in_place", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            begin_log(real.held.database, path, NEW)
    with pytest.raises(RefusedToSign):
        keeper(real.held.database, path).step()
    begin_log(real.held.database, path, Beginning("log.example/3", "person:root", "again"))
    assert keeper(real.held.database, path).step() == 0


def test_a_key_in_place_whose_first_checkpoint_is_missing_signs_nothing(
    real: Service, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper(real.held.database, path).step()
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(module, "integrate", lambda _: (_ for _ in ()).throw(Busy("the keeper is at it")))
        with pytest.raises(Busy):
            begin_log(real.held.database, path, NEW)
    with pytest.raises(ValueError, match="not signed by 'log.example/2'"):
        keeper(real.held.database, path).sign()
    begun = begin_log(real.held.database, path, Beginning("log.example/3", "person:root", "again"))
    assert (begun.before, begun.checkpoint.origin) == (None, "log.example/3")


def test_what_is_told_of_a_begun_log_is_in_the_open(real: Service, path: Path) -> None:
    keeper(real.held.database, path).step()
    begin_log(real.held.database, path, NEW)
    with real.held.database.read() as work:
        last = json.loads(list(work.log.entries(0, work.log.size()))[-1].body)
    assert (last["kind"], last["details"]["origin"]) == ("log_begun", "log.example/2")
