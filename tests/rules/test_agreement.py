"""No approval unless two engines agree; and a policy is tried in a process of its own before it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest

from policy.program import Compare, Program
from rules import agreement, durable, reference
from rules.agreement import Agreed, Agreement, BuildRefused, Difference, InForce, at_least_refer, prove_build
from rules.core import REFER, core_of
from rules.durable import EngineFault, Judged
from rules.outcome import Outcome
from tests.programs import Builder, credit_program
from tests.rules.test_durable import GOOD

PROGRAM = credit_program()
ASKING = GOOD | {"order.requested_terms": "net 60"}
RIGHT = reference.decide(PROGRAM, ASKING)
Change = Callable[[Outcome], Outcome]


class Fake:
    """An engine that answers as the reference does, changed by `change`, which may raise."""

    def __init__(self, change: Change = lambda outcome: outcome) -> None:
        self.change, self.closed = change, 0

    def decide(self, facts: Mapping[str, Any]) -> Outcome:
        return self.change(reference.decide(PROGRAM, facts))

    def judge(self, facts: Mapping[str, Any]) -> Judged:
        return Judged(self.decide(facts), "durable")

    def core(self, facts: Mapping[str, Any]) -> tuple[int, ...]:
        return core_of(self.decide(facts))

    def close(self) -> None:
        self.closed += 1


def fault(_: Outcome) -> Outcome:
    raise EngineFault("a lie was told")


def decided(first: Change = lambda o: o, second: Change = lambda o: o) -> Agreed:
    return Agreement(PROGRAM, engines=(Fake(first), Fake(second))).decide(ASKING)


def denied(outcome: Outcome) -> Outcome:
    return replace(outcome, verdict="deny", hard_stop=True)


def other_row(outcome: Outcome) -> Outcome:
    return replace(outcome, rows={**outcome.rows, "tiers": 1})


def test_two_engines_that_agree_may_approve() -> None:
    """Control of all tests below: this very order is approved when nobody lies."""
    agreed = decided()
    assert (agreed.outcome, agreed.engines, agreed.difference) == (RIGHT, "agreed", ())
    assert RIGHT.verdict == "approve"


@pytest.mark.parametrize("change", [
    lambda o: replace(o, tier="B"), other_row, lambda o: replace(o, terms=None),
    lambda o: replace(o, verdict="approve_with_conditions"), lambda o: replace(o, limits={}),
    lambda o: replace(o, checks=o.checks[1:]), lambda o: replace(o, missing=("x",)),
])  # fmt: skip
@pytest.mark.parametrize("place", [0, 1])
def test_any_difference_in_either_engine_is_at_least_a_referral(change: Change, place: int) -> None:
    agreed = decided(*(change, lambda o: o)[:: 1 if place == 0 else -1])
    assert (agreed.outcome.verdict, agreed.engines) == ("refer", "disagreed")
    assert agreed.outcome.authority == "cfo"
    assert RIGHT in (agreed.first, agreed.second) and agreed.first != agreed.second


def test_without_the_rule_the_wrong_approval_would_have_passed() -> None:
    """Control: the lying engine alone, allowed to be alone, approves."""
    agreed = Agreement(PROGRAM, allow_single=True, engines=(Fake(other_row), None)).decide(ASKING)
    assert (agreed.outcome.verdict, agreed.engines) == ("approve", "single")


@pytest.mark.parametrize("changes", [(denied, lambda o: o), (lambda o: o, denied)])
def test_the_more_severe_answer_stands(changes: tuple[Change, Change]) -> None:
    agreed = decided(*changes)
    assert (agreed.outcome.verdict, agreed.outcome.hard_stop, agreed.engines) == ("deny", True, "disagreed")


def test_differences_are_told_field_by_field() -> None:
    referred = replace(RIGHT.checks[0], status="refer")
    found = decided(other_row, lambda o: replace(o, checks=(referred, *o.checks[1:]))).difference
    assert [difference.where for difference in found] == ["checks.over_limit", "rows.tiers"]
    assert found[1] == Difference("rows.tiers", 1, 0)


@pytest.mark.parametrize("changes", [(fault, lambda o: o), (lambda o: o, fault)])
def test_an_engine_that_fails_makes_it_at_least_a_referral(changes: tuple[Change, Change]) -> None:
    agreed = decided(*changes)
    assert (agreed.outcome.verdict, agreed.engines) == ("refer", "second_faulted")
    assert "a lie was told" in str(agreed.difference[0])


def test_an_engine_that_fails_never_softens_a_denial() -> None:
    assert decided(fault, denied).outcome.verdict == "deny"


def test_two_engines_that_fail_decide_nothing() -> None:
    with pytest.raises(EngineFault, match="both engines failed"):
        decided(fault, fault)


def test_one_engine_alone_refers_unless_it_is_allowed() -> None:
    alone = Agreement(PROGRAM, engines=(Fake(), None)).decide(ASKING)
    assert (alone.outcome.verdict, alone.engines) == ("refer", "single")
    allowed = Agreement(PROGRAM, allow_single=True, engines=(Fake(), None)).decide(ASKING)
    assert (allowed.outcome, allowed.engines) == (RIGHT, "single")
    with pytest.raises(EngineFault, match="the only engine failed"):
        Agreement(PROGRAM, allow_single=True, engines=(Fake(fault), None)).decide(ASKING)


def test_a_referral_made_here_goes_to_the_highest_role_and_others_stay_as_they_are() -> None:
    assert at_least_refer(PROGRAM, RIGHT).authority == "cfo"
    referred = reference.decide(PROGRAM, ASKING | {"order.amount": 4950})
    assert referred.verdict == "refer" and at_least_refer(PROGRAM, referred) is referred


def test_cores_are_compared_too() -> None:
    right = core_of(RIGHT)
    assert Agreement(PROGRAM, engines=(Fake(), Fake())).core(ASKING) == right
    assert Agreement(PROGRAM, engines=(Fake(other_row), Fake())).core(ASKING)[0] == REFER
    with pytest.raises(EngineFault, match="no second engine"):
        Agreement(PROGRAM, engines=(Fake(), None)).core(ASKING)


@pytest.mark.skipif(not durable.AVAILABLE, reason="durable_rules cannot be loaded by this Python")
def test_a_fault_of_the_rete_engine_is_seen() -> None:
    engine = durable.build(PROGRAM)
    both = Agreement(PROGRAM, engines=(Fake(), engine))
    assert both.decide(ASKING).engines == "agreed"
    tiers = PROGRAM.tables["tiers"]
    ruleset = next(r for r in engine._rulesets if ("row", tiers, 0) in r._payloads.values())
    ruleset._payloads = dict.fromkeys(ruleset._payloads, ("row", tiers, 1))
    wrong = both.decide(ASKING)
    assert (wrong.outcome.verdict, wrong.engines) == ("refer", "disagreed")
    ruleset._payloads = {}
    failed = both.decide(ASKING)
    assert (failed.outcome.verdict, failed.engines, failed.outcome.tier) == ("refer", "second_faulted", "A")
    both.close()


@pytest.mark.skipif(not durable.AVAILABLE, reason="durable_rules cannot be loaded by this Python")
def test_both_real_engines_agree_and_a_missing_fact_has_the_reference_for_its_second_opinion() -> None:
    both = Agreement(PROGRAM)
    agreed = both.decide(ASKING)
    assert (agreed.engines, agreed.second_engine, agreed.outcome) == ("agreed", "durable", RIGHT)
    missing = both.decide(ASKING | {"account.overdue_days": None})
    assert (missing.engines, missing.second_engine, missing.outcome.verdict) == ("agreed", "reference", "refer")
    assert both.core(ASKING) == core_of(RIGHT)
    both.close()


def test_a_policy_is_replaced_while_orders_are_decided_and_closed_after_its_last_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered, go_on = Event(), Event()

    def slow(outcome: Outcome) -> Outcome:
        entered.set()
        assert go_on.wait(60)
        return outcome

    old, new = Fake(), Fake()
    monkeypatch.setattr(agreement, "prove_build", lambda program: None)
    force = InForce(Agreement(PROGRAM, engines=(Fake(slow), old)))
    answers: list[Agreed] = []
    user = Thread(target=lambda: answers.append(force.decide(ASKING)))
    user.start()
    assert entered.wait(60)
    force.replace(PROGRAM, lambda program: Agreement(program, engines=(Fake(denied), new)))
    assert old.closed == 0
    assert force.decide(ASKING).outcome.verdict == "deny"
    go_on.set()
    user.join(60)
    assert (old.closed, new.closed) == (1, 0)
    assert answers[0].engines == "agreed"


def test_a_policy_that_does_not_pass_its_self_test_leaves_the_old_one_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(program: Program) -> None:
        raise BuildRefused("no")

    monkeypatch.setattr(agreement, "prove_build", refuse)
    old = Fake()
    force = InForce(Agreement(PROGRAM, engines=(Fake(), old)))
    with pytest.raises(BuildRefused):
        force.replace(PROGRAM)
    assert old.closed == 0 and force.decide(ASKING).engines == "agreed"


def test_a_good_policy_passes_its_self_test_in_a_process_of_its_own() -> None:
    prove_build(PROGRAM)


def test_a_policy_whose_build_fails_or_takes_too_long_is_refused() -> None:
    b = Builder()
    program = b.program(())
    broken = replace(program, nodes=(Compare("=", 99, 99), *program.nodes[1:]), fold=0)
    with pytest.raises(BuildRefused, match="did not pass"):
        prove_build(broken)
    with pytest.raises(BuildRefused, match="took more than"):
        prove_build(PROGRAM, seconds=0.001)
