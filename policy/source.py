"""Text of a policy file to nodes that remember their place: YAML without its traps.

Size and encoding are looked at first, then the signs in the raw text, then the structure; where the text cannot be read
on, the slip is explained, taken out and the rest read again, so that every finding of one file comes in one run.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Any

import yaml

from policy.broken_yaml import explain
from policy.node_builder import NODES_MAX, Builder
from policy.nodes import Mapping, Node, Scalar, Sequence
from policy.problems import Problem, Where, in_order
from policy.signs import INVISIBLE, invisible_sign, lost_keys, wrong_sign

__all__ = ["Mapping", "Node", "Scalar", "Sequence", "read_source"]

BYTES_MAX = 2 * 1024 * 1024
TOLD_MAX = 100  # findings of one code in one file; more would only hide the others
TOLD_LENGTH = 200  # a finding is one line on a screen, whatever it quotes
VALUES_READ_MAX = 2 * NODES_MAX  # reading again after a slip ends here, so that many slips cost little

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the pure one reads the same, ten times slower


def read_source(data: bytes, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The file as nodes, and everything that is wrong with it as text; no node where it cannot be read to its end."""
    start = Where(file, 1, 1)
    if len(data) > BYTES_MAX:
        size = f"the file has {len(data):_} bytes, a policy at most {BYTES_MAX:_}"
        return None, (Problem("too-large", start, size, "split the policy, or take data out of it"),)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, (_not_utf8(data, error.start, file),)
    text, signs = _signs(re.sub("\r(?!\n)", "\n", text), file)
    node, problems = _structure(text, file, signs)
    if node is None and not problems:
        return None, (Problem("empty-file", start, "there is no policy in the file", "begin with 'aval: 1'"),)
    return node, _told(problems)


def _not_utf8(data: bytes, offset: int, file: str) -> Problem:
    before = data[:offset].decode("utf-8-sig", "replace")
    at = Where(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Problem("not-utf8", at, f"the byte {data[offset]:#04x} is not UTF-8 text", "save the file as UTF-8")


def _signs(text: str, file: str) -> tuple[str, list[Problem]]:
    """The text with invisible signs and full-width colons that hide a key made readable, and a finding for each."""
    problems = []
    for match in islice(INVISIBLE.finditer(text), TOLD_MAX):
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        problems.append(invisible_sign(match.group(), Where(file, line, column)))
    lines = INVISIBLE.sub(" ", text).split("\n")
    for number, column in lost_keys(lines):
        if len(problems) >= 2 * TOLD_MAX:
            break
        problems.append(wrong_sign("：", Where(file, number + 1, column + 1)))
        line_text = lines[number]
        if line_text[column + 1 : column + 2] in ("", " ", "\r"):
            lines[number] = line_text[:column] + ":" + line_text[column + 1 :]
    return "\n".join(lines), problems


def _structure(text: str, file: str, known: list[Problem]) -> tuple[Node | None, list[Problem]]:
    """The nodes; a slip that stops the reading is blanked out and the rest read again, for its findings only."""
    broken: list[Problem] = []
    read = 0
    while True:
        builder = Builder(file, text)
        try:
            builder.build(yaml.parse(text, Loader=_LOADER))
        except yaml.YAMLError as error:
            found, blank = explain(error, builder.lines, builder.where, known + builder.problems)
            broken += found
            before, text = text, _without(builder.lines, *blank) if blank else text
            read += builder.count + len(builder.lines) + len(text) // 64  # lines and signs cost something, too
            if text == before or read > VALUES_READ_MAX:
                return None, known + broken + builder.problems
        else:
            return None if broken else builder.root, known + broken + builder.problems


def _without(lines: list[str], at: Where, length: int) -> str:
    line = lines[at.line - 1]
    start = at.column - 1
    blanked = line[:start] + " " * len(line[start : start + length]) + line[start + length :]
    return "\n".join([*lines[: at.line - 1], blanked, *lines[at.line :]])


def _told(problems: list[Problem]) -> tuple[Problem, ...]:
    """The findings in order, of one code at most the first hundred."""
    seen: Counter[str] = Counter()
    told = []
    for problem in in_order(problems):
        seen[problem.code] += 1
        if seen[problem.code] <= TOLD_MAX:
            told.append(replace(problem, message=_one_line(problem.message), help=_one_line(problem.help)))
    return tuple(told)


def _one_line(text: str) -> str:
    """A text that fits; what is too long loses its middle, for both ends say what is wrong."""
    if len(text) <= TOLD_LENGTH:
        return text
    text = " ".join(text.split())
    return text if len(text) <= TOLD_LENGTH else f"{text[: TOLD_LENGTH // 2]}…{text[1 - TOLD_LENGTH // 2 :]}"
