"""`aval dossier due|assess|alerts`: whose review is due, and which customers fell; run the second once a day."""

from __future__ import annotations

from datetime import datetime

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened

DAY = click.DateTime(["%Y-%m-%d"])
LOOKED_AT = "looked at once a day"


@click.command(short_help="List the customers whose review is due.")
@click.option("--on", "day", type=DAY, metavar="YYYY-MM-DD", help="On this day; left out: today.")
@database_option
def due(day: datetime | None, database: str) -> None:
    """List the customers whose review is due on a day, or that were never
    reviewed."""
    from rich.table import Table

    from api.commands.terminal import terminal
    from api.operations.tell_limit import policy_day

    table = Table("customer", "name", "due", "reviewed", "tier", box=None)
    with opened(database) as found:
        on = policy_day(found) if day is None else day.date()
        after: str | None = ""
        while after is not None:
            with found.read() as work:
                page = work.reviews.due(on, after, 500)
            for one in page.items:
                table.add_row(one.customer_id, one.name, str(one.due_on or "never reviewed"),
                              str(one.reviewed_on or ""), one.tier or "")  # fmt: skip
            after = page.next_cursor
    if table.row_count:
        terminal().print(table)
    click.echo(f"{counted(table.row_count, 'review')} due on {on}")


@click.command(short_help="See where every customer stands, and who fell.")
@database_option
def assess(database: str) -> None:
    """See where every customer stands today by its policy: facts that begin
    today, papers that ran out and invoices that are late count. Who fell since
    the last look is an alert, which a person has to see."""
    from api.every_customer import every_customer
    from api.reviewing import note_standing

    looked, fallen = 0, 0
    with opened(database) as found:
        for customer_id in every_customer(found):
            with found.write() as work:
                fell = note_standing(work, customer_id, LOOKED_AT)
            looked += 1
            fallen += bool(fell)
            if fell:
                click.echo(f"{customer_id}: fell in {', '.join(fell)}")
    click.echo(f"{counted(looked, 'customer')} looked at, {fallen} fell")


@click.command(short_help="List the customers that fell, until a person saw it.")
@click.option("--all", "everything", is_flag=True, help="Also those that a person saw.")
@database_option
def alerts(everything: bool, database: str) -> None:
    """List the alerts of customers that fell: the terms that they were offered
    before, and those from then on. A person sees one over HTTP."""
    from rich.table import Table

    from api.commands.terminal import terminal

    table = Table("alert", "customer", "fell", "before", "after", "seen by", box=None)
    with opened(database) as found:
        after: str | None = ""
        while after is not None:
            with found.read() as work:
                page = work.reviews.alerts(not everything, after, 500)
            for one in page.items:
                before, now = (f"{at.standing.tier or '-'}: {', '.join(at.standing.offer) or '-'}"
                               for at in (one.before, one.after))  # fmt: skip
                table.add_row(one.alert_id, one.customer_id, ", ".join(one.fell), before, now,
                              one.seen.by if one.seen else "")  # fmt: skip
            after = page.next_cursor
    if table.row_count:
        terminal().print(table)
    click.echo(counted(table.row_count, "alert"))
