"""Why a file cannot be read, in an officer's words: the parser knows where it stopped, this says what was meant.

Each rule looks at the line where reading stopped for one of the slips that real files have: a value that begins with
`>`, a tab, a bracket that is never closed, a colon inside a text. The last rule answers what no other rule knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from policy.problems import Problem, Where
from policy.signs import wrong_sign

_INTERVAL = re.compile(r"[\[\](][^\[\](){},]*\.\.[^\[\](){},]*[\])\[]")
_KEY_BEFORE = re.compile(r"([\w.]+):\s+$")
_CURLY = re.compile("[“”„‘’]")  # quotes that open nothing, so a colon or comma behind them splits the text
_NO_SPACE = re.compile(r"^\s*(?:- +)*([A-Za-z_][\w.]*):(?=\S)(?!//)")
TABS_MAX = 100  # lines told in one run
_LINE_HELP = "put it in quotes"


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where reading stopped: the parser's words, the place, and the place where the unfinished part began."""

    context: str
    problem: str
    at: Where
    began: Where
    lines: list[str]

    def line(self, at: Where) -> str:
        return self.lines[at.line - 1].rstrip()

    def before(self, at: Where) -> str:
        return self.line(at)[: at.column - 1]

    def rest(self, at: Where) -> str:
        return self.line(at)[at.column - 1 :]


Blank = tuple[Where, int]  # a stretch of one line that can be taken out, so that the rest is read


def explain(
    error: Any, lines: list[str], where: Callable[[Any], Where], known: list[Problem]
) -> tuple[list[Problem], Blank | None]:
    """The findings for the place where the text stopped being readable, and what to take out to read on.

    Nothing is added where `known` already tells a full-width sign in the same lines: it is why reading stopped.
    """
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return [_generic(Where(known[0].where.file if known else "", 1, 1))], None
    at = where(mark)
    context_mark = getattr(error, "context_mark", None)
    began = where(context_mark) if context_mark is not None else at
    stop = _Stop(error.context or "", error.problem or "", at, began, lines)
    lost = [p.where.line for p in known if p.code == "full-width-sign"]
    if any(at.line - 1 <= line <= at.line or line == began.line for line in lost) and "quoted" not in stop.context:
        return _other_tabs(stop, at), None
    found = next((found for rule in _RULES if (found := rule(stop)) is not None), None) or _generic(at)
    if found.code == "quoting":
        return [found], _blank(stop, found)
    return [found, *_other_tabs(stop, found.where)], None


def _blank(stop: _Stop, found: Problem) -> Blank | None:
    """Where the value of a `quoting` finding stands; the finding's message begins with it, in quotes."""
    value = found.message[1:].partition("' needs quotes")[0]
    if stop.rest(found.where).startswith(value) and value:
        return found.where, len(value)
    if stop.rest(found.where)[:1] == ":":
        return found.where, 1
    if "closing quote" in found.message or stop.rest(found.where)[:1] in "%@`*&!":
        return found.where, len(stop.rest(found.where))
    return None


def _block_text(stop: _Stop) -> Problem | None:
    if "block scalar" not in stop.context:
        return None
    return _quoting(stop, stop.began, stop.rest(stop.began))


def _quoting(stop: _Stop, at: Where, value: str) -> Problem:
    value = re.split(r"\s+#", value)[0].strip()
    key = _KEY_BEFORE.search(stop.before(at))
    if key is None or (value[:1] not in "<>" and ".." not in value):
        return Problem("quoting", at, f"'{value}' needs quotes here", _LINE_HELP)
    test = f"in {value}" if ".." in value else value
    return Problem("quoting", at, f"'{value}' needs quotes here",
                   f"or write it as a line: - {key.group(1)} {test}")  # fmt: skip


def _tab_before(stop: _Stop) -> Problem | None:
    if stop.lines[stop.at.line - 1][stop.at.column - 1 :][:1] == "\t" and not stop.before(stop.at).strip():
        return _tab(stop.at)
    return None


