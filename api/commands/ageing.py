"""`aval ageing` and `aval statement`: what is owed on a day, of the whole book or of one customer, for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened

NAMES = {"not_due": "not due", "days_1_30": "1-30 days", "days_31_60": "31-60 days", "days_61_90": "61-90 days",
         "days_over_90": "over 90 days"}  # fmt: skip
DAY = click.DateTime(["%Y-%m-%d"])


@click.command(short_help="Show what is owed by how long it is overdue.")
@click.option("--as-of", type=DAY, metavar="YYYY-MM-DD", help="The day; left out: today in the policy's timezone.")
@click.option("--customer", metavar="CUSTOMER", help="Of this customer only.")
@click.option("--json", "as_json", is_flag=True, help="One object for machines.")
@database_option
def ageing(as_of: datetime | None, customer: str | None, as_json: bool, database: str) -> None:
    """Show what is owed on a day by how long it is overdue, and the days of sales outstanding (DSO).

    What is paid in part counts with what is open of it. The sales are those of the last 90 days.
    """
    from api.operations.show_open_items import ageing_on

    told = _asked(database, lambda found: ageing_on(found, customer, as_of.date() if as_of else None))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    if not told["items"]:
        click.echo(f"{told['as_of']}: nothing is owed")
    for one in told["items"]:
        count = f"{counted(one['invoices'], 'invoice')} of {counted(one['customers'], 'customer')}"
        click.echo(f"{told['as_of']}, {one['currency']}: {one['open']} open, {count}")
        _table([(name, one[field]) for field, name in NAMES.items()])
        dso = "nothing was invoiced" if one["dso"] is None else f"{one['dso']} days of sales"
        click.echo(f"  DSO: {dso} ({one['sales']} in {one['sales_days']} days)")


@click.command(short_help="Show a customer's statement of account.")
@click.argument("customer")
@click.option("--as-of", type=DAY, metavar="YYYY-MM-DD", help="Its last day; left out: today in the policy's timezone.")
@click.option("--since", type=DAY, metavar="YYYY-MM-DD", help="Its first day; left out: 90 days before.")
@click.option("--json", "as_json", is_flag=True, help="One object for machines.")
@database_option
def statement(customer: str, as_of: datetime | None, since: datetime | None, as_json: bool, database: str) -> None:
    """Show what happened on a customer's account between two days, and what is owed at the end.

    Money that was received and goes to no invoice yet is told apart, and is part of the balance.
    """
    from api.operations.show_open_items import Days, statement_on

    days = Days(since.date() if since else None, as_of.date() if as_of else None)
    told = _asked(database, lambda found: statement_on(found, customer, days))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for one in told["items"]:
        click.echo(f"{told['customer_id']}, {told['since']} to {told['as_of']}, {one['currency']}")
        lines = [(line["day"], line["kind"].replace("_", " "), line["id"], line["amount"], line["balance"])
                 for line in one["lines"]]  # fmt: skip
        _table([("", "opening balance", "", "", one["opening"]), *lines])
        _table([("open", one["open"]), ("of it overdue", one["overdue"]), ("unallocated", one["unallocated"]),
                ("balance", one["closing"])])  # fmt: skip
    if not told["items"]:
        click.echo(f"{told['customer_id']}: nothing was ever invoiced or paid")


def _asked(database: str, ask: Any) -> Mapping[str, Any]:
    """What is known of a day. Raises: click's own complaint for what cannot be asked."""
    from api.errors import Refused

    with opened(database) as found:
        try:
            answer: Mapping[str, Any] = ask(found)
        except Refused as refused:
            raise click.ClickException(refused.detail) from None
        return answer


def _table(rows: Sequence[Sequence[str]]) -> None:
    """Rows with their columns under each other, the last ones to the right where they are amounts."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(width) if _is_amount(cell) else cell.ljust(width)
                 for cell, width in zip(row, widths, strict=True)]  # fmt: skip
        click.echo(("  " + "  ".join(cells)).rstrip())


def _is_amount(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "").isdigit()
