"""A call that is forked from the warm process does what a call from cold does, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.warm import warm

ROOT = Path(__file__).resolve().parents[2]
COLD = Path(sys.executable).parent / "aval"
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
Outcome = tuple[int, bytes, bytes]


def outcome(aval: Path, folder: Path, *arguments: str, given: bytes = b"", **more: str) -> Outcome:
    """What one call ends with and prints, on each stream."""
    done = subprocess.run([aval, *arguments], cwd=folder, env=ENVIRONMENT | more, input=given, capture_output=True)
    return done.returncode, done.stdout, done.stderr


def both(folder: Path, *arguments: str, **more: str) -> tuple[Outcome, Outcome]:
    """The outcome of a call from cold and of the same call from the warm process."""
    return outcome(COLD, folder, *arguments, **more), outcome(warm().folder / "aval", folder, *arguments, **more)


@pytest.mark.slow
def test_a_call_prints_and_ends_as_from_cold(tmp_path: Path) -> None:
    (tmp_path / "slip.yaml").write_text("policy: x\n", "utf-8")
    cold, found = both(tmp_path, "check", "slip.yaml", LANG="zh_CN.UTF-8", LC_ALL="")
    assert cold == found
    assert cold[0] == 1 and "，".encode() in cold[1]


def test_wrong_use_is_told_as_from_cold(tmp_path: Path) -> None:
    cold, found = both(tmp_path, "--nonsense")
    assert cold == found
    assert cold[0] == 2 and cold[1] == b"" and b"nonsense" in cold[2]


def test_each_call_has_a_process_and_settings_of_its_own(tmp_path: Path) -> None:
    aval = warm().folder / "aval"
    first = outcome(aval, tmp_path, "key", "list", AVAL_DATABASE="first.db")
    second = outcome(aval, tmp_path, "key", "list", AVAL_DATABASE="second.db")
    third = outcome(aval, tmp_path, "key", "list")
    assert [code for code, _, _ in (first, second, third)] == [2, 2, 2]
    assert b"first.db" in first[2] and b"second.db" in second[2] and b"second.db" not in third[2]


def test_what_is_typed_reaches_the_command(tmp_path: Path) -> None:
    assert outcome(warm().folder / "aval", tmp_path, "check", "-", given=b"")[0] != 0


def test_the_process_goes_on_after_a_call_that_fails(tmp_path: Path) -> None:
    before = warm().pid
    assert outcome(warm().folder / "aval", tmp_path, "check", "nowhere.yaml")[0] == 2
    code, printed, _ = outcome(warm().folder / "aval", tmp_path, "--version")
    assert (code, warm().pid) == (0, before) and printed.startswith(b"aval ")
