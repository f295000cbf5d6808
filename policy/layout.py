"""A policy file in the house layout: conditions as lines, and no row in braces that has brackets or braces of its own.

The text is changed only where it has to be, so comments, blank lines and everybody's spacing stay. INVARIANT: the
digest of the file's meaning is the same before and after; where a rewriting would change it, the file stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from policy.load import NO_PARTS, Loaded, load_policy
from policy.parts import Shelf
from policy.problems import Problem, errors
from policy.vocabulary import Vocabulary

CONDITIONS = ("when", "only_when", "enter", "leave", "while")
GROUPS = ("any", "all", "not")
NO_ROWS = ("settings", "lists", "facts", "tests", "promises")  # what their items hold reads well in braces
PASSES_MAX = 20  # each pass opens one level of braces
_HALF = re.compile(r"(<=|>=|<|>)\s*([^,]+)")
_SPAN = re.compile(r"[\[(][^\[\](),]*\.\.[^\[\](),]*[\])]")
_WORD = re.compile(r"[\w.%+-]+(?: [\w.%+-]+)*")
_COMMENT = re.compile(r"[ \t]*(#[^\n]*)?(?=\n|$)")
_LOADER: Any = yaml.SafeLoader  # the pure one: it alone says exactly where a value ends


@dataclass(frozen=True, slots=True)
class Edit:
    """The text from one place to another, and what stands there instead."""

    start: int
    end: int
    text: str


def laid_out(
    data: bytes, file: str, vocabulary: Vocabulary, shelf: Shelf = NO_PARTS
) -> tuple[bytes, tuple[Problem, ...]]:
    """The file in the house layout; with errors it stays as it is, and they are told."""
    before = load_policy(data, file, vocabulary, shelf)
    if errors(before.problems):
        return data, tuple(errors(before.problems))
    text = data.decode("utf-8")
    for edits in (unfolded, in_lines):
        for _ in range(PASSES_MAX):
            changed = _applied(text, tuple(edits(text)))
            if changed == text or not _same(before, load_policy(changed.encode("utf-8"), file, vocabulary, shelf)):
                break
            text = changed
    return text.encode("utf-8"), ()


def _same(before: Loaded, after: Loaded) -> bool:
    """Whether two files decide alike and ask the same in their tests."""
    if errors(after.problems) or after.digest != before.digest:
        return False
    asked = [[replace(test, line=0) for test in loaded.tests] for loaded in (before, after)]
    return asked[0] == asked[1]


def _applied(text: str, edits: tuple[Edit, ...]) -> str:
    for edit in sorted(edits, key=lambda one: -one.start):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _root(text: str) -> Any:
    return yaml.compose(text.removeprefix("\ufeff"), Loader=_LOADER)


def _nodes(node: Any, above: Any = None, key: Any = None) -> Iterator[tuple[Any, Any, Any]]:
    """Every node with the one it stands in and, in a block, its key."""
    yield node, above, key
    if isinstance(node, yaml.MappingNode):
        for inner_key, value in node.value:
            if inner_key.value != "promises":  # no digest holds their meaning
                yield from _nodes(value, node, inner_key)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item, node)


def unfolded(text: str) -> Iterator[Edit]:
    """Braces of a row that hold brackets or braces of their own, written as lines; the outermost level of them."""
    shift = len(text) - len(text.removeprefix("\ufeff"))
    for node, above, key in _in_rows(_root(text)):
        if not _is_crowded(node) or above is None or above.flow_style:
            continue
        start, end = node.start_mark.index + shift, node.end_mark.index + shift
        inside = [_entry(text[shift:], *pair) for pair in node.value]
        if None in inside or "#" in re.sub(r"'[^']*'|\"[^\"]*\"", "", text[start:end]):
            continue
        rest = _COMMENT.match(text, end)
        if rest is None:
            continue
        comment = f"  {rest[1]}" if rest[1] else ""
        if key is None:  # an item of a list: its first entry stands behind the dash
            first, *others = [str(one) for one in inside]
            indent = "\n" + " " * node.start_mark.column
            yield Edit(start, rest.end(), indent.join([f"{first}{comment}", *others]))
        else:
            indent = "\n" + " " * (key.start_mark.column + 2)
            behind = text.rindex(":", 0, start) + 1
            yield Edit(behind, rest.end(), indent.join([comment, *map(str, inside)]))


def _in_rows(root: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The rows of sections, which are the items of their lists, and every node in them, as `_nodes` gives them."""
    for section, value in root.value:
        if section.value in NO_ROWS:
            continue
        rows = [one for one, _, _ in _nodes(value) if isinstance(one, yaml.SequenceNode) and not one.flow_style]
        inside = {id(one): (one, above, key) for row in rows for one, above, key in _nodes(row) if above is not None}
        yield from inside.values()


