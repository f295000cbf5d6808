"""What a document compiles to: foreign amounts at a rate, rounding where fractions leave, one node per meaning."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy.program import Calc, Check, Collect, Compare, Const, Fact, First, Fold, In, Program, Round
from tests.policy.written import HEAD, program


def check(compiled: Program, name: str = "one") -> Check:
    return next(row for node in compiled.nodes if isinstance(node, Collect) for row in node.rows if row.name == name)


def measured(bound: str, head: str = HEAD) -> Program:
    return program(f"checks:\n  - {{check: one, measure: order.amount, {bound}, verdict: deny}}\n", head)


@pytest.mark.parametrize(
    ("bound", "fails"),
    [("at_most: 5", ">"), ("at_least: 5", "<"), ("below: 5", ">="), ("above: 5", "<="), ("is: 5", "!=")],
)
def test_equality_passes_with_at_most_and_at_least(bound: str, fails: str) -> None:
    compiled = measured(bound)
    node = compiled.nodes[check(compiled).fails]
    assert isinstance(node, Compare)
    assert (node.op, compiled.nodes[node.right]) == (fails, Const("money", 500))


def test_a_measure_in_a_range_fails_outside() -> None:
    compiled = measured('in: "[5..7)"')
    node = compiled.nodes[check(compiled).fails]
    assert isinstance(node, In)
    assert (node.negated, [(span.low, span.high, span.high_closed) for span in node.spans]) == (
        True,
        [(500, 700, False)],
    )


@pytest.mark.parametrize(
    ("own", "foreign", "scaled"),
    [("CNY", "2_000.50 USD", 200_050), ("JPY", "2_000.50 USD", Fraction(4001, 2)), ("KWD", "2_000.50 USD", 2_000_500),
     ("CNY", "2_000 JPY", 200_000)],
)  # fmt: skip
def test_a_foreign_amount_is_converted_at_the_rate_and_rounded_half_even_once(
    own: str, foreign: str, scaled: int | Fraction
) -> None:
    compiled = measured(f"at_most: {foreign}", HEAD.replace("CNY", own))
    rounded = compiled.nodes[check(compiled).allowed]
    assert isinstance(rounded, Round)
    assert (rounded.step, rounded.mode, rounded.kind) == (1, "half_even", "money")
    product = compiled.nodes[rounded.arg]
    assert isinstance(product, Calc)
    amount, rate = (compiled.nodes[arg] for arg in product.args)
    currency = foreign.split()[1]
    assert (amount, rate) == (Const("number", Fraction(scaled)), Fact(f"rates.{currency}", "ratio"))
    assert compiled.facts[f"rates.{currency}"].source == "ledger"


def test_the_own_currency_needs_no_rate() -> None:
    assert "rates.CNY" not in measured("at_most: 5 CNY").facts


@pytest.mark.parametrize(("own", "digits"), [("CNY", 2), ("JPY", 0), ("KWD", 3)])
def test_amounts_are_minor_units_of_the_policys_currency(own: str, digits: int) -> None:
    compiled = measured("at_most: 5", HEAD.replace("CNY", own))
    assert compiled.nodes[check(compiled).allowed] == Const("money", 5 * 10**digits)
    assert compiled.minor_digits == digits


def test_a_limit_of_a_share_is_rounded_where_it_leaves() -> None:
    compiled = program("limits:\n  - {otherwise: true, limit: 10% * customer.annual_revenue}\n")
    table = compiled.nodes[compiled.tables["limits"]]
    assert isinstance(table, First)
    assert isinstance(compiled.nodes[table.rows[0].outputs[0]], Round)


def test_equal_formulas_are_one_node() -> None:
    compiled = program("let: {a: order.amount * 2, b: order.amount * 2}\nchecks:\n"
                       "  - {check: one, measure: a, at_most: 5, verdict: deny}\n"
                       "  - {check: two, measure: b, at_most: 5, verdict: deny}\n")  # fmt: skip
    assert len(set(compiled.nodes)) == len(compiled.nodes)
    assert compiled.lets["a"] == compiled.lets["b"]


def test_every_node_reads_only_nodes_before_it_and_the_fold_is_last() -> None:
    compiled = program("limits:\n  - {otherwise: true, limit: 5}\nchecks:\n"
                       "  - {check: a, measure: order.amount, at_most: limit.effective, verdict: deny}\n")  # fmt: skip
    assert isinstance(compiled.nodes[-1], Fold)
    assert compiled.fold == len(compiled.nodes) - 1
    assert all(arg < at for at, node in enumerate(compiled.nodes) if isinstance(node, Calc) for arg in node.args)


def test_first_match_rows_keep_the_order_of_the_file() -> None:
    compiled = program("tiers:\n  - {tier: b, when: customer.score > 5}\n  - {tier: a, otherwise: true}\n")
    assert (compiled.tiers, tuple(compiled.tables)) == (("b", "a"), ("tiers",))
