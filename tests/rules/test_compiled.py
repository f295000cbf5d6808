"""The compiled engine answers what the reference answers, in full, for every Program and all facts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from policy.load import load_policy
from policy.program import Program, Round
from rules import assembly
from rules.compiled import compile_program
from rules.facts import trade_vocabulary
from rules.outcome import VERDICTS, Missing, Outcome
from rules.quick import ABSENT
from rules.reference import decide
from tests.programs import Builder, credit_program, random_facts, random_program
from tests.rules.mutants import MUTANTS

GOOD = {
    "order.amount": 1000, "order.prepaid": 0, "order.requested_terms": "net 60", "account.exposure": 0,
    "account.overdue_days": 15, "limit.granted": 5000, "customer.score": 80, "customer.months": 24,
    "customer.revenue": 900_000, "customer.insolvent": False, "customer.country": "DE",
}  # fmt: skip
FAILED = ("hard_stop", "deny", "refer", "warn")


def core_of(outcome: Outcome) -> tuple[int, ...]:
    """What the core must say, read off a full answer."""
    rows = (outcome.rows.get(table, -1) for table in ("tiers", "limits", "terms", "security", "authority"))
    failed = sum((check.status in FAILED) << place for place, check in enumerate(outcome.checks))
    unknown = sum((check.status == "not_evaluated") << place for place, check in enumerate(outcome.checks))
    return VERDICTS.index(outcome.verdict), *rows, failed, unknown


def differences(seeds: range, facts_each: int) -> list[tuple[int, int]]:
    """Seeds and facts for which the compiled engine answers, or fails, otherwise than the reference."""
    found = []
    for seed in seeds:
        random = Random(seed)
        program = random_program(random)
        compiled = compile_program(program)
        for number in range(facts_each):
            facts = random_facts(random)
            wanted = decide(program, facts)
            if compiled.decide(facts) != wanted or compiled.core(facts) != core_of(wanted):
                found.append((seed, number))
    return found


def agree(program: Program, facts: Mapping[str, Any]) -> Outcome:
    compiled, wanted = compile_program(program), decide(program, facts)
    assert compiled.decide(facts) == wanted
    assert compiled.core(facts) == core_of(wanted)
    return wanted


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 300, 50))
def test_random_programs_are_answered_as_by_the_reference(start: int) -> None:
    assert differences(range(start, start + 50), 50) == []


@pytest.mark.parametrize("mutant", sorted(MUTANTS))
def test_every_mutant_is_found(mutant: str) -> None:
    with MUTANTS[mutant]():
        assert any(is_seen(seed) for seed in range(-1, 60)), f"no difference shows the mutant {mutant}"


def is_seen(seed: int) -> bool:
    """Whether a fault is seen on one seed, -1 being amounts rounded; an error while deciding is seen too."""
    try:
        if seed < 0:
            program, amounts = rounding_program(), range(-5, 6)
            compiled = compile_program(program)
            return any(compiled.decide(f) != decide(program, f) for f in ({"order.amount": n} for n in amounts))
        if seed == 0 and differs_of_deposits():
            return True
        return bool(differences(range(seed, seed + 1), 8))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        return True


def differs_of_deposits() -> bool:
    """Whether the engines differ on three quarters of another amount than the order's."""
    text = b"""aval: 1
policy: deposits
title: {en: Deposits, zh: Deposits}
currency: CNY
security:
  - otherwise: true
    require: {deposit: {of: customer.annual_revenue, share: 75%}}
"""
    program = load_policy(text, "deposits.yaml", trade_vocabulary()).program
    assert program is not None
    facts = {"order.amount": 100, "order.prepaid": 0, "customer.annual_revenue": 1_000}
    return compile_program(program).decide(facts) != decide(program, facts)


