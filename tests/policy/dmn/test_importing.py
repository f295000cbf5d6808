"""What becomes of a whole model: decisions that read each other, knowledge models, and what is refused by name."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from policy.dmn.findings import Refused
from policy.dmn.importing import import_model
from policy.dmn.read_model import read_model
from tests.policy.dmn.models import (
    Read,
    codes,
    decision,
    definitions,
    formula,
    in_dmn,
    in_policy,
    inputs,
    model_of,
    table,
)

TYPES = inputs({"A": "number", "B": "number", "Ok": "boolean", "Name": "string", "Day": "date"})
VALUES = {"A": Fraction(3), "B": Fraction(-4), "Ok": True, "Name": "Ann", "Day": date(2026, 11, 23)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A * 2 + B", 2), ("A - B", 7), ("A - (B - A)", 10), ("-A / -2", "3/2"), ("A / B", "-3/4"), ("A / 0.5", 6),
        ("A ** 2", 9), ("min(A, B)", -4), ("abs(B)", 4), ("2 ** 10", 1024), ("A > B", True), ("not(Ok)", False),
        ("A > B and Ok", True), ("A = B or not(Ok)", False), ('Name = "Ann"', True), ("A in [3..4)", True),
        ('if Name = "Bob" then 1 else if Ok then 2 else 3', 2), ('Day >= date("2026-11-23")', True),
        ("A != 3", False),
        ("5 > A", True), ("Ok = false", False), ('Name in ("Bob", "Ann")', True), ('"foo bar"', "foo bar"),
        ("false", False),
        ("A between 3 and 4", True), ("not(A > 3 or B > 3)", True), ("null = A", False), ("A * (B + 1) / -3", 3),
    ],
)  # fmt: skip
def test_a_formula_means_the_same(text: str, wanted: Any) -> None:
    model = model_of(TYPES + decision("Got", formula(text)))
    exact = wanted if isinstance(wanted, bool) or (isinstance(wanted, str) and "/" not in wanted) else Fraction(wanted)
    assert in_dmn(model, "Got", VALUES) == exact
    assert in_policy(model, "Got", VALUES) == exact


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("A ** B", "dmn-not-kept", "a power ** has no exact counterpart"),
        ('Name + "!"', "dmn-not-kept", "texts are put together"),
        ("A / 0", "dmn-not-kept", "null"),
        ("floor(A)", "dmn-not-kept", "the function 'floor'"),
        ("[A, B]", "dmn-not-kept", "a list"),
        ('A = "three"', "dmn-not-kept", "a number is compared with a string"),
        ('Name < "b"', "dmn-not-kept", "a string is compared"),
        ("Ok + 1", "dmn-not-kept", "a boolean is calculated with"),
        ("Unknown + 1", "dmn-reference", "'Unknown' is not known here"),
        ("for x in A return x", "dmn-not-kept", "'for' is not kept"),
        ("A +", "dmn-expression", "the end"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(text: str, code: str, told: str) -> None:
    imported = Read(model_of(TYPES + decision("Got", formula(text)))).imported
    (finding,) = imported.findings
    assert finding.code == code
    assert told in str(finding)
    assert str(finding).startswith("example.dmn:1:")
    assert "Got" not in imported.answers


def test_a_refused_decision_is_asked_for_and_its_readers_are_kept() -> None:
    body = decision("Power", formula("A ** B"), "number") + decision("Got", formula("Power > 5"))
    model = model_of(TYPES + body)
    read = Read(model)
    assert list(read.imported.inputs.values()) == [("Power",)]
    assert [read.answer("Got", {"Power": Fraction(power)}) for power in (5, 6)] == [False, True]


def test_a_decision_reads_another_whatever_the_order_of_the_file() -> None:
    tiers = table(["A"], [(["> 2"], ['"high"']), (["<= 2"], ['"low"'])])
    lines = table(["Tier"], [(['"high"'], ["100"]), (['"low"'], ["A * 10"])])
    model = model_of(TYPES + decision("Line", lines) + decision("Tier", tiers))
    for amount in (1, 2, 3):
        given = {"A": Fraction(amount)}
        assert in_policy(model, "Line", given) == in_dmn(model, "Line", given) == (100 if amount > 2 else amount * 10)
    assert in_policy(model, "Tier", {"A": None}) is None


KNOWLEDGE = (
    '<businessKnowledgeModel name="Rate"><encapsulatedLogic><formalParameter name="x"/><formalParameter name="y"/>'
    "{}</encapsulatedLogic></businessKnowledgeModel>"
)
CALL = (
    "<invocation><literalExpression><text>Rate</text></literalExpression>"
    '<binding><parameter name="x"/><literalExpression><text>A + 1</text></literalExpression></binding>'
    '<binding><parameter name="y"/><literalExpression><text>B</text></literalExpression></binding></invocation>'
)


@pytest.mark.parametrize("call", [CALL, formula("Rate(A + 1, B)")])
def test_a_knowledge_model_is_written_out_where_it_is_called(call: str) -> None:
    rates = table(["x", "y"], [(["> 3", "-"], ["x * 2"]), (["-", "< 0"], ["0"])], 'hitPolicy="FIRST"')
    model = model_of(TYPES + KNOWLEDGE.format(rates) + decision("Got", call, "number"))
    for amount, wanted in ((3, 8), (1, 0)):
        given = {"A": Fraction(amount), "B": Fraction(-1)}
        assert in_policy(model, "Got", given) == in_dmn(model, "Got", given) == wanted


def test_a_context_gives_its_last_value_from_those_before() -> None:
    entry = '<contextEntry><variable name="{}"/>{}</contextEntry>'
    last = f"<contextEntry>{formula('if Half > 1 then Half else B')}</contextEntry>"
    model = model_of(TYPES + decision("Got", f"<context>{entry.format('Half', formula('A / 2'))}{last}</context>"))
    for amount in (1, 3):
        given = {"A": Fraction(amount), "B": Fraction(9)}
        assert in_policy(model, "Got", given) == in_dmn(model, "Got", given)


@pytest.mark.parametrize("body", [decision("A1", formula("B1 + 1")) + decision("B1", formula("A1 + 1")),
                                  KNOWLEDGE.format(formula("Rate(x, y)")) + decision("Got", formula("Rate(A, B)"))])
def test_a_circle_is_a_finding(body: str) -> None:
    model = model_of(TYPES + body)
    assert "dmn-cycle" in codes(import_model(model, "USD"))
    with pytest.raises(Refused, match="dmn-cycle"):
        in_dmn(model, next(iter(model.decisions)), VALUES)


def test_a_null_that_is_allowed_is_said() -> None:
    item = ('<itemDefinition name="t"><typeRef>number</typeRef><allowedValues><text>[0..9], null</text></allowedValues>'
            "</itemDefinition>")  # fmt: skip
    model = model_of(item + inputs({"A": "t"}) + decision("Got", table(["A"], [(["> 5"], ["1"]), (["-"], ["2"])],
                                                                       'hitPolicy="FIRST"')))  # fmt: skip
    read = Read(model)
    assert codes(read.imported) == ["dmn-null"]
    assert (in_dmn(model, "Got", {"A": None}), read.answer("Got", {"A": None})) == (2, None)


def test_allowed_words_become_the_words_of_the_fact() -> None:
    item = ('<itemDefinition name="t"><typeRef>string</typeRef><allowedValues><text>"VERY LOW", "B"</text>'
            "</allowedValues></itemDefinition>")  # fmt: skip
    model = model_of(item + inputs({"Risk": "t"}) + decision("Got", table(["Risk"], [(['"VERY LOW"'], ["1"]),
                                                                                    (['"B"'], ["2"])])))  # fmt: skip
    read = Read(model)
    assert "input.risk: {kind: choice, from: request, of: ['VERY LOW', 'B']}" in read.imported.text
    assert read.answer("Got", {"Risk": "VERY LOW"}) == 1
    assert codes(read.imported) == []


def test_names_that_fall_together_stay_apart() -> None:
    given = inputs({"Net Worth": "number", "net-worth": "number"})
    model = model_of(given + decision("in", formula("Net Worth - net-worth")))
    assert in_policy(model, "in", {"Net Worth": Fraction(9), "net-worth": Fraction(4)}) == 5


def test_another_document_is_no_dmn() -> None:
    with pytest.raises(Refused, match="dmn-not-dmn"):
        read_model(b"<testCases/>", "x.xml")
    with pytest.raises(Refused, match="dmn-reference"):
        read_model(definitions(inputs({"A": "number"}) + decision("A", formula("1"))), "x.dmn")
