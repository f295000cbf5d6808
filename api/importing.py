"""`aval import`: a file of customers, invoices or payments into the ledger, with a report of every row that was read.

The report goes to the screen, the progress bar to the error stream and only to a terminal. What is imported where is
read from a mapping (`api/import_mapping.py` says how one is written).
"""

from __future__ import annotations

import codecs
import csv
import json
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from api.build import load_version
from api.commands.database import database_option, due_calendar_option, opened
from api.import_mapping import ImportMapping, read_mapping
from api.import_rows import CustomerRow, InvoiceRow, PaymentRow, RowReader
from api.import_table import Rejected, Table
from api.operations.import_ledger import Tally, import_customers, import_invoices, record_import
from api.operations.import_payments import import_payments
from credit.dates import IsBusinessDay
from rules.facts import trade_vocabulary
from storage.engine import Database
from storage.failures import Refused, StorageFailure

SHIPPED_MAPPINGS = files("api").joinpath("mappings")


@dataclass(frozen=True, slots=True)
class Wish:
    """One call of the command: which file by which mapping into which database, and where rejected rows go."""

    rows: str
    file: Path
    mapping: str
    database: str
    rejected: Path | None
    strict: bool
    as_json: bool
    as_of: date | None = None
    due_calendar: IsBusinessDay | None = None

    @property
    def rejected_file(self) -> Path:
        """Where rejected rows are written: as asked for, else beside the input."""
        return self.rejected or self.file.with_name(f"{self.file.stem}.rejected.csv")


@click.group("import")
def importing() -> None:
    """Take customers, invoices or payments over from a CSV file.

    Rows that do not fit are left out, told by reason, and written to a file with line and reason; the rest is imported.
    That counts as done (exit code 0); with --strict it counts as an error (1). The same file again changes nothing.
    """


def _options(command: Any) -> Any:
    """The options that all commands take."""
    for option in (
        click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        click.option("--mapping", required=True, metavar="FILE", help="YAML file that says which column is which "
                     "field, or the name of a shipped one: ibm_accounts_receivable."),
        database_option,
        click.option("--rejected", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                     help="Where rejected rows go; left out: beside FILE, as NAME.rejected.csv."),
        click.option("--strict", is_flag=True, help="Exit with 1 where a row was rejected."),
        click.option("--json", "as_json", is_flag=True, help="Report for machines."),
    ):  # fmt: skip
        command = option(command)
    return command


@importing.command(short_help="Take over customers and what is known of them.")
@_options
def customers(**options: Any) -> None:
    """Take over customers: names, countries, granted limits and facts; what FILE does not say is kept."""
    _run(Wish("customers", **options))


@importing.command(short_help="Take over invoices, paid or open.")
@_options
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="YYYY-MM-DD",
              help="The day whose open invoices count as owed; left out: today by the database's clock.")  # fmt: skip
@due_calendar_option
def invoices(as_of: datetime | None, **options: Any) -> None:
    """Take over invoices, paid or open, and bring the accounts to what is owed."""
    _run(Wish("invoices", **options, as_of=as_of.date() if as_of else None))


@importing.command(short_help="Take over payments, and allocate them.")
@_options
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="YYYY-MM-DD",
              help="Today, after which no payment lies; left out: today by the database's clock.")  # fmt: skip
def payments(as_of: datetime | None, **options: Any) -> None:
    """Take over payments: each goes to the invoice that its row names, else to the customer's oldest open ones.

    What an invoice has no room for is kept, unallocated, and told.
    """
    _run(Wish("payments", **options, as_of=as_of.date() if as_of else None))


def _run(wish: Wish) -> None:
    mapping = _read_mapping(wish)
    if wish.rejected_file.resolve() == wish.file.resolve():
        raise click.UsageError("the rejected rows would overwrite the input; name another file with --rejected")
    with opened(wish.database) as database:
        try:
            table, tally = _import(wish, mapping, database)
        except StorageFailure as failure:
            told = str(failure) or "the database failed"
            raise click.ClickException(f"{told}; rows imported so far stay, run the command again") from failure
        except (Refused, ValueError, OSError) as error:
            raise click.ClickException(str(error)) from error
    if wish.as_json:
        click.echo(json.dumps(_report(wish, table, tally), ensure_ascii=False))
    else:
        _tell(wish, table, tally)
    if tally.rejected and wish.strict:
        sys.exit(1)


def _import(wish: Wish, mapping: ImportMapping, database: Database) -> tuple[Table, Tally]:
    reader = replace(_reader(mapping, database), is_business_day=wish.due_calendar)
    with wish.file.open("rb") as raw, _progress(wish.file) as advance:
        table = Table(_decoded(raw, mapping.encoding, advance), mapping)
        with RejectedRows(wish.rejected_file, table.head) as rejected:
            rows: Iterable[Any] = _rows(table, reader)
            if wish.rows == "customers":
                tally = import_customers(database, rows, rejected.add)
            else:
                dated = import_invoices if wish.rows == "invoices" else import_payments
                tally = dated(database, rows, wish.as_of or _today(database), rejected.add)
    record_import(database, str(uuid.uuid4()), wish.rows, wish.file.name, tally)
    return table, tally


