"""Who is at the command line: the name that events keep of a change made there."""

from __future__ import annotations

import getpass

import click


def _operator(context: click.Context, option: click.Parameter, value: str) -> str:
    """The name as events keep it. Raises: UsageError for one that is no short line of text."""
    if not (0 < len(value) <= 80 and value.isprintable()):
        raise click.UsageError("--by takes one line of at most 80 characters; write a person's name", context)
    return f"operator:{value}"


by_option = click.option("--by", metavar="PERSON", default=getpass.getuser, show_default="you", callback=_operator,
                         help="Who does it; kept with the event.")  # fmt: skip
