"""Rows of documents in sentences: which papers a row asks for, how they must be, and what follows without them.

A row is pointed at as `documents:2`, by the name of a document or of its check, or by its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.asked_documents import SECTION, DocumentPart, check_name, table_name
from policy.program import Program
from rules.documents import like, rows_of, wanted_words
from rules.edge_words import EdgeWords

TEXTS = {
    "en": {"row": "documents, row {number} (line {line}): {asks}{where}{then}", "where": " where {}", "and": ", ",
           "then": "; without one that is good: {}", "refer": "refer", "deny": "deny",
           "may": "; ", "left": "{} may ask for {}", "person": "a person"},
    "zh": {"row": "documents 第 {number} 行（文件第 {line} 行）：{where}{asks}{then}", "where": "当 {} 时，",
           "and": "、", "then": "；缺少合格文件时：{}", "refer": "转人工", "deny": "拒绝",
           "may": "；", "left": "{} 可要求 {}", "person": "人员"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A row of the section: its number from 1, its line, the documents that it asks for or leaves to a person."""

    number: int
    line: int
    required: tuple[tuple[str, DocumentPart], ...]
    may: tuple[tuple[str, DocumentPart], ...]

    @property
    def applies(self) -> int:
        """The node of its condition, -1 always."""
        return (self.required or self.may)[0][1].applies

    def names(self) -> Iterator[str]:
        """What people call it: its number, and its documents with their checks."""
        yield f"{SECTION}:{self.number}"
        for name, _ in (*self.required, *self.may):
            yield from (name, check_name(name), table_name(name))


def document_rows(program: Program) -> Iterator[DocumentRow]:
    """The rows of documents, in the order of the file."""
    for number, line in enumerate(rows_of(program), 1):
        asked = [(one.name, part) for one in program.documents for part in one.required if part.line == line]
        left = [(one.name, part) for one in program.documents for part in one.may if part.line == line]
        yield DocumentRow(number, line, tuple(asked), tuple(left))


def document_sentence(program: Program, row: DocumentRow, language: str = "en") -> str:
    """A row of documents in one sentence."""
    texts = TEXTS[language]
    condition = EdgeWords(program, language).condition(row.applies) if row.applies >= 0 else ""
    where = texts["where"].format(condition) if condition else ""
    left = texts["may"].join(
        texts["left"].format(part.set_by or texts["person"], _like(program, name, part, language))
        for name, part in row.may
    )
    if not row.required:
        return texts["row"].format(number=row.number, line=row.line, asks=left, where=where, then="")
    denies = any(part.deny for _, part in row.required)
    then = texts["then"].format(texts["deny" if denies else "refer"]) + (texts["may"] + left if left else "")
    asks = texts["and"].join(_like(program, name, part, language) for name, part in row.required)
    return texts["row"].format(number=row.number, line=row.line, asks=asks, where=where, then=then)


def is_of_documents(section: str, name: str, program: Program) -> bool:
    """Whether a table or check is what the rows of documents come to."""
    return section.startswith(f"{SECTION}.") or any(name == check_name(asked.name) for asked in program.documents)


def _like(program: Program, name: str, part: DocumentPart, language: str) -> str:
    return like(name, wanted_words(program, [part], language == "zh"), language == "zh")
