"""Only checked whole numbers reach the Rete engine: guards 1 and 3, missing values, and what passes int64."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from policy.program import Fact
from rules.outcome import Missing
from rules.ranges import INT64_MAX, Field
from rules.readings import Reading, Unsettled, WrongKind, derived
from rules.reference import Evaluation

NODES = (Fact("amount", "money"), Fact("insured", "flag"), Fact("country", "choice"), Fact("use", "ratio"))
FIELDS = [
    Field("f0", "integer", 0, fact="amount"), Field("f1", "flag", 1, fact="insured"),
    Field("f2", "token", 2, tokens=("DE", "RU"), fact="country"), Field("f3", "rational", 3, scale=10, fact="use"),
]  # fmt: skip
GOOD: dict[str, Any] = {"amount": 5, "insured": True, "country": "RU", "use": Fraction(1, 3)}


def numbers(**changed: Any) -> dict[str, int]:
    facts, reading = GOOD | changed, Reading(FIELDS)
    return dict(zip(reading.names, reading.numbers(facts, Evaluation(NODES, {}, facts)), strict=True))


def test_values_become_whole_numbers() -> None:
    assert numbers() == {"f0": 5, "f1": 1, "f2": 2, "f3": 7}
    assert numbers(country="XX", use=Fraction(9, 10)) == {"f0": 5, "f1": 1, "f2": 0, "f3": 18}


@pytest.mark.parametrize(("name", "value"), [
    ("amount", 5.0), ("amount", "5"), ("amount", True), ("amount", Fraction(5)), ("insured", 1), ("insured", "true"),
    ("country", 1), ("country", ["RU"]), ("use", 0.5), ("use", "1/2"), ("use", True),
])  # fmt: skip
def test_guard_1_a_wrong_type_is_refused(name: str, value: Any) -> None:
    with pytest.raises(WrongKind):
        numbers(**{name: value})


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, Missing(frozenset({"invoices"}))])
def test_a_missing_value_is_left_to_the_reference(name: str, value: Any) -> None:
    with pytest.raises(Unsettled):
        numbers(**{name: value})


@pytest.mark.parametrize(("name", "value"), [("amount", INT64_MAX + 1), ("amount", -INT64_MAX - 1), ("use", 2**59)])
def test_a_number_past_int64_is_left_to_the_reference(name: str, value: int) -> None:
    with pytest.raises(Unsettled):
        numbers(**{name: value})


def test_the_ends_of_int64_are_read() -> None:
    assert numbers(amount=INT64_MAX)["f0"] == INT64_MAX and numbers(amount=-INT64_MAX)["f0"] == -INT64_MAX


def test_an_output_of_an_earlier_table_is_read_by_its_row() -> None:
    reading, evaluation = Reading([Field("f0", "token", 0, table=1, by_row=(3, 1))]), Evaluation(NODES, {}, {})
    evaluation.settle(1, 1)
    assert reading.numbers({}, evaluation) == (1,)
    evaluation.settle(1, Missing(frozenset({"no_row:tiers"})))
    with pytest.raises(Unsettled):
        reading.numbers({}, evaluation)


def test_a_figure_of_another_type_is_refused_too() -> None:
    with pytest.raises(WrongKind):
        derived(Field("f0", "integer", 0), 0.5)
