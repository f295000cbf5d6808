"""`aval db`, and what every command that needs the database shares: its options, and a fault of it in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from credit.dates import IsBusinessDay
from storage.engine import Database, open_database, read_location, server_url, shown
from storage.failures import StorageFailure
from storage.schema import is_current, upgrade

DATABASE = "var/aval.db"
WEEKDAYS = "weekdays"
Command = TypeVar("Command", bound=Callable[..., Any])

database_option = click.option(
    "--database", metavar="PATH", envvar="AVAL_DATABASE", default=DATABASE, show_default=True, show_envvar=True,
    help="The database: a file, or a postgresql:// URL.",
)  # fmt: skip
rate_days_option = click.option(
    "--rate-days", type=click.IntRange(0, 3650), envvar="AVAL_RATE_DAYS", default=7, show_default=True,
    show_envvar=True, help="How many days old an exchange rate may be; an older one approves nothing.",
)  # fmt: skip
retention_days_option = click.option(
    "--retention-days", type=click.IntRange(0, 36_500), envvar="AVAL_RETENTION_DAYS", default=0, show_default=True,
    show_envvar=True, help="How many days behind its own a decision's record is kept whatever is asked.",
)  # fmt: skip
pepper_option = click.option(
    "--pepper", "pepper", metavar="PATH", envvar="AVAL_PEPPER", show_envvar=True,
    help="The file with the server's secret part of every key, made if there is none  [default: beside the database]",
)  # fmt: skip


def _due_calendar(context: click.Context, option: click.Parameter, value: str | None) -> IsBusinessDay | None:
    """The business days of a country, or Monday to Friday. Raises: BadParameter for a country without a calendar."""
    from rules.calendars import business_calendar

    if value is None:
        return None
    try:
        return business_calendar("" if value == WEEKDAYS else value).is_business_day
    except ValueError:
        told = f"there is no calendar '{value}'; write the code of a country, such as CN, or {WEEKDAYS}"
        raise click.BadParameter(told) from None


due_calendar_option = click.option(
    "--due-calendar", metavar="CODE", envvar="AVAL_DUE_CALENDAR", show_envvar=True, callback=_due_calendar,
    help=f"Where terms give a day that is no business day there, such as in CN, an invoice is due on the next one; "
         f"{WEEKDAYS}: Monday to Friday.",
)  # fmt: skip


def _previous_pepper(context: click.Context, option: click.Parameter, value: str | None) -> bytes | None:
    """The pepper before the present one. Raises: UsageError where its file cannot be used."""
    from api.peppers import read_previous_pepper

    try:
        return None if value is None else read_previous_pepper(Path(value))
    except OSError as error:
        raise click.UsageError(f"cannot read '{value}' ({error.strerror}); name the file of the pepper") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


previous_pepper_option = click.option(
    "--previous-pepper", metavar="PATH", envvar="AVAL_PREVIOUS_PEPPER", show_envvar=True, callback=_previous_pepper,
    help="The file with the pepper used before: keys made with it are good as well, until this is left out.",
)  # fmt: skip


@click.group()
def db() -> None:
    """Keep the database's tables at this version."""


@db.command("upgrade", short_help="Bring the tables to this version.")
@database_option
def upgrade_tables(database: str) -> None:
    """Bring the tables to this version; a database that is there already is left as it is."""
    with opened(database, current=False) as found:
        already = found.exists() and is_current(found)
        upgrade(found)
        click.echo(f"{found.name}: {'was up to date' if already else 'tables are up to date now'}")


@contextmanager
def opened(database: str, current: bool = True) -> Iterator[Database]:
    """The database of a command, closed when the block ends.

    Raises: UsageError for one that cannot be used, and, where `current`, for one whose tables are not of this version.
    """
    try:
        found = open_database(database)
        try:
            if current and not (found.exists() and is_current(found)):
                raise click.UsageError(f"'{shown(database)}' is not a database of this version; "
                                       f"run: aval db upgrade --database {shown(database)}")  # fmt: skip
            yield found
        finally:
            found.dispose()
    except (StorageFailure, ValueError) as fault:
        told = str(fault) or "the database cannot be reached"
        raise click.UsageError(told if ";" in told else f"{told}; check '{shown(database)}'") from fault


def pepper_of(database: str, pepper: str | None) -> bytes:
    """The server's secret part of every key. Raises: UsageError where its file cannot be used."""
    from api.peppers import read_pepper

    try:
        if pepper is None and server_url(database) is not None:
            raise ValueError("a database server keeps no pepper; name its file with --pepper")
        path = Path(pepper) if pepper else read_location(database).with_suffix(".pepper")
        path.parent.mkdir(parents=True, exist_ok=True)
        return read_pepper(path)
    except OSError as error:
        raise click.UsageError(f"cannot use '{path}' ({error.strerror}); name another file with --pepper") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