def _bad_first_sign(stop: _Stop) -> Problem | None:
    if "cannot start any token" not in stop.problem:
        return None
    sign = stop.rest(stop.at)[:1]
    if sign == ">":
        return _quoting(stop, stop.at, re.split("[,}]", stop.rest(stop.at))[0])
    return Problem("quoting", stop.at, f"a value cannot begin with '{sign}'", _LINE_HELP)


def _tab(at: Where) -> Problem:
    return Problem("broken-yaml", at, "a tab stands before the text", "indent with spaces")


def _other_tabs(stop: _Stop, told: Where) -> list[Problem]:
    """Every other line that is indented with a tab: they would each stop the next run."""
    found: list[Problem] = []
    for number, line in enumerate(stop.lines, 1):
        if len(found) == TABS_MAX:
            break
        indent = re.match(r" *(?=\t\s*[^\s#])", line)
        if indent and number != told.line:
            found.append(_tab(Where(told.file, number, indent.end() + 1)))
    return found


def _name_sign(stop: _Stop) -> Problem | None:
    for words, sign in (("alias", "*"), ("anchor", "&"), ("tag", "!")):
        if f"scanning an {words}" in stop.context or f"scanning a {words}" in stop.context:
            return Problem("quoting", stop.began, f"a value cannot begin with '{sign}'", _LINE_HELP)
    if "tag handle" in stop.problem:
        return Problem("tag", stop.at, "YAML tags are not part of the language", "delete it")
    return None


def _flow(stop: _Stop) -> Problem | None:
    if "flow" not in stop.context or "expected ','" not in stop.problem:
        return None
    interval = _INTERVAL.match(stop.rest(stop.began))
    if interval:
        return _quoting(stop, stop.began, interval.group())
    same_line = stop.at.line == stop.began.line
    sign = stop.rest(stop.at)[:1] if same_line else stop.rest(stop.at)[:1].strip("[{")
    mapping = "mapping" in stop.context
    close = "}" if mapping else "]"
    if sign and sign in "[{" and _KEY_BEFORE.search(stop.before(stop.at)) is None:
        return Problem("broken-yaml", stop.at, f"'{sign}' cannot stand inside a value in {'{ }' if mapping else '[ ]'}",
                       "put this value on a line of its own")  # fmt: skip
    if sign and sign in "]}":
        opened = "{" if mapping else "["
        return Problem("broken-yaml", stop.at, f"'{sign}' found, but '{opened}' is open since line {stop.began.line}",
                       f"type '{close}'")  # fmt: skip
    curly = _CURLY.search(stop.before(stop.at)) if same_line else None
    if curly is not None:
        return wrong_sign(curly.group(), Where(stop.at.file, stop.at.line, curly.start() + 1))
    if sign and same_line:
        return Problem("broken-yaml", stop.at, f"'{_word(stop.rest(stop.at))}' cannot stand here",
                       f"a comma or '{close}' was expected")  # fmt: skip
    return Problem("broken-yaml", stop.began, f"'{stop.rest(stop.began)[:1]}' is never closed", f"add '{close}'")


def _no_value(stop: _Stop) -> Problem | None:
    if "expected node content" not in stop.problem:
        return None
    interval = _INTERVAL.match(stop.rest(stop.at))
    if interval:
        return _quoting(stop, stop.at, interval.group())
    sign = stop.rest(stop.at)[:1]
    if sign and sign in "]}":
        return _closes_nothing(stop)
    if sign:
        return Problem("broken-yaml", stop.at, f"'{sign}' found where a value was expected", "write the value, or 0")
    return Problem("broken-yaml", stop.at, "a value was expected here", "close the bracket, or write the value")


def _closes_nothing(stop: _Stop) -> Problem:
    sign = stop.rest(stop.at)[0]
    return Problem("broken-yaml", stop.at, f"'{sign}' closes nothing", "delete it, or open the bracket before it")


