"""Gaps and overlaps of tables: every one is found, none is invented, large tables are judged at once."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy.dmn.completeness import coverage
from policy.dmn.model import Table
from tests.cost import processor_seconds
from tests.policy.dmn.models import Row, decision, inputs, model_of, table


def table_of(columns: list[str], rows: list[Row]) -> Table:
    """A table over numbers, flags and words."""
    names = inputs({"A": "number", "B": "number", "Ok": "boolean", "Name": "string"})
    body = model_of(names + decision("Got", table(columns, rows))).decisions["Got"].body
    assert isinstance(body, Table)
    return body


@pytest.mark.parametrize(
    ("cells", "gap"),
    [
        (["< 5", ">= 5"], None), (["< 5", "> 5"], 5), (["< 5", "[5..7]", "(7..9)", ">= 9"], None),
        (["< 5", "[5..7]", "(7..9)", "> 9"], 9), (["[0..5]", "> 5"], -1), (["<= 5", ">= 6"], Fraction(11, 2)),
        (["-"], None),
        (["not(5)"], 5), (["not(5)", "5"], None), (["< 5, > 5", "[5..5]"], None),
    ],
)  # fmt: skip
def test_a_gap_between_numbers_is_found_at_its_edge(cells: list[str], gap: Fraction | None) -> None:
    found = coverage(table_of(["A"], [([cell], ["1"]) for cell in cells]))
    assert [example.values for example in found.gaps] == ([] if gap is None else [(("A", gap),)])


def test_a_gap_may_need_every_column() -> None:
    rows: list[Row] = [(["< 5", "-"], ["1"]), ([">= 5", "true"], ["2"])]
    (gap,) = coverage(table_of(["A", "Ok"], rows)).gaps
    assert gap.values == (("A", 5), ("Ok", False))


def test_two_columns_on_one_input_are_read_together() -> None:
    rows: list[Row] = [([">= 5", "< 9"], ["1"]), (["< 5", "-"], ["2"]), ([">= 9", ">= 9"], ["3"])]
    found = coverage(table_of(["A", "A"], rows))
    assert (found.gaps, found.conflicts, found.exact) == ((), (), True)


def test_overlaps_are_told_by_their_rows() -> None:
    rows: list[Row] = [(["<= 5"], ["1"]), ([">= 5"], ["2"]), (["< 3"], ["1"])]
    found = coverage(table_of(["A"], rows))
    assert [(one.values, one.rules) for one in found.conflicts] == [((("A", 5),), (0, 1))]
    assert [one.rules for one in found.repeats] == [(0, 2)]


def test_a_cell_that_reads_another_value_is_not_judged() -> None:
    assert not coverage(table_of(["A"], [(["> B"], ["1"]), (["-"], ["2"])])).exact


def test_a_table_of_two_hundred_rows_is_judged_at_once() -> None:
    rows: list[Row] = [([f"[{at}..{at + 1})", "true" if at % 2 else "-"], [str(at)]) for at in range(200)]
    body = table_of(["A", "Ok"], rows)
    assert processor_seconds(lambda: coverage(body), 10) < 10
    found = coverage(body)
    assert found.exact
    assert found.conflicts == ()
    assert (("A", Fraction(1)), ("Ok", False)) in [gap.values for gap in found.gaps]
