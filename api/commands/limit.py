"""`aval limit`: what customers and groups may owe, from which day, until which day, by whom and why."""

from __future__ import annotations

from datetime import datetime

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from api.commands.operator import by_option

DAY = click.DateTime(["%Y-%m-%d"])
WHOSE = click.Choice(["customer", "group"])


@click.group()
def limit() -> None:
    """Tell limits of customers and groups, and list them."""


@limit.command(short_help="Tell another limit of a customer or a group.")
@click.argument("what", type=WHOSE, metavar="customer|group")
@click.argument("name", metavar="ID")
@click.argument("limit", metavar="LIMIT")
@click.option("--from", "first", type=DAY, metavar="YYYY-MM-DD", help="Its first day; left out: it has none.")
@click.option("--until", "last", type=DAY, metavar="YYYY-MM-DD", help="Its last day; left out: it has none.")
@click.option("--temporary", is_flag=True, help="In place of the permanent one on its days alone.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; kept with it.")
@by_option
@database_option
def tell(what: str, name: str, limit: str, first: datetime | None, last: datetime | None, temporary: bool, reason: str,
         by: str, database: str) -> None:  # fmt: skip
    """Tell another limit: LIMIT is an amount, none or unlimited. What was told before stays, and counts on its days."""
    from api.errors import Refused
    from api.operations.tell_limit import owner_of, read_limit_wish, record_limit
    from storage.customers import PERMANENT, TEMPORARY, Told

    if not (0 < len(reason) <= 240 and reason.strip() and reason.isprintable()):
        raise click.UsageError("--reason takes one line of at most 240 characters; say why")
    wish = {"kind": TEMPORARY if temporary else PERMANENT, "limit": limit,
            "valid_from": first.date() if first else None, "valid_until": last.date() if last else None}  # fmt: skip
    with opened(database) as found, found.write() as work:
        try:
            owner = owner_of(work, what, name)
            record_limit(work, owner, str(wish["kind"]), read_limit_wish(wish, owner.currency), Told(by, reason))
        except Refused as refused:
            raise click.UsageError(refused.detail or refused.type.title) from None
    click.echo(f"{what} {name}: {wish['kind']} limit {limit}{f' from {first.date()}' if first else ''}"
               f"{f' until {last.date()}' if last else ''}")  # fmt: skip


@limit.command("list")
@click.argument("what", type=WHOSE, metavar="customer|group")
@click.argument("name", metavar="ID")
@database_option
def list_limits(what: str, name: str, database: str) -> None:
    """Tell every limit of a customer or a group, the one told first first; a star marks the one that counts today."""
    from rich.table import Table

    from api.commands.terminal import terminal
    from api.errors import Refused
    from api.operations.tell_limit import limits_dict, owner_of, policy_day

    with opened(database) as found:
        day = policy_day(found, what, name)
        try:
            with found.read() as work:
                told = limits_dict(work, owner_of(work, what, name), day)
        except Refused as refused:
            raise click.UsageError(refused.detail or refused.type.title) from None
    items = told["items"]
    assert isinstance(items, list)
    table = Table("", "kind", "limit", "from", "until", "told", "by", "reason", box=None)
    for one in items:
        table.add_row("*" if one["counts"] else "", one["kind"], f"{one['limit']} {told['currency']}",
                      one["valid_from"] or "", one["valid_until"] or "", one["told_at"][:10], one["told_by"],
                      one["reason"])  # fmt: skip
    if items:
        terminal().print(table)
    click.echo(counted(len(items), "limit"))
