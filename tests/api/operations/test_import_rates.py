"""A file of rates comes in whole or not at all, and the same file changes nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from api.operations.import_rates import BrokenRates, ImportedRates, import_rates, read_rates
from storage.engine import Database
from tests.storage.records import a_database

FILE = """from,to,value,day,per,source
USD,CNY,7.1,2026-01-02,1,a bank
JPY,CNY,4.85,2026-01-02,100,
"""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database with its tables."""
    return a_database(tmp_path / "aval.db")


def read(text: str, source: str | None = "a list") -> list[str]:
    """What is wrong with a file."""
    with pytest.raises(BrokenRates) as broken:
        read_rates(text.splitlines(keepends=True), source, "operator:ann")
    return list(broken.value.told)


def test_a_file_comes_in_once(database: Database) -> None:
    rates = read_rates(FILE.splitlines(keepends=True), "a list", "operator:ann")
    assert [(one.rate.value, one.rate.per, one.source) for one in rates] == [("7.1", 1, "a bank"),
                                                                            ("4.85", 100, "a list")]  # fmt: skip
    assert import_rates(database, rates) == ImportedRates(2, 0)
    assert import_rates(database, rates) == ImportedRates(0, 2)
    with database.read() as work:
        found = work.rates.of_day("JPY", "CNY", date(2026, 1, 3))
        assert len(work.events.list(kind="rate_added").items) == 2
    assert found is not None and found.rate == rates[1].rate


def test_every_line_that_cannot_be_used_is_told() -> None:
    wrong = FILE + "USD,CNY,x,2026-01-02,1,a\nUSD,CNY,7,02.01.2026,1,a\nUSD,CNY,7\nUSD,CNY,7,2026-02-30,1,a\n"
    told = read(wrong)
    assert [line.partition(":")[0] for line in told] == ["line 4", "line 5", "line 6", "line 7"]
    assert "is not a rate" in told[0] and "is no day" in told[1] and "fewer cells" in told[2]


@pytest.mark.parametrize("head", ["from,to,value", "from,to,value,day,colour", "", "from,to,value,day,day"])
def test_a_file_with_other_columns_is_refused(head: str) -> None:
    assert read(head + "\n")[0].startswith("line 1: the columns are")


def test_a_row_without_a_source_is_refused() -> None:
    assert "--source" in read(FILE, source=None)[0]


def test_where_one_day_is_to_come_nothing_is_stored(database: Database) -> None:
    rates = read_rates((FILE + "USD,CNY,7,2199-01-01,1,a\n").splitlines(keepends=True), "a list", "operator:ann")
    with pytest.raises(BrokenRates, match="a day to come"):
        import_rates(database, rates)
    with database.read() as work:
        assert work.rates.list().items == ()
