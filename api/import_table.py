"""The rows of a file before they mean anything: lines, cells and blanks, counted so that none is lost on the way."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from api.import_mapping import ImportMapping

LONGEST_CELL = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file: the line on which it begins, and its cells as they stand there."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not imported: why, in words that many rows may share, and the text that was the matter."""

    line: Line
    reason: str
    text: str = ""


class BrokenFile(ValueError):
    """The file cannot be read as rows at all, such as one without the columns that the mapping names."""


class Table:
    """The rows of one file under its head; `blank_cells` counts them by column, `empty_lines` those without any cell.

    Raises: BrokenFile for a head that lacks a column or has one twice, told in full.
    """

    def __init__(self, lines: Iterable[str], mapping: ImportMapping) -> None:
        """Read the head; the rows are read by iterating."""
        self._mapping = mapping
        self._reader = csv.reader(lines, delimiter=mapping.separator, strict=True)
        self.head = self._read_head()
        self.blank_cells = dict.fromkeys(self.head, 0)
        self.rows_with_blanks = self.empty_lines = 0

    def __iter__(self) -> Iterator[Line | Rejected]:
        """Every row of the file, rejected where its cells do not fit the head."""
        while True:
            first = self._reader.line_num + 1
            try:
                cells = tuple(next(self._reader))
            except StopIteration:
                return
            except csv.Error as error:
                yield Rejected(Line(first, ()), "the row cannot be read as comma-separated cells", str(error))
                continue
            if any(cell.strip() for cell in cells):
                yield self._fitting(Line(first, cells))
            else:
                self.empty_lines += 1

    def cells(self, line: Line) -> dict[str, str]:
        """The cells of a row by column, without the space around them."""
        return {name: cell.strip() for name, cell in zip(self.head, line.cells, strict=True)}

    def _fitting(self, line: Line) -> Line | Rejected:
        if len(line.cells) != len(self.head):
            more_or_less = "more" if len(line.cells) > len(self.head) else "fewer"
            return Rejected(line, f"the row has {more_or_less} cells than the head", str(len(line.cells)))
        if any(not is_text(cell) for cell in line.cells):
            return Rejected(line, f"the row is not written in {self._mapping.encoding}")
        if any(len(cell) > LONGEST_CELL for cell in line.cells):
            return Rejected(line, f"a cell has more than {LONGEST_CELL} characters")
        blank = [name for name, cell in zip(self.head, line.cells, strict=True) if not cell.strip()]
        for name in blank:
            self.blank_cells[name] += 1
        self.rows_with_blanks += bool(blank)
        return line

    def _read_head(self) -> tuple[str, ...]:
        try:
            head = tuple(cell.strip() for cell in next(self._reader))
        except StopIteration:
            raise BrokenFile("the file is empty; its first line must name the columns") from None
        except csv.Error as error:
            raise BrokenFile(f"the first line cannot be read as column names ({error})") from None
        twice = sorted({name for name in head if name and head.count(name) > 1})
        if twice:
            raise BrokenFile(f"the file has the column '{twice[0]}' twice; give each column its own name")
        lacking = [name for name in self._mapping.named_columns() if name not in head]
        if lacking:
            told = ", ".join(f"'{name}'" for name in lacking)
            raise BrokenFile(f"the file has no column {told}; its columns are {', '.join(head)[:500]}")
        return head


def is_text(cell: str) -> bool:
    """Whether a cell was decoded in full: what could not be read was left as a lone surrogate."""
    return not any("\ud800" <= letter <= "\udfff" for letter in cell)
