"""`aval schema`: the JSON Schema of policy files, for editors."""

from __future__ import annotations

import json

import click

from policy.editor_schema import editor_schema
from rules.facts import trade_vocabulary


@click.command()
@click.option("--lang", "language", type=click.Choice(["en", "zh"]), default="en", show_default=True,
              help="The language that stands first in descriptions.")  # fmt: skip
def schema(language: str) -> None:
    """Print the JSON Schema of policy files, so that an editor completes keys and underlines slips.

    Save it beside the policies and name it in their first line: # yaml-language-server: $schema=aval.schema.json
    """
    click.echo(json.dumps(editor_schema(trade_vocabulary(), language), ensure_ascii=False, indent=2))
