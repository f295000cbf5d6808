"""The fields that a message shows in braces, and where each stands in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy.document import Word
from policy.problems import Where

FIELD = re.compile(r"\{([^{}]*)\}")


def fields_of(word: Word) -> Iterator[tuple[str, Where]]:
    """Every field of a text with its place."""
    return ((found.group(1), inside(word, found.start())) for found in FIELD.finditer(word.text))


def inside(word: Word, offset: int) -> Where:
    """The place of a character of a text, the beginning where its columns cannot be counted."""
    return word.at._replace(column=word.at.column + offset) if word.counted else word.at
