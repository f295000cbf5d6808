"""Conditions become boxes of ranges: alternatives, negations, the cap, and the order in which tables are asked."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from policy.program import In, Program
from rules.flatten import BOXES_PER_ROW, FlatProgram, flatten
from tests.programs import Builder, credit_program


def flat_of(condition: Callable[[Builder], int]) -> FlatProgram:
    """A Program whose only table has this one condition."""
    b = Builder()
    b.first("tiers", ("tier",), (condition(b), (b.const("choice", "A"),)))
    return flatten(b.program(()))


def boxes(condition: Callable[[Builder], int]) -> list[dict[str, tuple[int, int]]]:
    """The boxes by the fact that each field reads."""
    flat = flat_of(condition)
    names = {name: field.fact or field.form for name, field in flat.fields.items()}
    return [{names[name]: (low, high) for name, low, high in box} for box in flat.stages[0][0].rows[0].boxes]


def test_alternatives_of_one_fact_are_one_box_for_each_range() -> None:
    found = boxes(lambda b: b.any(b.test("customer.score", "=", 1), b.test("customer.score", "=", 2),
                                  b.test("customer.score", "=", 9)))  # fmt: skip
    assert found == [{"customer.score": (1, 2)}, {"customer.score": (9, 9)}]


def test_not_goes_to_the_leaves() -> None:
    found = boxes(lambda b: b.no(b.any(b.test("customer.score", "<", 5), b.fact("customer.insolvent"))))
    assert [box["customer.score"][0] for box in found] == [5]
    assert [box["customer.insolvent"] for box in found] == [(0, 0)]


def test_tests_of_one_fact_in_one_row_meet_and_a_contradiction_has_no_box() -> None:
    def between(b: Builder, low: int, high: int) -> int:
        return b.all(b.test("customer.score", ">=", low), b.test("customer.score", "<", high))

    assert boxes(lambda b: between(b, 3, 8)) == [{"customer.score": (3, 7)}]
    assert boxes(lambda b: between(b, 8, 3)) == []


def test_a_condition_that_holds_for_every_value_still_reads_its_fact() -> None:
    flat = flat_of(lambda b: b.any(b.test("customer.score", "<", 5), b.test("customer.score", ">=", 5)))
    row = flat.stages[0][0].rows[0]
    assert row.boxes == ((),) and [flat.fields[name].fact for name in row.reads] == ["customer.score"]


def test_two_figures_are_compared_by_their_sign_and_missing_is_a_truth() -> None:
    assert boxes(lambda b: b.compare(b.fact("order.amount"), "<=", b.fact("customer.worth"))) == [{"sign": (-1, 0)}]
    assert boxes(lambda b: b.add(In(b.fact("customer.score"), missing=True))) == [{"truth": (1, 1)}]


def test_a_fraction_has_one_scale_for_all_its_constants() -> None:
    def between(b: Builder) -> int:
        below = b.compare(b.const("ratio", Fraction(2, 3)), ">", b.fact("customer.leverage"))
        return b.all(b.test("customer.leverage", ">", Fraction(1, 2)), below)

    flat = flat_of(between)
    (field,) = flat.fields.values()
    assert (field.form, field.scale) == ("rational", 6)
    assert flat.stages[0][0].rows[0].boxes == (((field.name, 7, 7),),)  # between 6/12 and 8/12: only what lies between


def test_past_the_cap_a_sub_condition_is_a_truth_of_the_reference() -> None:
    def wide(b: Builder) -> int:
        names = ("customer.score", "order.amount", "customer.months", "account.exposure", "customer.worth")
        return b.all(*(b.add(In(b.fact(name), (0, 2, 4))) for name in names))

    found = boxes(wide)
    assert len(found) <= BOXES_PER_ROW and all(box["truth"] == (1, 1) for box in found)


def test_a_row_after_one_that_always_holds_is_never_asked() -> None:
    b = Builder()
    tier = b.const("choice", "A")
    b.first("tiers", ("tier",), (b.all(), (tier,)), (b.test("customer.score", "<", 5), (tier,)))
    assert len(flatten(b.program(())).stages[0][0].rows) == 1


def test_tables_are_asked_as_late_as_their_readers_allow() -> None:
    program = credit_program()
    names = {index: name for name, index in program.tables.items()}
    stages = [[names.get(table.index, "checks") for table in stage] for stage in flatten(program).stages]
    assert stages == [["tiers"], ["limits"], ["terms", "security", "checks"]]


def test_authority_stands_outside_the_stages() -> None:
    program: Program = credit_program()
    flat = flatten(program)
    assert flat.authority is not None and flat.authority.index == program.tables["authority"]
