"""`aval log` from the making of the key to an auditor's check, and the mistakes that people make on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from storage.engine import open_database
from storage.events import Event
from storage.schema import upgrade


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database in which something happened."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AVAL_DATABASE", "aval.db")
    database = open_database(tmp_path / "aval.db")
    upgrade(database)
    database.dispose()
    happen(tmp_path, "person:ann")
    return tmp_path


def happen(folder: Path, whose: str) -> None:
    """One event more."""
    database = open_database(folder / "aval.db")
    with database.write() as work:
        work.events.record(Event("signed_in", whose, whose))
    database.dispose()


def aval(*args: str) -> Result:
    return CliRunner().invoke(cli, ["log", *args])


def test_from_the_key_to_the_check(folder: Path) -> None:
    (folder / "public").write_text(aval("create-key", "--name", "firm.example/credit").stdout)
    assert aval("run", "--once", "--checkpoints-to", f"file:{folder}/outside").exit_code == 0
    assert aval("checkpoint").stdout == (folder / "outside").read_text().rstrip("\n") + "\n"
    for name in ("export.jsonl", "export.jsonl.gz"):
        assert aval("export", name).exit_code == 0
        done = aval("verify", name, "--key", "public", "--older", "outside")
        assert (done.exit_code, done.stdout) == (0, "as signed by firm.example/credit: 1 entry, 0 decisions\n")
    changed = (folder / "export.jsonl").read_text().replace('"by":"person:ann"', '"by":"person:eve"')
    (folder / "changed.jsonl").write_text(changed)
    done = aval("verify", "changed.jsonl", "--key", "public")
    assert done.exit_code == 1
    assert "the record says by 'person:eve', the log 'person:ann'" in done.stdout
    assert "NOT as signed: 1 fault" in done.stderr
    (folder / "cut.gz").write_bytes((folder / "export.jsonl.gz").read_bytes()[:-20])
    assert "it may have been cut" in aval("verify", "cut.gz", "--key", "public").stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["show-key"], "make a key with: aval log create-key --name NAME"),
        (["run", "--once"], "make a key with: aval log create-key --name NAME"),
        (["create-key", "--name", "two words"], "is no name of a log"),
        (["create-key", "--name", "x", "--log-key", "aval.db/below"], "name another file with --log-key"),
        (["checkpoint"], "no checkpoint was signed yet"),
        (["export", "x.jsonl"], "no checkpoint was signed yet"),
        (["verify", "aval.db", "--key", "nonsense"], "print it with: aval log show-key"),
        (["run", "--once", "--checkpoints-to", "ftp://x"], "is no place for checkpoints"),
        (["run", "--once", "--database", "postgresql://host/x"], "name its file with --log-key"),
    ],
)
def test_mistakes_are_told_in_one_line_with_what_to_do(folder: Path, args: list[str], told: str) -> None:
    done = aval(*args)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert told in done.stderr


def test_what_is_no_export_or_no_checkpoint_is_told(folder: Path) -> None:
    (folder / "public").write_text(aval("create-key", "--name", "firm.example/credit").stdout)
    aval("run", "--once")
    aval("export", "export.jsonl")
    assert "it is no export of a log" in aval("verify", "public", "--key", "public").stdout
    done = aval("verify", "export.jsonl", "--key", "public", "--older", "public")
    assert "holds no checkpoint of this log" in done.stderr
    assert aval("export", "no/such/folder.jsonl").exit_code == 2


def test_a_database_that_was_put_back_is_not_signed(folder: Path) -> None:
    aval("create-key", "--name", "firm.example/credit")
    before = (folder / "aval.db").read_bytes()
    happen(folder, "person:bo")
    assert aval("run", "--once").exit_code == 0
    (folder / "aval.db").write_bytes(before)
    for ending in ("-wal", "-shm"):
        (folder / f"aval.db{ending}").unlink(missing_ok=True)
    happen(folder, "person:cy")
    done = aval("run", "--once")
    assert done.exit_code == 2
    assert "are not those that were signed" in done.stderr


def test_tiles_are_written_once_and_a_strange_one_is_refused(folder: Path) -> None:
    assert "no checkpoint was signed yet" in aval("tiles", "mirror").output
    aval("create-key", "--name", "log.example")
    happen(folder, "ann")
    aval("run", "--once")
    assert aval("tiles", "mirror").output == "mirror: 3 files written\n"
    assert aval("tiles", "mirror").output == "mirror: 0 files written\n"
    happen(folder, "ben")
    aval("run", "--once")
    assert aval("tiles", "mirror").output == "mirror: 3 files written\n"
    assert (folder / "mirror" / "checkpoint").read_text() == aval("checkpoint").stdout
    happen(folder, "cid")
    aval("run", "--once")
    size = len(list((folder / "mirror" / "tile" / "0").rglob("*")))
    strange = folder / "mirror" / "tile" / "0" / "000.p" / "4"
    strange.write_bytes(b"x" * 128)
    refused = aval("tiles", "mirror")
    assert size == 3 and refused.exit_code == 2 and "is not that of this log" in refused.output
