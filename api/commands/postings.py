"""`aval postings`: what invoices, payments, credit notes and write-offs move, as a file for the general ledger."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened

DAY = click.DateTime(["%Y-%m-%d"])


@click.command(short_help="Write the postings of some days for the general ledger.")
@click.option("--from", "first", type=DAY, required=True, metavar="YYYY-MM-DD", help="The first day.")
@click.option("--to", "last", type=DAY, required=True, metavar="YYYY-MM-DD", help="The last day, included.")
@click.option("--accounts", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="The firm's accounts: a CSV file with account, number and name.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The file to write; left out: the standard output.")  # fmt: skip
@database_option
def postings(first: datetime, last: datetime, accounts: Path | None, out: Path | None, database: str) -> None:
    """Write what invoices, payments, credit notes and write-offs move between
    accounts on some days, as CSV: debit and credit, with the document and the
    version of the customer's account. The lines of each document come to
    nothing together."""
    from api.posting_export import BadMapping, Chart, read_chart, write_postings

    if last < first:
        raise click.UsageError("--to lies before --from")
    try:
        if accounts is None:
            chart = Chart()
        else:
            with accounts.open(encoding="utf-8-sig", newline="") as file:
                chart = read_chart(file, accounts.name)
    except (BadMapping, UnicodeDecodeError) as error:
        raise click.UsageError(str(error)) from None
    days = (first.date(), last.date())
    with opened(database) as found:
        if out is None:
            done = write_postings(found, days, chart, sys.stdout)
        else:
            try:
                with out.open("w", encoding="utf-8", newline="") as file:
                    done = write_postings(found, days, chart, file)
            except OSError as fault:
                told = f"cannot write '{out}' ({fault.strerror}); name another file with --out"
                raise click.UsageError(told) from None
    sums = ", ".join(f"{one.display()} on each side" for one in done.sums.values()) or "nothing was moved"
    click.echo(f"{counted(done.lines, 'line')} from {days[0]} to {days[1]}: {sums}", err=True)
