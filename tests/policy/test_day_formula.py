"""Date formulas: what each says, where it is wrong, and that nothing written brings the reader down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.day_formula import DayWritten, read_day
from policy.problems import Where
from policy.receivables import DateRule
from policy.shapes import Shapes
from policy.source import Scalar, read_source

AT = Where("f", 3, 10)
DUE = DateRule("anchor", "due")


def read(text: str) -> DayWritten:
    shapes = Shapes()
    found = read_day(shapes, Scalar(text, False, AT, False), "at")
    assert found is not None, shapes.problems
    return found


def told(text: str) -> str:
    shapes = Shapes()
    assert read_day(shapes, Scalar(text, False, AT, False), "at") is None
    (problem,) = shapes.problems
    return f"{problem.where.column - AT.column}: {problem.code}: {problem.message}"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("due", DUE),
        ("due + 15 days", DateRule("add_days", number=15, parts=(DUE,))),
        ("due - 1 day", DateRule("add_days", number=-1, parts=(DUE,))),
        ("invoiced + 2 months", DateRule("add_months", number=2, parts=(DateRule("anchor", "invoiced"),))),
        ("delivered+1 year", DateRule("add_months", number=12, parts=(DateRule("anchor", "delivered"),))),
        ("due + 1_000 days", DateRule("add_days", number=1000, parts=(DUE,))),
        ("due - 7 business days", DateRule("add_business_days", number=-7, parts=(DUE,))),
        ("demand sent", DateRule("sent", "demand")),
        ("l3 failed + 5 days", DateRule("add_days", number=5, parts=(DateRule("failed", "l3"),))),
        ("agency chosen by ar_manager", DateRule("act", "agency chosen by ar_manager")),
        ("cleared by finance", DateRule("act", "cleared by finance")),
        ("month end of (due + 1 month)", DateRule("month_end", parts=(DateRule("add_months", "", 1, (DUE,)),))),
        ("month end of due + 3 days", DateRule("add_days", "", 3, (DateRule("month_end", parts=(DUE,)),))),
        ("(due + 1 month) - 2 days", DateRule("add_days", "", -2, (DateRule("add_months", "", 1, (DUE,)),))),
        ("due + settings.wait", DateRule("add_setting", "settings.wait", 1, (DUE,))),
    ],
)
def test_a_date_formula_says_what_it_counts_from_and_how_far(text: str, wanted: DateRule) -> None:
    assert read(text).rule == wanted


def test_a_formula_names_what_it_counts_from_with_its_place() -> None:
    found = read("month end of (demand sent + settings.wait)")
    assert [(one.op, one.name, one.at.column - AT.column) for one in found.mentions] == [
        ("sent", "demand", 14), ("setting", "settings.wait", 28),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("due + 15", "6: unit: beside a date the number '15' needs its unit"),
        ("due + 15 weeks", "9: unit: 'weeks' is not a unit of a date"),
        ("due + 1.5 days", "6: number: '1.5' is not a whole number"),
        ("due + 5_00 days", "6: number: '5_00' is not a whole number"),
        ("due + 20000 days", "6: range: '20000' is further away than any ladder or charge goes"),
        ("due + 300 months + 300 months", "19: range: '300' is further away than any ladder or charge goes"),
        ("deu + 15 days", "0: date-formula: 'deu' is nothing that a date can count from"),
        ("15 days", "0: date-formula: '15' was not expected here"),
        ("due 15 days", "4: date-formula: '15' was not expected here"),
        ("due +", "5: date-formula: the date ends too early"),
        ("due + + 3 days", "6: date-formula: '+' was not expected here"),
        ("(due + 3 days", "13: date-formula: the date ends too early"),
        ("due + 3 days)", "12: date-formula: ')' was not expected here"),
        ("due * 3", "4: date-formula: '*' was not expected here"),
        ("month end of", "12: date-formula: the date ends too early"),
        ("due" + " + 1 day" * 21, "164: too-deep: the date adds more than 20 numbers"),
        ("month end of " * 20 + "due", "130: too-deep: the date is nested more than 8 levels deep"),
        ("(" * 20 + "due" + ")" * 20, "9: too-deep: the date is nested more than 8 levels deep"),
    ],
)
def test_a_slip_is_told_at_its_place(text: str, wanted: str) -> None:
    assert told(text) == wanted


def test_earliest_and_latest_take_several_formulas() -> None:
    node, _ = read_source(b"at: {earliest: [due + 3 days, {latest: [demand sent, cleared by cfo]}]}\n", "f")
    shapes = Shapes()
    found = read_day(shapes, node.get("at"), "at")  # type: ignore[union-attr]
    assert found is not None
    assert (found.rule.op, found.rule.parts[1].op) == ("earliest", "latest")
    assert found.text == "the earliest of due + 3 days, the latest of demand sent, cleared by cfo"
    assert [one.op for one in found.mentions] == ["anchor", "sent", "act"]


@pytest.mark.parametrize("block", ["{}", "{earliest: [due], latest: [due]}"])
def test_a_block_holds_exactly_one_of_earliest_and_latest(block: str) -> None:
    node, _ = read_source(f"at: {block}\n".encode(), "f")
    shapes = Shapes()
    assert read_day(shapes, node.get("at"), "at") is None  # type: ignore[union-attr]
    assert [problem.code for problem in shapes.problems] == ["date-formula"]


PIECES = st.sampled_from(["due", "sent", "by", "month", "end", "of", "+", "-", "(", ")", "15", "days", "business",
                          "1.5", "settings.x", "é", "*", "99999999999999999999"])  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=12))
def test_nothing_written_brings_the_reader_down(pieces: list[str]) -> None:
    shapes = Shapes()
    found = read_day(shapes, Scalar(" ".join(pieces), False, AT, False), "at")
    assert (found is None) == bool(shapes.problems)