def _is_crowded(node: Any) -> bool:
    """Whether braces hold a value with brackets or braces of its own; an empty list is none."""
    if not isinstance(node, yaml.MappingNode) or not node.flow_style or not node.value:
        return False
    return any(not isinstance(value, yaml.ScalarNode) and value.value for _, value in node.value)


def _entry(text: str, key: Any, value: Any) -> str | None:
    """An entry of braces as a line; None where its value runs over several lines with quotes."""
    said = text[value.start_mark.index : value.end_mark.index].strip()
    if "\n" in said and ("'" in said or '"' in said):
        return None
    return f"{text[key.start_mark.index : key.end_mark.index]}: {' '.join(said.split()) if chr(10) in said else said}"


def in_lines(text: str) -> Iterator[Edit]:
    """Conditions in the mapping form, `fact: "test"`, written as lines."""
    shift = len(text) - len(text.removeprefix("\ufeff"))
    for node, above, key in _nodes(_root(text)):
        if key is None or key.value not in CONDITIONS or not isinstance(node, yaml.MappingNode):
            continue
        lines = [_line(*pair) for pair in node.value]
        groups = [one for one, _ in node.value if one.value in GROUPS]
        if None in lines or len(groups) == len(lines) or (groups and node.flow_style):
            continue
        if not node.flow_style:
            for line, (fact, value) in zip(lines, node.value, strict=True):
                end = fact.start_mark.index if fact.value in GROUPS else value.end_mark.index
                yield Edit(fact.start_mark.index + shift, end + shift, f"- {line}")
        elif len(lines) == 1:
            yield Edit(node.start_mark.index + shift, node.end_mark.index + shift, str(lines[0]))
        elif not above.flow_style:
            rest = _COMMENT.match(text, node.end_mark.index + shift)
            if rest is not None and "\n" not in text[node.start_mark.index + shift : node.end_mark.index + shift]:
                indent = "\n" + " " * (key.start_mark.column + 2) + "- "
                behind = text.rindex(":", 0, node.start_mark.index + shift) + 1
                comment = f"  {rest[1]}" if rest[1] else ""
                yield Edit(behind, rest.end(), indent.join([comment, *map(str, lines)]))


def _line(fact: Any, value: Any) -> str | None:
    """The test of one fact as a line; "" before any, all or not, None where it cannot be said in one."""
    if fact.value in GROUPS:
        return ""
    if not isinstance(value, yaml.ScalarNode) or "\n" in value.value:
        return None
    test, turned = value.value.strip(), ""
    outside = re.fullmatch(r"not\s*\((.*)\)", test)
    if outside:
        test, turned = outside[1].strip(), "not "
    half = _HALF.fullmatch(test)
    if half and not turned:
        return f"{fact.value} {half[1]} {half[2]}"
    if _SPAN.fullmatch(test):
        return f"{fact.value} {turned}in {test}"
    words = [word.strip() for word in test.split(",")]
    if not all(_WORD.fullmatch(word) for word in words) or test == "-":
        return None
    if len(words) == 1:
        return f"{fact.value} is {turned}{words[0]}"
    return f"{fact.value} {turned}in [{', '.join(words)}]"
