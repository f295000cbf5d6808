"""The parser's events to nodes, one at a time and counted before anything is built.

A hostile file costs nothing here: anchors are not followed, and depth and number of values have a bound. What makes
YAML surprising is told where it stands: anchors, tags, merge keys, repeated keys, commas that end a value in { }.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from policy import flow_commas
from policy.nodes import Mapping, Node, Scalar, Sequence
from policy.problems import Problem, Where
from policy.signs import ESCAPED, HUMAN_KEYS, invisible_sign, language_key_sign, wrong_sign, wrong_signs

DEPTH_MAX = 20
NODES_MAX = 50_000  # a policy of a thousand rows with four tests each has 11,000
REMARK = re.compile(r"[ \t]+(#\d+)")  # `order #5`: more likely a number than a remark
JOINED_LENGTH = 200  # a longer text was not one value

class Stop(Exception):
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
    damaged: bool = False  # a key could not be read
    skipped: bool = False  # the pending key is no key (its finding is told), so its value is left out
    comma: Problem | None = None  # the finding for a comma inside the last value


class Builder:
    """One pass over the events of one text; `root` is the document, `problems` what was found on the way."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.lines = text.split("\n")
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.count = 0
        self.open: list[_Open] = []
        self.anchors: dict[str, str] = {}

    def where(self, mark: Any) -> Where:
        """The place of a mark, which at the end of the file may lie one line behind the text."""
        line = min(mark.line, len(self.lines) - 1)
        column = mark.column if line == mark.line else len(self.lines[line])
        return Where(self.file, line + 1, min(column, len(self.lines[line])) + 1)

    def tell(self, code: str, at: Where, message: str, help: str = "") -> None:
        self.problems.append(Problem(code, at, message, help))

    def build(self, events: Iterator[Any]) -> None:
        """Read all events; a second document, too much depth or too many values end the reading."""
        documents = 0
        try:
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    self.document(event, documents)
                else:
                    self.event(event)
        except Stop:
            if documents < 2:
                self.root = None

    def document(self, event: Any, number: int) -> None:
        if event.tags:
            self.tell("tag", self.where(event.start_mark), "YAML tags are not part of the language", "delete this line")
        if number == 2:
            self.tell("several-documents", self.where(event.start_mark), "'---' begins a second document",
                      "one file holds one policy: move the rest to a file of its own")  # fmt: skip
            raise Stop

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
            self.tell("anchor", at, f"'*{event.anchor}' repeats another place", "write the value itself, or a setting")
            self.add(Scalar(self.anchors.get(event.anchor or "", ""), False, at, True), event)

    def counted(self, event: Any) -> None:
        """Stop before a hostile file costs anything; tell anchors and tags, which stand on any value."""
        self.count += 1
        if self.count > NODES_MAX:
            self.tell("too-many-nodes", self.where(event.start_mark), f"the file has more than {NODES_MAX:_} values",
                      "split the policy")  # fmt: skip
            raise Stop
        if len(self.open) > DEPTH_MAX:
            self.tell("too-deep", self.where(event.start_mark), f"this stands more than {DEPTH_MAX} levels deep",
                      "nest less, or give the inner part a name under let")  # fmt: skip
            raise Stop
        if isinstance(event, yaml.AliasEvent):
            return
        if event.anchor is not None:
            self.tell("anchor", self.where(event.start_mark), f"'&{event.anchor}' names a place to repeat it",
                      "delete it; use a setting instead")  # fmt: skip
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.tell("tag", self.where(event.start_mark), f"'{tag}' is a YAML tag", "delete it")

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
            node = Mapping(tuple(zip(done.keys, done.nodes, strict=True)), done.at, done.flow, done.damaged)
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
        remark = None if quoted or several else REMARK.match(self.text, last)
        if remark is not None and event.value:
            self.tell("quoting", Where(at.file, at.line, at.column + remark.start(1) - first),
                      f"'{remark[1]}' begins a remark, so that the value ends before it",
                      "put the whole value in quotes; a remark has a space behind its '#'")  # fmt: skip
        text = "" if not quoted and event.value in ("~", "null") else self.printable(event.value, at)
        if event.anchor is not None:
            self.anchors[event.anchor] = text
        self.add(Scalar(text, quoted, at, several), event)

    def printable(self, value: str, at: Where) -> str:
        """A value without the invisible signs that escapes in double quotes make, each of them told."""
        if value.isascii() and value.isprintable():
            return value
        for sign in sorted(set(ESCAPED.findall(value))):
            self.problems.append(invisible_sign(sign, at))
        return ESCAPED.sub(" ", value)

    def add(self, node: Node, event: Any) -> None:
        """Put a finished value where it belongs: the root, a list, a key or the value of a key."""
        if not self.open:
            self.root = node
            self.signs(node, False, event)
            return
        outer = self.open[-1]
        if outer.mapping and outer.pending is None and not outer.skipped:
            self.key(outer, node, event)
            return
        key, outer.pending = outer.pending, None
        self.signs(node, outer.human or (key is not None and key.text in HUMAN_KEYS), event)
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
            outer.damaged = True
            self.tell("not-a-text-key", node.at, "a key must be one plain word", "write 'key: value'")
        elif not node.text:
            outer.damaged = True
            self.tell("not-a-text-key", node.at, "there is no key before ':'", "write 'key: value'")
        elif node.text == "<<" and not node.quoted:
            outer.damaged = True
            self.tell("merge-key", node.at, "'<<' copies another block", "write the lines themselves")
        elif outer.flow and not self.text[outer.key_end : outer.key_end + 80].lstrip().startswith(":"):
            outer.skipped, outer.pending = False, node  # a comma may have cut it off: its value comes next
            if "：" in node.text:
                self.problems += wrong_signs(node.text, node.at)
        elif node.text in outer.first:
            self.tell("duplicate-key", node.at,
                      f"'{node.text}' is written twice in one block, first in line {outer.first[node.text]}",
                      "write each test as a line under when" if "." in node.text else "keep one of them")  # fmt: skip
        else:
            outer.skipped, outer.pending = False, node
            outer.first[node.text] = node.at.line
            if not node.text.isascii():
                self.problems += wrong_signs(node.text, node.at)

    def signs(self, node: Node, human: bool, event: Any) -> None:
        """Full-width signs in a value that is not free text, and a lost colon after a language in one that is."""
        if not isinstance(node, Scalar) or node.quoted or node.text.isascii() or isinstance(event, yaml.AliasEvent):
            return
        if not human:
            written = self.text[event.start_mark.index : event.end_mark.index]
            self.problems += wrong_signs(written, self.where(event.start_mark))
        elif (column := language_key_sign(node.text)) is not None and not node.block:
            self.problems.append(wrong_sign("：", Where(self.file, node.at.line, node.at.column + column)))
