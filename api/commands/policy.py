"""`aval policy`: put a policy file into the database, and tell which ones are there.

Whoever can write to the database can publish; a second person's approval comes with the life of policy versions.
"""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from api.commands.files import language_option, read_file, said, shelf_beside


@click.group()
def policy() -> None:
    """Publish policies to the service, and list them."""


@policy.command(short_help="Check, test and store FILE, and let it decide.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", metavar="PERSON", default=getpass.getuser, show_default="you", help="Who publishes it.")
@click.option("--keep-aside", is_flag=True, help="Store it for previews, and let the present one go on deciding.")
@database_option
@language_option
@click.pass_context
def publish(context: click.Context, file: Path, by: str, keep_aside: bool, database: str, language: str) -> None:
    """Check FILE, run its tests, try it on both engines, store it, and let it decide from now on.

    Ends with 1, and changes nothing, where any of that fails.
    """
    from api.operations.publish_policy import NotPublishable, PolicyFile, publish_policy

    with opened(database) as found:
        try:
            given = PolicyFile(read_file(file), str(file), shelf_beside(file))
            stored = publish_policy(found, given, by, effective=not keep_aside)
        except NotPublishable as refused:
            click.echo(refused.told(language))
            click.echo(said(f"'{file}' is not published", language), err=True)
            context.exit(1)
    state = "is stored, and does not decide" if keep_aside else "decides from now on"
    click.echo(said(f"{stored.name} version {stored.version} {state}: {stored.digest}", language))
    for part in stored.parts:
        click.echo(f"  {said(f'with {part.name}: {part.digest}', language)}")


@policy.command("list")
@database_option
def list_policies(database: str) -> None:
    """Tell every stored policy, and which one decides."""
    from rich.table import Table

    from api.commands.terminal import terminal

    with opened(database) as found, found.read() as work:
        versions, current = work.policies.list().items, work.policies.effective()
    table = Table("policy", "version", "digest", "stored", "by", "", box=None)
    for one in versions:
        decides = "decides" if current is not None and current.digest == one.digest else ""
        stored = one.stored_at.isoformat(timespec="seconds")
        table.add_row(one.name, str(one.version), one.digest, stored, one.stored_by, decides)
        for part in one.parts:
            table.add_row(f"  {part.name}", "", part.digest, "", "", "")
    if versions:
        terminal().print(table)
    click.echo(f"{len(versions)} policies" if len(versions) != 1 else counted(1, "policy"))