def _rows(table: Table, reader: RowReader) -> Iterator[InvoiceRow | CustomerRow | PaymentRow | Rejected]:
    for line in table:
        yield line if isinstance(line, Rejected) else reader.read(table, line)


def _reader(mapping: ImportMapping, database: Database) -> RowReader:
    """What reads rows by the mapping, with the facts of the trade and of the policy in effect.

    Raises: ValueError for a fact that nobody declared, or that does not come from master data.
    """
    vocabulary = trade_vocabulary()
    known = dict(vocabulary.facts)
    with database.read() as work:
        version = work.policies.effective() if mapping.facts else None
    programs = load_version(version).programs if version else {}
    for program in programs.values():
        known |= program.facts
    for name in mapping.facts:
        if name not in known:
            raise ValueError(f"the mapping names the fact '{name}', which neither trade nor policy knows; mend it")
        if known[name].source not in ("master", "bureau"):
            raise ValueError(f"the fact '{name}' comes from '{known[name].source}'; take it out of the mapping")
    return RowReader(mapping, vocabulary, known)


def _read_mapping(wish: Wish) -> ImportMapping:
    """The mapping at a path or of a shipped name; one with errors has them told, and ends the command with 1."""
    path = Path(wish.mapping)
    shipped = SHIPPED_MAPPINGS.joinpath(f"{wish.mapping}.yaml")
    try:
        data = shipped.read_bytes() if not path.exists() and shipped.is_file() else path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"the mapping '{wish.mapping}' cannot be read ({error.strerror})") from None
    mapping, problems = read_mapping(data, wish.mapping, wish.rows)
    for problem in problems:
        click.echo(str(problem), err=True)
    if mapping is None:
        click.echo("aval: the mapping has errors; nothing was imported", err=True)
        sys.exit(1)
    return mapping


def _today(database: Database) -> date:
    with database.read() as work:
        return work.now().date()


def _decoded(raw: IO[bytes], encoding: str, advance: Callable[[int], None]) -> Iterator[str]:
    """The lines of a file as text; what is not in its encoding is marked, and the row rejected later."""
    for number, line in enumerate(raw):
        advance(len(line))
        if number == 0:
            line = line.removeprefix(codecs.BOM_UTF8)
        yield line.decode(encoding, "surrogateescape")


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of the file, on the error stream and only where a person can see it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        yield lambda step: progress.advance(task, step)


class RejectedRows:
    """The file of rejected rows: line, reason, the text that was the matter, and the row as it stood.

    It is made at the first rejected row; one of an earlier run is emptied where nothing is rejected any more.
    """

    def __init__(self, path: Path, head: tuple[str, ...]) -> None:
        """Name the file; `head` are the columns of the rows."""
        self._path, self._head = path, head
        self._file: IO[str] | None = None

    def __enter__(self) -> RejectedRows:
        if self._path.exists():
            self._open()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: Rejected) -> None:
        """Write one row."""
        file = self._file or self._open()
        csv.writer(file).writerow((row.line.number, row.reason, row.text, *row.line.cells))

    def _open(self) -> IO[str]:
        self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        csv.writer(self._file).writerow(("line", "reason", "text", *self._head))
        return self._file


def _report(wish: Wish, table: Table, tally: Tally) -> dict[str, Any]:
    """The report for machines."""
    return {
        "file": wish.file.name, "rows": wish.rows, **tally.counts(), "imported": tally.imported,
        "rejected_by_reason": dict(tally.rejected.most_common()), "noted": dict(+tally.noted),
        "blank_cells": {name: count for name, count in table.blank_cells.items() if count},
        "rows_with_blanks": table.rows_with_blanks, "empty_lines": table.empty_lines,
        "rejected_file": str(wish.rejected_file) if tally.rejected else None,
    }  # fmt: skip


def _tell(wish: Wish, table: Table, tally: Tally) -> None:
    """The report for people."""
    click.echo(f"{wish.file.name}: {tally.read:,} rows of {wish.rows} read")
    click.echo(f"  imported   {tally.imported:>7,}  ({tally.added:,} new, {tally.changed:,} changed)")
    click.echo(f"  unchanged  {tally.unchanged:>7,}")
    click.echo(f"  rejected   {tally.rejected.total():>7,}")
    for reason, count in tally.rejected.most_common():
        click.echo(f"    {count:>7,}  {reason}")
    if tally.new_customers and wish.rows == "invoices":
        click.echo(f"  customers  {tally.new_customers:>7,}  created from their invoices")
    for told, count in (+tally.noted).items():
        click.echo(f"  noted      {count:>7,}  {told}")
    for name, count in table.blank_cells.items():
        if count:
            click.echo(f"  blank      {count:>7,}  cells in '{name}'")
    if table.empty_lines:
        click.echo(f"  empty      {table.empty_lines:>7,}  lines without any cell, not counted as rows")
    if tally.rejected:
        left = tally.rejected.total()
        told = "1 row was" if left == 1 else f"{left:,} rows were"
        click.echo(f"warning: {told} left out; see {wish.rejected_file}", err=True)