def rounding_program() -> Program:
    """Half an order, rounded in each of the four ways to whole units, as outputs of the limits section."""
    b = Builder()
    half = b.calc("multiply", b.fact("order.amount"), b.const("percent", Fraction(1, 2)))
    modes = ("half_even", "half_up", "floor", "ceil")
    rounded = tuple(b.add(Round(half, Fraction(1), mode, "money")) for mode in modes)
    b.first("limits", modes, (b.all(), rounded))
    return b.program(())


@pytest.mark.parametrize("amount", range(-5, 6))
def test_the_middle_is_rounded_as_each_way_says(amount: int) -> None:
    agree(rounding_program(), {"order.amount": amount})


@pytest.mark.parametrize("name", ["customer.score", "account.overdue_days", "customer.months"])
@pytest.mark.parametrize("value", [11, 12, 13, 14, 15, 16, 29, 30, 31, 34, 35, 36, 79, 80, 81])
def test_thresholds_are_right_to_the_unit(name: str, value: int) -> None:
    agree(credit_program(), GOOD | {name: value})


@pytest.mark.parametrize(("amount", "verdict"), [(4501, "approve"), (5000, "approve"), (5001, "refer")])
def test_exactly_the_limit_passes_and_one_more_refers(amount: int, verdict: str) -> None:
    assert agree(credit_program(), GOOD | {"order.amount": amount}).verdict == verdict


@pytest.mark.parametrize("prepaid", [0, 299, 300, 301, 999, 1000, 1001])
def test_what_is_prepaid_lowers_what_is_to_bring(prepaid: int) -> None:
    standard = GOOD | {"customer.score": 79, "order.requested_terms": "net 30", "order.prepaid": prepaid}
    outcome = agree(credit_program(), standard)
    assert (outcome.verdict == "approve") is (prepaid >= 1000)


@pytest.mark.parametrize("amount", [0, 1, 2, 3, 5, 15, 17])
def test_tiny_amounts_are_shared_as_by_the_reference(amount: int) -> None:
    for prepaid in range(4):
        agree(credit_program(), GOOD | {"customer.score": 79, "order.amount": amount, "order.prepaid": prepaid})


@pytest.mark.parametrize("asked", [None, "net 30", "net 90", "net 91", "net 0090", "2/10 net 30", "prepaid", "net", ""])
def test_terms_asked_for_are_given_as_by_the_reference(asked: str | None) -> None:
    agree(credit_program(), GOOD | {"order.requested_terms": asked})


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("absent", ["left out", "None", "Missing"])
def test_a_missing_fact_never_approves_where_it_decides(name: str, absent: str) -> None:
    facts: dict[str, Any] = {key: value for key, value in GOOD.items() if key != name}
    facts |= {"None": {name: None}, "Missing": {name: Missing(frozenset({name, "invoice"}))}, "left out": {}}[absent]
    outcome = agree(credit_program(), facts)
    optional = ("order.prepaid", "order.requested_terms", "limit.granted", "customer.months")
    assert name in optional or outcome.verdict in ("refer", "deny", "approve_with_conditions")


def test_a_missing_fact_in_a_row_that_is_not_reached_changes_nothing() -> None:
    b = Builder()
    near = b.fact("order.amount")
    far = b.calc("divide", b.fact("customer.worth"), b.fact("customer.revenue"), kind="limit")
    b.first("limits", ("policy",), (b.test("customer.score", ">=", 80), (near,)), (b.all(), (far,)))
    program = b.program(())
    assert agree(program, {"customer.score": 80, "order.amount": 5}).verdict == "approve"
    assert agree(program, {"customer.score": 79, "order.amount": 5}).verdict == "refer"
    no_revenue = {"customer.score": 79, "customer.worth": 5, "customer.revenue": 0}
    assert agree(program, no_revenue).missing == ("zero_divisor",)


