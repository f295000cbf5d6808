"""How the columns of a file become customers, invoices or payments: a small YAML file, read with the care of a policy.

    rows: invoices                       # or customers, payments
    currency: USD                        # of every row without its own; a column may give it instead
    dates: [month/day/year]              # year, month and day in any order, parted by one of - / . ; one or several
    thousands: none                      # or comma, point, space, apostrophe
    decimals: point                      # or comma
    separator: comma                     # or semicolon, tab, pipe
    encoding: utf-8                      # or latin-1, gb18030
    columns: {customer_id: customerID}   # a field of ours: a column of the file; every field is listed in FIELDS
    facts: {customer.score: Score}       # customers only: a fact of the master record or a bureau: a column
    defaults: {due_on: 2026-12-31}       # what a blank cell of a field means; without one it is blank, never guessed
    words: {yes: [J, ja], no: [N, nein]} # how the file writes yes and no; left out: yes, y, true, 1 and no, n, false, 0
    only: {Status: [Outstanding]}        # take only rows with one of these words; the others are told as rejected
    new_customers: {name: customerID}    # invoices only: create unknown customers, named by a column; else rejected
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from credit.money import minor_digits
from policy.document import Word
from policy.problems import Problem, Where, in_order
from policy.shapes import Shapes
from policy.source import Node, read_source

FIELDS = {
    "invoices": ("customer_id", "invoice_id", "amount", "currency", "invoiced_on", "due_on", "settled_on", "disputed",
                 "terms", "delivered_on", "discount", "discount_until", "form"),
    "customers": ("customer_id", "name", "country", "currency", "granted_limit",
                  "limit_valid_from", "limit_valid_until", "group", "stated_exposure"),
    "payments": ("payment_id", "customer_id", "invoice_id", "amount", "currency", "received_on", "reference"),
}
NEEDED = {
    "invoices": ("customer_id", "invoice_id", "amount", "invoiced_on"),
    "customers": ("customer_id",),
    "payments": ("payment_id", "amount", "received_on"),
}
KEYS = ("rows", "currency", "dates", "thousands", "decimals", "separator", "encoding", "columns", "facts", "defaults",
        "words", "only", "new_customers")  # fmt: skip
SIGNS = {"none": "", "comma": ",", "point": ".", "space": " ", "apostrophe": "'"}
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
ENCODINGS = ("utf-8", "latin-1", "gb18030")
YES, NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0")
DEFAULT_DATES = "year-month-day"

_DATE = re.compile(r"(year|month|day)([-/.])(year|month|day)\2(year|month|day)")
_DIGITS = {"year": r"(?P<year>[0-9]{4})", "month": r"(?P<month>[0-9]{1,2})", "day": r"(?P<day>[0-9]{1,2})"}


@dataclass(frozen=True, slots=True)
class DateSpelling:
    """One way of writing a date, by its name such as "month/day/year", and the pattern that reads it."""

    name: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """A mapping as it was read; keys of `columns` and `defaults` are fields of ours, values columns and texts."""

    rows: str
    columns: Mapping[str, str]
    dates: tuple[DateSpelling, ...]
    currency: str | None = None
    thousands: str = ""
    decimals: str = "."
    separator: str = ","
    encoding: str = "utf-8"
    facts: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    yes: tuple[str, ...] = YES
    no: tuple[str, ...] = NO
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name_column: str | None = None

    def named_columns(self) -> tuple[str, ...]:
        """Every column that the file must have, each once."""
        names = (*self.columns.values(), *self.facts.values(), *self.only, self.name_column or "")
        return tuple(dict.fromkeys(name for name in names if name))


def read_mapping(data: bytes, file: str, rows: str) -> tuple[ImportMapping | None, tuple[Problem, ...]]:
    """A mapping file for one kind of rows of FIELDS, None where something in it is wrong, and every finding."""
    node, problems = read_source(data, file)
    if node is None:
        return None, problems
    reader = _Reader(Shapes(list(problems)), rows)
    found = reader.read(node)
    told = tuple(in_order(reader.shapes.problems))
    return (None if any(one.severity == "error" for one in told) else found), told


def date_spelling(name: str) -> DateSpelling | None:
    """The spelling that a text such as "day.month.year" names, None where it names none."""
    found = _DATE.fullmatch(name)
    if found is None or len({found[1], found[3], found[4]}) != 3:
        return None
    parts = re.escape(found[2]).join(_DIGITS[found[number]] for number in (1, 3, 4))
    return DateSpelling(name, re.compile(parts, re.ASCII))


class _Reader:
    """Reads the keys of one mapping and notes what is wrong with them."""

    def __init__(self, shapes: Shapes, rows: str) -> None:
        self.shapes, self.rows = shapes, rows

    def read(self, node: Node) -> ImportMapping | None:
        values = self.shapes.block(node, "the mapping", KEYS)
        if values is None:
            return None
        self._rows(values, node.at)
        columns = self._columns(values, node.at)
        defaults = self._texts(values.get("defaults"), "defaults", FIELDS[self.rows])
        if self.rows == "invoices" and columns and not {"due_on", "terms"} & {*columns, *defaults}:
            self.shapes.note("missing-key", values["columns"].at, "nothing says when the invoices are due",
                             "name the column of 'due_on' or of 'terms', or put 'terms' in 'defaults'")  # fmt: skip
        yes, no = self._yes_and_no(values.get("words"))
        thousands, decimals = self._numbers(values)
        return ImportMapping(
            rows=self.rows, columns=columns, dates=self._dates(values.get("dates"), node.at),
            currency=self._currency(values.get("currency")), thousands=thousands, decimals=decimals,
            separator=SEPARATORS[self._one_of(values, "separator", SEPARATORS, "comma")],
            encoding=self._one_of(values, "encoding", ENCODINGS, "utf-8"), facts=self._facts(values.get("facts")),
            defaults=defaults, yes=yes, no=no,
            only=self._only(values.get("only")), name_column=self._new_customers(values.get("new_customers")),
        )  # fmt: skip

    def _rows(self, values: Mapping[str, Node], at: Where) -> None:
        word = self.shapes.word(self.shapes.need(values, "rows", at, "the mapping"), "rows")
        if self.shapes.choice(word, "kind of rows", FIELDS) and word is not None and word.text != self.rows:
            self.shapes.note("unknown-word", word.at, f"this mapping is for {word.text}, {self.rows} are imported",
                             f"run 'aval import {word.text}', or give another mapping")  # fmt: skip

    def _columns(self, values: Mapping[str, Node], at: Where) -> dict[str, str]:
        node = self.shapes.need(values, "columns", at, "the mapping")
        columns = self._texts(node, "columns", FIELDS[self.rows])
        for name in NEEDED[self.rows] if node is not None else ():
            if name not in columns:
                self.shapes.note("missing-key", node.at if node else at, f"no column is named for '{name}'",
                                 f"add '{name}: ...' with the column's name as it stands in the file")  # fmt: skip
        if self.rows == "payments" and node is not None and not {"customer_id", "invoice_id"} & set(columns):
            self.shapes.note("missing-key", node.at, "nothing says whose payments these are",
                             "name the column of 'customer_id' or of 'invoice_id', or both")  # fmt: skip
        if "currency" not in values and "currency" not in columns:
            self.shapes.note("missing-key", at, "nothing says in which currency the amounts are",
                             "add 'currency: ...' with its ISO 4217 code, or name its column")  # fmt: skip
        return columns

    def _texts(self, node: Node | None, place: str, known: tuple[str, ...]) -> dict[str, str]:
        block = self.shapes.block(node, place, known) if node is not None else None
        words = {key: self.shapes.word(value, key) for key, value in (block or {}).items()}
        return {key: word.text for key, word in words.items() if word is not None}

    def _facts(self, node: Node | None) -> dict[str, str]:
        if node is not None and self.rows != "customers":
            self.shapes.note("unknown-key", node.at, f"facts belong to customers, not to {self.rows}",
                             "take 'facts' out, or import customers")  # fmt: skip
            return {}
        named = [(key, self.shapes.word(value, key.text)) for key, value in self.shapes.entries(node, "facts")]
        return {key.text: word.text for key, word in named if word is not None}

    def _only(self, node: Node | None) -> dict[str, tuple[str, ...]]:
        entries = self.shapes.entries(node, "only")
        return {key.text: tuple(word.text for word in self.shapes.words(value, key.text)) for key, value in entries}

    def _yes_and_no(self, node: Node | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        block = self.shapes.block(node, "words", ("yes", "no")) if node is not None else None
        found = {key: self.shapes.words(value, key) for key, value in (block or {}).items()}
        yes, no = (tuple(word.text.casefold() for word in found.get(key, ())) for key in ("yes", "no"))
        for word in found.get("no", ()):
            if word.text.casefold() in yes:
                self.shapes.note("unknown-word", word.at, f"'{word.text}' stands for yes and for no",
                                 "write each word on one side only")  # fmt: skip
        return yes or YES, no or NO

    def _numbers(self, values: Mapping[str, Node]) -> tuple[str, str]:
        thousands = SIGNS[self._one_of(values, "thousands", SIGNS, "none")]
        decimals = SIGNS[self._one_of(values, "decimals", ("point", "comma"), "point")]
        if thousands == decimals:
            self.shapes.note("unknown-word", values[next(key for key in ("thousands", "decimals") if key in values)].at,
                             "the same sign parts thousands and decimals", "name two different signs")  # fmt: skip
        return thousands, decimals

    def _one_of(self, values: Mapping[str, Node], key: str, known: Mapping[str, str] | tuple[str, ...],
                default: str) -> str:  # fmt: skip
        if key not in values:
            return default
        word = self.shapes.choice(self.shapes.word(values[key], key), f"word for '{key}'", known)
        return word.text if word is not None else default

    def _dates(self, node: Node | None, at: Where) -> tuple[DateSpelling, ...]:
        words = self.shapes.words(node, "dates") if node is not None else (Word(DEFAULT_DATES, at),)
        found: dict[str, DateSpelling] = {}
        for word in words:
            spelling = date_spelling(word.text)
            if spelling is None:
                self.shapes.note("date", word.at, f"'{word.text}' is no way of writing a date",
                                 "write year, month and day in their order, such as month/day/year")  # fmt: skip
            elif shape(word.text) in found:
                self.shapes.note("date", word.at, f"'{word.text}' cannot be told from "
                                 f"'{found[shape(word.text)].name}'", "name only one of them")  # fmt: skip
            else:
                found[shape(word.text)] = spelling
        return tuple(found.values())

    def _currency(self, node: Node | None) -> str | None:
        word = self.shapes.word(node, "currency")
        if word is None:
            return None
        try:
            minor_digits(word.text)
        except ValueError as error:
            message, _, help = str(error).partition("; ")
            self.shapes.note("currency", word.at, message, help)
        return word.text

    def _new_customers(self, node: Node | None) -> str | None:
        if node is not None and self.rows != "invoices":
            if self.rows == "customers":
                told = "every row of customers is a customer"
            else:
                told = "a payment makes no customer"
            self.shapes.note("unknown-key", node.at, told, "take 'new_customers' out")
            return None
        return self._texts(node, "new_customers", ("name",)).get("name")


def shape(name: str) -> str:
    """What two spellings have in common that one text could be read as both: the sign, and where the year stands."""
    return re.sub("month|day", "#", name)
