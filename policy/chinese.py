"""Findings in Chinese: each English text is a template with numbered places; the catalogue beside has its Chinese.

A finding stays one English value (`Problem`); nothing that makes one knows of a second language. The catalogue is
`policy/wording_zh/*.txt`, a line `English => Chinese` for each text. A place `{0}` in quotes keeps the officer's word;
any other is turned too, where it is a text or a word of the catalogue itself ("a count", "the file"), and `{=0}` in
the Chinese keeps it as it is. A house test finds texts that have no Chinese, decision 0007 says why it is done so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).with_name("wording_zh")
PLACE = re.compile(r"\{(=?)(\d)\}")
ARROW = " => "
DEPTH_MAX = 4  # a text inside a text inside a text; more is nothing that we say
JOINTS = {"; ": "；", ", ": "、", " or ": " 或 ", " and ": " 与 "}
WORDS_BETWEEN = (" or ", " and ")
QUOTED = re.compile(r"('[^']*')")
APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)|^'(?=s\b)")
HAN = "\u4e00-\u9fff"
BETWEEN_HAN = re.compile(f"(?<=[{HAN}]) (?=[{HAN}，。；：、（）])")
BESIDE_HAN = re.compile(f"(?<=[{HAN}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])(?=[{HAN}])")
HAN_FIRST, HAN_LAST = re.compile(f"[{HAN}]"), re.compile(f"[{HAN}]$")


@dataclass(frozen=True, slots=True)
class Template:
    """One English text cut at its places, which of them stand in quotes, and the Chinese."""

    literals: tuple[str, ...]
    quoted: tuple[bool, ...]
    chinese: str

    def values(self, text: str) -> list[str] | None:
        """What a text has at the places; None where it is another text. Each place ends as early as it can."""
        first, *others = self.literals
        last = others.pop()
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        at, end, found = len(first), len(text) - len(last), []
        for literal in others:
            ahead = text.find(literal, at, end)
            if ahead < 0:
                return None
            found.append(text[at:ahead])
            at = ahead + len(literal)
        return [*found, text[at:end]] if at <= end else None

    def torn(self, values: list[str]) -> int:
        """How many places in quotes took more than one quoted word; such a reading is the last resort."""
        pairs = zip(self.quoted, values, strict=True)
        return sum(quoted and ("' " in value or " '" in value) for quoted, value in pairs)


def in_chinese(text: str) -> str:
    """A finding's message or help in Chinese; the English where the catalogue does not have it."""
    found = _found(text, 0)
    return text if found is None else _spaced(found)


def _spaced(text: str) -> str:
    """One space between Chinese and other letters, none between Chinese and Chinese; quoted words stay as they are."""
    pieces = QUOTED.split(text)
    pieces[::2] = [BESIDE_HAN.sub(" ", BETWEEN_HAN.sub("", piece)) for piece in pieces[::2]]
    for place in range(1, len(pieces), 2):
        pieces[place - 1] += " " if HAN_LAST.search(pieces[place - 1]) else ""
        pieces[place + 1] = " " * bool(HAN_FIRST.match(pieces[place + 1])) + pieces[place + 1]
    return "".join(pieces)


@lru_cache(maxsize=4096)
def _found(text: str, depth: int) -> str | None:
    """The Chinese of a text or of a part of one; None where the catalogue has neither the text nor its parts."""
    exact, templates = catalogue()
    core = text.strip()
    if core in exact:
        return exact[core]
    if " " not in core or depth > DEPTH_MAX:
        return None
    if depth and "; " in core and (several := _joined(core, "; ", depth)):
        return several
    fitting = [(template, values) for template in templates if (values := template.values(core)) is not None]
    if fitting:
        return _filled(*min(fitting, key=lambda one: one[0].torn(one[1])), depth)
    return next(filter(None, (_joined(core, joint, depth) for joint in JOINTS)), None) if depth else None


def _filled(template: Template, values: list[str], depth: int) -> str:
    def value(match: re.Match[str]) -> str:
        place = int(match[2])
        word = values[place]
        kept = bool(match[1]) or template.quoted[place]
        return word if kept else _found(word, depth + 1) or word

    return PLACE.sub(value, template.chinese)


def _joined(text: str, joint: str, depth: int) -> str | None:
    """Several words or texts in a row, where at least one is of the catalogue or all are single words."""
    parts = text.split(joint)
    if len(parts) < 2:
        return None
    found = [_found(part, depth + 1) for part in parts]
    alone = joint in WORDS_BETWEEN and all(QUOTED.fullmatch(part) or " " not in part for part in parts)
    if not any(found) and not alone:
        return None
    return JOINTS[joint].join(one or part for one, part in zip(found, parts, strict=True))


@lru_cache(maxsize=1)
def catalogue() -> tuple[Mapping[str, str], tuple[Template, ...]]:
    """The texts without places, and the others, the most telling first."""
    exact, templates = {}, []
    for english, chinese in entries().items():
        if PLACE.search(english):
            templates.append(template_of(english, chinese))
        else:
            exact[english] = chinese
    return exact, tuple(sorted(templates, key=lambda one: -sum(map(len, one.literals))))


def entries() -> dict[str, str]:
    """Every line of the catalogue."""
    lines = [line for path in sorted(FOLDER.glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    pairs = (line.partition(ARROW) for line in lines if line and not line.startswith("#"))
    return {english: chinese for english, _, chinese in pairs}


def template_of(english: str, chinese: str) -> Template:
    """A template from its two texts; its places are numbered from 0 in the order of the English."""
    literals = tuple(PLACE.split(english)[::3])
    marks = [APOSTROPHE.sub("", literal).count("'") for literal in literals]
    quoted = tuple(sum(marks[: place + 1]) % 2 == 1 for place in range(len(literals) - 1))
    return Template(literals, quoted, chinese)
