"""`aval simulate`: the firm's own order book, decided again under a policy file, in money."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from api.commands.files import broken, load, tell

if TYPE_CHECKING:
    from api.operations.simulate_policy import Book
    from storage.database import Database

DAY = click.DateTime(["%Y-%m-%d"])
LEFT_OUT = {
    "erased": "erased", "policy": "of a policy that does not run any more", "currency": "in another currency",
    "subject": "of a kind that the policy does not decide", "facts": "with facts that cannot be decided on",
}  # fmt: skip


@click.command(short_help="Decide the firm's own order book again under a policy, in money.")
@click.argument("file", metavar="POLICY", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "first", type=DAY, metavar="DAY", help="Decisions since this day  [default: the first one]")
@click.option("--to", "last", type=DAY, metavar="DAY", help="Until this day  [default: the last one]")
@click.option("--against", metavar="WHAT", help="A digest, or 'effective'  [default: what was recorded]")
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
@database_option
@click.pass_context
def simulate(context: click.Context, file: Path, first: datetime | None, last: datetime | None, against: str | None,
             as_json: bool, database: str) -> None:  # fmt: skip
    """Decide every stored decision of some days again by the file POLICY, on what was known then.

    What earlier verdicts change of an exposure is carried on. Nothing is changed. Ends with 1 where POLICY has errors.
    """
    from api.errors import Refused
    from api.operations.simulate_policy import Book, Days, version_against

    loaded = load(file)
    if loaded.program is None or broken(loaded.problems):
        tell(loaded.problems)
        context.exit(1)
    days = Days(date.min if first is None else first.date(), date.max if last is None else last.date())
    with opened(database) as found:
        try:
            with found.read() as work:
                other = version_against(work, against)
        except Refused as refused:
            raise click.UsageError(f"--against '{against}' {refused.errors[0].message}") from None
        told = reported(found, Book(loaded, other, days))
    click.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else "\n".join(lines_of(told)))


def reported(database: Database, book: Book) -> dict[str, Any]:
    """The report, with a progress bar on the way."""
    from rich.console import Console
    from rich.progress import track

    from api.operations.simulate_policy import described, how_many, simulate
    from api.simulation_report import Report

    report, progress = Report(), Console(stderr=True)
    for one in track(simulate(database, book), "simulating", total=how_many(database, book.days), console=progress,
                     transient=True, disable=not progress.is_terminal):  # fmt: skip
        report.add(one)
    return described(book, report)


def lines_of(told: Mapping[str, Any]) -> Iterator[str]:
    """A report for people."""
    if told["decisions"] == 0:
        yield "nothing was decided on these days"
        return
    against = "what was recorded" if told["against"] is None else told["against"]["digest"]
    yield f"{told['policy']['policy']} {told['policy']['digest']}, against {against}"
    decided = f"{told['simulated']} decided again, {told['changed']} with another verdict"
    days = f", {told['from']} to {told['to']}" if told["from"] else ""
    yield f"{counted(told['decisions'], 'decision')}{days}: {decided}"
    yield from (f"left out: {number} {LEFT_OUT[why]}" for why, number in told["left_out"].items())
    for one in told["approved"]:
        old, new = one["old"], one["new"]
        yield (f"approved, {one['subject']}, {one['currency']}: {old['decisions']} ({old['amount']}, unsecured "
               f"{old['unsecured']}) before, {new['decisions']} ({new['amount']}, unsecured {new['unsecured']}) now")
    for part in ("verdicts", "tiers", "terms"):
        yield from _table(part, told[part])
    yield from _beside(told)
    yield from (line for one in told["examples"] for line in _example(one))


def _table(part: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    if part != "verdicts" and all(one["old"] == one["new"] == "none" for one in rows):
        return
    yield f"{part}:"
    for one in rows:
        change = one["old"] if one["old"] == one["new"] else f"{one['old']} -> {one['new']}"
        of = "" if one["subject"] == "order" else f"{one['subject']}: "
        yield (f"  {of}{change}: {one['decisions']}, {one['currency']} {one['amount']}"
               f" (unsecured {one['unsecured']})")  # fmt: skip


def _beside(told: Mapping[str, Any]) -> Iterator[str]:
    missing, carried = told["missing"], told["carried"]
    for one in missing["facts"]:
        yield f"missing in the snapshots: {one['fact']} of {one['decisions']}, for which {one['left_open']} stay open"
    if carried["exposure_moved"]:
        yield f"exposure moved by earlier verdicts: {carried['exposure_moved']}"
    if carried["as_recorded"]:
        yield f"with states or figures over earlier orders as recorded, not carried: {carried['as_recorded']}"


def _example(one: Mapping[str, Any]) -> Iterator[str]:
    yield (f"{one['old']['verdict']} -> {one['new']['verdict']}: {one['currency']} {one['amount']}, order "
           f"{one['order_id']} of {one['customer_id']} on {one['as_of']} ({one['decision_id']})")  # fmt: skip
    for side in ("old", "new"):
        for reason in one[side]["reasons"]:
            yield f"  {side}: {reason['check']} {reason['status']}{': ' if reason['told'] else ''}{reason['told']}"
