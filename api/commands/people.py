"""`aval person`: the people who may sign in; a password comes from a prompt or the standard input alone."""

from __future__ import annotations

import re
import sys

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from api.commands.keys import second
from api.commands.operator import by_option
from api.roles import PERSON_ROLES


def _words(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> frozenset[str]:
    for one in given:
        if re.fullmatch("[a-z][a-z0-9_]*", one) is None:
            raise click.UsageError(f"'{one}' is no role; write it as the policy does, such as 'cfo'")
    return frozenset(given)


authority_option = click.option("--authority", "authorities", metavar="ROLE", multiple=True, callback=_words,
                                help="A role of the policy in which they decide; may be given again.")  # fmt: skip


@click.group()
def person() -> None:
    """Add, list, disable and enable people, and change their passwords."""


@person.command(short_help="Add a person, with a password from a prompt or the standard input.")
@click.argument("name", metavar="NAME")
@click.option("--role", "roles", type=click.Choice(PERSON_ROLES), multiple=True, required=True,
              help="What the person may do; may be given again.")  # fmt: skip
@authority_option
@by_option
@database_option
def add(name: str, roles: tuple[str, ...], authorities: frozenset[str], by: str, database: str) -> None:
    """Add a person; the password, of at least 12 characters, comes from a prompt or the standard input."""
    from api.passwords import NAME, hashed
    from storage.people import Person

    if re.fullmatch(NAME, name) is None:
        raise click.UsageError(f"'{name}' is no name; write 2 to 32 small letters, digits, '.', '_' and '-'")
    with opened(database) as found:
        password = new_password(name)
        new = Person(name, frozenset(roles), hashed(password), authorities=authorities)
        with found.write() as work:
            if work.people.find(name) is not None:
                raise click.UsageError(f"there is a '{name}' already; see 'aval person list'")
            work.people.add(new, by)
    click.echo(f"{name} may sign in as {', '.join(roles)}")


@person.command("list")
@database_option
def list_people(database: str) -> None:
    """Tell all people by name, with their roles."""
    from rich.table import Table

    from api.commands.terminal import terminal

    with opened(database) as found, found.read() as work:
        people = work.people.list()
    table = Table("name", "roles", "authorities", "added", "disabled", box=None)
    for one in people:
        table.add_row(one.name, ", ".join(sorted(one.roles)), ", ".join(sorted(one.authorities)),
                      second(one.created_at), second(one.disabled_at))  # fmt: skip
    if people:
        terminal().print(table)
    click.echo(counted(len(people), "name"))


@person.command(short_help="Shut a person out, at once.")
@click.argument("name", metavar="NAME")
@by_option
@database_option
def disable(name: str, by: str, database: str) -> None:
    """Shut a person out: their sessions end now, and they cannot sign in."""
    with opened(database) as found, found.write() as work:
        if not work.people.disable(name, by):
            raise click.UsageError(f"nobody '{name}' who is not disabled; see 'aval person list'")
    click.echo(f"{name} is disabled, and all sessions are over")


@person.command(short_help="Let a disabled person in again.")
@click.argument("name", metavar="NAME")
@by_option
@database_option
def enable(name: str, by: str, database: str) -> None:
    """Let a disabled person sign in again, with the password they had."""
    with opened(database) as found, found.write() as work:
        if not work.people.enable(name, by):
            raise click.UsageError(f"nobody '{name}' who is disabled; see 'aval person list'")
    click.echo(f"{name} may sign in again")


@person.command(short_help="Give a person another password.")
@click.argument("name", metavar="NAME")
@by_option
@database_option
def password(name: str, by: str, database: str) -> None:
    """Give a person another password, from a prompt or the standard input: their sessions end now."""
    from api.passwords import hashed

    with opened(database) as found:
        with found.read() as work:
            if work.people.find(name) is None:
                raise click.UsageError(f"nobody '{name}'; see 'aval person list'")
        stored = hashed(new_password(name))
        with found.write() as work:
            work.people.set_password(name, stored, by)
    click.echo(f"{name} has another password, and all sessions are over")


@person.command(short_help="Give a person other roles of the policy.")
@click.argument("name", metavar="NAME")
@authority_option
@by_option
@database_option
def authority(name: str, authorities: frozenset[str], by: str, database: str) -> None:
    """Give a person these roles of the policy in place of those before; none takes all of them."""
    with opened(database) as found, found.write() as work:
        if work.people.find(name) is None:
            raise click.UsageError(f"nobody '{name}'; see 'aval person list'")
        work.people.set_authorities(name, authorities, by)
    click.echo(f"{name} decides as {', '.join(sorted(authorities)) or 'nobody'}")


@person.command(short_help="Say who a person is at a provider of identities.")
@click.argument("name", metavar="NAME")
@click.argument("subject", metavar="SUBJECT")
@click.option("--issuer", metavar="URL", required=True, envvar="AVAL_SIGN_ON_ISSUER", show_envvar=True,
              help="The provider, as 'aval serve' knows it.")  # fmt: skip
@by_option
@database_option
def link(name: str, subject: str, issuer: str, by: str, database: str) -> None:
    """Say that a person is SUBJECT at a provider of identities, and signs on there from now on."""
    with opened(database) as found, found.write() as work:
        if work.people.find(name) is None:
            raise click.UsageError(f"nobody '{name}'; see 'aval person list'")
        if (linked := work.identities.find(issuer, subject)) is not None:
            raise click.UsageError(f"'{subject}' is linked with '{linked.name}' already; see 'aval person history'")
        if work.identities.is_linked(issuer, name):
            raise click.UsageError(f"'{name}' is linked with somebody else there; see 'aval person history'")
        work.identities.link(issuer, subject, name, by)
    click.echo(f"{name} is {subject} at {issuer}")


@person.command(short_help="Say that a person is nobody at a provider of identities any longer.")
@click.argument("name", metavar="NAME")
@click.option("--issuer", metavar="URL", required=True, envvar="AVAL_SIGN_ON_ISSUER", show_envvar=True,
              help="The provider, as 'aval serve' knows it.")  # fmt: skip
@by_option
@database_option
def unlink(name: str, issuer: str, by: str, database: str) -> None:
    """Say that a person is nobody at a provider of identities any longer: their sessions end now."""
    with opened(database) as found, found.write() as work:
        subject = work.identities.unlink(issuer, name, by)
        if subject is None:
            raise click.UsageError(f"'{name}' is linked with nobody at {issuer}; see 'aval person history'")
        work.people.end_sessions(name)
    click.echo(f"{name} is no longer {subject} at {issuer}, and all sessions are over")


@person.command(short_help="Tell what was done to people, and when they signed in.")
@click.argument("name", metavar="NAME", required=False)
@database_option
def history(name: str | None, database: str) -> None:
    """Tell what was done to people, or to NAME alone, and when they signed in and out, the oldest first."""
    from api.commands.events import print_history
    from storage.people import subject_of

    with opened(database) as found:
        print_history(found, "person:", None if name is None else subject_of(name))


def typed_password(name: str = "") -> str:
    """The password of somebody who is there already: from a prompt, else the next line of the standard input."""
    if sys.stdin.isatty():
        return str(click.prompt(f"password of {name}" if name else "password", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def new_password(name: str) -> str:
    """A new password: typed twice at a terminal, else the first line of the standard input.

    Raises: UsageError for one that is too weak.
    """
    from api.passwords import weakness

    if sys.stdin.isatty():
        given = click.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if (wrong := weakness(given, name)) is not None:
        raise click.UsageError(wrong)
    return str(given)
