"""What changed between two policy files, in sentences: numbers moved, rows added or moved, verdicts, limits, words.

It compares what was written, so each sentence has the line in the old and in the new file. For whom a change matters
is another question, answered by `rules/decision_diff.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from policy.chinese import in_chinese
from policy.document import ROW_SECTIONS
from policy.nodes import Mapping, Node, Scalar, Sequence
from policy.row_pairs import named, paired
from policy.sameness import TEXTS, comparison, lines_of, same, same_formula, written

About = Literal["meaning", "words", "tests"]
CONDITIONS = ("when", "only_when", "where", "enter", "leave")
BOUNDS = ("at_most", "at_least", "below", "above", "in", "is")
FIRST_MATCH = (*ROW_SECTIONS, "rows", "first")
STRICT = {"<": "<=", ">": ">="}
WORDS = ("title", "policy", "aval", "say", "say_customer", "meaning", "source")
SHOWN = 160
_SIGN = re.compile(r"\s*(<=|>=|<|>|\bis not\b|\bis\b)\s*")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the section, a sentence, the lines in the old and the new file (None: not there), what it is.

    `about` is "meaning" where it may change an answer, "words" for texts that people read, "tests" for the tests of the
    file.
    """

    section: str
    sentence: str
    old_line: int | None
    new_line: int | None
    about: About = "meaning"

    def as_dict(self) -> dict[str, object]:
        """The change for machines: the same words, one key each."""
        return {"section": self.section, "about": self.about, "sentence": self.sentence,
                "sentence_zh": in_chinese(self.sentence), "old_line": self.old_line,
                "new_line": self.new_line}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the file we are: the section, the words for it, and what a change here is about."""

    section: str
    name: str
    about: About = "meaning"

    def of(self, key: str) -> _Place:
        """The place of a key below this one."""
        about: About = "words" if key in WORDS else self.about
        if key == "when" and " " in self.name:
            return self
        return _Place(self.section, f"{self.name}: {key}" if " " in self.name else f"{self.name}.{key}", about)

    def change(self, sentence: str, old: Node | None, new: Node | None) -> Change:
        lines = [None if node is None else node.at.line for node in (old, new)]
        return Change(self.section, sentence, lines[0], lines[1], self.about)


def changes(old: Node, new: Node) -> tuple[Change, ...]:
    """Every difference of two files that loaded, in the order of the new file's sections."""
    assert isinstance(old, Mapping) and isinstance(new, Mapping)
    keys = [key.text for key, _ in new.entries]
    keys += [key.text for key, _ in old.entries if key.text not in keys]
    found: list[Change] = []
    for key in keys:
        about: About = "tests" if key == "tests" else "words" if key in WORDS else "meaning"
        place = _Place(key, key, about)
        found += _value(place, key, old.get(key), new.get(key))
    return tuple(found)


