"""Every hit policy, in DMN and as a policy: the same answers on every input, also for tables made by chance."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.dmn.model import Model
from tests.policy.dmn.models import Read, Row, codes, decision, in_dmn, inputs, model_of, table

AGES = [Fraction(age) for age in (5, 10, 11, 17, 18, 19, 30)]
ORDER = '<output><outputValues><text>"a", "b", "c"</text></outputValues></output>'
ROWS: list[Row] = [([">= 18"], ['"c"']), (["[10..18)"], ['"b"']), (["> 10"], ['"a"'])]
NUMBERS: list[Row] = [([">= 18"], ["5"]), (["[10..18)"], ["2.5"]), (["> 10"], ["3"])]


def aged(rows: list[Row], policy: str, *outputs: str) -> Model:
    """A table over one age."""
    body = table(["Age"], rows, policy, outputs or ("<output/>",))
    return model_of(inputs({"Age": "number"}) + decision("Got", body))


def both(model: Model) -> list[Any]:
    """The answers for every age, where DMN and the policy agree."""
    read, found = Read(model), []
    for age in AGES:
        found.append(in_dmn(model, "Got", {"Age": age}))
        assert read.answer("Got", {"Age": age}) == found[-1], f"age {age}\n{read.imported.text}"
    return found


@pytest.mark.parametrize(
    ("policy", "rows", "wanted"),
    [
        ("FIRST", ROWS, [None, "b", "b", "b", "c", "c", "c"]),
        ("PRIORITY", ROWS, [None, "b", "a", "a", "a", "a", "a"]),
        ("RULE ORDER", ROWS, [None, ("b",), ("b", "a"), ("b", "a"), ("c", "a"), ("c", "a"), ("c", "a")]),
        ("OUTPUT ORDER", ROWS, [None, ("b",), ("a", "b"), ("a", "b"), ("a", "c"), ("a", "c"), ("a", "c")]),
        ("COLLECT", ROWS, [(), ("b",), ("b", "a"), ("b", "a"), ("c", "a"), ("c", "a"), ("c", "a")]),
        ("UNIQUE", ROWS[:2], [None, "b", "b", "b", "c", "c", "c"]),
        ("ANY", [*ROWS[:2], (["> 20"], ['"c"'])], [None, "b", "b", "b", "c", "c", "c"]),
    ],
)
def test_one_table_under_each_hit_policy(policy: str, rows: list[Row], wanted: list[Any]) -> None:
    assert both(aged(rows, f'hitPolicy="{policy}"', ORDER)) == wanted


@pytest.mark.parametrize(
    ("aggregation", "wanted"),
    [
        ("SUM", [None, "2.5", "5.5", "5.5", "8", "8", "8"]),
        ("MIN", [None, "2.5", "2.5", "2.5", "3", "3", "3"]),
        ("MAX", [None, "2.5", "3", "3", "5", "5", "5"]),
        ("COUNT", ["0", "1", "2", "2", "2", "2", "2"]),
    ],
)
def test_collected_numbers(aggregation: str, wanted: list[str | None]) -> None:
    found = both(aged(NUMBERS, f'hitPolicy="COLLECT" aggregation="{aggregation}"'))
    assert found == [None if one is None else Fraction(one) for one in wanted]


def test_a_default_output_is_the_otherwise_row() -> None:
    default = '<output><defaultOutputEntry><text>"z"</text></defaultOutputEntry></output>'
    assert both(aged(ROWS[:2], 'hitPolicy="UNIQUE"', default)) == ["z", "b", "b", "b", "c", "c", "c"]


def test_several_outputs_are_sorted_by_the_first_then_the_second() -> None:
    outputs = [ORDER.replace("<output>", '<output name="x">'), ORDER.replace("<output>", '<output name="y">')]
    rows: list[Row] = [(["> 10"], ['"b"', '"c"']), (["-"], ['"b"', '"a"']), (["> 18"], ['"a"', '"c"'])]
    found = both(aged(rows, 'hitPolicy="PRIORITY"', *outputs))
    assert found[0] == found[2] == {"x": "b", "y": "a"}
    assert found[-1] == {"x": "a", "y": "c"}


def test_values_outside_the_input_values_fit_no_row() -> None:
    allowed = "<inputValues><text>[10..18]</text></inputValues></input>"
    body = table(["Age"], [(["-"], ['"any"'])]).replace("</input>", allowed)
    model = model_of(inputs({"Age": "number"}) + decision("Got", body))
    assert both(model) == [None, "any", "any", "any", "any", None, None]


@pytest.mark.parametrize(("policy", "refused"), [("UNIQUE", True), ("ANY", True), ("FIRST", False)])
def test_rows_that_contradict_each_other_are_refused_where_one_answer_is_wanted(policy: str, refused: bool) -> None:
    read = Read(aged(ROWS, f'hitPolicy="{policy}"', ORDER))
    assert ("dmn-overlap" in codes(read.imported)) is refused
    if refused:
        (told,) = [str(one) for one in read.imported.findings if one.code == "dmn-overlap"]
        assert "both fit when Age is" in told
        assert "input.got" not in read.imported.text or "Got" not in read.imported.answers


def test_priority_without_an_order_is_refused() -> None:
    assert "dmn-hit-policy" in codes(Read(aged(ROWS, 'hitPolicy="PRIORITY"')).imported)


CELL = st.one_of(
    st.just("-"), st.sampled_from(["< 10", "<= 11", "> 17", ">= 18", "10", "17, 18", "not(11)", "[10..18)", "(10..18]",
                                   "]5..17[", "not([11..17])", "< 10, > 18"]),
)  # fmt: skip
FLAG = st.sampled_from(["-", "true", "false"])
RESULT = st.sampled_from(['"a"', '"b"', '"c"'])
NUMBER = st.sampled_from(["1", "2.5", "-3", "0"])


@given(
    st.lists(st.tuples(CELL, FLAG, RESULT, NUMBER), min_size=1, max_size=6),
    st.sampled_from(["FIRST", "PRIORITY", "UNIQUE", "ANY", "RULE ORDER", "OUTPUT ORDER", "COLLECT"]),
    st.sampled_from(["", "SUM", "MIN", "MAX", "COUNT"]),
)
def test_tables_made_by_chance_mean_the_same(rows: list[tuple[str, str, str, str]], policy: str, total: str) -> None:
    total = total if policy == "COLLECT" else ""
    given_rows: list[Row] = [([age, ok], [number if total else word]) for age, ok, word, number in rows]
    how = f'hitPolicy="{policy}"' + (f' aggregation="{total}"' if total else "")
    body = table(["Age", "Ok"], given_rows, how, ["<output/>" if total else ORDER])
    model = model_of(inputs({"Age": "number", "Ok": "boolean"}) + decision("Got", body))
    read = Read(model)
    if "Got" not in read.imported.answers:
        assert policy in ("UNIQUE", "ANY")
        assert "dmn-overlap" in codes(read.imported)
        return
    for age in AGES:
        for ok in (True, False):
            facts = {"Age": age, "Ok": ok}
            assert read.answer("Got", facts) == in_dmn(model, "Got", facts), f"{facts}\n{read.imported.text}"
