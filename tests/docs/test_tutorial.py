"""The tutorial in both languages: everything is typed as it stands, and Aval answers what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.console import Reader, blocks_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("tutorial.md", "tutorial.zh.md")
CODES = ("empty-file", "broken-yaml", "full-width-sign", "expression", "number", "table-cell", "false-promise")


@pytest.mark.parametrize("page", PAGES)
def test_the_tutorial_goes_as_it_is_told(page: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        assert reader.follow((DOCS / page).read_text("utf-8")) > 0, "the page shows no command"
    finally:
        reader.close()


@pytest.mark.parametrize("page", PAGES)
def test_every_mistake_of_a_beginner_is_made_and_answered(page: str) -> None:
    shown = "".join(block.text for block in blocks_of((DOCS / page).read_text("utf-8")) if block.words[0] == "console")
    assert [code for code in CODES if f" {code}: " not in shown] == []


def test_both_languages_do_the_same() -> None:
    edits = []
    for page in PAGES:
        blocks = blocks_of((DOCS / page).read_text("utf-8"))
        texts = [re.sub(r"title: .*|say: .*", "", block.text) for block in blocks if block.words[0] == "diff"]
        edits.append([re.sub(r"#.*", "", text) for text in texts])
    assert edits[0] == edits[1]


def test_a_change_that_does_not_fit_the_file_fails(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        with pytest.raises(AssertionError, match="does not have once"):
            reader.follow("```yaml a.yaml\nx: 1\n```\n```diff a.yaml\n-x: 2\n+x: 3\n```\n")
    finally:
        reader.close()