def _colon_inside(stop: _Stop) -> Problem | None:
    if "mapping values are not allowed" not in stop.problem:
        return None
    if re.search(r"(?:^|\s)[\w.\"']+:\s", stop.before(stop.at)) or stop.before(stop.at).count('"') % 2:
        return Problem("quoting", stop.at, "a value cannot hold ':' before a space", "put the whole value in quotes")
    above = _line_above(stop)
    if above is not None:
        return above
    word = stop.before(stop.at).strip()
    return Problem("broken-yaml", Where(stop.at.file, stop.at.line, stop.at.column - len(word)),
                   f"'{word}' is indented deeper than the line above, which already has its value",
                   "indent it like the line above")  # fmt: skip


def _line_above(stop: _Stop) -> Problem | None:
    """A line before this one whose colon has no space behind it, so that it is no key."""
    for number in range(stop.at.line - 1, max(0, stop.at.line - 4), -1):
        found = _NO_SPACE.match(stop.lines[number - 1])
        if found:
            at = Where(stop.at.file, number, found.end())
            return Problem("broken-yaml", at, f"there is no space after '{found.group(1)}:'", "write 'key: value'")
    return None


def _no_colon(stop: _Stop) -> Problem | None:
    if "could not find expected ':'" not in stop.problem:
        return None
    text = stop.rest(stop.began)
    found = _NO_SPACE.match(stop.line(stop.began))
    if found:
        at = Where(stop.at.file, stop.began.line, found.end())
        return Problem("broken-yaml", at, f"there is no space after '{found.group(1)}:'", "write 'key: value'")
    return Problem("broken-yaml", stop.began, f"'{text[:40]}' has no ':'",
                   "write 'key: value', or begin the line with '- '")  # fmt: skip


def _block(stop: _Stop) -> Problem | None:
    if "while parsing a block" not in stop.context or "did not find expected" not in stop.problem:
        return None
    before, rest = stop.before(stop.at), stop.rest(stop.at)
    if before.rstrip().endswith(('"', "'")):
        return Problem("quoting", stop.at, f"'{_word(rest)}' stands behind the closing quote",
                       "put the whole value in quotes")  # fmt: skip
    if rest.startswith(("]", "}")):
        return _closes_nothing(stop)
    if "'-'" in stop.problem:
        return Problem("broken-yaml", stop.at, "this line is no part of the list above it",
                       "begin it with '- ', or indent it like the key of the list")  # fmt: skip
    return Problem("broken-yaml", stop.at,
                   f"the line does not fit into its block, which begins in line {stop.began.line}",
                   "indent it exactly like the other lines of the block")  # fmt: skip


def _quoted(stop: _Stop) -> Problem | None:
    if "quoted scalar" not in stop.context:
        return None
    if "escape" in stop.problem or "hexdecimal" in stop.problem:
        return Problem("broken-yaml", stop.at, f"'{stop.rest(stop.at)[:2]}' means nothing in double quotes",
                       "use single quotes")  # fmt: skip
    return Problem("broken-yaml", stop.began, "the quote that begins here is never closed", "close it in the same line")


def _second_document(stop: _Stop) -> Problem | None:
    if "document start" not in stop.problem:
        return None
    return Problem("several-documents", stop.at, "this text stands behind the end of the policy",
                   "one file holds one policy")  # fmt: skip


def _directive(stop: _Stop) -> Problem | None:
    if "directive" not in stop.context and "directive" not in stop.problem:
        return None
    return Problem("broken-yaml", stop.began, "a line cannot begin with '%'", "delete the line, or put it in quotes")


def _word(text: str) -> str:
    return (text.split() or [""])[0][:40]


def _generic(at: Where) -> Problem:
    return Problem("broken-yaml", at, "the text cannot be read from here on",
                   "look at quotes, brackets and indentation of this line and the one above")  # fmt: skip


_RULES = (
    _tab_before, _block_text, _bad_first_sign, _name_sign, _flow, _no_value, _colon_inside, _no_colon, _block,
    _quoted, _second_document, _directive,
)  # fmt: skip
