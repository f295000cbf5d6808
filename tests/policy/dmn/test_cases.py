"""Test files of the kit: typed values, and when an answer counts as the expected one."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from policy.dmn.cases import read_cases, run_cases, same, shown
from policy.dmn.findings import Refused
from tests.policy.dmn.models import decision, formula, inputs, model_of

FILE = (
    '<testCases xmlns:xsi="x"><testCase id="1"><inputNode name="A">{}</inputNode>'
    '<resultNode name="Got" type="decision"><expected>{}</expected></resultNode></testCase></testCases>'
)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('<value xsi:type="xsd:decimal">1.50</value>', Fraction(3, 2)),
        ('<value xsi:type="xsd:boolean">false</value>', False),
        ('<value xsi:type="xsd:string"> a </value>', " a "),
        ('<value xsi:type="xsd:date">2026-11-23</value>', date(2026, 11, 23)),
        ('<value xsi:nil="true"/>', None),
        ('<list><item><value xsi:type="xsd:decimal">1</value></item></list>', (1,)),
        ('<component name="x"><value xsi:type="xsd:string">y</value></component>', {"x": "y"}),
    ],
)
def test_values_are_read_by_their_type(written: str, value: Any) -> None:
    (case,) = read_cases(FILE.format(written, written).encode(), "x.xml")
    assert case.given == {"A": value}
    assert case.expected[0].value == value


@pytest.mark.parametrize(("kind", "text"), [("decimal", "much"), ("boolean", "maybe"), ("date", "2026-02-30"),
                                            ("duration", "P1D")])  # fmt: skip
def test_a_value_that_is_none_is_told(kind: str, text: str) -> None:
    with pytest.raises(Refused, match="x.xml:1:"):
        read_cases(FILE.format(f'<value xsi:type="xsd:{kind}">{text}</value>', "").encode(), "x.xml")


@pytest.mark.parametrize(
    ("expected", "found", "wanted"),
    [
        (Fraction("0.3"), Fraction(3, 10), True), (Fraction("0.33"), Fraction(1, 3), False),
        (Fraction("0.333333333333"), Fraction(1, 3), True), (Fraction("0.333333"), Fraction(1, 3), False),
        (True, Fraction(1), False), (None, None, True), (None, False, False), ("1", Fraction(1), False),
        ((Fraction(1),), (Fraction(1), Fraction(2)), False), ({"a": "b"}, {"a": "b", "c": "d"}, True),
        ({"a": "b"}, None, False),
    ],
)  # fmt: skip
def test_short_numbers_are_equal_and_long_ones_close(expected: Any, found: Any, wanted: bool) -> None:
    assert same(expected, found) is wanted


def test_a_wrong_answer_and_a_missing_decision_do_not_agree() -> None:
    model = model_of(inputs({"A": "number"}) + decision("Got", formula("A * 2")))
    for text, agrees in (("4", True), ("5", False)):
        value = '<value xsi:type="xsd:decimal">{}</value>'
        cases = read_cases(FILE.format(value.format(2), value.format(text)).encode(), "x.xml")
        assert [one.agrees for one in run_cases(model, cases)] == [agrees]
    (result,) = run_cases(model_of(decision("Other", formula("1"))), cases)
    assert (result.agrees, result.told) == (False, "there is no decision 'Got'")


def test_values_are_shown_as_people_write_them() -> None:
    assert shown((Fraction(5, 2), None, True, {"a": "b"})) == "[2.5, null, true, {a: b}]"
    assert shown(Fraction(1000)) == "1000"
