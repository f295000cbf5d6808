"""`aval policy`: put a policy into effect, by two people, and tell which ones are there.

The command line is no way around the second person: whoever acts proves it with a password, and the database itself
refuses a policy that nobody else approved.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from api.commands.files import language_option, load, read_file, said, shelf_beside
from api.commands.letters import templates_option
from api.commands.policy_life import LIFE
from api.commands.policy_review import REVIEW

if TYPE_CHECKING:
    from rules.letter_findings import Finding

AUTHORS, APPROVERS = frozenset({"risk_officer"}), frozenset({"approver"})


@click.group()
def policy() -> None:
    """Put policies into effect, by two people, and list them."""


@policy.command(short_help="Check, test and store FILE, and let it decide, by two people.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", metavar="PERSON", required=True, help="Who wrote it, a risk officer; the password is asked for.")
@click.option("--approved-by", "approver", metavar="PERSON", help="Who approves it: another person, an approver.")
@click.option("--keep-aside", is_flag=True, help="Store it for previews, and let the present one go on deciding.")
@templates_option
@database_option
@language_option
@click.pass_context
def publish(context: click.Context, file: Path, by: str, approver: str | None, keep_aside: bool, folder: Path | None,
            database: str, language: str) -> None:  # fmt: skip
    """Check FILE, run its tests, try it on both engines, store it, and let it decide from now on.

    Both people type their password, one after the other. Ends with 1, and changes nothing, where any of that fails.
    Letters of its steps that could not be sent are told, and do not hinder it.
    """
    from api.commands.proven import proven_person, services_on
    from api.operations.publish_policy import NotPublishable, PolicyFile, TwoPeople, keep_policy, publish_policy

    if (approver is None) != keep_aside:
        raise click.UsageError("name the other person with --approved-by, or store it alone with --keep-aside")
    given = PolicyFile(read_file(file), str(file), shelf_beside(file))
    with services_on(database) as held:
        author = proven_person(held, by, AUTHORS).person
        assert author is not None
        try:
            if approver is None:
                stored = keep_policy(held.database, given, author)
            else:
                other = proven_person(held, approver, APPROVERS).person
                assert other is not None
                stored = publish_policy(held.database, given, TwoPeople(author, other))
        except NotPublishable as refused:
            click.echo(refused.told(language))
            click.echo(said(f"'{file}' is not published", language), err=True)
            context.exit(1)
    state = "is stored, and does not decide" if keep_aside else "decides from now on"
    click.echo(said(f"{stored.name} version {stored.version} {state}: {stored.digest}", language))
    for part in stored.parts:
        click.echo(f"  {said(f'with {part.name}: {part.digest}', language)}")
    for finding in letters_of(file, folder):
        click.echo(finding.told(language), err=True)


def letters_of(file: Path, folder: Path | None) -> tuple[Finding, ...]:
    """What would keep a letter of a policy from being sent."""
    from api.letter_files import read_letters
    from rules.letters import letter_findings

    program = load(file).program
    return () if program is None else letter_findings(program, str(file), read_letters(folder))


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


for one in (*LIFE, *REVIEW):
    policy.add_command(one)
