"""One value of one shape: each reader tells what it wanted and what is there, and goes on."""

from __future__ import annotations

import pytest

from policy.document import Word
from policy.problems import Where
from policy.shapes import Shapes
from policy.source import Node, read_source
from policy.syntax import Block, Comparison

AT = Where("f", 1, 1)


def node(text: str) -> Node:
    found, problems = read_source(text.encode(), "f")
    assert found is not None
    assert problems == ()
    return found


def told(shapes: Shapes) -> list[str]:
    return [f"{one.code}: {one.message}" for one in shapes.problems]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]", "wrong-shape: 'limit' needs a single value, here is a list"),
        ("{a: b}", "wrong-shape: 'limit' needs a single value, here is a block"),
        ("''", "wrong-shape: 'limit' needs a single value, here is nothing"),
    ],
)
def test_a_word_is_a_single_value(text: str, message: str) -> None:
    shapes = Shapes()
    assert shapes.word(node(text), "limit") is None
    assert told(shapes) == [message]


def test_one_value_stands_for_a_list_of_one() -> None:
    assert [word.text for word in Shapes().words(node("net 30"), "offer")] == ["net 30"]
    assert [word.text for word in Shapes().words(node("[net 30, prepaid]"), "offer")] == ["net 30", "prepaid"]


def test_a_block_reads_a_misspelled_key_as_the_one_meant() -> None:
    shapes = Shapes()
    values = shapes.block(node("{ofer: a, longest: b, colour: c}"), "a row", ("offer", "longest"), ("later",))
    assert values is not None
    assert set(values) == {"offer", "longest"}
    assert told(shapes) == ["unknown-key: 'ofer' is not a key of a row", "unknown-key: 'colour' is not a key of a row"]


def test_nothing_is_missing_in_a_block_with_a_key_that_could_not_be_read() -> None:
    damaged, _ = read_source(b"{[a]: b}", "f")
    assert damaged is not None
    for text, wanted in ((damaged, []), (node("{}"), ["missing-key: a row has no 'offer'"])):
        shapes = Shapes()
        values = shapes.block(text, "a row", ("offer",))
        assert values is not None
        assert shapes.need(values, "offer", AT, "a row") is None
        assert told(shapes) == wanted


@pytest.mark.parametrize("name", ["Prime", "1st", "a-b", "a b", "größe", "_a"])
def test_names_have_small_letters(name: str) -> None:
    shapes = Shapes()
    assert not shapes.named(Word(name, AT))
    assert [one.code for one in shapes.problems] == ["bad-name"]
    assert Shapes().named(Word("a_1", AT))


@pytest.mark.parametrize(
    ("text", "op", "count"),
    [
        ("[a > 5, b > 5]", "all", 2),
        ("{any: [a > 5, b > 5]}", "any", 2),
        ("{all: [a > 5, b > 5, c > 5]}", "all", 3),
        ("{not: a > 5}", "not", 1),
        ("{a: '> 5', b: '[1..5]'}", "all", 2),
    ],
)
def test_conditions_are_lines_blocks_or_the_mapping_form(text: str, op: str, count: int) -> None:
    found = Shapes().condition(node(text), "when")
    assert isinstance(found, Block)
    assert (found.op, len(found.items)) == (op, count)


def test_one_line_is_itself() -> None:
    assert isinstance(Shapes().condition(node("a > 5"), "when"), Comparison)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "wrong-shape: 'when' is empty"),
        ("[]", "wrong-shape: 'when' is an empty list"),
        ("{any: {a: 5}}", "wrong-shape: 'any' needs a list of lines, here is a block"),
        ("{not: [a > 5, b > 5]}", "wrong-shape: 'not' takes exactly one line"),
    ],
)
def test_a_condition_without_lines_is_told(text: str, message: str) -> None:
    shapes = Shapes()
    shapes.condition(node(text), "when")
    assert told(shapes) == [message]


def test_texts_are_english_or_by_language() -> None:
    assert {key: word.text for key, word in Shapes().texts(node("hello"), "say").items()} == {"en": "hello"}
    assert set(Shapes().texts(node("{en: a, zh: b}"), "say")) == {"en", "zh"}
    shapes = Shapes()
    assert set(shapes.texts(node("{en: a, fr: b}"), "say")) == {"en"}
    assert told(shapes) == ["unknown-key: 'fr' is not a language of say"]
