"""`aval limit` on a database: told with days and a reason, listed with a star, refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from storage.engine import Database
from storage.groups import Group
from tests.storage.records import a_database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database with customer C-1 and group G."""
    found = a_database(tmp_path / "aval.db")
    with found.write() as work:
        work.groups.put(Group("G", "Group", "CNY"))
    return found


def aval(database: Database, *args: str) -> Result:
    """One command on the database."""
    return CliRunner().invoke(cli, ["limit", *args, "--database", str(database.name)], prog_name="aval")


def test_limits_are_told_and_listed(database: Database) -> None:
    done = aval(database, "tell", "customer", "C-1", "500.00", "--reason", "a review", "--by", "ann")
    assert done.output == "customer C-1: permanent limit 500.00\n"
    season = ("--temporary", "--from", "2026-01-01", "--until", "2026-02-01", "--reason", "a season")
    assert aval(database, "tell", "customer", "C-1", "900", *season).output == (
        "customer C-1: temporary limit 900 from 2026-01-01 until 2026-02-01\n")  # fmt: skip
    listed = aval(database, "list", "customer", "C-1").stdout
    assert "operator:ann" in listed and "a season" in listed and "3 limits\n" in listed
    [starred] = [line for line in listed.splitlines() if line.strip().startswith("*")]
    assert "500.00 CNY" in starred
    assert aval(database, "tell", "group", "G", "unlimited", "--reason", "why").exit_code == 0
    assert "unlimited CNY" in aval(database, "list", "group", "G").stdout
    with database.read() as work:
        assert len(work.events.list(kind="limit_told").items) == 3


@pytest.mark.parametrize(("args", "said"), [
    (("customer", "C-404", "5", "--reason", "x"), "no customer"), (("group", "C-1", "5", "--reason", "x"), "no group"),
    (("customer", "C-1", "x", "--reason", "x"), "amount"), (("customer", "C-1", "5"), "--reason"),
    (("customer", "C-1", "5", "--temporary", "--reason", "x"), "valid_until"), (("person", "C-1", "5"), "person"),
    (("customer", "C-1", "5", "--reason", ""), "--reason takes one line"),
])  # fmt: skip
def test_what_cannot_be_told_is_refused_in_one_line(database: Database, args: tuple[str, ...], said: str) -> None:
    answer = aval(database, "tell", *args)
    assert answer.exit_code == 2 and said in answer.output and answer.output.count("\n") == 1
