"""Date formulas as an officer writes them: `due + 15 days`, `month end of (due + 30 days)`, `demand sent + 5 days`.

Small enough to be read by hand, so that each slip gets its own sentence. A formula keeps what it counts from with its
place; whether that exists is asked in `policy/check_ladders.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from policy.problems import Problem, Where
from policy.receivables import DateRule
from policy.shapes import Keys, Shapes
from policy.source import Mapping, Node
from policy.suggest import did_you_mean, listed

ANCHORS = ("due", "invoiced", "delivered", "entered")
UNITS = {
    "day": ("add_days", 1), "days": ("add_days", 1), "month": ("add_months", 1), "months": ("add_months", 1),
    "year": ("add_months", 12), "years": ("add_months", 12),
}  # fmt: skip
EXAMPLE = "write it like due + 15 days, demand sent + 10 days or month end of (due + 30 days)"
MOST = 10_000  # days from one anchor, a month counted as 31; more is a slip of the pen
MOST_SHIFTS = 20
DEPTH = 8
_TOKEN = re.compile(r"\s*(?:(?P<sign>[()+-])|(?P<number>\d[\d_]*(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<other>\S))")


@dataclass(frozen=True, slots=True)
class Mention:
    """Something a formula counts from (op anchor, sent, failed or act), or a setting it takes days from."""

    op: str
    name: str
    at: Where


@dataclass(frozen=True, slots=True)
class DayWritten:
    """A date formula with its text and everything that it names."""

    rule: DateRule
    mentions: tuple[Mention, ...]
    text: str
    at: Where


class _Slip(Exception):
    def __init__(self, code: str, offset: int, message: str, help: str = EXAMPLE) -> None:
        super().__init__(message)
        self.code, self.offset, self.message, self.help = code, offset, message, help


def read_day(shapes: Shapes, node: Node | None, place: str, depth: int = 0) -> DayWritten | None:
    """A date formula, or a block `{earliest: [...]}` or `{latest: [...]}` of several."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        return _several(shapes, node, place, depth)
    word = shapes.word(node, place)
    if word is None:
        return None
    reader = _Reader(word.text, word.at)
    try:
        rule = reader.whole()
    except _Slip as slip:
        at = Where(word.at.file, word.at.line, word.at.column + (slip.offset if word.counted else 0))
        shapes.problems.append(Problem(slip.code, at, slip.message, slip.help))
        return None
    return DayWritten(rule, tuple(reader.mentions), word.text, word.at)


def _several(shapes: Shapes, node: Mapping, place: str, depth: int) -> DayWritten | None:
    values = shapes.block(node, f"'{place}'", ("earliest", "latest")) or Keys()
    if len(values) != 1 or depth > DEPTH:
        if len(values) != 1 and len(node.entries) == len(values):
            shapes.note("date-formula", node.at, f"'{place}' needs one of earliest and latest",
                        "write {earliest: [due + 120 days, l3 failed + 5 days]}")  # fmt: skip
        return None
    word, inner = next(iter(values.items()))
    found = [read_day(shapes, item, word, depth + 1) for item in shapes.items(inner, word)]
    parts = [one for one in found if one is not None]
    if not parts or len(parts) < len(found):
        return None
    text = f"the {word} of {', '.join(one.text for one in parts)}"
    mentions = tuple(mention for one in parts for mention in one.mentions)
    return DayWritten(DateRule(word, parts=tuple(one.rule for one in parts)), mentions, text, node.at)


