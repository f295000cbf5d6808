"""Settings, lists and value tables with dates: from and until are both inclusive, no day has two values."""

from __future__ import annotations

import datetime

import pytest

from policy.program import First, In, Program, Span
from tests.policy.written import checked, codes, program, told

USE = "checks:\n  - {check: one, when: order.amount > settings.most, verdict: deny}\n"


def day(text: str) -> int:
    return datetime.date.fromisoformat(text).toordinal()


def spans(one: Program) -> list[Span]:
    table = one.nodes[one.tables["settings.most"]]
    assert isinstance(table, First)
    found = [one.nodes[row.condition] for row in table.rows]
    return [span for node in found if isinstance(node, In) for span in node.spans]


def test_each_value_holds_until_the_day_before_the_next() -> None:
    text = "settings:\n  most:\n    - {from: 2026-07-01, value: 4 CNY}\n    - {from: 2026-01-01, value: 5 CNY}\n" + USE
    assert spans(program(text)) == [
        Span(day("2026-01-01"), True, day("2026-06-30"), True), Span(day("2026-07-01"), True, None, True),
    ]  # fmt: skip


def test_until_is_the_last_day() -> None:
    text = "settings:\n  most:\n    - {from: 2026-01-01, until: 2026-01-31, value: 5 CNY}\n" + USE
    assert spans(program(text)) == [Span(day("2026-01-01"), True, day("2026-01-31"), True)]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("until: 2026-06-30", "from: 2026-07-01", None),
        ("until: 2026-07-01", "from: 2026-07-01", "dates-overlap"),
        ("until: 2026-06-29", "from: 2026-07-01", "dates-gap"),
        ("from: 2026-07-01", "from: 2026-07-01", "dates-overlap"),
        ("source: a", "source: b", "dates-overlap"),
        ("from: 2026-13-01", "from: 2026-07-01", "date"),
    ],
)
def test_two_values_on_one_day_and_days_without_a_value_are_told(first: str, second: str, code: str | None) -> None:
    text = f"settings:\n  most:\n    - {{{first}, value: 4 CNY}}\n    - {{{second}, value: 5 CNY}}\n" + USE
    assert codes(text) == ([code] if code else [])


def test_a_gap_is_a_hint_and_an_overlap_an_error() -> None:
    text = ("settings:\n  most:\n    - {{from: 2026-01-01, until: {}, value: 4 CNY}}\n"
            "    - {{from: 2026-07-01, value: 5 CNY}}\n" + USE.replace("{", "{{").replace("}", "}}"))  # fmt: skip
    program(text.format("2026-06-01"))
    with pytest.raises(AssertionError):
        program(text.format("2026-07-02"))


def test_words_of_a_list_belong_on_their_days() -> None:
    words = checked("lists: {bad: [CU, {country: IR, from: 2016-06-23, until: 2021-06-30}]}\n").policy.lists[0].words
    assert [(one.since, one.until) for one in words] == [(None, None), (day("2016-06-23"), day("2021-06-30"))]


@pytest.mark.parametrize(
    ("item", "code"),
    [("{country: IR, from: 2021-01-01, until: 2020-01-01}", "date"), ("{from: 2021-01-01}", "wrong-shape"),
     ("{a: b, c: d}", "wrong-shape"), ("[a]", "wrong-shape")],
)  # fmt: skip
def test_an_item_of_a_list_is_one_word_with_its_days(item: str, code: str) -> None:
    assert codes(f"lists:\n  bad:\n    - {item}\n") == [code]


def test_the_lines_of_a_grid_are_equally_long() -> None:
    text = ("tables:\n  it:\n    down: order.amount\n    across: customer.score\n    grid:\n"
            '      - [a, "< 5", ">= 5"]\n      - ["<= 3", 1]\n      - ["> 3", 1, 2, 3]\n')  # fmt: skip
    assert told(text) == [
        "7:11: table-cell: this line of table 'it' has 2 cells, the first has 3",
        "8:11: table-cell: this line of table 'it' has 4 cells, the first has 3",
    ]
