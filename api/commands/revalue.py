"""`aval revalue`: what is owed in other currencies, brought to the rates of a day; meant to run once a day."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened, rate_days_option


@click.command(short_help="Bring what is owed in other currencies to the rates of a day.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
              help="The day; left out: today by the database's clock.")  # fmt: skip
@rate_days_option
@click.option("--strict", is_flag=True, help="Exit with 1 where a rate is missing or too old.")
@database_option
def revalue(as_of: datetime | None, rate_days: int, strict: bool, database: str) -> None:
    """Bring open invoices in other currencies to the rates of a day; the same day again changes nothing.

    What approvals hold keeps the rate of its approval until it is invoiced or ends.
    """
    from api.operations.revalue_accounts import customers_to_revalue, revalue_accounts
    from credit.money import Money

    items = moved = without_rate = stale = 0
    with opened(database) as found:
        with found.read() as work:
            day = work.now().date() if as_of is None else as_of.date()
        customers = customers_to_revalue(found, day)
        for one in _shown(revalue_accounts(found, customers, day, rate_days), len(customers)):
            items, moved = items + one.items, moved + one.moved
            without_rate, stale = without_rate + one.without_rate, stale + one.stale
            if one.moved:
                before, after = (Money(minor, one.currency) for minor in (one.before, one.after))
                click.echo(f"{one.customer_id}: {before.amount} became {after.amount} {one.currency}")
    click.echo(f"{day}: {counted(moved, 'account')} revalued, {counted(items, 'item')} looked at")
    if without_rate or stale:
        told = f"warning: {without_rate} without a rate of that day or before, {stale} by a rate that is too old"
        click.echo(f"{told}; see 'aval rate list'", err=True)
        if strict:
            raise click.exceptions.Exit(1)


def _shown(done: Iterable[Any], total: int) -> Iterator[Any]:
    """The same, with a bar on the error stream where a person can see it."""
    from rich.console import Console
    from rich.progress import track

    console = Console(file=sys.stderr)
    yield from track(done, "revaluing", total, console=console, disable=not console.is_terminal, transient=True)
