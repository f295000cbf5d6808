"""`aval legal-case`: the cases that ladders opened, and the file of one for a lawyer."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened


@click.group("legal-case")
def legal_case() -> None:
    """List the cases that went to law, and write the file of one for a lawyer."""


@legal_case.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are closed.")
@database_option
def list_cases(everything: bool, database: str) -> None:
    """List legal cases with their customers, states and invoices."""
    from rich.table import Table

    from api.commands.terminal import terminal

    table = Table("case", "customer", "state", "opened", "invoices", "result", box=None)
    with opened(database) as found:
        after: str | None = ""
        while after is not None:
            with found.read() as work:
                page = work.legal_cases.list(everything, after, 500)
            for one in page.items:
                result = one.changes[-1].result if one.changes else None
                table.add_row(one.case_id, one.customer_id, one.state, str(one.opened_on),
                              ", ".join(joined.invoice_id for joined in one.invoices), result or "")  # fmt: skip
            after = page.next_cursor
    if table.row_count:
        terminal().print(table)
    click.echo(counted(table.row_count, "case"))


@legal_case.command(short_help="Write everything of a case to a file for a lawyer.")
@click.argument("case_id", metavar="CASE")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The file to write  [default: legal-case-CASE.zip]")  # fmt: skip
@database_option
def bundle(case_id: str, out: Path | None, database: str) -> None:
    """Write the invoices of CASE, the statement, the letters with their proofs,
    the holds and the decisions that granted the credit.

    The file is a zip with a page to print, in English and Chinese. It holds
    personal data unless they were erased: give it only to those who may read
    decisions.
    """
    from api.errors import Refused
    from api.operations.legal_cases import collect_bundle

    with opened(database) as found:
        try:
            made = collect_bundle(found, case_id)
        except Refused:
            raise click.UsageError(f"there is no legal case '{case_id}'; list them: aval legal-case list") from None
    file = out or Path(f"legal-case-{case_id}.zip")
    try:
        file.write_bytes(made)
    except OSError as fault:
        raise click.UsageError(f"cannot write '{file}' ({fault.strerror}); name another file with --out") from None
    click.echo(f"{file}: {len(made):,} bytes; begin with summary.en.html in it")
