"""`aval rate`: the exchange rates of orders and invoices in other currencies, with their days and sources."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened, rate_days_option
from api.commands.operator import by_option

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def rate() -> None:
    """Add and list the exchange rates of orders in other currencies."""


@rate.command(short_help="Add a rate for one day and one direction.")
@click.argument("from_currency", metavar="FROM")
@click.argument("to_currency", metavar="TO")
@click.argument("value", metavar="VALUE")
@click.option("--per", type=click.IntRange(1, 1_000_000), default=1, show_default=True,
              help="VALUE is for so many units of FROM, such as 100.")  # fmt: skip
@click.option("--day", type=DAY, metavar="YYYY-MM-DD", help="Its day; left out: today by the database's clock.")
@click.option("--source", metavar="TEXT", required=True, help="Where it comes from, such as a central bank.")
@by_option
@database_option
def add(from_currency: str, to_currency: str, value: str, per: int, day: datetime | None, source: str, by: str,
        database: str) -> None:  # fmt: skip
    """Add a rate: VALUE units of TO for one unit of FROM. A later one for the same day corrects it."""
    from api.errors import Refused
    from api.operations.add_rate import record_rate
    from credit.rates import ExchangeRate
    from storage.rates import NewRate

    if not (0 < len(source) <= 120 and source.isprintable()):
        raise click.UsageError("--source takes one line of at most 120 characters; name a bank or a list")
    try:
        wanted = ExchangeRate.parse(value, from_currency, to_currency, per)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with opened(database) as found, found.write() as work:
        of_day = work.now().date() if day is None else day.date()
        try:
            stored = record_rate(work, NewRate(wanted, of_day, source, by))
        except Refused as refused:
            raise click.UsageError(f"--day {refused.errors[0].message}") from None
    click.echo(f"{stored.rate_id}: {per} {from_currency} is {wanted.value} {to_currency} on {of_day}")


@rate.command("import", short_help="Add the rates of a file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", metavar="TEXT", help="The source of rows without one of their own.")
@by_option
@database_option
def import_file(file: Path, source: str | None, by: str, database: str) -> None:
    """Add the rates of a CSV file with the columns from, to, value, day, and where there are any per and source.

    All rows or none: where one cannot be used, every wrong line is told and the exit code is 1.
    """
    from api.operations.import_rates import BrokenRates, import_rates, read_rates

    try:
        lines = file.read_text("utf-8-sig").splitlines(keepends=True)
        rates = read_rates(lines, source, by)
        with opened(database) as found:
            done = import_rates(found, rates)
    except UnicodeDecodeError:
        raise click.UsageError(f"'{file.name}' is not UTF-8 text; save it as UTF-8") from None
    except BrokenRates as broken:
        for told in broken.told:
            click.echo(f"{file.name}: {told}", err=True)
        click.echo("aval: nothing was imported", err=True)
        raise click.exceptions.Exit(1) from None
    click.echo(f"{file.name}: {counted(done.added, 'rate')} added, {done.unchanged} known already")


@rate.command("list")
@click.option("--from", "from_currency", metavar="CURRENCY", help="Only from this currency.")
@click.option("--to", "to_currency", metavar="CURRENCY", help="Only into this currency.")
@rate_days_option
@database_option
def list_rates(from_currency: str | None, to_currency: str | None, rate_days: int, database: str) -> None:
    """Tell the latest 200 rates, those added last first, with their ages."""
    from rich.table import Table

    from api.commands.terminal import terminal
    from storage.rates import Pair

    with opened(database) as found, found.read() as work:
        rates = work.rates.list(Pair(from_currency, to_currency), limit=200).items
        today = work.now().date()
    table = Table("rate", "from", "to", "value", "per", "day", "days old", "source", box=None)
    for one in rates:
        age = one.age(today)
        table.add_row(one.rate_id, one.rate.from_currency, one.rate.to_currency, one.rate.value, str(one.rate.per),
                      one.day.isoformat(), f"{age} (too old)" if age > rate_days else str(age), one.source)  # fmt: skip
    if rates:
        terminal().print(table)
    click.echo(counted(len(rates), "rate"))