@dataclass(slots=True)
class _Reader:
    """One pass over the words of one formula."""

    text: str
    at: Where
    tokens: list[tuple[str, str, int]] = field(default_factory=list)
    place: int = 0
    mentions: list[Mention] = field(default_factory=list)
    days: int = 0
    shifts: int = 0

    def __post_init__(self) -> None:
        for found in _TOKEN.finditer(self.text):
            kind = found.lastgroup or ""
            self.tokens.append((kind, found[kind], found.start(kind)))

    def whole(self) -> DateRule:
        rule = self.sum(0)
        if self.place < len(self.tokens):
            raise self.unexpected()
        return rule

    def peek(self) -> tuple[str, str, int]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("", "", len(self.text))

    def take(self) -> tuple[str, str, int]:
        found = self.peek()
        self.place += 1
        return found

    def unexpected(self) -> _Slip:
        _, word, offset = self.peek()
        what = f"'{word[:40]}' was not expected here" if word else "the date ends too early"
        return _Slip("date-formula", offset, what)

    def sum(self, depth: int) -> DateRule:
        if depth > DEPTH:
            raise _Slip("too-deep", self.peek()[2], f"the date is nested more than {DEPTH} levels deep")
        rule = self.term(depth)
        while self.peek()[1] in ("+", "-"):
            self.shifts += 1
            if self.shifts > MOST_SHIFTS:
                raise _Slip("too-deep", self.peek()[2], f"the date adds more than {MOST_SHIFTS} numbers")
            rule = self.shifted(rule, -1 if self.take()[1] == "-" else 1)
        return rule

    def term(self, depth: int) -> DateRule:
        if self.peek()[1] == "(":
            self.take()
            rule = self.sum(depth + 1)
            if self.peek()[1] != ")":
                raise self.unexpected()
            self.take()
            return rule
        if [word for _, word, _ in self.tokens[self.place : self.place + 3]] == ["month", "end", "of"]:
            self.place += 3
            if depth > DEPTH:
                raise _Slip("too-deep", self.peek()[2], f"the date is nested more than {DEPTH} levels deep")
            return DateRule("month_end", parts=(self.term(depth + 1),))
        return self.named()

    def named(self) -> DateRule:
        """What the formula counts from: an anchor, a step that was sent or failed, an act by a role."""
        words: list[str] = []
        offset = self.peek()[2]
        while self.peek()[0] == "word":
            words.append(self.take()[1])
        name, op = " ".join(words), "anchor"
        if len(words) == 2 and words[1] in ("sent", "failed"):
            op, name = words[1], words[0]
        elif len(words) > 2 and words[-2] == "by":
            op = "act"
        elif not words:
            raise self.unexpected()
        elif name not in ANCHORS:
            end = re.fullmatch(r"(?:the )?(?:end of (?:the )?month(?: of)?|month end|eom)(?: ([a-z_]+))?", name)
            help = did_you_mean(name, ANCHORS, f"one of {listed(ANCHORS)}, STEP sent, STEP failed, or ACT by ROLE")
            help = f"write month end of ({end[1] or 'due'} + 30 days)" if end else help
            raise _Slip("date-formula", offset, f"'{name[:80]}' is nothing that a date can count from", help)
        self.mentions.append(Mention(op, name, Where(self.at.file, self.at.line, self.at.column + offset)))
        return DateRule(op, name)

    def shifted(self, rule: DateRule, sign: int) -> DateRule:
        kind, word, offset = self.take()
        if kind == "word" and word.startswith("settings."):
            self.mentions.append(Mention("setting", word, Where(self.at.file, self.at.line, self.at.column + offset)))
            return DateRule("add_setting", word, sign, (rule,))
        if kind != "number":
            self.place -= 1
            raise self.unexpected()
        if "." in word or not re.fullmatch(r"\d{1,3}(_\d{3})*|\d+", word):
            raise _Slip("number", offset, f"'{word}' is not a whole number", "dates count in whole days and months")
        number = int(word.replace("_", "")[:9])  # more digits are beyond the range as well
        op, size = self.unit(word, offset)
        self.days += number * size * (31 if op == "add_months" else 2 if op == "add_business_days" else 1)
        if self.days > MOST:
            raise _Slip("range", offset, f"'{word}' is further away than any ladder or charge goes",
                        f"at most {MOST:_} days")  # fmt: skip
        return DateRule(op, number=sign * number * size, parts=(rule,))

    def unit(self, number: str, offset: int) -> tuple[str, int]:
        kind, word, place = self.peek()
        if kind != "word":
            raise _Slip("unit", offset, f"beside a date the number '{number}' needs its unit",
                        f"write {number} days, {number} months or {number} business days")  # fmt: skip
        self.take()
        if word == "business" and self.peek()[1] in ("day", "days"):
            self.take()
            return "add_business_days", 1
        if word not in UNITS:
            raise _Slip("unit", place, f"'{word[:40]}' is not a unit of a date",
                        "units are days, months, years and business days")  # fmt: skip
        return UNITS[word]
