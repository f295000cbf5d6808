"""Reading one value of one shape from a node: a word, a text, a block with known keys, a condition, a formula.

Each reader answers None where the shape is wrong and has then noted a finding; nothing stops at the first one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policy.document import Word
from policy.expression import read_condition, read_date, read_formula, read_tests
from policy.problems import Problem, Where
from policy.source import Mapping as Block
from policy.source import Node, Scalar, Sequence
from policy.suggest import did_you_mean, listed, nearest
from policy.syntax import Block as Lines
from policy.syntax import Condition, Expr, Name

NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
DOTTED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
TITLE = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*\Z")
UNKNOWN_MAX = 100  # keys of one block that are told; more would only hide the others


class Keys(dict[str, Node]):
    """The values of a block by key; `whole` is false where a key of it could not be read, so nothing is missed."""

    whole: bool = True


@dataclass(slots=True)
class Shapes:
    """The findings so far, readers that add to them, and the names of things that could not be read."""

    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def note(self, code: str, at: Where, message: str, help: str = "", severity: str = "error") -> None:
        self.problems.append(Problem(code, at, message, help, severity))

    def wrong(self, node: Node, wanted: str, place: str) -> None:
        found = {Scalar: "a single value", Sequence: "a list", Block: "a block"}[type(node)]
        if isinstance(node, Scalar) and not node.text:
            found = "nothing"
        named = place if " " in place else f"'{place}'"
        self.note("wrong-shape", node.at, f"{named} needs {wanted}, here is {found}")

    def block(
        self, node: Node, place: str, known: Iterable[str], later: Iterable[str] = (), judged: Iterable[str] = ()
    ) -> Keys | None:
        """The values of a block by key; a key that does not belong here is a finding, and read as the one meant.

        Keys that are `judged` by the caller are read too, and never offered.
        """
        if not isinstance(node, Block):
            self.wrong(node, "a block of keys and values", place)
            return None
        known, later, judged = tuple(known), tuple(later), tuple(judged)
        values = Keys((key.text, value) for key, value in node.entries if key.text in known + judged)
        values.whole, unknown = not node.damaged, 0
        for key, value in node.entries:
            if key.text in later:
                values.whole = False
                self.note("not-yet-supported", key.at, f"'{key.text}' is part of the language, but this version does "
                          "not run it", "take it out until it does")  # fmt: skip
            elif key.text not in known + judged and unknown < UNKNOWN_MAX:
                unknown += 1
                meant = self.unknown_key(key, place, known)
                if meant is not None:
                    values.setdefault(meant, value)
        return values

    def unknown_key(self, key: Scalar, place: str, known: tuple[str, ...]) -> str | None:
        """Note a key that does not belong here; the key that was probably meant."""
        code, word = ("unknown-section", "section") if place == "the file" else ("unknown-key", "key")
        meant = nearest(key.text, known)
        help = f"did you mean '{meant}'?" if meant else f"one of: {listed(known)}"
        self.note(code, key.at, f"'{key.text}' is not a {word} of {place}", help)
        return meant

    def need(self, values: Mapping[str, Node], key: str, at: Where, place: str) -> Node | None:
        """The value of a key that must be there."""
        if key not in values and getattr(values, "whole", True):
            self.note("missing-key", at, f"{place} has no '{key}'", f"add '{key}: ...'")
        return values.get(key)

    def entries(self, node: Node | None, place: str) -> list[tuple[Word, Node]]:
        """Named things: each key with its value, names checked."""
        if node is None:
            return []
        if not isinstance(node, Block):
            self.wrong(node, "a block of names and values", place)
            return []
        return [(Word(key.text, key.at), value) for key, value in node.entries]

    def items(self, node: Node | None, place: str) -> tuple[Node, ...]:
        """The items of a list."""
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            self.wrong(node, "a list: lines that begin with '- '", place)
            return ()
        if not node.items:
            self.note("wrong-shape", node.at, f"'{place}' is an empty list", "take it out, or write what belongs there")
        return node.items

    def word(self, node: Node | None, place: str, pattern: re.Pattern[str] | None = None) -> Word | None:
        """A single value as written; with a pattern also a well-formed name."""
        if node is None:
            return None
        if not isinstance(node, Scalar) or not node.text:
            self.wrong(node, "a single value", place)
            return None
        if pattern is not None and not pattern.match(node.text):
            self.note("bad-name", node.at, f"'{node.text[:80]}' is not a name",
                      "names have small letters a-z, digits and _, and begin with a letter")  # fmt: skip
            return None
        return Word(node.text, node.at, not node.block)

    def named(self, word: Word, pattern: re.Pattern[str] = NAME) -> bool:
        """Whether a key is a well-formed name; else a finding."""
        return self.word(Scalar(word.text, False, word.at, False), "name", pattern) is not None

    def words(self, node: Node | None, place: str) -> tuple[Word, ...]:
        """A list of single values; one value stands for a list of one."""
        if isinstance(node, Scalar):
            node = Sequence((node,), node.at, False)
        found = (self.word(item, place) for item in self.items(node, place))
        return tuple(word for word in found if word)

    def choice(self, word: Word | None, place: str, known: Iterable[str]) -> Word | None:
        """A word that must be one of a few."""
        known = tuple(known)
        if word is None or word.text in known:
            return word
        self.note("unknown-word", word.at, f"'{word.text}' is not a {place}",
                  did_you_mean(word.text, known, f"one of: {listed(known)}"))  # fmt: skip
        return None

    def once(self, words: Iterable[Word], what: str) -> None:
        """A finding for every name that stands a second time."""
        seen: dict[str, Word] = {}
        for word in words:
            first = seen.setdefault(word.text, word)
            if first is not word and word.text:
                self.note("duplicate-name", word.at, f"the {what} '{word.text}' stands already in line {first.at.line}",
                          "choose another name, or take one out")  # fmt: skip

    def texts(self, node: Node | None, place: str) -> dict[str, Word]:
        """Human text by language; a single text counts as English."""
        if node is None:
            return {}
        if isinstance(node, Scalar):
            return {"en": Word(node.text, node.at, not node.block)} if node.text else {}
        found: dict[str, Word] = {}
        for language, value in self.entries(node, place):
            text = self.word(value, f"{place}.{language.text}")
            if language.text not in ("en", "zh"):
                self.note("unknown-key", language.at, f"'{language.text}' is not a language of {place}", "use en, zh")
            elif text is not None:
                found[language.text] = text
        return found

    def formula(self, node: Node | None, place: str) -> Expr | None:
        """A formula in one line."""
        word = self.word(node, place)
        return None if word is None else self.kept(read_formula(word.text, word.at))

    def day(self, node: Node | None, place: str) -> int | None:
        """A date as an ordinal day number."""
        word = self.word(node, place)
        return None if word is None else self.kept(read_date(word.text, word.at))

    def condition(self, node: Node | None, place: str) -> Condition | None:
        """A condition: one line, a list of lines, a block with any, all or not, or the mapping form."""
        if node is None:
            return None
        if isinstance(node, Scalar):
            word = self.word(node, place)
            if word is not None and word.text == "always":
                return Lines("all", (), node.at)
            return None if word is None else self.kept(read_condition(word.text, word.at))
        if isinstance(node, Sequence):
            lines = [self.condition(item, place) for item in self.items(node, place)]
            return Lines("all", tuple(line for line in lines if line), node.at)
        if not node.entries:
            self.note("wrong-shape", node.at, f"'{place}' is empty", "write at least one line")
            return None
        parts = [self._entry(key, value, place) for key, value in node.entries]
        kept = tuple(part for part in parts if part)
        return kept[0] if len(kept) == 1 else Lines("all", kept, node.at)

    def _entry(self, key: Scalar, value: Node, place: str) -> Condition | None:
        if key.text in ("any", "all"):
            if not isinstance(value, Sequence):
                self.wrong(value, "a list of lines", key.text)
                return None
            lines = [self.condition(item, place) for item in self.items(value, key.text)]
            return Lines(key.text, tuple(line for line in lines if line), key.at)
        if key.text == "not":
            if not isinstance(value, Scalar):
                self.note("wrong-shape", value.at, "'not' takes exactly one line",
                          "write one 'not' for each line, or turn the tests round")  # fmt: skip
                return None
            line = self.condition(value, "not")
            return None if line is None else Lines("not", (line,), key.at)
        word = self.word(value, key.text)
        subject = self.word(key, place, DOTTED)
        if word is None or subject is None:
            return None
        found: Condition | None = self.kept(read_tests(word.text, Name(subject.text, subject.at), word.at))
        return found

    def kept(self, found: Any) -> Any:
        """What a reader found, or None after noting its finding."""
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        return found

