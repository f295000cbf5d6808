"""`aval key`: the keys with which order systems come in; the key itself is shown once and never stored."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened, pepper_of, pepper_option
from api.commands.operator import by_option
from api.commands.spans import End, Span, end_after
from api.keys import KeyTerms, issue_key
from api.roles import PERMISSIONS, ROLES
from storage.engine import Database
from storage.keys import ApiKey


@click.group()
def key() -> None:
    """Make, list, replace and revoke the keys of clients."""


@key.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the key may do.")
@click.option("--client", metavar="NAME", required=True, help="Whose key it is; idempotency keys belong to the client.")
@click.option("--permission", "permissions", type=click.Choice(list(PERMISSIONS)), multiple=True,
              help="What it may do beyond its role; may be given again.")  # fmt: skip
@click.option("--label", metavar="TEXT", help="A word for people: where the key is used, whom to ask.")
@click.option("--expires", type=End(), metavar="WHEN", help="When it ends: 90d, 24h, or a day such as 2027-06-30.")
@by_option
@database_option
@pepper_option
def create(role: str, client: str, permissions: tuple[str, ...], label: str | None,
           expires: timedelta | datetime | None, by: str, database: str, pepper: str | None) -> None:  # fmt: skip
    """Make a key and print it, once: only its digest is stored."""
    with opened(database) as found:
        secret = pepper_of(database, pepper)
        with found.write() as work:
            terms = KeyTerms(label, frozenset(permissions), end_after(expires, work.now()))
            text, record = issue_key(role, client, secret, terms)
            work.keys.add(record, by)
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
    table = Table("key", "role", "client", "created", "ends", "label", box=None)
    for one in keys:
        table.add_row(one.key_id, one.role, one.client, second(one.created_at), end_of(one), one.label or "")
    if keys:
        terminal().print(table)
    click.echo(counted(len(keys), "key"))


@key.command(short_help="Tell everything that is stored of a key.")
@click.argument("key_id", metavar="KEY")
@database_option
def show(key_id: str, database: str) -> None:
    """Tell everything that is stored of a key, but its digest; KEY is its id, the first part behind aval_."""
    with opened(database) as found:
        one = known(found, key_id)
    for name, told in (
        ("key", one.key_id), ("client", one.client), ("role", one.role), ("label", one.label),
        ("permissions", ", ".join(sorted(one.permissions)) or "none beyond the role"),
        ("created", second(one.created_at)),
        ("ends", end_of(one) or "never"), ("replaced by", one.replaced_by), ("pepper", one.pepper_id),
    ):  # fmt: skip
        if told:
            click.echo(f"{name:<13}{told}")


@key.command(short_help="Put a new key in the place of one that goes on for a while.")
@click.argument("key_id", metavar="KEY")
@click.option("--overlap", type=Span(), default="24h", show_default=True, help="How long the old key stays good.")
@by_option
@database_option
@pepper_option
def rotate(key_id: str, overlap: timedelta, by: str, database: str, pepper: str | None) -> None:
    """Put a new key in the place of KEY and print it, once; the old one ends after the overlap.

    The client, its role, label and permissions stay; the new key lives as long as the old one was made for.
    """
    from api.operations.rotate_key import Rotation, rotate_key

    with opened(database) as found:
        done = rotate_key(found, pepper_of(database, pepper), Rotation(key_id, overlap, by))
    click.echo(done.text)
    click.echo(f"key {done.record.key_id} takes the place of {key_id}, which ends {second(done.old_ends)}", err=True)


@key.command(short_help="Tell what was done to keys, by whom and when.")
@click.argument("key_id", metavar="KEY", required=False)
@database_option
def history(key_id: str | None, database: str) -> None:
    """Tell what was done to keys, or to KEY alone, the oldest first: by whom, and when."""
    from api.commands.events import print_history
    from storage.keys import subject_of

    with opened(database) as found:
        print_history(found, "key:", None if key_id is None else subject_of(key_id))


@key.command(short_help="End a key's life for good.")
@click.argument("key_id", metavar="KEY")
@by_option
@database_option
def revoke(key_id: str, by: str, database: str) -> None:
    """End a key's life for good; KEY is its id, the first part behind aval_."""
    with opened(database) as found, found.write() as work:
        if not work.keys.revoke(key_id, by):
            raise click.UsageError(f"no living key '{key_id}'; 'aval key list' tells all")
    click.echo(f"key {key_id} is revoked")


def known(database: Database, key_id: str) -> ApiKey:
    """The key of an id. Raises: UsageError where there is none."""
    with database.read() as work:
        found = work.keys.find(key_id)
    if found is None:
        raise click.UsageError(f"no key '{key_id}'; 'aval key list' tells all")
    return found


def end_of(one: ApiKey) -> str:
    """When a key ends or ended, and why; empty where it has no end."""
    if one.revoked_at is not None:
        return f"revoked {second(one.revoked_at)}"
    if one.expires_at is None:
        return ""
    return f"{'ended ' if one.ended else ''}{second(one.expires_at)}"


def second(moment: datetime | None) -> str:
    """An instant to the second, as a table shows it."""
    return moment.isoformat(timespec="seconds") if moment else ""
