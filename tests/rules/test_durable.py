"""The Rete engine behind its guards: equal to the reference, and never an answer of another order."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest

from policy.program import First, Program
from rules import durable, reference
from rules.core import core_of
from rules.durable import Durable, EngineFault, EngineMissing, Ruleset, build, refuse_clashes
from rules.ranges import INT64_MAX, Field
from rules.readings import WrongKind
from rules.shards import Rule
from tests.programs import Builder, credit_program, random_facts, random_program

pytestmark = pytest.mark.skipif(not durable.AVAILABLE, reason="durable_rules cannot be loaded by this Python")

REAL: Any = durable.engine
GOOD: dict[str, Any] = {
    "order.amount": 1000, "order.prepaid": 0, "order.requested_terms": "net 30", "account.exposure": 100,
    "account.overdue_days": 3, "limit.granted": 5000, "customer.score": 80, "customer.months": 24,
    "customer.revenue": 300_000, "customer.country": "DE", "customer.insolvent": False,
}  # fmt: skip


@pytest.fixture
def credit() -> Iterator[Durable]:
    engine = build(credit_program())
    yield engine
    engine.close()


def a_table(rows: int, column: str = "customer.score", op: str = "=") -> Program:
    """A tiers table of so many rows, each of which tests one number."""
    b = Builder()
    tiers = [b.const("choice", tier) for tier in "ABC"]
    body = [(b.test(column, op, n), (tiers[n % 3],)) for n in range(rows)]
    b.first("tiers", ("tier",), *body, (b.all(), (tiers[2],)))
    return b.program(())


def a_ruleset() -> tuple[Ruleset, dict[str, Field]]:
    fields = {"f0": Field("f0", "integer", 0)}
    rules = [Rule((("f0", 0, 9),), ("row", 0, 0)), Rule((("f0", 5, 20),), ("row", 0, 1))]
    return Ruleset(rules, fields), fields


class Lying:
    """The engine's module, but for one function whose answer is another."""

    def __init__(self, **lies: Any) -> None:
        self.lies = lies

    def __getattr__(self, name: str) -> Any:
        return self.lies.get(name) or getattr(REAL, name)


@pytest.mark.slow
def test_every_random_decision_equals_the_reference_in_full(soak: bool) -> None:
    by_engine = {"durable": 0, "reference": 0}
    for seed in range(2000 if soak else 150):
        program, random = random_program(Random(seed)), Random(-seed)
        engine = build(program)
        for _ in range(30):
            facts = random_facts(random)
            judged, wanted = engine.judge(facts), reference.decide(program, facts)
            assert judged.outcome == wanted, (seed, facts)
            assert engine.core(facts) == core_of(wanted), (seed, facts)
            by_engine[judged.engine] += 1
        engine.close()
    assert min(by_engine.values()) > 500  # both ways were taken often


@pytest.mark.parametrize(("fact", "values", "tiers"), [
    ("customer.score", (34, 35, 79, 80), "CBBA"), ("account.overdue_days", (15, 16, 29, 30), "ABBC"),
])  # fmt: skip
def test_thresholds_are_exact(credit: Durable, fact: str, values: tuple[int, ...], tiers: str) -> None:
    judged = [credit.judge(GOOD | {fact: value}) for value in values]
    assert "".join(str(one.outcome.tier) for one in judged) == tiers
    assert {one.engine for one in judged if one.outcome.tier != "C"} == {"durable"}  # C has limit 0: a zero divisor


