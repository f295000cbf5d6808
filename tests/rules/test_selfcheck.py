"""The self-test finds an engine that is wrong at one threshold; it tries each row, each end and each missing fact."""

from __future__ import annotations

import io
import pickle
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from policy.load import load_policy
from policy.program import Const, Program
from rules import durable, reference, selfcheck
from rules.facts import trade_vocabulary
from rules.flatten import flatten
from rules.selfcheck import changes_at_corners, corners, main, packed, touched_by, typical_facts
from tests.generated.large_policies import large_policy
from tests.programs import credit_program

PROGRAM = credit_program()


def with_threshold(wrong: int, right: int, kind: str) -> Any:
    """The same policy with one threshold moved."""
    nodes = tuple(Const(kind, wrong) if node == Const(kind, right) else node for node in PROGRAM.nodes)
    return replace(PROGRAM, nodes=nodes)


def test_corners_are_the_ends_of_each_row_their_neighbours_and_each_fact_left_out() -> None:
    cases = list(corners(PROGRAM, flatten(PROGRAM)))
    wanted = {"customer.score": (34, 35, 79, 80), "account.overdue_days": (15, 16, 29, 30),
              "customer.country": ("RU", "another"), "customer.insolvent": (True, False)}  # fmt: skip
    for name, values in wanted.items():
        assert {*values} <= {case[name] for case in cases}
    assert all(any(case[name] is None for case in cases) for name in cases[0])


@pytest.mark.skipif(not durable.AVAILABLE, reason="durable_rules cannot be loaded by this Python")
def test_good_engines_pass() -> None:
    assert selfcheck.selfcheck(PROGRAM) == []


@pytest.mark.parametrize(("wrong", "right", "kind"), [(79, 80, "count"), (36, 35, "count"), (14, 15, "days")])
def test_an_engine_with_one_threshold_moved_by_one_is_found(
    monkeypatch: pytest.MonkeyPatch, wrong: int, right: int, kind: str
) -> None:
    other = with_threshold(wrong, right, kind)
    lying = SimpleNamespace(decide=lambda facts: reference.decide(other, facts))
    monkeypatch.setattr(selfcheck, "compile_program", lambda program: lying)
    assert selfcheck.selfcheck(PROGRAM) != []


def test_the_process_tells_the_first_differences_and_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(selfcheck, "selfcheck", lambda program: ["one", "two", "three", "four"])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(pickle.dumps(PROGRAM))))
    assert main() == 1
    assert capsys.readouterr().out == "one\ntwo\nthree"


def test_a_policy_that_cannot_be_built_is_told_and_not_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"no program")))
    assert main() == 1
    assert "Error" in capsys.readouterr().out


def many_checks(count: int) -> Program:
    """A policy of so many measured checks."""
    program = load_policy(large_policy(8, checks=count).encode(), "f", trade_vocabulary()).program
    assert program is not None
    return program


def test_corners_that_share_an_order_are_seen_by_each_check_as_if_alone() -> None:
    program = many_checks(30)
    typical, touched = typical_facts(program), touched_by(program)
    shared, alone = packed(program, flatten(program))
    corners_of_checks = 0
    for changes in changes_at_corners(program, flatten(program)):
        if not changes or any(touched[name] & 1 for name in changes):
            assert not changes or typical | changes in alone
            continue
        corners_of_checks += 1
        wanted = {check.name: check for check in reference.decide(program, typical | changes).checks}
        names = {name for name, bit in touched.items() if any(bit & touched[one] for one in changes)}
        here = [facts for facts in shared
                if all(facts[name] == (typical | changes)[name] for name in names)]  # fmt: skip
        seen = {check.name: check for check in reference.decide(program, here[0]).checks}
        bits = {touched[name] for name in changes}
        for place, check in enumerate(wanted, 1):
            assert all(not bit >> place & 1 for bit in bits) or seen[check] == wanted[check]
    assert corners_of_checks > 90 and len(shared) <= 8


def test_the_orders_do_not_grow_with_the_checks() -> None:
    few, many = (packed(program, flatten(program)) for program in (many_checks(20), many_checks(200)))
    assert len(many[0]) <= len(few[0]) + 4 and len(many[1]) == len(few[1])


@pytest.mark.slow
def test_one_wrong_threshold_among_two_hundred_checks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    program = many_checks(200)
    place = next(index for index, node in enumerate(program.nodes) if node == Const("count", 5))
    nodes = (*program.nodes[:place], Const("count", 6), *program.nodes[place + 1 :])
    lying = SimpleNamespace(decide=lambda facts: reference.decide(replace(program, nodes=nodes), facts))
    monkeypatch.setattr(selfcheck, "compile_program", lambda program: lying)
    assert selfcheck.selfcheck(program) != []
