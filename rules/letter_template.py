"""A letter's template: plain text with named fields in braces, read once, with every fault told before it is used.

The first line is the subject, a blank line follows, then the body in paragraphs. There is no code in it: no condition,
no loop, no format. What a field's value holds is never read again as a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from credit.letter import FIELDS, LIST, LetterFacts, field_text
from policy.problems import Where
from policy.suggest import did_you_mean, listed
from rules.letter_findings import Finding

LARGEST = 64 * 1024
SUBJECT = "Subject:"
NAMING = (LIST, "invoice_numbers")
PIECE = re.compile(r"\{([^{}\n]*)\}|[{}]")
LINE_BREAKS = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class Template:
    """A letter in one language, ready to be filled; `digest` is SHA-256 of the file's bytes, which is its version."""

    letter: str
    language: str
    subject: str
    body: str
    digest: str
    file: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it names, each once."""
        return tuple(dict.fromkeys(match[1] for match in PIECE.finditer(f"{self.subject}\n{self.body}")))


@dataclass(frozen=True, slots=True)
class Filled:
    """A letter with its fields filled in; the same facts and template give the same text."""

    letter: str
    language: str
    subject: str
    body: str
    template: str


class NotFilled(Exception):
    """A letter names what is not known of this customer; it is not sent. `finding` says what."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def read_template(data: bytes, letter: str, language: str, file: str) -> tuple[Template | None, tuple[Finding, ...]]:
    """A template from the bytes of its file, and everything that is wrong with it; None where anything is."""
    text, faults = _text(data, file)
    if text is None:
        return None, faults
    head, _, rest = text.partition("\n")
    found = [*faults, *_shape(head, rest, file), *_fields(text, file)]
    named = {match[1] for match in PIECE.finditer(text)}
    if not found and not named & set(NAMING):
        found.append(Finding("letter-silent", Where(file, 1, 1), "the letter names no invoice",
                             "put {invoices} alone in a line, or {invoice_numbers} into one"))  # fmt: skip
    if found:
        return None, tuple(found)
    subject, body = head.removeprefix(SUBJECT).strip(), rest.strip("\n")
    return Template(letter, language, subject, body, f"sha256:{sha256(data).hexdigest()}", file), ()


def _text(data: bytes, file: str) -> tuple[str | None, tuple[Finding, ...]]:
    at = Where(file, 1, 1)
    if len(data) > LARGEST:
        told = f"the file has {len(data):_} bytes, a letter at most {LARGEST:_}"
        return None, (Finding("letter-file", at, told, "make it shorter"),)
    try:
        text = LINE_BREAKS.sub("\n", data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError:
        return None, (Finding("letter-file", at, "the file is not UTF-8 text", "save the file as UTF-8"),)
    for number, line in enumerate(text.split("\n"), 1):
        for column, sign in enumerate(line, 1):
            if not sign.isprintable() and sign != "\N{IDEOGRAPHIC SPACE}":
                told = f"the unprintable sign U+{ord(sign):04X} stands here"
                return None, (Finding("letter-file", Where(file, number, column), told, "take it out"),)
    return text, ()


def _shape(head: str, rest: str, file: str) -> Iterator[Finding]:
    """Faults of the first lines, and of a letter without text."""
    if not head.startswith(SUBJECT) or not head.removeprefix(SUBJECT).strip():
        yield Finding("letter-subject", Where(file, 1, 1), "the first line is not the subject",
                      "begin with a line like Subject: Invoices due for payment")  # fmt: skip
    elif rest.split("\n", 1)[0].strip():
        yield Finding("letter-subject", Where(file, 2, 1), "a second line belongs to the subject",
                      "leave a blank line below the subject")  # fmt: skip
    elif not rest.strip():
        yield Finding("letter-subject", Where(file, 1, 1), "no text stands below the subject",
                      "write the letter below a blank line")  # fmt: skip


def _fields(text: str, file: str) -> Iterator[Finding]:
    """Faults of the fields, in the order of the file."""
    for number, line in enumerate(text.split("\n"), 1):
        for match in PIECE.finditer(line):
            where, name = Where(file, number, match.start() + 1), match[1]
            if name is None:
                yield Finding("letter-brace", where, f"the brace '{match[0]}' belongs to no field",
                              "write a field like {customer}; a letter has no other braces")  # fmt: skip
            elif name not in FIELDS:
                yield Finding("letter-unknown-field", where, f"there is no field '{name}'",
                              did_you_mean(name, FIELDS, f"the fields are {listed(FIELDS)}"))  # fmt: skip
            elif name == LIST and (number == 1 or line.strip() != match[0]):
                yield Finding("letter-table", where, "the list of invoices shares its line",
                              "put {invoices} alone in a line of the text, or use {invoice_numbers}")  # fmt: skip


def fill(template: Template, facts: LetterFacts) -> Filled:
    """The letter with its fields filled in, each from what is known.

    Raises: NotFilled for a field without a value, as a missing amount is not zero.
    """
    values: dict[str, str] = {}
    for name in template.fields:
        value = field_text(name, facts, template.language)
        if value is None:
            raise NotFilled(Finding("letter-value", _place(template, name), f"the field '{name}' is not known here",
                                    "add it, or send a letter that does without"))  # fmt: skip
        values[name] = value
    subject, body = (filled_in(part, values) for part in (template.subject, template.body))
    return Filled(template.letter, template.language, subject, body, template.digest)


def filled_in(text: str, values: dict[str, str]) -> str:
    """A text with its fields replaced, in one pass: a value with braces stays as it is."""
    return PIECE.sub(lambda match: values[match[1]], text)


def _place(template: Template, name: str) -> Where:
    """Where a template first names a field."""
    lines = [f"{SUBJECT} {template.subject}", "", *template.body.split("\n")]
    for number, line in enumerate(lines, 1):
        if (at := line.find(f"{{{name}}}")) >= 0:
            return Where(template.file, number, at + 1)
    raise AssertionError(f"{name} is a field of the letter")
