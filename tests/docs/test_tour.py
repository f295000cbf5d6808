"""The guided tour: every command is run as it stands, in a fresh folder, and prints what the tour says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.console import Reader, agrees, steps_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour asks the service with curl")
def test_the_tour_goes_as_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    shutil.copytree(ROOT / "policy" / "library", tmp_path / "policy" / "library")
    reader = Reader(tmp_path)
    try:
        assert reader.follow((ROOT / "docs" / "tour.md").read_text("utf-8")) > 0, "the page shows no command"
    finally:
        reader.close()


def test_make_run_is_what_the_tour_starts() -> None:
    assert "$(BIN)/aval serve --demo --port $(PORT)" in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ("a ...\n", "a bee\n", True),
        ("a\n...\nz\n", "a\nb\nc\nz\n", True),
        ("a\n...\nz\n", "a\nz  \n", True),
        ("a\n", "a\nb\n", False),
        ("a ...\n", "a\n", False),
        ("a.b", "axb", False),
        ("", "surprise", False),
    ],
)
def test_output_is_compared_line_by_line(wanted: str, found: str, same: bool) -> None:
    assert agrees(wanted, found) == same


def test_a_block_has_commands_that_go_on_and_exit_codes() -> None:
    [first, second] = steps_of("$ one \\\n> two\nout\n$ three\n! 1\n")
    assert (first.command, first.wanted, first.code) == ("one \\\ntwo", "out", 0)
    assert (second.command, second.wanted, second.code) == ("three", "", 1)
