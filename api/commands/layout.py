"""`aval fmt`: policy files in the house layout, with the same meaning and all their comments."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import click

from api.commands.files import language_option, policy_files, read_file, said, shelf_beside, tell
from policy.layout import laid_out
from rules.facts import trade_vocabulary


@click.command("fmt")
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; end with 1 where a file would change.")
@click.option("--diff", "show", is_flag=True, help="Change nothing, and print what would change.")
@language_option
@click.pass_context
def fmt(context: click.Context, names: tuple[str, ...], only_check: bool, show: bool, language: str) -> None:
    """Write policy files in the house layout; a folder stands for all policies in it.

    Conditions become lines, and a row in braces that has brackets of its own gets lines of its own. The
    meaning and every comment stay. A file with errors stays as it is, and ends the command with 1.
    """
    failed = changed = 0
    for path in policy_files(names):
        data = read_file(path)
        found, problems = laid_out(data, str(path), trade_vocabulary(), shelf_beside(path))
        tell(problems, language)
        failed += bool(problems)
        if found == data:
            continue
        changed += 1
        if show:
            _show(path, data, found)
        elif only_check:
            click.echo(said(f"{path} would change", language))
        else:
            path.write_bytes(found)
            click.echo(said(f"{path} is laid out anew", language))
    context.exit(1 if failed or (only_check and changed) else 0)


def _show(path: Path, old: bytes, new: bytes) -> None:
    before, after = (data.decode("utf-8").splitlines(keepends=True) for data in (old, new))
    click.echo("".join(unified_diff(before, after, str(path), str(path))), nl=False)
