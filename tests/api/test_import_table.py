"""The rows of a file, each told apart with its line: none is lost, whatever stands in it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from api.import_mapping import ImportMapping
from api.import_table import BrokenFile, Line, Rejected, Table, is_text

MAPPING = ImportMapping(rows="customers", columns={"customer_id": "id", "name": "name"}, dates=())


def a_table(*lines: str) -> Table:
    """A table with the columns id and name, and these lines under its head."""
    return Table(["id,name\n", *lines], MAPPING)


def reasons(rows: Iterable[Line | Rejected]) -> list[str]:
    """Why rows were rejected, "" for those that were not."""
    return [row.reason if isinstance(row, Rejected) else "" for row in rows]


def test_rows_carry_the_line_on_which_they_begin() -> None:
    rows = list(a_table("1,a\n", '2,"two\n', 'lines"\n', "3,c\n"))
    assert [row.number for row in rows if isinstance(row, Line)] == [2, 3, 5]


def test_rows_with_another_number_of_cells_than_the_head_are_rejected() -> None:
    assert reasons(a_table("1\n", "1,a\n", "1,a,b\n")) == [
        "the row has fewer cells than the head", "", "the row has more cells than the head",
    ]  # fmt: skip


def test_a_quote_that_never_closes_is_one_rejected_row_and_not_a_lost_one() -> None:
    assert reasons(a_table("1,a\n", '2,"open\n', "3,c\n")) == ["", "the row cannot be read as comma-separated cells"]


def test_what_is_not_in_the_encoding_is_rejected_and_the_rest_is_read() -> None:
    lines = [raw.decode("utf-8", "surrogateescape") for raw in (b"1,\xff\n", "2,é\n".encode())]
    assert reasons(a_table(*lines)) == ["the row is not written in utf-8", ""]


def test_a_cell_that_is_a_book_is_rejected() -> None:
    rows = a_table(f"1,{'x' * 10_000}\n", f"1,{'x' * 10_001}\n")
    assert reasons(rows) == ["", "a cell has more than 10000 characters"]


def test_blank_cells_are_counted_by_column_and_empty_lines_by_themselves() -> None:
    table = a_table("1,\n", "\n", " , \n", ",b\n", "3,c\n")
    assert len(list(table)) == 3
    assert table.blank_cells == {"id": 1, "name": 1}
    assert (table.rows_with_blanks, table.empty_lines) == (2, 2)


def test_cells_are_given_by_column_without_the_space_around_them() -> None:
    table = a_table(" 1 ,  a b \n")
    line = next(iter(table))
    assert isinstance(line, Line)
    assert table.cells(line) == {"id": "1", "name": "a b"}


@pytest.mark.parametrize(("lines", "message"), [
    ([], "the file is empty"),
    (["id\n"], "no column 'name'; its columns are id"),
    (["id,name,id\n"], "the column 'id' twice"),
    (['"id\n'], "cannot be read as column names"),
])  # fmt: skip
def test_a_head_that_does_not_fit_is_told(lines: list[str], message: str) -> None:
    with pytest.raises(BrokenFile, match=message):
        Table(lines, MAPPING)


def test_the_separator_is_the_mapping_s() -> None:
    semicolons = ImportMapping(rows="customers", columns={"customer_id": "id"}, dates=(), separator=";")
    assert Table(["id;name\n"], semicolons).head == ("id", "name")


def test_only_what_was_decoded_is_text() -> None:
    assert is_text("价é")
    assert not is_text(b"\xff".decode("utf-8", "surrogateescape"))
