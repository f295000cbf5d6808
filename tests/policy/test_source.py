"""Files to nodes: places are exact, YAML's surprises are told, and a hostile file costs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from policy import source
from policy.node_builder import DEPTH_MAX, NODES_MAX
from policy.problems import Problem
from policy.source import BYTES_MAX, Mapping, Node, Scalar, Sequence, read_source
from tests.cost import processor_seconds


def read(text: str) -> tuple[Node | None, list[str]]:
    node, problems = read_source(text.encode(), "f")
    return node, [str(problem).removeprefix("f:") for problem in problems]


def codes(text: str) -> list[str]:
    return [problem.code for problem in read_source(text.encode(), "f")[1]]


def plain(node: Node | None) -> object:
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return None if node is None else node.text


def scalars(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    elif isinstance(node, Mapping):
        for key, value in node.entries:
            yield key
            yield from scalars(value)


def value(text: str) -> Scalar:
    node, problems = read(text)
    assert problems == []
    assert isinstance(node, Mapping)
    found = node.entries[0][1]
    assert isinstance(found, Scalar)
    return found


def test_values_stay_the_text_that_was_written() -> None:
    written = "a: NO\nb: 010\nc: 12:30\nd: 1e3\ne: 5_000_000\nf: 2026-07-01\ng: on\nh: 24_999.99\ni: yes\n"
    assert plain(read(written)[0]) == {
        "a": "NO", "b": "010", "c": "12:30", "d": "1e3", "e": "5_000_000", "f": "2026-07-01", "g": "on",
        "h": "24_999.99", "i": "yes",
    }  # fmt: skip


@pytest.mark.parametrize("written", ["a:", "a: ~", "a: null", "a: # nothing"])
def test_an_empty_value_is_an_empty_text(written: str) -> None:
    assert value(written).text == ""


def test_a_quoted_null_is_the_word() -> None:
    assert (value("a: 'null'").text, value("a: 'null'").quoted) == ("null", True)


@pytest.mark.parametrize(
    ("written", "line", "column", "block"),
    [
        ("a: 5", 1, 4, False),
        ("a: '5'", 1, 5, False),
        ('a: "5"', 1, 5, False),
        ("评分: 中文", 1, 5, False),
        ('"𝐀𝐁": x', 1, 7, False),
        ("a:\n  5", 2, 3, False),
        ("a: |\n  x\n  y", 1, 4, True),
        ("a: x\n  y", 1, 4, True),
        ("a: 'it''s'", 1, 5, True),
        ('a: "\\u0041"', 1, 5, True),
        ("\ufeffa: 5", 1, 4, False),
        ("a: 5\r\n", 1, 4, False),
    ],
)
def test_a_value_knows_its_first_character(written: str, line: int, column: int, block: bool) -> None:
    found = value(written)
    assert (found.at.line, found.at.column, found.block) == (line, column, block)


def test_lists_and_blocks_know_their_place_and_their_brackets() -> None:
    node, _ = read("a:\n  - {x: 1}\n  - [2]\n")
    assert isinstance(node, Mapping)
    listed = node.get("a")
    assert isinstance(listed, Sequence)
    block, brackets = listed.items
    assert isinstance(block, Mapping)
    assert isinstance(brackets, Sequence)
    assert (listed.flow, block.flow, brackets.flow, node.flow) == (False, True, True, False)
    assert [(n.at.line, n.at.column) for n in (listed, block, brackets)] == [(2, 3), (2, 5), (3, 5)]


def test_a_block_answers_for_a_key_and_none_for_another() -> None:
    node, _ = read("a: 1\nb: 2\n")
    assert isinstance(node, Mapping)
    assert plain(node.get("b")) == "2"
    assert node.get("c") is None


def test_a_duplicate_key_names_the_first_place_and_the_first_value_stays() -> None:
    node, told = read("limit: 100\nother: 1\nlimit: 1_000_000\n")
    assert told == ["3:1: duplicate-key: 'limit' is written twice in one block, first in line 1; keep one of them"]
    assert plain(node) == {"limit": "100", "other": "1"}


def test_the_same_key_in_two_blocks_is_no_duplicate() -> None:
    assert codes("a: {x: 1}\nb: {x: 1}\n") == []


def test_every_anchor_and_alias_is_told_at_its_place() -> None:
    node, told = read("a: &one 5\nb: *one\nc: &two {x: 1}\nd: *two\n")
    assert [line.split(" ")[0] + line.split(" ")[1] for line in told] == [
        "1:4:anchor:", "2:4:anchor:", "3:4:anchor:", "4:4:anchor:",
    ]  # fmt: skip
    assert plain(node) == {"a": "5", "b": "5", "c": {"x": "1"}, "d": ""}


def test_a_merge_key_bomb_is_refused_without_being_followed() -> None:
    bomb = "a0: &a0 {x: 1}\n" + "".join(
        f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    assert processor_seconds(lambda: codes(bomb), 0.5) < 0.5
    assert set(codes(bomb)) == {"anchor", "merge-key"}


@pytest.mark.parametrize("hostile", ["[" * 2000, "{a: " * 2000, "- " * 2000, "? " * 2000])
def test_deep_nesting_is_cheap_and_never_an_exception(hostile: str) -> None:
    assert processor_seconds(lambda: codes(hostile), 0.5) < 0.5
    assert codes(hostile) == ["too-deep"]


def test_the_deepest_level_is_read_and_one_more_is_not() -> None:
    assert codes("[" * DEPTH_MAX + "x" + "]" * DEPTH_MAX) == []
    assert codes("[" * (DEPTH_MAX + 1) + "x" + "]" * (DEPTH_MAX + 1)) == ["too-deep"]


def test_the_last_value_is_read_and_one_more_is_not() -> None:
    assert codes("- x\n" * (NODES_MAX - 1)) == []
    assert codes("- x\n" * NODES_MAX) == ["too-many-nodes"]


def test_a_thousand_rows_with_four_tests_each_are_read() -> None:
    tests = "".join(f"      - {fact} > {{0}}\n" for fact in "abcd")
    row = f"  - check: row_{{0}}\n    when:\n{tests}    verdict: refer\n"
    assert codes("checks:\n" + "".join(row.format(number) for number in range(1000))) == []


def test_many_slips_that_stop_the_reading_cost_little() -> None:
    slips = "".join(f"a{number}: > 5\n" for number in range(20_000))
    found: list[str] = []
    assert processor_seconds(lambda: found.extend(codes(slips)), 3) < 3
    assert set(found) == {"quoting"}


def test_a_large_file_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "parse", lambda *args, **more: pytest.fail("parsed"))
    assert [p.code for p in read_source(b"x" * (BYTES_MAX + 1), "f")[1]] == ["too-large"]


def test_a_file_of_the_largest_size_is_read() -> None:
    data = b"a: 1\n" + b"#" * (BYTES_MAX - 5)
    assert read_source(data, "f")[1] == ()


def test_many_findings_of_one_kind_are_cut_at_a_hundred() -> None:
    assert codes("".join(f"k{n}: &a x\n" for n in range(500))) == ["anchor"] * 100


def test_a_second_document_is_told_and_the_first_stays() -> None:
    node, told = read("a: 1\n---\nb: 2\n")
    assert plain(node) == {"a": "1"}
    assert told[0].startswith("2:1: several-documents: ")


def test_one_document_may_begin_with_its_mark() -> None:
    assert read("---\na: 1\n")[1] == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{limit: min(10% * x, 5_000_000)}", {"limit": "min(10% * x, 5_000_000)"}),
        ("{limit: min(a, b, c), next: 1}", {"limit": "min(a, b, c)", "next": "1"}),
        ("{a: 5,000}", {"a": "5_000"}),
        ("{a: 5,000,000, b: 1,000}", {"a": "5_000_000", "b": "1_000"}),
        ("[5,000, 7,000]", ["5_000", "7_000"]),
        ("[2/10, net 30, prepaid]", ["2/10 net 30", "prepaid"]),
        ("{a: 10% * x, at most 5}", {"a": "10% * x, at most 5"}),
        ("[max(a, b), c]", ["max(a, b)", "c"]),
    ],
)
def test_a_comma_that_ended_a_value_is_told_and_the_value_is_read_as_meant(written: str, meant: object) -> None:
    node, told = read(written)
    assert {line.split(": ")[1] for line in told} == {"comma"}
    assert plain(node) == meant


def test_the_place_of_a_comma_is_the_comma_and_two_commas_of_one_value_are_one_finding() -> None:
    assert [line.split(": ")[0] for line in read("{a: 5,000,000}")[1]] == ["1:6"]


@pytest.mark.parametrize(
    "written", ["[1, 2, 3]", "[1,2]", "[net 30, net 60]", "[A, B]", "{a: 1, b: 2}", "{a: , b: }", "[5, 100]"]
)
def test_commas_between_values_are_no_finding(written: str) -> None:
    assert codes(written) == []


def test_full_width_signs_are_free_in_texts_for_people() -> None:
    text = (
        "title: {en: A，b, zh: 标准：赊销（甲）}\n"
        "checks:\n  - check: a\n    say: {zh: “额度”不足，请复核}\n    say_customer:\n      zh: 您好：\n"
        "    name: 客户，好\n    source: 会议纪要（2026）\n"
        "    meaning: |\n      评分：高\n      x： y\n"
    )
    assert codes(text) == []


def test_full_width_signs_in_keys_and_values_say_what_was_meant() -> None:
    assert read("a: x ≥ 5\nb（c）: 1\nd: “x”\n")[1] == [
        "1:6: full-width-sign: '≥' found; type '>='",
        "2:2: full-width-sign: '（' found; type '('",
        "2:4: full-width-sign: '）' found; type ')'",
        "3:4: full-width-sign: '“' found; type '\"'",
        "3:6: full-width-sign: '”' found; type '\"'",
    ]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("score： 5\nb: 1\n", "1:6"),
        ("score：5\nb: 1\n", "1:6"),
        ("b: 1\nscore：5\n", "2:6"),
        ("a:\n  - x： 1\n", "2:6"),
        ("say:\n  zh： 好\n", "2:5"),
        ("say:\n  en: x\n  zh：好\n", "3:5"),
        ("say: {en: x, zh： 好}\n", "1:16"),
        ("- {a： 5, b: 1}\n", "1:5"),
    ],
)
def test_a_full_width_colon_that_hides_a_key_is_the_only_finding(written: str, place: str) -> None:
    assert read(written)[1] == [f"{place}: full-width-sign: '：' found; type ':'"]


def test_full_width_signs_in_comments_are_free() -> None:
    assert codes("a: 1 # ：≥\n# b：\n") == []


def test_invisible_characters_are_each_told_and_the_rest_is_read() -> None:
    node, told = read("a: 1\x00\nb\u200b: 2\nc: &x 3\n")
    assert [line.split(": ")[1] for line in told] == ["control-character", "control-character", "anchor"]
    assert told[0] == "1:5: control-character: control character (U+0000) stands here; delete it"
    assert plain(node) == {"a": "1", "b": "2", "c": "3"}


def test_findings_of_all_kinds_come_in_one_run_in_the_order_of_the_file() -> None:
    text = (
        "a: &x 1\na: 2\nb: !!int 3\n<<: {c: 1}\nd: x ≥ 5\ne: {f: 5,000}\ng:\n  h: > 5\n  i: >= 6\n"
        "j: [60..80)\nk: \u200bl\n? [m]\n: 1\n"
    )
    assert codes(text) == [
        "anchor", "duplicate-key", "tag", "merge-key", "full-width-sign", "comma", "quoting", "quoting", "quoting",
        "control-character", "not-a-text-key",
    ]  # fmt: skip


def test_a_file_that_stopped_the_reading_gives_no_nodes() -> None:
    assert read("a: > 5\nb: 1\n")[0] is None


def test_tabs_before_text_are_all_told_when_one_stops_the_reading() -> None:
    assert [line.split(": ")[0] for line in read("a:\n\tb: 1\n\tc: 2\n \td: 3\n")[1]] == ["2:1", "3:1", "4:2"]


def test_no_message_shows_words_of_the_parser() -> None:
    broken = ["a: [", "a: {b", "a: ]", "- a\nb: 1", "a: 'x", "a: b: c", "%X\n", "a: *", "a: !<", "? :", "a: @b", "&"]
    for text in broken:
        for line in read(text)[1]:
            assert not re.search(r"scalar|token|node|mapping|sequence|stream|flow|expected <|yaml\.", line), line


def test_the_pure_parser_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x 1\na: 2\nd: x ≥ 5\ne: {f: 5,000}\n说: [1, 2]\n"
    first, wanted = read(text)
    monkeypatch.setattr(source, "_LOADER", yaml.SafeLoader)
    second, told = read(text)
    assert told == wanted
    assert plain(second) == plain(first)


PIECES = st.sampled_from(
    ["a", "b", ": ", ":", "\n", "\n  ", "- ", "{", "}", "[", "]", ", ", " ", '"', "'", ">", "|", "&a ", "*a", "!x ",
     "<<", "#", "%", "@", "\t", "：", "say", "zh", "５", "≥", "\x00", "\u2028", "5,000", "---\n", "...\n", "? ", "\\",
     "000", "60..80", "\r", "\ufeff", "é", "🙂", "(", ")"]
)  # fmt: skip


def places(node: Node | None, problems: tuple[Problem, ...]) -> Iterator[tuple[int, int]]:
    for scalar in scalars(node):
        yield scalar.at.line, scalar.at.column
    for problem in problems:
        yield problem.where.line, problem.where.column


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_or_told_with_places_inside_it(text: str) -> None:
    node, problems = read_source(text.encode(), "f")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert node is not None or problems
    for line, column in places(node, problems):
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 2  # a line may end in the first half of a line break


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    node, problems = read_source(data, "f")
    assert node is not None or problems


WORDS = st.text("abc中文 .", min_size=1, max_size=8).map(str.strip).filter(lambda word: word.strip(". "))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(WORDS, st.one_of(WORDS, st.lists(WORDS, max_size=3), st.dictionaries(WORDS, WORDS, max_size=3)),
                       min_size=1, max_size=5))  # fmt: skip
def test_what_a_yaml_writer_writes_is_read_back(content: dict[str, object]) -> None:
    written = yaml.safe_dump(content, allow_unicode=True, width=10_000)
    node, problems = read_source(written.encode(), "f")
    assert problems == ()
    assert plain(node) == content
    lines = written.split("\n")
    for scalar in scalars(node):
        if not scalar.block:
            assert lines[scalar.at.line - 1][scalar.at.column - 1 :].startswith(scalar.text)
