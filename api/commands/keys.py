"""`aval key`: the keys with which order systems and people come in; the key itself is shown once and never stored."""

from __future__ import annotations

import click

from api.auth import issue_key
from api.commands.database import database_option, opened, pepper_of, pepper_option
from api.commands.files import counted
from api.roles import ROLES


@click.group()
def key() -> None:
    """Make, list and revoke the keys of clients."""


@key.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the key may do.")
@click.option("--client", metavar="NAME", required=True, help="Whose key it is; idempotency keys belong to the client.")
@database_option
@pepper_option
def create(role: str, client: str, database: str, pepper: str | None) -> None:
    """Make a key and print it, once: only its digest is stored."""
    with opened(database) as found:
        text, record = issue_key(role, client, pepper_of(database, pepper))
        with found.write() as work:
            work.keys.add(record)
    click.echo(text)
    click.echo(f"key {record.key_id} of '{client}' as {role}; keep it, it is not shown again", err=True)


@key.command("list")
@database_option
def list_keys(database: str) -> None:
    """Tell all keys, the oldest first; never the secret."""
    from rich.table import Table

    from api.commands.terminal import terminal

    with opened(database) as found, found.read() as work:
        keys = work.keys.list()
    table = Table("key", "role", "client", "created", "revoked", box=None)
    for one in keys:
        days = [moment.isoformat(timespec="seconds") if moment else "" for moment in (one.created_at, one.revoked_at)]
        table.add_row(one.key_id, one.role, one.client, *days)
    if keys:
        terminal().print(table)
    click.echo(counted(len(keys), "key"))


@key.command(short_help="End a key's life for good.")
@click.argument("key_id", metavar="KEY")
@database_option
def revoke(key_id: str, database: str) -> None:
    """End a key's life for good; KEY is its id, the first part behind aval_."""
    with opened(database) as found, found.write() as work:
        if not work.keys.revoke(key_id):
            raise click.UsageError(f"no living key '{key_id}'; 'aval key list' tells all")
    click.echo(f"key {key_id} is revoked")
