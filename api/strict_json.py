"""Reading JSON that may be hostile: every text has one meaning or is refused, at a cost that its size bounds.

Common readers take NaN, let the last of two equal keys win, turn amounts into floats and die of 100,000 brackets. Here
whole numbers stay whole, all other numbers must come as text, and each way of being wrong has a problem of its own.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from api.errors import Refused

DEEPEST = 32
LONGEST_NUMBER = 15  # digits: 10**15 minor units is the largest amount

# One step per string, bracket or run of other text; the possessive parts make a hostile body cost one pass.
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_object(body: bytes) -> dict[str, Any]:
    """The object in a request's body: text, whole numbers, truth values, null, lists and objects, each exact.

    Raises: Refused with the problem that names what is wrong.
    """
    text = _text(body)
    if _depth(text) > DEEPEST:
        raise Refused("too-deep", f"more than {DEEPEST} brackets are open at once; send a flatter body")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_not_a_number, parse_float=_inexact,
                           parse_int=_whole)  # fmt: skip
    except json.JSONDecodeError as error:
        detail = f"line {error.lineno}, column {error.colno}: {error.msg.lower()}"
        raise Refused("malformed-json", detail) from None
    if not isinstance(value, dict):
        raise Refused("not-an-object", "the body holds a single value or a list; send an object in braces")
    if "\\u" in text:
        _refuse_unprintable(value)
    return value


def _text(body: bytes) -> str:
    if body.startswith(_BYTE_ORDER_MARKS):
        raise Refused("not-utf8", "the body starts with a byte order mark; send plain UTF-8")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("not-utf8", f"byte {error.start} is not UTF-8; send plain UTF-8") from None
    if "\x00" in text:
        raise Refused("not-utf8", "the body holds NUL bytes, as UTF-16 does; send plain UTF-8")
    return text


def _depth(text: str) -> int:
    """How many brackets are open at once at most, counted before anything is built, up to one too many."""
    deepest = open_now = 0
    for token in _TOKENS.finditer(text):
        sign = token[0]
        if sign in ("[", "{"):
            open_now += 1
            deepest = max(deepest, open_now)
            if deepest > DEEPEST:
                break
        elif sign in ("]", "}"):
            open_now -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Refused("duplicate-key", f"'{quoted(twice)}' is written twice; write it once")
    return found


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > LONGEST_NUMBER:
        raise Refused("number-too-long", f"'{quoted(digits)}' has more than {LONGEST_NUMBER} digits")
    return int(digits)


def _inexact(digits: str) -> NoReturn:
    raise Refused("inexact-number", f"'{quoted(digits)}' is not a whole number; write it as text, such as \"1250.00\"")


def _not_a_number(word: str) -> NoReturn:
    raise Refused("not-a-number", f"'{word}' is not a number; send a figure or leave it out")


def _refuse_unprintable(value: Any) -> None:
    """NUL and lone surrogates can be written as escapes, and no database can hold them."""
    if isinstance(value, str):
        if "\x00" in value or not _encodable(value):
            raise Refused("unprintable-text", f"'{quoted(value)}' holds NUL or a lone surrogate; take it out")
    elif isinstance(value, dict):
        for key, held in value.items():
            _refuse_unprintable(key)
            _refuse_unprintable(held)
    elif isinstance(value, list):
        for held in value:
            _refuse_unprintable(held)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def quoted(text: str) -> str:
    """The sender's word, short and printable, for a message."""
    short = text if len(text) <= 40 else text[:37] + "..."
    return short.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")
