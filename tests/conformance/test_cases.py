"""The conformance cases as a whole: every part of an answer is wanted somewhere, and no engine may leave a case out."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from rules.outcome import Outcome
from tests.conformance.test_engines import ENGINES, LIMITS, cases

HERE = Path(__file__).parent
PARTS = {field.name for field in fields(Outcome)} - {"limits"} | {*LIMITS}
BESIDE = {"lifted", "measured", "counted", "documents", "particulars", "released_by", "pay_by", "ship_when"}
VERDICTS = {"approve", "approve_with_conditions", "refer", "deny"}
STATUSES = {"pass", "warn", "refer", "deny", "hard_stop", "not_evaluated", "does_not_apply", "lifted"}
SKIPPED = """
import pytest

@pytest.mark.parametrize("engine", ["reference", "durable"])
@pytest.mark.parametrize("case", ["first", "second"])
def test_a_case_is_decided_as_worked_out_by_hand(case, engine):
    if (case, engine) == ("second", "durable"):
        pytest.skip("this engine has no such node")
"""


def test_every_part_of_an_answer_is_wanted_in_some_case() -> None:
    wanted = [case.values[2] for case in cases()]
    assert (PARTS | BESIDE) - {part for one in wanted for part in one} == set()
    assert {one["verdict"] for one in wanted if "verdict" in one} == VERDICTS
    assert {status for one in wanted for status in one.get("checks", {}).values()} == STATUSES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slip", "code", "told"),
    [
        ("", 0, "conformance cases decided: reference 2 of 2, durable 2 of 2"),
        ('pytest.skip("this engine has no such node")', 1, "left out without a mark: 1 by durable"),
        ('assert False, "wrong"', 1, "conformance cases decided: reference 2 of 2, durable 2 of 2"),
    ],
    ids=["all", "one left out", "one wrong"],
)
def test_a_case_that_an_engine_leaves_out_fails_the_run(tmp_path: Path, slip: str, code: int, told: str) -> None:
    """The red control: the same suite with one case that an engine skips of its own accord."""
    (tmp_path / "conftest.py").write_bytes((HERE / "conftest.py").read_bytes())
    text = SKIPPED.replace('pytest.skip("this engine has no such node")', slip or "pass")
    (tmp_path / "test_few.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, told in done.stdout) == (code, True), done.stdout


def test_every_engine_is_asked() -> None:
    assert {"reference", "compiled", "durable"} < set(ENGINES)
