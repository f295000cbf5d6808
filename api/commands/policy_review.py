"""`aval policy drafts`, `submissions`, `show`, `diff`, `challengers`: what compliance reads, the same as over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from api.commands.database import database_option

if TYPE_CHECKING:
    from api.services import Services

MOST = 200


@click.command("drafts", short_help="Tell the drafts.")
@database_option
def drafts(database: str) -> None:
    """Tell the drafts, each with its last revision and state, as JSON."""
    from api.operations.policy_review import list_drafts

    _told(database, lambda held: list_drafts(held, None, MOST))


@click.command("submissions", short_help="Tell what was submitted, and what became of it.")
@database_option
def submissions(database: str) -> None:
    """Tell what was submitted, newest first, with who approved it or may not, as JSON."""
    from api.operations.policy_review import list_submissions

    _told(database, lambda held: list_submissions(held, None, MOST))


@click.command("show", short_help="Show a draft or a submission in full.")
@click.argument("what", metavar="DRAFT|SUBMISSION")
@database_option
def show(what: str, database: str) -> None:
    """Show a draft with its bytes, revisions and checks, or a submission with its evidence and comments, as JSON."""
    from api.errors import Refused
    from api.operations.policy_drafts import show_draft
    from api.operations.policy_review import show_submission

    def either(held: Services) -> Mapping[str, Any]:
        try:
            tag, found = show_draft(held, what)
            return dict(found) | {"tag": tag}
        except Refused:
            return show_submission(held, what)

    _told(database, either)


@click.command("diff", short_help="Tell what changed between two stored versions.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@database_option
def diff(old: str, new: str, database: str) -> None:
    """Tell what changed between two stored versions, named by their digests, and for which orders, as JSON.

    `aval diff` compares files.
    """
    from api.operations.policy_review import diff_policies

    _told(database, lambda held: diff_policies(held, old, new))


@click.command("challengers", short_help="Tell how challengers compare.")
@database_option
def challengers(database: str) -> None:
    """Tell how often each challenger and the policy that answers agreed, with the latest differences, as JSON."""
    from api.operations.policy_review import list_challengers

    _told(database, list_challengers)


REVIEW = (drafts, submissions, show, diff, challengers)


def _told(database: str, read: Callable[[Services], Mapping[str, Any]]) -> None:
    from api.commands.proven import services_on

    with services_on(database) as held:
        click.echo(json.dumps(read(held), ensure_ascii=False, indent=2))
