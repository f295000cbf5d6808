"""`aval dossier` on a database: facts and documents come in with who and why, and mistakes are told in one line."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from storage.engine import Database
from tests.storage.records import a_database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database with customer C-1, and a paper beside it."""
    (tmp_path / "licence.pdf").write_bytes(b"a licence")
    return a_database(tmp_path / "aval.db")


def aval(database: Database, *args: str) -> Result:
    """One command on the database."""
    return CliRunner().invoke(cli, ["dossier", *args, "--database", str(database.name)], prog_name="aval")


def file(database: Database, *args: str) -> Result:
    """Put the licence on file."""
    path = str(Path(str(database.name)).parent / "licence.pdf")
    said = ("--kind", "registration", "--issued", "2026-01-05", "--source", "the register")
    return aval(database, "file", "C-1", path, *said, *args)


def test_facts_and_documents_come_in_and_are_shown(database: Database) -> None:
    told = aval(database, "tell", "C-1", "customer.score", "65", "--from", "2020-01-01", "--reason", "a review",
                "--by", "ann")  # fmt: skip
    assert told.output == "customer C-1: customer.score is 65 from 2020-01-01\n"
    later = aval(database, "tell", "C-1", "customer.score", "null", "--from", "2099-01-01", "--reason", "x")
    assert later.exit_code == 0, later.output
    filed = file(database, "--until", "2099-01-01", "--months", "12", "--by", "ann")
    assert filed.exit_code == 0, filed.output
    assert filed.output.endswith(f"registration of 2026-01-05, sha256 {sha256(b'a licence').hexdigest()}\n")
    shown = aval(database, "show", "C-1").stdout
    assert "licence.pdf" in shown and "operator:ann" in shown and shown.endswith("1 document, 3 facts told\n")
    [starred] = [line for line in shown.splitlines() if line.strip().startswith("*")]
    assert "65" in starred
    whole = json.loads(aval(database, "show", "C-1", "--json").stdout)
    assert whole["facts"]["customer.score"] == 65
    assert [one["months"] for one in whole["documents"]] == [12]
    assert [one["value"] for one in whole["told"]] == [None, 65, None]
    with database.read() as work:
        kinds = [one.kind for one in work.events.list(subject="customer:C-1").items]
    assert kinds == ["document_filed", "facts_told", "facts_told"]


@pytest.mark.parametrize(("args", "said"), [
    (("tell", "C-404", "customer.score", "5", "--reason", "x"), "no customer"),
    (("tell", "C-1", "customer.scoer", "5", "--reason", "x"), "customer.scoer"),
    (("tell", "C-1", "customer.score", "high", "--reason", "x"), "customer.score"),
    (("tell", "C-1", "customer.country", "China", "--reason", "x"), "ISO 3166"),
    (("tell", "C-1", "customer.score", "5"), "--reason"),
    (("tell", "C-1", "customer.score", "5", "--reason", " "), "--reason"),
    (("tell", "C-1", "customer.score", "5", "--reason", "x", "--from", "soon"), "--from"),
    (("show", "C-404"), "no customer"),
])  # fmt: skip
def test_mistakes_are_told_in_one_line(database: Database, args: tuple[str, ...], said: str) -> None:
    found = aval(database, *args)
    assert (found.exit_code, said in found.output) == (2, True), found.output


@pytest.mark.parametrize(("args", "said"), [
    (("--kind", "Business licence"), "--kind"), (("--issued", "2099-01-01"), "lies after today"),
    (("--until", "2025-12-31"), "lies before"), (("--title", ""), "--title"), (("--months", "0"), "--months"),
])  # fmt: skip
def test_what_cannot_be_a_document_is_refused(database: Database, args: tuple[str, ...], said: str) -> None:
    found = file(database, *args)
    assert (found.exit_code, said in found.output) == (2, True), found.output
    assert file(database).exit_code == 0
    assert "on file already" in file(database).output
