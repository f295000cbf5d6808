"""How large formulas can grow: what an engine may not hold is told where it is written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy.bounds import too_wide
from policy.program import Calc, Const, Fact, Node
from tests.policy.written import codes, told

MONEY, COUNT = Fact("a", "money"), Fact("b", "count")


@pytest.mark.parametrize(
    ("formula", "wide"),
    [
        ("order.amount * customer.score", False),
        ("order.amount * customer.score * customer.score", False),
        ("order.amount * customer.score * customer.score * customer.score", True),
        ("order.amount / order.prepaid", False),
        ("order.amount / order.prepaid * customer.score", False),
        ("order.amount / order.prepaid * customer.score * customer.score * customer.score", True),
        ("max(order.amount * customer.score, order.amount / 7)", False),
        ("10% * order.amount * customer.score / 7", False),
        ("order.amount * customer.default_risk * customer.default_risk", False),
        ("order.amount * customer.default_risk * customer.default_risk * customer.default_risk", True),
        ("round(order.amount * customer.default_risk) * customer.default_risk * customer.default_risk", True),
        ("round(round(order.amount * customer.default_risk) * customer.default_risk) * customer.default_risk", False),
        ("min(order.amount, limit.effective)", False),
    ],
)
def test_a_formula_may_grow_to_two_to_the_126(formula: str, wide: bool) -> None:
    facts = "facts:\n  customer.default_risk: {kind: percent, from: master}\n" if "risk" in formula else ""
    checks = "checks:\n  - {check: one, measure: it, at_most: 5, verdict: deny}\n"
    assert (codes(f"{facts}let:\n  it: {formula}\n{checks}") == ["too-wide"]) is wide


def test_only_the_innermost_of_a_wide_formula_is_told() -> None:
    text = ("let:\n  it: order.amount * customer.score * customer.score * customer.score * customer.score + 5 CNY\n"
            "checks:\n  - {check: one, measure: it, at_most: 5, verdict: deny}\n")  # fmt: skip
    assert [one.split(": ")[0] for one in told(text)] == ["2:54"]


def test_a_wide_policy_gives_no_program() -> None:
    nodes: tuple[Node, ...] = (MONEY, *[Calc("multiply", (0, index), "money") for index in range(3)])
    assert too_wide(nodes) == {2: "number"}


LIMITS = "limits:\n  - otherwise: true\n    limit: {}\n"


@pytest.mark.parametrize(("limit", "wide"), [
    ("order.amount * 100", False), ("order.amount * customer.score", True), ("unlimited", False),
    ("order.amount * customer.score, at most 5_000_000", False), ("max(order.amount * 9_999, unlimited)", True),
])
def test_an_amount_beside_a_limit_stays_below_unlimited(limit: str, wide: bool) -> None:
    assert ("too-wide" in codes(LIMITS.format(limit))) is wide


def test_an_amount_compared_with_a_limit_stays_below_unlimited() -> None:
    text = "checks:\n  - {{check: one, measure: order.amount * {}, at_most: limit.effective, verdict: deny}}\n"
    assert ["too-wide" in codes(text.format(times)) for times in ("2", "customer.score")] == [False, True]


def test_constants_count_as_large_as_they_are() -> None:
    small: tuple[Node, ...] = (Const("number", 2), Const("number", Fraction(1, 3)), Calc("multiply", (0, 1), "number"))
    large: tuple[Node, ...] = (Const("number", 2**126), Const("flag", True))
    assert (too_wide(small), too_wide(large)) == ({}, {0: "number"})