def _value(place: _Place, key: str, old: Node | None, new: Node | None) -> Iterator[Change]:
    """The changes of one value under a key."""
    if same(old, new, key in TEXTS):
        return
    if old is None or new is None:
        yield from _only_one(place, old, new)
    elif key in CONDITIONS:
        yield from _lines(place, old, new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _block(place, old, new)
    elif _is_rows(old) and _is_rows(new):
        assert isinstance(old, Sequence) and isinstance(new, Sequence)
        yield from _rows(place, old, new)
    elif key in ("offer", "rising", "also") or not (isinstance(old, Sequence) and isinstance(new, Sequence)):
        verb = "was '{}', is now '{}'" if place.about == "words" else "was {}, is now {}"
        verb = "moved from {} to {}" if _is_number(old) and _is_number(new) else verb
        yield place.change(f"{place.name} {verb.format(_shown(old), _shown(new))}", old, new)
    else:
        yield from _words(place, old, new)


def _only_one(place: _Place, old: Node | None, new: Node | None) -> Iterator[Change]:
    one = new if old is None else old
    assert one is not None
    yield from _gone(place, old) if new is None else ()
    done = "was added" if old is None else "was taken out"
    if place.name == place.section:
        yield place.change(f"the section {place.section} {done}", old, new)
    else:
        yield place.change(f"{place.name} {_shown(one)} {done}", old, new)


def _gone(place: _Place, old: Node | None) -> Iterator[Change]:
    """What a state that was taken out means for those who are in it: it is remembered, but nothing reads it."""
    states = []
    if place.name == place.section == "states" and isinstance(old, Mapping):
        states = [key.text for key, _ in old.entries]
    elif place.section == "states" and place.name.count(".") == 1:
        states = [place.name.removeprefix("states.")]
    for state in states:
        told = f"the state {state} is gone: whoever is in it is treated as if it had never been entered"
        yield place.change(told, old, None)


def _block(place: _Place, old: Mapping, new: Mapping) -> Iterator[Change]:
    before, after = (_bound(block) for block in (old, new))
    turned = before is not None and after is not None and before[0] != after[0]
    keys = [key.text for key, _ in new.entries]
    keys += [key.text for key, _ in old.entries if key.text not in keys]
    if turned and before is not None and after is not None:
        yield place.change(f"{place.name}: the bound was {before[0]} {_shown(before[1])}, is now {after[0]} "
                           f"{_shown(after[1])}", before[1], after[1])  # fmt: skip
        keys = [key for key in keys if key not in (before[0], after[0])]
    for key in keys:
        yield from _value(place.of(key), key, old.get(key), new.get(key))


def _bound(block: Mapping) -> tuple[str, Node] | None:
    """The bound of a measured check and its value."""
    found = [(key.text, value) for key, value in block.entries if key.text in BOUNDS]
    return found[0] if found and block.get("measure") is not None else None


def _is_rows(node: Node) -> bool:
    return isinstance(node, Sequence) and all(isinstance(item, Mapping) for item in node.items)


def _rows(place: _Place, old: Sequence, new: Sequence) -> Iterator[Change]:
    pairs = paired(old.items, new.items)
    what = "row" if place.section in FIRST_MATCH else "entry"
    for at in pairs.removed:
        yield place.change(f"{place.name}: '{_named(old.items[at])}' was taken out", old.items[at], None)
    for was, now in pairs.kept:
        before, after = old.items[was], new.items[now]
        row = _Place(place.section, f"{place.name} '{_named(after)}'", place.about)
        if (was, now) in pairs.moved and place.section not in ("checks", "tests"):  # there the order decides nothing
            sentence = f"{place.name}: the {what} '{_named(after)}' moved from place {was + 1} to place {now + 1}"
            yield place.change(sentence, before, after)
        if not same(before, after):
            assert isinstance(before, Mapping) and isinstance(after, Mapping)
            yield from _block(row, before, after)
    for at in pairs.added:
        name, whole = _named(new.items[at]), _shown(new.items[at])
        told = f"{place.name}: '{name}' was added at place {at + 1}" + (f": {whole}" if whole != name else "")
        yield place.change(told, None, new.items[at])


def _words(place: _Place, old: Node, new: Node) -> Iterator[Change]:
    """Changes of a list of words."""
    before, after = lines_of(old), lines_of(new)
    for done, here, there in (("taken out of", before, after), ("added to", after, before)):
        for item in here:
            if not any(same(item, other) for other in there):
                pair = (item, None) if done == "taken out of" else (None, item)
                yield place.change(f"'{_shown(item)}' was {done} {place.name}", *pair)
    if all(any(same(a, b) for b in after) for a in before) and len(before) == len(after):
        yield place.change(f"{place.name} was {_shown(old)}, is now {_shown(new)}", old, new)


def _lines(place: _Place, old: Node, new: Node) -> Iterator[Change]:
    """Changes of a condition, line by line; a threshold that moved is told as such."""
    before = [line for line in lines_of(old) if not any(same(line, other) for other in lines_of(new))]
    after = [line for line in lines_of(new) if not any(same(line, other) for other in lines_of(old))]
    for line in tuple(before):
        partner = next((other for other in after if _moved(line, other)), None)
        if partner is None and len(before) == len(after) == 1:
            partner = after[0]
        if partner is not None:
            before.remove(line)
            after.remove(partner)
            told = _moved(line, partner) or f"'{_shown(line)}' became '{_shown(partner)}'"
            yield place.change(f"{place.name}: {told}", line, partner)
    for line in before:
        yield place.change(f"{place.name}: the line '{_shown(line)}' was taken out", line, None)
    for line in after:
        yield place.change(f"{place.name}: the line '{_shown(line)}' was added", None, line)


def _moved(old: Node, new: Node) -> str:
    """How one line became another of the same subject; empty where they have nothing to do with each other."""
    one, other = comparison(old), comparison(new)
    if one is None or other is None or not same_formula(one.left, other.left):
        return ""
    assert isinstance(old, Scalar) and isinstance(new, Scalar)
    (subject, was, edge), (_, now, edge_now) = (_SIGN.split(line.text, maxsplit=1) for line in (old, new))
    if one.op == other.op:
        return f"the threshold of {subject} moved from {edge} to {edge_now} ('{was}')"
    if same_formula(one.right, other.right):
        for strict, loose in STRICT.items():
            if (one.op, other.op) in ((strict, loose), (loose, strict)):
                fits = "fits now" if other.op == loose else "fits no longer"
                return f"{subject} of exactly {edge} {fits} ('{was}' became '{now}')"
    return f"'{_shown(old)}' became '{_shown(new)}'"


def _is_number(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text[:1].isdigit()


def _named(row: Node) -> str:
    return _short(named(row))


def _shown(node: Node) -> str:
    return _short(written(node))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 3] + "..."
