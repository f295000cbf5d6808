"""Lines in everyday words, and how the language says them.

People write `finance clears`, `month of as_of` or `in next 2 months`, which read well and are no lines of the language.
Each is told with what to write, where the place at which reading stopped alone would help nobody.
"""

from __future__ import annotations

import re

_ROW = r"\b(?:[a-z]+|\d+)\s+(?:\w+\s+)?(months|quarters)\s+in\s+a\s+row\b"
_SAID = (
    (r"^(?P<role>[a-z]\w*)\s+(?:clears|cleared|releases|released|approves|approved)(?:\s+it)?$",
     "'{whole}' is no way to say who lets go", "write cleared by {role}"),
    (r"^cleared\s+by\s+(?P<one>\w+)\s+and\s+(?P<other>\w+)$", "'{whole}' names two roles in one line",
     "write each in a line of its own: [cleared by {one}, cleared by {other}]"),
    (r"^cleared\s+by\s+(?P<one>\w+)\s+or\s+(?P<other>\w+)$", "'{whole}' names two roles in one line",
     "write any: [cleared by {one}, cleared by {other}]"),
    (rf"^(?!months\b|quarters\b){_ROW}", "'{whole}' does not say what each month must have",
     "write it under let as months in a row with any LIST where ..., and test the number of them"),
    (r"\b(?P<part>month|year|day|quarter)\s+of\s+(?P<date>as_of|[a-z]\w*\.\w+)\b",
     "no part of a date is taken: '{whole}'",
     "test the days: {date} in [2026-01-01..2026-03-31], or send the value as a fact of its own"),
    (r"\bin\s+(?:the\s+)?next\s+(?P<size>\d+)\s+(?P<unit>days?|months?|years?)\b", "'{whole}': windows look back",
     "write the days into the line: where DATE_FIELD <= as_of + {size} {unit}"),
    (r"^(?P<one>[a-z]\w*)\s+(?!in\b|is\b|not\b|of\b|per\b|where\b|with\b|at\b|and\b|or\b)(?P<other>[a-z]\w*)\s*[*/+-]",
     "'{one} {other}' are two words", "a name has no spaces: write {one}_{other}"),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern), told, help) for pattern, told, help in _SAID)


def said_otherwise(text: str) -> tuple[int, str, str] | None:
    """Where in a line everyday words stand, what is wrong with them, and what to write; None where there are none."""
    line = text.strip()
    for pattern, told, help in _PATTERNS:
        match = pattern.search(line)
        if match is not None:
            words = {**match.groupdict(), "whole": " ".join(match.group().split())}
            return len(text) - len(text.lstrip()) + match.start(), told.format(**words), help.format(**words)
    return None
