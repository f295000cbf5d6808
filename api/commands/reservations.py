"""`aval reservations`: end what approvals held for too long; the service does it by itself every half minute."""

from __future__ import annotations

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened


@click.group()
def reservations() -> None:
    """End what approvals held for too long."""


@reservations.command(short_help="End every reservation that is past its expiry.")
@database_option
def expire(database: str) -> None:
    """End every reservation that is past its expiry, by the database's clock."""
    from api.operations.expire_reservations import expire_reservations
    from credit.money import Money

    with opened(database) as found:
        expired = 0
        for one in expire_reservations(found):
            expired += 1
            amount = Money(one.remaining, one.currency)
            click.echo(f"{one.reservation_id}: {amount.amount} {one.currency} of order '{one.order_id}' is free again")
        click.echo(f"{counted(expired, 'reservation')} expired")