def test_the_row_is_the_engines_and_not_the_references(credit: Durable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with another row from the engine the answer is another, so it is really the engine that decides."""
    assert credit.decide(GOOD).tier == "A"
    tiers = credit.program.tables["tiers"]
    ruleset = next(r for r in credit._rulesets if ("row", tiers, 0) in r._payloads.values())
    monkeypatch.setattr(ruleset, "_payloads", dict.fromkeys(ruleset._payloads, ("row", tiers, 1)))
    assert credit.decide(GOOD).tier == "B"


def test_a_missing_fact_takes_the_decision_to_the_reference(credit: Durable) -> None:
    facts = GOOD | {"customer.score": None}
    assert credit.judge(facts).engine == "reference"
    assert credit.decide(facts) == reference.decide(credit.program, facts)
    assert credit.core(facts) == core_of(reference.decide(credit.program, facts))
    assert credit.fallbacks == 3 and credit.faults == 0


def test_a_number_past_int64_takes_the_decision_to_the_reference(credit: Durable) -> None:
    for amount, engine in ((INT64_MAX, "durable"), (INT64_MAX + 1, "reference"), (-INT64_MAX - 1, "reference")):
        judged = credit.judge(GOOD | {"order.amount": amount})
        assert judged.engine == engine
        assert judged.outcome == reference.decide(credit.program, GOOD | {"order.amount": amount})


@pytest.mark.parametrize("wrong", [80.0, "80", True, Fraction(161, 2)])
def test_guard_1_a_value_of_another_type_is_refused(credit: Durable, wrong: Any) -> None:
    with pytest.raises(WrongKind, match="'customer.score'"):
        credit.decide(GOOD | {"customer.score": wrong})
    assert credit.decide(GOOD).tier == "A"


def test_guard_1_a_number_for_a_flag_is_refused(credit: Durable) -> None:
    with pytest.raises(WrongKind, match="'customer.insolvent'"):
        credit.decide(GOOD | {"customer.insolvent": 1})


@pytest.mark.parametrize("names", [("score", "cvstaeek"), ("uydjakyq",), ("fqklajgu",), ("cmopaufn",), ("a", "a")])
def test_guard_2_names_that_are_one_to_the_engine_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(EngineFault, match="are one to the Rete engine"):
        refuse_clashes(names)


def test_guard_2_the_names_of_a_thousand_fields_do_not_clash() -> None:
    refuse_clashes([f"f{number}" for number in range(1000)])


@pytest.mark.parametrize("country", ["XX", "", "RU\x00", "RU" + "x" * 65536, '"},{"', "\ud800"])
def test_guard_3_a_token_never_heard_of_is_only_another(credit: Durable, country: str) -> None:
    assert credit.decide(GOOD | {"customer.country": country}).checks[3].status == "pass"
    assert credit.decide(GOOD | {"customer.country": "RU"}).checks[3].status == "deny"
    assert credit.faults == 0


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "column", "op"), [
    (301, "customer.score", "="), (999, "customer.score", "="), (999, "account.overdue_days", ">="),
    (700, "order.amount", "<"),
])  # fmt: skip
def test_guard_6_a_large_table_is_cut_and_right_at_every_row(rows: int, column: str, op: str) -> None:
    program = a_table(rows, column, op)
    engine = build(program)
    table = program.nodes[program.tables["tiers"]]
    assert isinstance(table, First)
    for value in range(-1, rows + 1, 7):
        first = next((n for n in range(rows) if {"=": value == n, ">=": value >= n, "<": value < n}[op]), rows)
        assert engine.judge({column: value, "order.amount": value}).outcome.rows["tiers"] == first
    assert engine.fallbacks == 0
    engine.close()


def test_guard_7_an_order_on_which_no_rule_holds_finds_nothing() -> None:
    ruleset, _ = a_ruleset()
    assert [ruleset.first((value,)) for value in (-1, 0, 5, 20, 21)] == [
        None, ("row", 0, 0), ("row", 0, 0), ("row", 0, 1), None]  # fmt: skip
    assert ruleset.collect((21,)) == [] and len(ruleset.collect((7,))) == 2
    ruleset.close()


@pytest.mark.parametrize(("function", "lie", "message"), [
    ("assert_event", lambda *_: (2, 1), "an unknown answer"),
    ("assert_event", lambda *_: (0, 77), "an unknown answer"),
    ("start_action_for_state", lambda *_: None, "refused a message"),
    ("start_action_for_state", lambda *at: ("", REAL.start_action_for_state(*at)[1].replace('"1"', '"7"')), "another"),
    ("complete_and_start_action", lambda *_: '{"001":{"m":{}}}', "left an action over"),
])  # fmt: skip
def test_guard_8_a_wrong_answer_is_a_fault_and_the_next_order_is_right(
    monkeypatch: pytest.MonkeyPatch, function: str, lie: Any, message: str
) -> None:
    ruleset, _ = a_ruleset()
    rotate = Ruleset._rotate

    def honest_again(self: Ruleset, error: BaseException) -> None:
        monkeypatch.setattr(durable, "engine", REAL)
        rotate(self, error)

    monkeypatch.setattr(durable, "engine", Lying(**{function: lie}))
    monkeypatch.setattr(Ruleset, "_rotate", honest_again)
    with pytest.raises(EngineFault, match=message):
        ruleset.first((3,))
    assert ruleset.faults == 1
    assert ruleset.first((3,)) == ("row", 0, 0) and ruleset.first((15,)) == ("row", 0, 1)
    ruleset.close()


def test_guard_8_what_a_broken_collect_left_never_reaches_the_next_order(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset, _ = a_ruleset()
    monkeypatch.setattr(ruleset, "_payloads", {"000": ("row", 0, 0)})  # the second action finds no payload
    with pytest.raises(EngineFault):
        ruleset.collect((7,))
    monkeypatch.undo()
    assert ruleset.faults == 1 and ruleset._sid == "s2"
    assert ruleset.collect((15,)) == [("row", 0, 1)]
    ruleset.close()


def test_guard_8_an_interrupt_throws_the_state_away_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset, _ = a_ruleset()

    def interrupt(*_: Any) -> Any:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(durable, "engine", Lying(start_action_for_state=interrupt))
    with pytest.raises(KeyboardInterrupt):
        ruleset.first((3,))
    assert ruleset.faults == 1 and ruleset.first((15,)) == ("row", 0, 1)
    ruleset.close()


def test_guard_8_eight_threads_on_one_engine_get_their_own_answers(credit: Durable) -> None:
    random = Random(8)
    orders = [GOOD | {"customer.score": random.randrange(99), "order.amount": random.randrange(999)} for _ in range(40)]
    wanted = [reference.decide(credit.program, facts) for facts in orders]
    wrong: list[int] = []

    def work(start: int) -> None:
        for turn in range(200):
            place = (start * 5 + turn) % len(orders)
            if credit.decide(orders[place]) != wanted[place]:
                wrong.append(place)

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and credit.faults == 0


def test_guard_10_closing_twice_is_harmless_and_a_closed_engine_answers_nothing() -> None:
    engine = build(credit_program())
    engine.close()
    engine.close()
    with pytest.raises(EngineFault, match="a closed engine was asked"):
        engine.decide(GOOD)


@pytest.mark.slow
def test_guard_10_two_hundred_policies_built_and_closed_leave_no_memory_behind() -> None:
    program = credit_program()

    def reload(times: int) -> int:
        for _ in range(times):
            engine = build(program)
            assert engine.judge(GOOD).engine == "durable"
            engine.close()
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    reload(20)
    before = reload(20)
    grown = reload(200) - before
    assert grown < 8_000_000  # without delete_state and delete_ruleset it is 0.8 MB for each of 600 rulesets


def test_guard_13_without_the_engine_a_build_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "engine", None)
    with pytest.raises(EngineMissing, match="durable_rules cannot be loaded"):
        build(credit_program())


def test_conditions_with_many_alternatives_are_right_past_the_cap() -> None:
    b = Builder()
    either = [b.any(b.test(name, "<", 5), b.test(name, ">", 30)) for name in
              ("customer.score", "account.overdue_days", "customer.months", "invoices.late", "order.amount",
               "account.exposure", "customer.worth")]  # fmt: skip
    tier = [b.const("choice", tier) for tier in "AB"]
    b.first("tiers", ("tier",), (b.all(*either), (tier[0],)), (b.no(b.all(*either)), (tier[1],)))
    program = b.program(())
    engine, random = build(program), Random(3)
    names = ("customer.score", "account.overdue_days", "customer.months", "invoices.late", "order.amount",
             "account.exposure", "customer.worth")  # fmt: skip
    for _ in range(300):
        facts = {name: random.choice((4, 5, 31, 50)) for name in names}
        assert engine.judge(facts).outcome == reference.decide(program, facts)
    assert engine.fallbacks == 0 and len(engine._rulesets[0]._payloads) <= 128
    engine.close()


def test_a_figure_that_is_no_whole_number_is_compared_exactly() -> None:
    b = Builder()
    ratio = b.calc("divide", b.fact("account.exposure"), b.fact("customer.worth"), kind="ratio")
    tier = [b.const("choice", tier) for tier in "AB"]
    a_third = b.compare(ratio, "<=", b.const("ratio", Fraction(1, 3)))
    b.first("tiers", ("tier",), (a_third, (tier[0],)), (b.all(), (tier[1],)))
    engine = build(b.program(()))
    for exposure, tier_wanted in ((333_333_333_333_333, "A"), (333_333_333_333_334, "B")):
        judged = engine.judge({"account.exposure": exposure, "customer.worth": 10**15})
        assert (judged.outcome.tier, judged.engine) == (tier_wanted, "durable")
    engine.close()


def test_a_program_without_checks_or_tables_is_decided() -> None:
    program = Builder().program(())
    engine = build(program)
    assert engine.decide({"order.amount": 1}) == reference.decide(program, {"order.amount": 1})
    engine.close()


@pytest.mark.slow
def test_guard_13_a_python_that_cannot_load_the_engine_still_imports_us_and_refers(root: Path) -> None:
    code = (
        "import sys; sys.modules['durable_rules_engine'] = None\n"
        "from rules import durable\n"
        "from rules.agreement import Agreement\n"
        "from tests.programs import credit_program\n"
        "from tests.rules.test_durable import GOOD\n"
        "alone = Agreement(credit_program()).decide(GOOD | {'order.requested_terms': 'net 60'})\n"
        "print(durable.AVAILABLE, alone.engines, alone.outcome.verdict)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
    assert told.stdout.split() == ["False", "single", "refer"], told.stderr
