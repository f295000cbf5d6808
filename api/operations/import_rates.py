"""Import exchange rates from a file: all rows or none, as a row that is left out would leave a gap that nobody sees.

A row that says what counts already for its pair and day changes nothing, so the same file can be imported again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from api.operations.add_rate import is_to_come, record_rate
from credit.rates import ExchangeRate
from storage.engine import Database
from storage.rates import NewRate
from storage.unit_of_work import Work

NEEDED = ("from", "to", "value", "day")
COLUMNS = (*NEEDED, "per", "source")
LONGEST_SOURCE = 120


class BrokenRates(ValueError):
    """A file that cannot be imported; `told` says why, line by line."""

    def __init__(self, told: Iterable[str]) -> None:
        self.told = tuple(told)
        super().__init__("; ".join(self.told))


@dataclass(frozen=True, slots=True)
class ImportedRates:
    """How many rows were new, and how many said what counts already."""

    added: int
    unchanged: int


def read_rates(lines: Iterable[str], source: str | None, by: str) -> list[NewRate]:
    """The rates of a file under its head; `source` is that of rows without one of their own.

    Raises: BrokenRates with every line that cannot be used.
    """
    reader = csv.DictReader(lines, strict=True)
    head = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = head
    if set(NEEDED) - set(head) or set(head) - set(COLUMNS) or len(set(head)) < len(head):
        raise BrokenRates([f"line 1: the columns are {', '.join(COLUMNS)}, the last two where there are any"])
    found, wrong = [], []
    try:
        for row in reader:
            try:
                found.append(_read(row, source, by))
            except ValueError as error:
                wrong.append(f"line {reader.line_num}: {error}")
    except csv.Error as error:
        wrong.append(f"line {reader.line_num + 1}: {error}")
    if wrong:
        raise BrokenRates(wrong)
    return found


def import_rates(database: Database, rates: Iterable[NewRate]) -> ImportedRates:
    """Store rates in one transaction, each with its event.

    Raises: BrokenRates for a day to come; storage's failures.
    """
    added = unchanged = 0
    with database.write() as work:
        for one in rates:
            if is_to_come(one.day, work.now()):
                raise BrokenRates([f"{one.day} is a day to come; nobody knows its rate yet"])
            if _counts_already(work, one):
                unchanged += 1
            else:
                record_rate(work, one)
                added += 1
    return ImportedRates(added, unchanged)


def _counts_already(work: Work, one: NewRate) -> bool:
    known = work.rates.of_day(one.rate.from_currency, one.rate.to_currency, one.day)
    return known is not None and (known.day, known.rate, known.source) == (one.day, one.rate, one.source)


def _read(row: Mapping[str | None, str | None], source: str | None, by: str) -> NewRate:
    """One row. Raises: ValueError with a sentence for whoever wrote it."""
    if None in row or None in row.values():
        raise ValueError("the row has more or fewer cells than the head")
    cells = {str(name): (text or "").strip() for name, text in row.items()}
    per = cells.get("per") or "1"
    if re.fullmatch("[0-9]{1,7}", per, re.ASCII) is None:
        raise ValueError(f"'{per[:20]}' is no number of units; write 1 or 100")
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", cells["day"], re.ASCII) is None:
        raise ValueError(f"'{cells['day'][:20]}' is no day; write one such as 2026-11-27")
    told = cells.get("source") or source or ""
    if not (0 < len(told) <= LONGEST_SOURCE and told.isprintable()):
        raise ValueError(f"the source is no line of 1 to {LONGEST_SOURCE} characters; name it, or use --source")
    rate = ExchangeRate.parse(cells["value"], cells["from"], cells["to"], int(per))
    return NewRate(rate, date.fromisoformat(cells["day"]), told, by)
