"""Text of a policy file to nodes that remember their place: YAML without its traps.

The parser's event stream is read one event at a time and counted before anything is built, so a hostile file costs
nothing; anchors, tags, merge keys and repeated keys are findings, and every finding of one file comes in one run.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import yaml

from policy import flow_commas
from policy.broken_yaml import explain
from policy.nodes import Mapping, Node, Scalar, Sequence
from policy.problems import Problem, Where, in_order
from policy.signs import (
    HUMAN_KEYS,
    INVISIBLE,
    invisible_sign,
    language_key_sign,
    lost_keys,
    wrong_sign,
    wrong_signs,
)

__all__ = ["Mapping", "Node", "Scalar", "Sequence", "read_source"]

BYTES_MAX = 256 * 1024
DEPTH_MAX = 20
NODES_MAX = 10_000
TOLD_MAX = 100  # findings of one code in one file; more would only hide the others
TOLD_LENGTH = 200  # a finding is one line on a screen, whatever it quotes
JOINED_LENGTH = 200  # a longer text was not one value

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the pure one reads the same, ten times slower
_MANY = {"too-deep": "nest less, or give the inner part a name under let", "too-many-nodes": "split the policy"}


def read_source(data: bytes, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The file as nodes, and everything that is wrong with it as text; no node where it cannot be read to its end."""
    start = Where(file, 1, 1)
    if len(data) > BYTES_MAX:
        size = f"the file has {len(data):_} bytes, a policy at most {BYTES_MAX:_}"
        return None, (Problem("too-large", start, size, "split the policy, or take data out of it"),)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, (_not_utf8(data, error.start, file),)
    reader = _Reader(file, re.sub("\r(?!\n)", "\n", text))
    node = reader.read()
    if node is None and not reader.problems:
        return None, (Problem("empty-file", start, "there is no policy in the file", 'begin with "aval: 1"'),)
    return node, _told(reader.problems)


def _not_utf8(data: bytes, offset: int, file: str) -> Problem:
    before = data[:offset].decode("utf-8-sig", "replace")
    at = Where(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Problem("not-utf8", at, f"the byte {data[offset]:#04x} is not UTF-8 text", "save the file as UTF-8")


def _told(problems: list[Problem]) -> tuple[Problem, ...]:
    """The findings in order, of one code at most the first hundred."""
    seen: Counter[str] = Counter()
    told = []
    for problem in in_order(problems):
        seen[problem.code] += 1
        if seen[problem.code] <= TOLD_MAX:
            told.append(replace(problem, message=_one_line(problem.message), help=_one_line(problem.help)))
    return tuple(told)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:TOLD_LENGTH] if len(text) > TOLD_LENGTH else text


class _Stop(Exception):
    """The rest of the file is not read; the finding that says why is already told."""


@dataclass(slots=True)
class _Open:
    """A list or block whose end has not been read yet."""

    mapping: bool
    at: Where
    flow: bool
    human: bool  # texts in here are free
    nodes: list[Node] = field(default_factory=list)  # items, or values beside their keys
    keys: list[Scalar] = field(default_factory=list)
    pending: Scalar | None = None  # a key that waits for its value
    spans: list[tuple[int, int]] = field(default_factory=list)  # where each value stands in the text
    key_end: int = 0
    first: dict[str, int] = field(default_factory=dict)  # key to the line where it stands first
    skipped: bool = False  # the pending key is no key (its finding is told), so its value is left out
    comma: Problem | None = None  # the finding for a comma inside the last value


