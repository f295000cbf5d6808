"""`aval dossier`: the files of customers, with facts told from a day on and the documents that stand behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from api.commands.dossier_reviews import alerts, assess, due
from api.commands.operator import by_option

if TYPE_CHECKING:
    from storage.exposure_ledger import AccountState
    from storage.unit_of_work import Work

DAY = click.DateTime(["%Y-%m-%d"])
WORDS = {"true": True, "false": False, "null": None}


@click.group()
def dossier() -> None:
    """Keep the files of customers: facts told from a day on, documents, reviews."""


for command in (due, assess, alerts):
    dossier.add_command(command)


@dossier.command(short_help="Tell a fact of a customer from a day on.")
@click.argument("customer", metavar="CUSTOMER")
@click.argument("name", metavar="FACT")
@click.argument("value", metavar="VALUE")
@click.option("--from", "first", type=DAY, metavar="YYYY-MM-DD", help="Its first day; left out: it was always so.")
@click.option("--source", metavar="TEXT", help="Where it comes from, such as a rating agency.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; kept with it.")
@by_option
@database_option
def tell(customer: str, name: str, value: str, first: datetime | None, source: str | None, reason: str, by: str,
         database: str) -> None:  # fmt: skip
    """Tell a fact of a customer from a day on, such as customer.score 65; null
    says that nobody knows it. What was told before stays, and counts on its
    days."""
    from api.operations.tell_facts import TOLD, record_facts, refuse_unfit
    from api.operations.tell_limit import CUSTOMER, owner_of
    from api.reviewing import watched, words_of
    from storage.told_facts import Telling

    _one_line("--reason", reason, 240)
    _one_line("--source", source, 120)
    facts = {name: _read(value)}
    day = first.date() if first else None
    with _refusing(), opened(database) as found, found.write() as work:
        owner = owner_of(work, CUSTOMER, customer)
        refuse_unfit(facts, words_of(work, _account(work, customer)))
        with watched(work, customer, TOLD):
            record_facts(work, owner, facts, day, Telling(by, reason, source))
    click.echo(f"customer {customer}: {name} is {value}{f' from {day}' if day else ''}")


@dossier.command("file", short_help="Put a document of a customer on file.")
@click.argument("customer", metavar="CUSTOMER")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--kind", metavar="NAME", required=True, help="Its name in the policy's documents.")
@click.option("--title", metavar="TEXT", help="What it is called; left out: the name of the file.")
@click.option("--number", metavar="TEXT", help="Its own number.")
@click.option("--issued", type=DAY, required=True, metavar="YYYY-MM-DD", help="The day on which it was issued.")
@click.option("--until", type=DAY, metavar="YYYY-MM-DD", help="The last day on which it is valid.")
@click.option("--source", metavar="TEXT", required=True, help="Where it comes from, such as the customer.")
@click.option("--months", type=click.IntRange(1, 1_200), help="The months that it covers.")
@click.option("--years", type=click.IntRange(1, 1_200), help="The years that it covers.")
@click.option("--quality", metavar="WORD", help="Who vouches for it, in the policy's words.")
@by_option
@database_option
def file_one(customer: str, path: Path, by: str, database: str, **said: Any) -> None:
    """Put a document on file: its dates, its source and the SHA-256 of FILE.
    The file itself stays where it is."""
    from api.operations.file_document import FILED, new_document, put_on_file, refuse_unfit_document
    from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
    from api.reviewing import watched, words_of

    wish = _wish(path, said)
    with _refusing(), opened(database) as found:
        day = policy_day(found, CUSTOMER, customer)
        with found.write() as work:
            owner = owner_of(work, CUSTOMER, customer)
            refuse_unfit_document(wish, day, words_of(work, _account(work, customer)))
            with watched(work, customer, FILED):
                stored = put_on_file(work, new_document(wish, owner.account_id, by))
    click.echo(f"{stored.document_id}: {wish['kind']} of {wish['issued_on']}, sha256 {wish['sha256']}")


@dossier.command(short_help="Show the file of a customer.")
@click.argument("customer", metavar="CUSTOMER")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON, as over HTTP.")
@database_option
def show(customer: str, as_json: bool, database: str) -> None:
    """Show the documents of a customer, those that the policy asks for, and
    what was told from a day on; a star marks what counts today."""
    from api.operations.file_document import dossier_dict
    from api.operations.tell_facts import facts_dict
    from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
    from credit.decision import canonical_json

    with _refusing(), opened(database) as found:
        day = policy_day(found, CUSTOMER, customer)
        with found.read() as work:
            owner = owner_of(work, CUSTOMER, customer)
            shown: dict[str, Any] = dossier_dict(work, customer, day)
            told: dict[str, Any] = facts_dict(work, owner, day)
    if as_json:
        click.echo(canonical_json(shown | {"facts": told["facts"], "told": told["items"]}).decode())
        return
    _print(shown, told)


def _print(shown: dict[str, Any], told: dict[str, Any]) -> None:
    from rich.table import Table

    from api.commands.terminal import terminal

    click.echo(f"customer {shown['customer_id']} on {shown['on']}, tier {shown['tier'] or 'not known'}")
    documents = Table("document", "title", "number", "issued", "until", "source", "", box=None)
    for one in shown["documents"]:
        documents.add_row(one["kind"], one["title"], one["number"] or "", one["issued_on"], one["valid_until"] or "",
                          one["source"], "withdrawn" if one["withdrawn"] else "")  # fmt: skip
    facts = Table("", "fact", "value", "from", "source", "by", "reason", box=None)
    for one in told["items"]:
        facts.add_row("*" if one["counts"] else "", one["name"], str(one["value"]), one["valid_from"] or "",
                      one["source"] or "", one["told_by"], one["reason"])  # fmt: skip
    for table in (documents, facts):
        if table.row_count:
            terminal().print(table)
    for one in shown["asked"] or ():
        click.echo(f"asked for: {one['document']}, {one['status']}")
    click.echo(f"{counted(len(shown['documents']), 'document')}, {counted(len(told['items']), 'fact')} told")


def _wish(path: Path, said: dict[str, Any]) -> dict[str, Any]:
    """The document of the options, as a body over HTTP would say it."""
    if re.fullmatch("[a-z][a-z0-9_]{0,63}", said["kind"]) is None:
        raise click.UsageError("--kind takes a name as the policy writes it, such as bank_statements")
    for name, longest in (("title", 240), ("number", 120), ("source", 120), ("quality", 64)):
        _one_line(f"--{name}", said[name], longest)
    issued, until = (None if said[name] is None else said[name].date() for name in ("issued", "until"))
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    kept = {name: said[name] for name in ("kind", "number", "source", "months", "years", "quality")}
    return kept | {"title": said["title"] or path.name, "issued_on": issued, "valid_until": until,
                   "file_name": path.name, "sha256": digest}  # fmt: skip


def _read(text: str) -> int | bool | str | None:
    """A value as JSON would have it: whole numbers, true, false and null; amounts and shares stay text."""
    if re.fullmatch("0|-?[1-9][0-9]{0,14}", text):
        return int(text)
    return WORDS.get(text, text)


def _one_line(option: str, text: str | None, longest: int) -> None:
    if text is not None and not (0 < len(text) <= longest and text.strip() and text.isprintable()):
        raise click.UsageError(f"{option} takes one line of at most {longest} characters")


def _account(work: Work, customer: str) -> AccountState:
    account = work.accounts.look(customer, None)
    assert account is not None, "its owner was found"
    return account


@contextmanager
def _refusing() -> Iterator[None]:
    """Refusals as one line."""
    from api.errors import Refused

    try:
        yield
    except Refused as refused:
        raise click.UsageError(refused.detail or refused.type.title) from None
