"""`aval log begin`: what a keeper that refuses to sign advises, done as an operator does it after a restore."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from tests.api.people import PASSWORD, add_person
from tests.api.service import Service, start_service

SAID = ("--name", "log.example/2", "--by", "root", "--reason", "the backup was put back")


@pytest.fixture
def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service whose database was put back from a backup, behind what was signed and given away since."""
    monkeypatch.chdir(tmp_path)
    service = start_service(tmp_path)
    service.put_customer()
    add_person(service, "root", "admin")
    add_person(service, "bo", "risk_officer")
    Path("old.public").write_text(aval("log", "create-key", "--name", "log.example/1").stdout)
    aval("log", "run", "--once", "--checkpoints-to", "file:early.txt")
    service.held.database.checkpoint()
    shutil.copy("aval.db", "backup.db")
    add_person(service, "lost", "compliance")
    aval("log", "run", "--once", "--checkpoints-to", "file:late.txt")
    service.held.database.dispose()
    for one in ("aval.db-wal", "aval.db-shm"):
        Path(one).unlink(missing_ok=True)
    shutil.copy("backup.db", "aval.db")
    return service


def aval(*args: str, typed: str = PASSWORD) -> Result:
    """One command on the database of this folder."""
    return CliRunner(env={"AVAL_DATABASE": "aval.db"}).invoke(cli, args, input=f"{typed}\n", prog_name="aval")


def test_the_advice_of_the_refusal_works(restored: Service) -> None:
    refused = aval("log", "run", "--once")
    assert refused.exit_code == 2 and "begin a new log with 'aval log begin'" in " ".join(refused.output.split())
    begun = aval("log", "begin", *SAID)
    assert begun.exit_code == 0, begun.output
    assert begun.stdout.startswith("log.example/2+") and "entries were signed as log.example/1" in begun.stderr
    Path("new.public").write_text(begun.stdout)
    restored.put_customer("C-2")
    assert aval("log", "run", "--once").exit_code == 0
    aval("log", "export", "log.jsonl")
    assert "as signed by log.example/2" in aval("log", "verify", "log.jsonl", "--key", "new.public").output
    early = ("log", "verify", "log.jsonl", "--key", "new.public", "--older", "early.txt")
    assert aval(*early).exit_code == 2  # its key is another one
    assert aval(*early, "--older-key", "old.public").exit_code == 0
    late = aval("log", "verify", "log.jsonl", "--key", "new.public", "--older", "late.txt", "--older-key", "old.public")
    assert late.exit_code == 1 and "was ended, by person:root" in late.output, late.output


def test_a_log_that_went_on_behind_the_restore_is_begun_anew_as_well(restored: Service) -> None:
    for name in ("a1", "b1", "c1"):
        add_person(restored, name, "collector")
    refused = aval("log", "run", "--once")
    assert refused.exit_code == 2 and "then see 'aval log begin'" in " ".join(refused.output.split())
    assert aval("log", "begin", *SAID).exit_code == 0
    assert aval("log", "run", "--once").exit_code == 0


@pytest.mark.parametrize(("args", "typed", "said"), [
    (("--by", "bo"), PASSWORD, "'bo' (risk_officer) may not do this"),
    (("--by", "root"), "another four words", "the name or the password is wrong"),
    (("--name", "log.example/1"), PASSWORD, "was signed already"), (("--reason", ""), PASSWORD, "--reason takes"),
    (("--name", "two words"), PASSWORD, "no name of a log"),
    (("--log-key", "nowhere"), PASSWORD, "cannot use 'nowhere'"),
])  # fmt: skip
def test_what_begins_no_log_says_why(restored: Service, args: tuple[str, ...], typed: str, said: str) -> None:
    refused = aval("log", "begin", *SAID, *args, typed=typed)
    assert refused.exit_code == 2 and said in " ".join(refused.output.split()), refused.output
    assert aval("log", "show-key").stdout.startswith("log.example/1+")
    with restored.held.database.read() as work:
        assert work.events.list(kind="log_begun").items == ()
