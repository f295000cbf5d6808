"""The self-test finds an engine that is wrong at one threshold; it tries each row, each end and each missing fact."""

from __future__ import annotations

import io
import pickle
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from policy.program import Const
from rules import durable, reference, selfcheck
from rules.flatten import flatten
from rules.selfcheck import corners, main
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
