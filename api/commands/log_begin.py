"""`aval log begin`: another log in the place of one that cannot be gone on with, as after a backup was put back."""

from __future__ import annotations

import click

from api.commands.database import database_option
from api.commands.log_key import key_file, log_key_option

ROLES = frozenset({"compliance", "admin"})


@click.command(short_help="Begin another log, where a backup was put back.")
@click.option("--name", metavar="NAME", required=True, help="What it is called for ever; another name than before.")
@click.option("--by", metavar="PERSON", required=True, help="Who does it; the password is asked for.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; it stays in the log.")
@log_key_option
@database_option
def begin(name: str, by: str, reason: str, log_key: str | None, database: str) -> None:
    """Begin another log over the entries that are there, with a new key, and print its public half.

    For a database that was put back from a backup, whose log nobody may sign any more, and for a key that somebody else
    may have. Old checkpoints stay good for what they covered: check them with --older-key. Start whoever keeps the log
    anew afterwards, and give the new public key to all who check.
    """
    from api.commands.proven import proven_person, services_on
    from api.operations.begin_log import Beginning, begin_log

    if not (0 < len(reason) <= 240 and reason.isprintable()):
        raise click.UsageError("--reason takes one line of at most 240 characters")
    path = key_file(database, log_key)
    with services_on(database) as held:
        person = proven_person(held, by, ROLES)
        try:
            begun = begin_log(held.database, path, Beginning(name, person.by, reason))
        except OSError as fault:
            raise click.UsageError(f"cannot use '{path}' ({fault.strerror}); name the key with --log-key") from None
        except ValueError as fault:
            told = str(fault)
            raise click.UsageError(told if ";" in told else f"{told}; name the key with --log-key") from None
    click.echo(str(begun.key.verifying))
    if begun.before is not None:
        told = f"{begun.before.size} entries were signed as {begun.before.origin}; {begun.shared} of them are here"
        click.echo(told, err=True)
    click.echo(f"{begun.checkpoint.size} entries are signed as {name}; the old key is in {begun.old_key}", err=True)
