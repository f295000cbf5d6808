"""Conditions of the policy language under construction: lines with their exact opposites, under `all` and `any`.

A line's opposite is written out, never wrapped in `not`, so that an officer reads what holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "is": "is not", "is not": "is", "in": "not in", "not in": "in"}


@dataclass(frozen=True, slots=True)
class Line:
    """`left op right` as one line; op is one of < <= > >= is, is not, in, not in."""

    left: str
    op: str
    right: str

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of which all (or any) must hold; all of nothing is always true, any of nothing never."""

    word: str
    parts: tuple[Condition, ...]


Condition = Line | Group
ALWAYS = Group("all", ())
NEVER = Group("any", ())


def grouped(word: str, parts: Iterable[Condition]) -> Condition:
    """Conditions under one roof, without what changes nothing."""
    neutral, deciding = (ALWAYS, NEVER) if word == "all" else (NEVER, ALWAYS)
    kept: list[Condition] = []
    for part in parts:
        if part == deciding:
            return deciding
        kept += part.parts if isinstance(part, Group) and part.word == word else [part]
    kept = [part for part in dict.fromkeys(kept) if part != neutral]
    return kept[0] if len(kept) == 1 else Group(word, tuple(kept))


def opposite(condition: Condition) -> Condition:
    """What holds where a condition does not; a missing value leaves both unknown."""
    if isinstance(condition, Line):
        if condition.op == "is" and condition.right in ("missing", "known", "true", "false"):
            other = {"missing": "known", "known": "missing", "true": "false", "false": "true"}
            return Line(condition.left, "is", other[condition.right])
        return Line(condition.left, OPPOSITE[condition.op], condition.right)
    word = "any" if condition.word == "all" else "all"
    return grouped(word, [opposite(part) for part in condition.parts])


def written(condition: Condition, indent: str) -> Iterator[str]:
    """The condition as the lines of a `when:` block."""
    parts = condition.parts if isinstance(condition, Group) and condition.word == "all" else (condition,)
    for part in parts:
        if isinstance(part, Line):
            yield f"{indent}- {scalar(str(part))}"
        else:
            yield f"{indent}- {part.word}:"
            for inner in part.parts:
                yield from written(inner, indent + "    ") if isinstance(inner, Line) else _nested(inner, indent)


def _nested(group: Group, indent: str) -> Iterator[str]:
    yield f"{indent}    - {group.word}:"
    for inner in group.parts:
        yield from written(inner, indent + "        ") if isinstance(inner, Line) else _nested(inner, indent + "    ")


def scalar(text: str) -> str:
    """A text as one YAML value, in quotes where it would be read as anything else."""
    number = re.fullmatch(r"-?\d+(\.\d+)?", text) is not None
    plain = text[:1].isalpha() and not any(sign in text for sign in (": ", " #", "'", "{", "}")) and text[-1:] != ":"
    return text if number or plain else "'" + text.replace("'", "''") + "'"
