"""How the history of a key or a person is told in the terminal: each event with its time and its author."""

from __future__ import annotations

from collections.abc import Iterator

import click
from rich.table import Table

from api.commands.counts import counted
from api.commands.terminal import terminal
from storage.engine import Database
from storage.events import Event
from storage.page import LARGEST_PAGE


def print_history(database: Database, of: str, subject: str | None) -> None:
    """Print the events of one subject, or of all whose names begin with `of`, the oldest first."""
    found = [one for one in events_of(database, subject) if one.subject.startswith(of)]
    table = Table("at", "what", "of", "by", "details", box=None)
    for one in reversed(found):
        told = ", ".join(f"{name} {_shown(value)}" for name, value in one.details.items() if value not in (None, []))
        at = one.at.isoformat(timespec="seconds") if one.at else ""
        table.add_row(at, one.kind, one.subject, one.by, told)
    if found:
        terminal().print(table)
    click.echo(counted(len(found), "event"))


def events_of(database: Database, subject: str | None) -> Iterator[Event]:
    """All events of a subject, or all there are, newest first."""
    cursor: str | None = None
    while True:
        with database.read() as work:  # one transaction for each page: whoever reads them may take his time
            page = work.events.list(cursor, LARGEST_PAGE, subject=subject)
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
