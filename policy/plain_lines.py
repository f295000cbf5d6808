"""The commonest lines of a policy, read at sight: `customer.score >= 80`, `customer.country in [DE, FR]`, `50_000`.

A table of limits has thousands of such lines, and the grammar takes ten times longer over each. Whatever is not exactly
of one of these shapes is left to the grammar, which reads these the same way.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from policy.problems import Where
from policy.syntax import Comparison, Condition, Expr, Membership, Name, Number, StateTest

LENGTH_MAX = 400  # characters of a line that is looked at here
STATES = ("missing", "known", "none", "zero", "unlimited")
_NUMBER = r"(?:[1-9]\d{0,2}(?:_\d{3})+|[1-9]\d{0,14}|0)(?:%| days| months| [A-Z]{3})?"
_NAME = r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*"
_WORD = r"[A-Za-z][A-Za-z0-9_]*"
_CONDITION = re.compile(
    rf"({_NAME}) (?:(>=|<=|>|<) (?:({_NUMBER})|({_NAME}))|(is not|is) ({_WORD})"
    rf"|(in|not in) \[({_WORD}(?:, {_WORD})*)\])",
    re.ASCII,
)
_FORMULA = re.compile(rf"({_NUMBER})|{_NAME}", re.ASCII)
_OF_GRAMMAR = frozenset((
    "and", "any", "at", "average", "better", "by", "count", "empty", "entries", "ever", "every", "first", "five",
    "four", "if", "in", "is", "largest", "last", "months", "net", "not", "of", "one", "or", "quarters", "share",
    "since", "smallest", "stricter", "sum", "than", "the", "three", "two", "where", "worse",
))  # fmt: skip  # words that may be more than a name


def plain_condition(text: str, at: Where) -> Condition | None:
    """A line under `when` of one of the common shapes, None where it is anything else."""
    found = _CONDITION.fullmatch(text) if len(text) <= LENGTH_MAX else None
    if found is None:
        return None
    left, sign, number, right, verb, word, within, words = found.groups()
    if left in _OF_GRAMMAR or right in _OF_GRAMMAR or word in _OF_GRAMMAR:
        return None
    subject = Name(left, at)
    if sign is not None:
        place = _behind(at, found.start(3 if right is None else 4))
        value: Expr = Name(right, place) if number is None else _number(number, place)
        return Comparison(sign, subject, value, at)
    if verb is not None:
        if word in STATES:
            return StateTest(subject, word, verb == "is not", at)
        return Comparison("is" if verb == "is" else "is_not", subject, Name(word, _behind(at, found.start(6))), at)
    return _membership(subject, within == "not in", words, _behind(at, found.start(8)))


def plain_formula(text: str, at: Where) -> Expr | None:
    """A number or a name alone, None where the line is anything else."""
    found = _FORMULA.fullmatch(text) if len(text) <= LENGTH_MAX else None
    if found is None or text in _OF_GRAMMAR:
        return None
    return Name(text, at) if found[1] is None else _number(text, at)


def _membership(subject: Name, negated: bool, words: str, at: Where) -> Membership | None:
    items, column = [], at.column
    for word in words.split(", "):
        if word in _OF_GRAMMAR:
            return None
        items.append(Name(word, Where(at.file, at.line, column)))
        column += len(word) + 2
    return Membership(subject, tuple(items), negated, subject.at)


def _behind(at: Where, offset: int) -> Where:
    return Where(at.file, at.line, at.column + offset)


def _number(text: str, at: Where) -> Number:
    return Number(*_read(text), at)


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Fraction, str, int]:
    """The exact value of a number, its unit and how many digits it has after the point, which is none here."""
    if text.endswith("%"):
        return Fraction(int(text[:-1]), 100), "%", 0
    digits, _, unit = text.partition(" ")
    return Fraction(int(digits)), unit, 0