class _Reader:
    """One pass over the events of one file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.lines = text.split("\n")
        self.count = 0
        self.root: Node | None = None
        self.open: list[_Open] = []
        for match in islice(INVISIBLE.finditer(text), TOLD_MAX):
            self.problems.append(invisible_sign(match.group(), self.place(text, match.start())))
        self.text = self.repaired(INVISIBLE.sub(" ", text))

    def place(self, text: str, offset: int) -> Where:
        """Line and column of a character of the text."""
        return Where(self.file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))

    def where(self, mark: Any) -> Where:
        """The place of a mark, which at the end of the file may lie one line behind the text."""
        line = min(mark.line, len(self.lines) - 1)
        column = mark.column if line == mark.line else len(self.lines[line])
        return Where(self.file, line + 1, min(column, len(self.lines[line])) + 1)

    def tell(self, code: str, at: Where, message: str, help: str = "") -> None:
        self.problems.append(Problem(code, at, message, help))

    def repaired(self, text: str) -> str:
        """The text with each full-width colon that hides a key made ASCII, so that the rest can still be read."""
        lines = text.split("\n")
        for line, column in lost_keys(lines):
            self.problems.append(wrong_sign("：", Where(self.file, line + 1, column + 1)))
            if lines[line][column + 1 : column + 2] in ("", " ", "\r"):
                lines[line] = lines[line][:column] + ":" + lines[line][column + 1 :]
        return "\n".join(lines)

    def read(self) -> Node | None:
        """The one document of the file."""
        documents = 0
        try:
            for event in yaml.parse(self.text, Loader=_LOADER):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    self.document(event, documents)
                else:
                    self.event(event)
        except _Stop:
            return None if documents < 2 else self.root
        except yaml.YAMLError as error:
            self.problems += explain(error, self.lines, self.where, self.problems)
            return None
        return self.root

    def document(self, event: Any, number: int) -> None:
        if event.tags:
            self.tell("tag", self.where(event.start_mark), "YAML tags are not part of the language", "delete this line")
        if number == 2:
            self.tell("several-documents", self.where(event.start_mark), '"---" begins a second document',
                      "one file holds one policy: move the rest to a file of its own")  # fmt: skip
            raise _Stop

    def event(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.counted(event)
            self.scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self.counted(event)
            self.start(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.end(event)
        elif isinstance(event, yaml.AliasEvent):
            self.counted(event)
            at = self.where(event.start_mark)
            self.tell("anchor", at, f'"*{event.anchor}" repeats another place', "write the value itself, or a setting")
            self.add(Scalar(f"*{event.anchor}", False, at, False), event)

    def counted(self, event: Any) -> None:
        """Stop before a hostile file costs anything; tell anchors and tags, which stand on any value."""
        self.count += 1
        at = self.where(event.start_mark)
        if self.count > NODES_MAX:
            self.tell("too-many-nodes", at, f"the file has more than {NODES_MAX:_} values", _MANY["too-many-nodes"])
            raise _Stop
        if len(self.open) > DEPTH_MAX:
            self.tell("too-deep", at, f"this stands more than {DEPTH_MAX} levels deep", _MANY["too-deep"])
            raise _Stop
        if isinstance(event, yaml.AliasEvent):
            return
        if event.anchor is not None:
            self.tell("anchor", at, f'"&{event.anchor}" names a place to repeat it', "delete it; use a setting instead")
        if event.tag is not None:
            self.tell("tag", at, f'"{event.tag.replace("tag:yaml.org,2002:", "!!")}" is a YAML tag', "delete it")

    def start(self, event: Any) -> None:
        outer = self.open[-1] if self.open else None
        human = False
        if outer is not None:
            key_open = outer.mapping and outer.pending is not None
            human = outer.human or (key_open and outer.pending.text in HUMAN_KEYS)  # type: ignore[union-attr]
        mapping = isinstance(event, yaml.MappingStartEvent)
        at = self.where(event.start_mark)
        self.open.append(_Open(mapping, at, bool(event.flow_style), human))

    def end(self, event: Any) -> None:
        done = self.open.pop()
        node: Node
        if done.mapping:
            node = Mapping(tuple(zip(done.keys, done.nodes, strict=True)), done.at, done.flow)
        else:
            node = Sequence(tuple(done.nodes), done.at, done.flow)
        self.add(node, event)

    def scalar(self, event: Any) -> None:
        quoted = event.style in ("'", '"')
        at = self.where(event.start_mark)
        first, last = event.start_mark.index, event.end_mark.index
        several = event.start_mark.line != event.end_mark.line or event.style in ("|", ">")
        if quoted and not several:
            at = Where(at.file, at.line, at.column + 1)
            several = self.text[first + 1 : last - 1] != event.value
        text = "" if not quoted and event.value in ("~", "null") else event.value
        self.add(Scalar(text, quoted, at, several), event)

    def add(self, node: Node, event: Any) -> None:
        """Put a finished value where it belongs: the root, a list, a key or the value of a key."""
        if not self.open:
            self.root = node
            self.signs(node, False)
            return
        outer = self.open[-1]
        if outer.mapping and outer.pending is None and not outer.skipped:
            self.key(outer, node, event)
            return
        key, outer.pending = outer.pending, None
        self.signs(node, outer.human or (key is not None and key.text in HUMAN_KEYS))
        first, last = event.start_mark.index, event.end_mark.index
        if outer.skipped:
            outer.skipped = False
        elif not (outer.flow and self.comma(outer, key, node, (first, last))):
            outer.nodes.append(node)
            outer.spans.append((first, last))
            if key is not None:
                outer.keys.append(key)

    def comma(self, outer: _Open, key: Scalar | None, node: Node, span: tuple[int, int]) -> bool:
        """Whether a comma inside { } or [ ] cut this text off the value before it; then the two are one again."""
        if not outer.nodes or not isinstance(outer.nodes[-1], Scalar) or not isinstance(node, Scalar):
            return False
        before, start = outer.nodes[-1], outer.spans[-1][0]
        if before.quoted or before.block or node.quoted or node.block or not before.text:
            return False
        if outer.mapping:
            if key is None or "：" in key.text or span[0] != outer.key_end or key.at.line != before.at.line:
                return False
            whole = self.text[start : outer.key_end]
        else:
            whole = self.text[start : span[1]]
        found = flow_commas.cut_off(whole, before, outer.mapping) if len(whole) <= JOINED_LENGTH else None
        if found is None:
            return False
        outer.nodes[-1], problem = found
        if outer.comma is not None and outer.comma.where > before.at:  # one value with two commas: one finding
            self.problems.remove(outer.comma)
            problem = replace(problem, where=outer.comma.where)
        outer.spans[-1], outer.comma = (start, span[1]), problem
        self.problems.append(problem)
        return True

    def key(self, outer: _Open, node: Node, event: Any) -> None:
        outer.key_end = event.end_mark.index
        outer.skipped = True
        if not isinstance(node, Scalar) or node.block or isinstance(event, yaml.AliasEvent):
            self.tell("not-a-text-key", node.at, "a key must be one plain word", 'write "key: value"')
        elif not node.text:
            self.tell("not-a-text-key", node.at, 'there is no key before ":"', 'write "key: value"')
        elif node.text == "<<" and not node.quoted:
            self.tell("merge-key", node.at, '"<<" copies another block', "write the lines themselves")
        elif outer.flow and not self.text[outer.key_end : outer.key_end + 80].lstrip().startswith(":"):
            outer.skipped, outer.pending = False, node  # a comma may have cut it off: its value comes next
            if "：" in node.text:
                self.problems += wrong_signs(node.text, node.at)
        elif node.text in outer.first:
            self.tell("duplicate-key", node.at,
                      f'"{node.text}" is written twice in one block, first in line {outer.first[node.text]}',
                      "keep one; two tests of one fact are two lines under when")  # fmt: skip
        else:
            outer.skipped, outer.pending = False, node
            outer.first[node.text] = node.at.line
            self.problems += wrong_signs(node.text, node.at)

    def signs(self, node: Node, human: bool) -> None:
        """Full-width signs in a value that is not free text, and a lost colon after a language in one that is."""
        if not isinstance(node, Scalar) or node.quoted and human:
            return
        if not human:
            at = node.at
            if node.block:  # several lines: told where the text begins, once
                found = list(wrong_signs(node.text, at))[:1]
                self.problems += [Problem(one.code, at, one.message, one.help) for one in found]
            elif not node.quoted:
                self.problems += wrong_signs(node.text, at)
        elif (column := language_key_sign(node.text)) is not None and not node.block:
            self.problems.append(wrong_sign("：", Where(self.file, node.at.line, node.at.column + column)))
