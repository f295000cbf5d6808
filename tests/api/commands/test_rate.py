"""`aval rate` and `aval revalue` on a database: what is told, what is refused, and that a second run does nothing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from storage.engine import Database
from tests.storage.records import a_database
from tests.storage.test_revaluation import bring, dollars


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database with customer C-1."""
    return a_database(tmp_path / "aval.db")


def aval(database: Database, *args: str) -> Result:
    """One command on the database."""
    return CliRunner().invoke(cli, [*args, "--database", str(database.name)], prog_name="aval")


def today(database: Database) -> date:
    """The database's date."""
    with database.read() as work:
        return work.now().date()


def test_a_rate_is_added_and_listed_with_its_age(database: Database) -> None:
    day = today(database) - timedelta(days=9)
    added = aval(database, "rate", "add", "USD", "CNY", "7.10", "--source", "a bank", "--day", f"{day}", "--by", "ann")
    assert added.exit_code == 0 and f"1 USD is 7.1 CNY on {day}" in added.output
    listed = aval(database, "rate", "list", "--from", "USD").stdout
    assert "a bank" in listed and "9 (too" in listed and "1 rate\n" in listed
    assert "too" not in aval(database, "rate", "list", "--rate-days", "9").stdout.partition("\n")[2]
    assert aval(database, "rate", "list", "--to", "EUR").stdout == "0 rates\n"
    with database.read() as work:
        assert [one.by for one in work.events.list(kind="rate_added").items] == ["operator:ann"]


@pytest.mark.parametrize(("args", "told"), [
    (("USD", "CNY", "7,1", "--source", "x"), "is not a rate"), (("USD", "CNY", "7.1"), "--source"),
    (("USD", "XYZ", "7.1", "--source", "x"), "no currency"), (("USD", "CNY", "-7", "--source", "x"), "No such option"),
    (("USD", "CNY", "7.1", "--source", "x", "--day", "2199-01-01"), "a day to come"),
    (("USD", "CNY", "7.1", "--source", ""), "--source takes one line"),
])  # fmt: skip
def test_what_is_no_rate_is_refused_in_one_line(database: Database, args: tuple[str, ...], told: str) -> None:
    answer = aval(database, "rate", "add", *args)
    assert answer.exit_code == 2 and told.lower() in answer.output.lower() and answer.output.count("\n") == 1


def test_a_file_is_imported_once_and_a_broken_one_not_at_all(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("from,to,value,day\nUSD,CNY,7.1,2026-01-02\nEUR,CNY,8.1,2026-01-02\n")
    assert aval(database, "rate", "import", str(file)).exit_code == 1
    first, again = (aval(database, "rate", "import", str(file), "--source", "a list") for _ in range(2))
    assert first.output == "rates.csv: 2 rates added, 0 known already\n"
    assert again.output == "rates.csv: 0 rates added, 2 known already\n"
    file.write_text("from,to,value,day\nUSD,CNY,7.2,2026-01-03\nEUR,CNY,x,2026-01-03\n")
    broken = aval(database, "rate", "import", str(file), "--source", "a list")
    assert broken.exit_code == 1 and "line 3" in broken.stderr and "nothing was imported" in broken.stderr
    file.write_bytes(b"\xff\xfe")
    assert aval(database, "rate", "import", str(file)).exit_code == 2


def test_a_revaluation_tells_what_moved_and_does_it_once(database: Database) -> None:
    day = today(database)
    aval(database, "rate", "add", "USD", "CNY", "7", "--source", "a bank", "--day", f"{day - timedelta(days=20)}")
    bring(database, dollars("A", 100), day=day)
    old = aval(database, "revalue")
    assert old.exit_code == 0 and "0 accounts revalued, 1 item looked at" in old.stdout and "too old" in old.stderr
    assert aval(database, "revalue", "--strict").exit_code == 1
    aval(database, "rate", "add", "USD", "CNY", "8", "--source", "a bank", "--day", f"{day}")
    done, again = (aval(database, "revalue", "--as-of", f"{day}", "--strict") for _ in range(2))
    assert done.stdout == f"C-1: 7.00 became 8.00 CNY\n{day}: 1 account revalued, 1 item looked at\n"
    assert again.stdout == f"{day}: 0 accounts revalued, 1 item looked at\n"
    assert (done.exit_code, again.exit_code, done.stderr) == (0, 0, "")