@pytest.mark.parametrize(("score", "status"), [(80, "does_not_apply"), (1, "does_not_apply"), (None, "not_evaluated")])
def test_what_is_wanted_both_true_and_false_is_unknown_where_its_fact_is(score: int | None, status: str) -> None:
    b = Builder()
    both = b.compare(b.fact("customer.score"), ">=", b.fact("customer.months"))  # a test of two figures
    check = b.measured("never", b.fact("order.amount"), "at_most", b.const("money", 1), "deny",
                       b.all(both, b.no(b.any(b.test("customer.country", "=", "DE"), both))))  # fmt: skip
    facts = {"customer.months": 2, "order.amount": 100, "customer.country": "FR"}
    outcome = agree(b.program((check,)), facts if score is None else facts | {"customer.score": score})
    assert outcome.checks[0].status == status and (outcome.verdict == "approve") is (score is not None)


def test_a_ratio_is_compared_without_rounding() -> None:
    b = Builder()
    used = b.calc("divide", b.fact("account.exposure"), b.fact("limit.granted"), kind="ratio")
    program = b.program((b.measured("use", used, "at_most", b.const("ratio", 1), "deny"),))
    big = 10**15
    assert agree(program, {"account.exposure": big, "limit.granted": big}).verdict == "approve"
    assert agree(program, {"account.exposure": big + 1, "limit.granted": big}).verdict == "deny"
    assert agree(program, {"account.exposure": -big, "limit.granted": -big + 1}).verdict == "deny"


def test_a_word_that_the_policy_never_names_is_not_taken_for_a_missing_one() -> None:
    assert agree(credit_program(), GOOD | {"customer.country": "XX"}).missing == ()


def test_the_quick_function_answers_where_nothing_is_missing() -> None:
    compiled = compile_program(credit_program())
    assert compiled._quick(GOOD) == core_of(decide(credit_program(), GOOD))
    with pytest.raises(ABSENT):
        compiled._quick({key: value for key, value in GOOD.items() if key != "customer.score"})


def test_what_a_policy_says_stands_in_the_code_as_a_constant_only() -> None:
    b = Builder()
    hostile = "A'); __import__('os').abort(); ('"
    tier = b.const("choice", hostile)
    b.first("tiers", ("tier",), (b.test("customer.country", "=", hostile), (tier,)))
    assert agree(b.program(()), {"customer.country": hostile}).tier == hostile


def test_a_thousand_tests_of_two_figures_compile_and_agree() -> None:
    b = Builder()
    left, right = b.fact("order.amount"), b.fact("account.exposure")
    sums = [b.calc("add", right, b.const("money", number)) for number in range(1000)]
    rows = [(b.compare(left, "=", total), (b.const("choice", "A"),)) for total in sums]
    b.first("tiers", ("tier",), *rows)
    assert agree(b.program(()), {"order.amount": 1400, "account.exposure": 500}).rows["tiers"] == 900


def test_the_engine_shares_nothing_with_the_reference_and_its_fold() -> None:
    program = "import sys, rules.compiled; print([n for n in ('rules.fold', 'rules.reference') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_cost_of_a_table_does_not_grow_with_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def columns_and_depth(rows: int) -> tuple[int, int]:
        b = Builder()
        tiers = [b.const("choice", name) for name in "ABC"]
        scores = [b.test("customer.score", ">=", rows - number) for number in range(rows)]
        months = [b.test("customer.months", "<", number) for number in range(rows)]
        conditions = [b.all(*pair) for pair in zip(scores, months, strict=True)]
        b.first("tiers", ("tier",), *((when, (tiers[n % 3],)) for n, when in enumerate(conditions)))
        calls: list[int] = []
        real = assembly.Assembly.between
        def counted(self: Any, value: Any, cuts: Any, masks: Any) -> Any:
            calls.append(len(cuts))
            return real(self, value, cuts, masks)
        monkeypatch.setattr(assembly.Assembly, "between", counted)
        compile_program(b.program(()))
        monkeypatch.undo()
        whole = [cuts for cuts in calls if cuts > rows // 2]
        return len(whole), max(cuts.bit_length() for cuts in calls)
    few, many = columns_and_depth(4), columns_and_depth(1000)
    assert many[0] <= few[0] + 2 and many[1] <= 10
