"""Every small slip in the rows of a policy file: a threshold moved, a row lost, a verdict, share or offer changed.

Each mutant is the whole text with one slip, and a name that says where and what. Sections that decide orders are
changed; what runs nightly (ladders, late charges) has no tests in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SECTIONS = ("let", "tiers", "limits", "terms", "security", "checks", "authority")
NUMBER = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?P<percent>%?)(?![\w.])")
TURNED = {">=": ">", ">": ">=", "<=": "<", "<": "<="}
SIGN = re.compile(r"(?<=\s)(>=|<=|>|<)(?=\s)")
OPS = {"at_most": "below", "at_least": "above", "below": "at_most", "above": "at_least"}
VERDICTS = {"hard_stop": ("deny",), "deny": ("refer", "warn"), "refer": ("deny", "warn"), "warn": ("refer",)}
Mutant = tuple[str, str]  # name and text


def row_mutants(text: str) -> Iterator[Mutant]:
    """Every mutant of a policy's text, in the order of its lines."""
    lines = text.splitlines()
    for section, first, last in _sections(lines):
        for place in range(first, last):
            for what, line in _slips(section, lines[place]):
                yield f"line {place + 1}: {what}", "\n".join([*lines[:place], line, *lines[place + 1 :]]) + "\n"
        if section != "let":
            yield from _rows(lines, first, last)


def _sections(lines: list[str]) -> Iterator[tuple[str, int, int]]:
    starts = [place for place, line in enumerate(lines) if re.match(r"\w", line)] + [len(lines)]
    for start, end in zip(starts, starts[1:], strict=False):
        name = lines[start].split(":")[0]
        if name in SECTIONS:
            yield name, start + 1, end


def _slips(section: str, whole: str) -> Iterator[tuple[str, str]]:
    code, hash_, comment = whole.partition(" #")
    rest = hash_ + comment
    if "say:" in code:
        return
    for found in NUMBER.finditer(code):
        for moved in _moved(found):
            yield f"{found.group()} becomes {moved}", code[: found.start()] + moved + code[found.end() :] + rest
    for found in SIGN.finditer(code):
        sign = TURNED[found.group()]
        yield f"{found.group()} becomes {sign}", code[: found.start()] + sign + code[found.end() :] + rest
    for op, other in OPS.items():
        if re.match(rf"\s+{op}:", code):
            yield f"{op} becomes {other}", code.replace(op, other, 1) + rest
    verdict = re.match(r"(\s+verdict: )(\w+)", code)
    if verdict:
        for other in VERDICTS[verdict.group(2)]:
            yield f"{verdict.group(2)} becomes {other}", f"{verdict.group(1)}{other}{rest}"
    yield from _lists(section, code, rest)


def _moved(found: re.Match[str]) -> list[str]:
    """The number one unit up and down: a hundredth of an amount, a point of a share, else one."""
    text = found.group().rstrip("%").replace("_", "")
    if "_" in found.group() and "." not in text:
        return [f"{int(text)}.01", f"{int(text) - 1}.99"]
    if "." in text:
        return []
    return [f"{number}{found.group('percent')}" for number in (int(text) + 1, int(text) - 1) if number >= 0]


def _lists(section: str, code: str, rest: str) -> Iterator[tuple[str, str]]:
    """One of several offers or words left out."""
    found = re.search(r"(offer: |in )\[([^\[\]]*,[^\[\]]*)\]", code)
    words = [word.strip() for word in found.group(2).split(",")] if found else []
    for word in words:
        left = ", ".join(one for one in words if one != word)
        assert found is not None
        yield f"'{word}' left out", code[: found.start()] + f"{found.group(1)}[{left}]" + code[found.end() :] + rest
    if section == "terms" and found and found.group(1) == "offer: ":
        turned = f"offer: [{', '.join(reversed(words))}]"
        yield "offers turned round", code[: found.start()] + turned + code[found.end() :] + rest
    role = re.match(r"(\s+release: )(\w+)", code)
    if role:
        yield "released by another", f"{role.group(1)}{'cfo' if role.group(2) != 'cfo' else 'credit_analyst'}{rest}"


def _rows(lines: list[str], first: int, last: int) -> Iterator[Mutant]:
    """Rows left out, and neighbours in each other's place; a line of its own under a row is left out as well."""
    starts = [place for place in range(first, last) if lines[place].startswith("  - ")]
    ends = [*starts[1:], last]
    rows = [lines[start:end] for start, end in zip(starts, ends, strict=True)]
    for number, start in enumerate(starts):
        left = [line for row in (*rows[:number], *rows[number + 1 :]) for line in row]
        yield f"line {start + 1}: row left out", _with(lines, first, last, left)
        if number + 1 < len(rows):
            turned = [*rows[:number], rows[number + 1], rows[number], *rows[number + 2 :]]
            swapped = [line for row in turned for line in row]
            yield f"line {start + 1}: row swapped with the next", _with(lines, first, last, swapped)
    for place in range(first, last):
        if re.match(r"      - |    only_when:|    longest:", lines[place]):
            yield f"line {place + 1}: left out", "\n".join([*lines[:place], *lines[place + 1 :]]) + "\n"


def _with(lines: list[str], first: int, last: int, rows: list[str]) -> str:
    return "\n".join([*lines[:first], *rows, *lines[last:]]) + "\n"
