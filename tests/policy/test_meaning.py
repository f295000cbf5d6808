"""Names under formulas, figures under let, and which names the file itself reads."""

from __future__ import annotations

import pytest

from policy.expression import read_condition, read_formula
from policy.meaning import Names, fact_referent, figure_of, names_in, parts_of
from policy.problems import Problem, Where
from policy.syntax import Name
from policy.vocabulary import FactDeclaration
from rules.facts import trade_vocabulary
from tests.policy.written import checked

AT = Where("f", 1, 1)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("a > b + c * 2", ["a", "b", "c"]),
        ("a in [b, (c..d]]", ["a", "b", "c", "d"]),
        ("min(a, abs(b)) is not missing", ["a", "b"]),
        ("- a < 5 days", ["a"]),
        ("a is 'b'", ["a"]),
    ],
)
def test_names_are_found_wherever_they_stand(condition: str, names: list[str]) -> None:
    found = read_condition(condition, AT)
    assert not isinstance(found, Problem)
    assert [name.text for name in names_in(found)] == names


def test_a_number_has_no_parts() -> None:
    found = read_formula("5", AT)
    assert not isinstance(found, Problem)
    assert parts_of(found) == ()


def test_a_figure_over_a_list_is_told_from_a_formula() -> None:
    lets = checked("let:\n  one: count of invoices\n  two: order.amount\n").policy.lets
    assert [figure_of(let) is not None for let in lets] == [True, False]


def test_a_limit_is_the_one_fact_that_may_be_none() -> None:
    assert fact_referent(FactDeclaration("x", "limit")).sort.maybe_none
    assert not fact_referent(FactDeclaration("x", "money")).sort.maybe_none


def test_what_a_built_in_check_reads_is_not_read_by_the_file() -> None:
    names = Names(checked("let: {}\n").policy, trade_vocabulary(), {})
    names.read([Name("mine", Where("f", 1, 1)), Name("theirs", Where("built-in", 1, 1))])
    assert (names.used, names.used_here) == ({"mine", "theirs"}, {"mine"})
