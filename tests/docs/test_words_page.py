"""The words from A to Z: every key, kind, figure, function and outcome is told, each in a line that runs."""

from __future__ import annotations

import re

import pytest

from tests.docs.words_page import DOCS, PAGE, ROOT, Word, anchor, lines, required, shown, text, words


@pytest.mark.parametrize("sort", required())
def test_every_word_that_the_code_knows_is_told(sort: str) -> None:
    assert required()[sort] - {word.name for word in words() if word.sort == sort} == set()


@pytest.mark.parametrize("word", words(), ids=lambda word: f"{word.sort} {word.name}")
def test_a_word_stands_in_a_line_that_runs(word: Word) -> None:
    line = shown(word)
    assert line is not None and re.search(word.pattern, line.text)
    assert all(meaning and not meaning.endswith((".", "。")) for meaning in word.meanings)


def test_the_page_is_what_the_language_has_now() -> None:
    assert PAGE.read_text("utf-8") == text(), "the page is out of date; run: make docs-words"


def test_its_links_lead_to_headings() -> None:
    for link in {line.link for line in lines()}:
        [(name, place)] = re.findall(r"\]\(([^)#]+)#?([^)]*)\)", link)
        headings = re.findall(r"^#+ (.+)$", (DOCS / name).resolve().read_text("utf-8"), re.M) if place else []
        assert (DOCS / name).resolve().is_relative_to(ROOT) and (not place or place in map(anchor, headings))


def test_a_word_without_a_line_is_found() -> None:
    assert shown(Word("nowhere", "key", ("", ""), r"nowhere:")) is None
