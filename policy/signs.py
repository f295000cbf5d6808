"""Signs that look right and are not: full-width punctuation, typographic signs and characters nobody can see.

Officers type Chinese and English on one keyboard, so `：` for `:` and `≥` for `>=` are the commonest slips of all. One
table says what was meant; the file reader and the line reader tell the slip in the same words, so it is told once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from policy.problems import Problem, Where

_PAIRS = {
    "≥": ">=", "≧": ">=", "⩾": ">=", "≤": "<=", "≦": "<=", "⩽": "<=", "≠": "is not", "≈": "is", "“": '"', "”": '"',
    "„": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "『": '"', "』": '"', "《": '"', "》": '"', "。": ".",
    "、": ",", "【": "[", "】": "]", "〔": "[", "〕": "]", "×": "*", "✕": "*", "·": ".", "÷": "/", "−": "-", "–": "-",
    "—": "-", "…": "..", "‰": "%", "\u3000": " ", "\u00a0": " ", "￥": "CNY", "¥": "CNY",
}  # fmt: skip
MEANT: dict[str, str] = _PAIRS | {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
# Full-width letters and digits in a row are one finding; each other sign is its own.
WRONG_SIGN = re.compile("[０-９Ａ-Ｚａ-ｚ]+|[" + re.escape("".join(MEANT)) + "]")
_SIGN_OR_TEXT = re.compile(f"\"[^\"]*\"|'[^']*'|(?P<sign>{WRONG_SIGN.pattern})")
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
ESCAPED = re.compile(INVISIBLE.pattern[:-1] + "\ud800-\udfff]")  # what an escape may bring into a value
SIGNS_MAX = 100  # findings in one text; more would only hide the others
# What officers and customers read is written in their own language, with its own punctuation.
HUMAN_KEYS = frozenset(
    ("title", "say", "say_customer", "meaning", "label", "alias", "source", "name", "base", "like", "reason")
)
_LOST_KEY = re.compile(r"^(\s*(?:- +)*(?:\{\s*)?)([\w.-]+)\s*(：)")
_LANGUAGE_KEY = re.compile(r"^\s*[a-z]{2}(?:[-_][A-Za-z]{2,4})?\s*(：)")
_KEY = re.compile(r"^(\s*(?:- +)*)(?:\{\s*)?([\w.-]+)\s*[:：]")


def wrong_sign(sign: str, at: Where) -> Problem:
    """The finding for one sign that stands for another."""
    meant = "".join(MEANT[one] for one in sign)
    if meant == " ":
        return Problem("full-width-sign", at, "a wide space found", "type a plain space")
    quoted = f'"{meant}"' if "'" in meant else f"'{meant}'"
    return Problem("full-width-sign", at, f"'{sign}' found", f"type {quoted}")


def wrong_signs(text: str, at: Where) -> Iterator[Problem]:
    """A finding for every such sign in a text that begins at `at`; what stands in quotes inside it is free."""
    found = (match for match in _SIGN_OR_TEXT.finditer(text) if match["sign"])
    for match in islice(found, SIGNS_MAX):
        line = text.count("\n", 0, match.start())
        column = match.start() - text.rfind("\n", 0, match.start()) if line else at.column + match.start()
        yield wrong_sign(match["sign"], Where(at.file, at.line + line, column))


def invisible_sign(sign: str, at: Where) -> Problem:
    """The finding for a character that cannot be seen or printed."""
    name = unicodedata.name(sign, "control character").lower()
    return Problem("control-character", at, f"{name} (U+{ord(sign):04X}) stands here", "delete it")


def language_key_sign(text: str) -> int | None:
    """Where `zh：` in a human text lost its colon, counted from 0; None where it did not."""
    match = _LANGUAGE_KEY.match(text)
    return match.start(1) if match else None


def lost_keys(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Line and column (from 0) of each full-width colon that made a line lose its key."""
    if not any("：" in line for line in lines):
        return
    human_indent: int | None = None
    for number, line in enumerate(lines):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        if human_indent is not None and indent <= human_indent:
            human_indent = None
        lost = (_LANGUAGE_KEY if human_indent is not None else _LOST_KEY).match(line)
        if lost:
            yield number, lost.start(lost.re.groups)
        key = _KEY.match(line)
        if key and human_indent is None and key.group(2) in HUMAN_KEYS:
            human_indent = len(key.group(1))
