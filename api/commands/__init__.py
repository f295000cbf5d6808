"""The command line `aval`: results on stdout, progress and complaints on stderr, wrong use told in one line (exit 2).

A command's module is imported when the command runs, never to list it: `aval --help` loads neither the language, nor an
engine, nor the database.
"""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NoReturn

import click

WRONG_USE = 2
INTERRUPTED = 130

COMMANDS = {
    "check": ("api.commands.check:check", "tell everything that is wrong with policy files"),
    "test": ("api.commands.run_tests:run_tests", "run the tests that stand inside policy files, and their coverage"),
    "prove": ("api.commands.prove:prove", "prove the promises that stand inside policy files"),
    "decide": ("api.commands.decide:decide", "decide one order under a policy file, on facts from a file"),
    "fmt": ("api.commands.layout:fmt", "write policy files in the house layout"),
    "diff": ("api.commands.diff:diff", "tell what changed between two policy files, and for whom"),
    "explain": ("api.commands.explain:explain", "say a row of a policy in a sentence, or why an order is decided so"),
    "schema": ("api.commands.schema:schema", "print the JSON Schema of policy files, for editors"),
    "ladder": ("api.commands.ladder:ladder", "print the days of a policy's ladders for one due date"),
    "charges": ("api.commands.charges:charges", "print the late charges of an invoice under a policy, or bill them"),
    "letters": ("api.commands.letters:letters", "check the letters that a policy sends, and look at them"),
    "policy": ("api.commands.policy:policy", "put policies into the service, and list them"),
    "serve": ("api.commands.serve:serve", "answer order systems over HTTP"),
    "import": ("api.importing:importing", "bring in customers, invoices and payments from files"),
    "limit": ("api.commands.limit:limit", "tell limits of customers and groups, and list them"),
    "dossier": ("api.commands.dossier:dossier", "keep the files of customers: facts from a day on, documents, reviews"),
    "rate": ("api.commands.rate:rate", "add and list the exchange rates of orders in other currencies"),
    "escalate": ("api.commands.escalate:escalate", "take the steps of ladders that are due on a day"),
    "collect": ("api.commands.collect:collect", "take the steps of each day and deliver letters, until stopped"),
    "outbox": ("api.commands.outbox:outbox", "deliver the letters that ladders wrote, and see what waits"),
    "ageing": ("api.commands.ageing:ageing", "show what is owed by how long it is overdue"),
    "statement": ("api.commands.ageing:statement", "show a customer's statement of account"),
    "legal-case": ("api.commands.legal_case:legal_case", "list what went to law, and write the file of a case"),
    "postings": ("api.commands.postings:postings", "write the postings of some days for the general ledger"),
    "revalue": ("api.commands.revalue:revalue", "bring what is owed in other currencies to the rates of a day"),
    "reservations": ("api.commands.reservations:reservations", "end what approvals held for too long"),
    "referral": ("api.commands.referral:referral", "see the orders that wait for a person, and decide them"),
    "dmn": ("api.commands.dmn:dmn", "bring in decision tables written in DMN, and run their tests"),
    "key": ("api.commands.keys:key", "make, list, replace and revoke the keys of clients"),
    "person": ("api.commands.people:person", "add, list and disable people, and change their passwords"),
    "replay": ("api.commands.replay:replay", "decide stored decisions again, and say what a difference belongs to"),
    "simulate": ("api.commands.simulate:simulate", "decide the firm's own order book again under a policy, in money"),
    "evidence": ("api.commands.evidence:evidence", "write all that is known of one decision to a file for an auditor"),
    "erase": ("api.commands.erase:erase", "erase the record of a decision or of a customer, for good"),
    "retention": ("api.commands.retention:retention", "erase the records of decisions that are past their time"),
    "log": ("api.commands.log:log", "keep the transparency log, export it, and check an export"),
    "db": ("api.commands.database:db", "keep the database's tables at this version"),
}


class Commands(click.Group):
    """The commands by name, each loaded when it is called; complaints leave as one line."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All names, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of a name, loaded now."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help, from the table above and without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run and end the process: 0 done, 1 findings or failed tests, 2 wrong use."""
        extra |= {"standalone_mode": False, "prog_name": extra.get("prog_name") or "aval"}
        try:
            code = super().main(*args, **extra)
        except click.exceptions.NoArgsIsHelpError as nothing:
            click.echo(nothing.format_message(), err=True)
            sys.exit(WRONG_USE)
        except click.ClickException as wrong:
            click.echo(complaint(wrong), err=True)
            sys.exit(WRONG_USE)
        except click.Abort:
            click.echo("aval: stopped", err=True)
            sys.exit(INTERRUPTED)
        sys.exit(code if isinstance(code, int) else 0)


def complaint(wrong: click.ClickException) -> str:
    """What is wrong with a call, in one line in the house's words."""
    message = " ".join(wrong.format_message().split()).rstrip(".")
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context is not None else "aval"
    help = "" if ";" in message else f"; see '{path} --help'"
    return f"aval: {message[:1].lower()}{message[1:]}{help}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="aval", message="%(prog)s %(version)s")
def cli() -> None:
    """Credit policy as code: write it in YAML, check it, test it, and let it decide orders."""


def main() -> None:
    """The entry point of the installed command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Chinese still shows a decision
    cli()
