"""`aval check`: everything that is wrong with policy files, in one run, for people and for machines."""

from __future__ import annotations

import json

import click

from api.commands.counts import counted
from api.commands.files import broken, language_option, load, policy_files, said, tell
from rules.proving import all_findings


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Lines for people, or one document for machines.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@language_option
@click.pass_context
def check(context: click.Context, names: tuple[str, ...], form: str, as_json: bool, language: str) -> None:
    """Tell everything that is wrong with policy files; a folder stands for all policies in it.

    Ends with 1 where a finding stops a policy from being published.
    """
    files = policy_files(names)
    loaded = [load(path) for path in files]
    problems = [problem for one in loaded for problem in all_findings(one)]
    unseen = [(str(path), one.left_out) for path, one in zip(files, loaded, strict=True) if one.left_out]
    failed = broken(problems)
    warned = len(problems) - failed
    if as_json or form == "json":
        told = {"files": len(files), "errors": failed, "warnings": warned, "problems": [p.as_dict() for p in problems],
                "not_looked_at": [{"file": file, "parts": parts} for file, parts in unseen]}  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        tell(problems, language)
        for file, parts in unseen:
            unread = f"not looked at until the errors are mended: {', '.join(parts)}"
            click.echo(f"{file}: {said(unread, language)}")
        line = f"{counted(len(files), 'file')}: {counted(failed, 'error')}, {counted(warned, 'warning')}"
        click.echo(said(line, language))
    context.exit(1 if failed else 0)
