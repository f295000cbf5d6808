"""Findings about what an officer wrote: values that are collected and all told at once, never raised one by one.

The same record becomes a line in the terminal, a body over HTTP and a mark in the editor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from policy.chinese import in_chinese

TEXT_MAX = 600  # characters of a message or a help, whatever they quote


class Where(NamedTuple):
    """A place in a policy file; line and column count from 1, columns count characters.

    A tuple, for every word of a file has one, and tuples are made in half the time.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def sentence(message: str, help: str, language: str) -> str:
    """What is wrong and what to do about it, "en" or "zh"."""
    if language == "zh":
        message, help = in_chinese(message), in_chinese(help)
    return f"{message}{'；' if language == 'zh' else '; '}{help}" if help else message


class Told:
    """How a finding is told, whatever it is about: by its code, its place, what is wrong and what to do about it."""

    __slots__ = ()
    if TYPE_CHECKING:
        code: str
        where: Where
        message: str
        help: str
        severity: str

    def __str__(self) -> str:
        return self.told("en")

    def told(self, language: str) -> str:
        """The finding in one line, "en" or "zh"."""
        return f"{self.where}: {self.code}: {sentence(self.message, self.help, language)}"

    def as_dict(self) -> dict[str, object]:
        """The finding for machines: the same words, one key each, in both languages."""
        return {
            "code": self.code, "severity": self.severity, "file": self.where.file, "line": self.where.line,
            "column": self.where.column, "message": self.message, "help": self.help,
            "message_zh": in_chinese(self.message), "help_zh": in_chinese(self.help),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem(Told):
    """One finding: what is wrong, where, and what to do about it.

    `code` is kebab-case and stands in `CODES`; `message` and `help` are lower case without a full stop, the officer's
    word in quotes. `severity` is "error" (stops publishing) or "warning" (asks for a reason). `example` is an order
    that shows the harm, as fact name to text, where one exists.
    """

    code: str
    where: Where
    message: str
    help: str = ""
    severity: str = "error"
    example: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code
        assert self.severity in ("error", "warning"), self.severity

    def as_dict(self) -> dict[str, object]:
        """The finding for machines, with the order that shows the harm."""
        return Told.as_dict(self) | {"example": dict(self.example)}


CODES: dict[str, str] = {
    # the file as text
    "broken-yaml": "the text cannot be read as YAML",
    "not-utf8": "the file is not UTF-8 text",
    "empty-file": "there is nothing in the file",
    "too-large": "the file is larger than a policy may be",
    "too-deep": "lines are nested deeper than a policy may be",
    "too-many-nodes": "the file has more values than a policy may have",
    "several-documents": "one file holds one policy",
    "duplicate-key": "a key is written twice in one block",
    "anchor": "anchors and aliases are not part of the language",
    "tag": "YAML tags are not part of the language",
    "merge-key": "merge keys are not part of the language",
    "not-a-text-key": "a key is not a plain word",
    "full-width-sign": "a full-width sign stands where an ASCII one is meant",
    "control-character": "an invisible or unprintable character stands in the text",
    # values
    "number": "a number is not written as the language writes it",
    "comma": "a comma inside braces ended a value",
    "quoting": "a value needs quotes, or is better written as a line",
    "yaml-word": "a word that other YAML readers take for true, false or nothing",
    "date": "a date is not written as year-month-day",
    "currency": "a currency is not in the ISO 4217 list, or an amount has more digits than its currency",
    "percent": "a share is not written as a percentage",
    "terms": "payment terms cannot be read",
    "expression": "a condition or formula cannot be read",
    "chained-comparison": "two comparisons in one line",
    "one-test-per-line": "and / or inside a line",
    # the document
    "unknown-section": "a section that the language does not have",
    "unknown-key": "a key that does not belong here",
    "missing-key": "a key that must be here is not",
    "wrong-shape": "a list, a block or a single value stands where another is needed",
    "not-yet-supported": "a part of the language that this version does not run",
    "duplicate-name": "two things have the same name",
    "bad-name": "a name is not written as names are",
    "part": "a shared part has what only a policy may have",
    "no-otherwise": "a first-match table does not end in otherwise",
    "otherwise-place": "otherwise stands where it cannot",
    # names and kinds
    "unknown-fact": "a name that is neither a fact, a figure nor a setting",
    "unknown-word": "a word that is not among the choices of the fact it is compared with",
    "unknown-tier": "a tier that the tiers section does not give",
    "unknown-role": "a role that the file does not declare",
    "unknown-function": "a function that the language does not have",
    "unknown-instrument": "a security that the language does not know",
    "unknown-check": "a check that the file does not have",
    "unknown-field": "a field that a message cannot show, or a list does not have",
    "unknown-part": "a shared part that is not there",
    "unknown-list": "a list that is neither declared nor built in",
    "kind": "two values of different kinds are mixed",
    "unit": "a number lacks its unit, or has one of another kind",
    "rating": "a rating is compared with a sign, which leaves open what is better",
    "limit-state": "a limit that may be none is used as an amount",
    "exception": "an exception that cannot lift what it names",
    "one-scope": "two checks, or two exceptions, for the same customers",
    "section-order": "a section reads what is only known after it",
    "cycle": "figures that need each other",
    "scope": "a name that cannot be reached from what is decided on",
    "effect": "an effect on a check that needs none",
    "too-wide": "a formula can grow beyond the numbers the engines hold",
    "range": "a value lies outside what its kind allows",
    "date-formula": "the date of a step or a charge cannot be read, or counts from nothing",
    "action": "a step does something that no step can",
    "unknown-step": "a step that the ladder does not have",
    "unknown-ladder": "a ladder that the file does not have",
    "unknown-channel": "a way to send letters that the language does not know",
    "step-order": "steps of a ladder are not in the order of their days",
    "step-never": "a step that can never happen",
    "never-left": "a state that can be entered but never left",
    "interest": "a late charge that the file does not fix, or that takes more or less than it says",
    "dates-overlap": "two dated values hold on the same day",
    "dates-gap": "a dated value has days without a value",
    "zero-divisor": "a fact that formulas divide by may be zero or negative, and no line says what that means",
    "share-sum": "securities add up to more than the order",
    "table-cell": "no cell, or more than one cell, of a value table fits",
    "message": "a message cannot be shown as written",
    "language-missing": "a text lacks one of the policy's languages",
    # tests in the file
    "test-shape": "a test is not written as tests are",
    "test-value": "a value given or expected in a test does not fit its fact",
    # what the rows of a table do together
    "gap": "orders that no row of a first-match table fits",
    "dead-row": "a row that no order reaches, or a check that no order can fail",
    "redundant-row": "a row that gives what the rows below it give anyway",
    "unreachable-outcome": "a row that waits for a tier which no order gets there",
    "otherwise-slip": "a better value gets a worse outcome only because no row but otherwise fits",
    "off-by-one": "two sections draw the same line on two sides of one value",
    # what the policy promises as a whole
    "promise": "a promise that cannot be understood",
    "false-promise": "a promise that an order breaks",
    "not-proven": "a promise that was neither proved nor broken",
    # hints that do not stop publishing
    "unused-fact": "a declared fact, figure, setting or list that nothing reads",
    "unread-limit": "a limit that no check reads",
    "nobody": "a referral that nobody may release",
    "no-bound": "a limit with a least amount and no greatest one",
    "short-longest": "a longest term below what is offered anyway",
    "prepaid-order": "a check of what is owed that an order paid in full fails",
}


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """The findings that stop publishing."""
    return [problem for problem in problems if problem.severity == "error"]


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Findings in the order of the file, each told once and within a length that can be read."""
    return sorted(dict.fromkeys(map(_readable, problems)), key=lambda p: (p.where, p.code, p.message))


def _readable(problem: Problem) -> Problem:
    """A finding whose texts lose their middle where they are too long, for both ends say what is wrong."""
    if len(problem.message) <= TEXT_MAX and len(problem.help) <= TEXT_MAX:
        return problem
    return replace(problem, message=_cut(problem.message), help=_cut(problem.help))


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX // 2]}…{text[1 - TEXT_MAX // 2 :]}"
