"""`aval evidence`: all that is known of one decision as one file for an auditor."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands.database import database_option, opened


@click.command(short_help="Write all that is known of one decision to a file for an auditor.")
@click.argument("decision_id", metavar="DECISION")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The file to write  [default: evidence-DECISION.zip]")  # fmt: skip
@database_option
def evidence(decision_id: str, out: Path | None, database: str) -> None:
    """Write the request, the facts with their sources, the policy, every check, the replay and the receipt of DECISION.

    The file is a zip with a page to read, in English and Chinese, and says how to check it without us. It holds
    personal data unless they were erased: give it only to those who may read decisions.
    """
    from api.operations.collect_evidence import collect_evidence

    with opened(database) as found:
        made = collect_evidence(found, decision_id)
    if made is None:
        raise click.UsageError(f"there is no decision '{decision_id}'; list them over HTTP: GET /v1/decisions")
    file = out or Path(f"evidence-{decision_id}.zip")
    try:
        file.write_bytes(made)
    except OSError as fault:
        raise click.UsageError(f"cannot write '{file}' ({fault.strerror}); name another file with --out") from None
    click.echo(f"{file}: {len(made):,} bytes; begin with summary.en.md in it")
