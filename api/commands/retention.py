"""`aval retention`: the records of decisions that are past the time for which the firm keeps them, erased."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from api.commands.counts import counted
from api.commands.database import database_option
from api.commands.operator import by_option


@click.command(short_help="Erase the records of decisions that are past their time.")
@click.option("--retention-days", "days", type=click.IntRange(1, 36_500), required=True, metavar="DAYS",
              envvar="AVAL_RETENTION_DAYS", show_envvar=True,
              help="How many days behind its own a decision's record is kept.")  # fmt: skip
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
              help="The day; left out: today in the timezone of the policy.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be erased, and erase nothing.")
@click.option("--json", "as_json", is_flag=True, help="One line for machines for each decision.")
@by_option
@database_option
def retention(days: int, as_of: datetime | None, dry_run: bool, as_json: bool, by: str, database: str) -> None:
    """Erase what the decisions were made from and answered with whose time is over, for good; every proof stays.

    What is still needed is kept and told, and looked at again by the next run: exposure that is held, an unpaid invoice
    of its days, a state that stands. A run that broke off is gone on with by running it again.
    """
    from api.commands.proven import services_on
    from api.operations.erase_records import Said, erase_wanted, looked_at
    from api.operations.referrals import life_of
    from api.operations.tell_limit import policy_day
    from storage.retention import Terms, Wanted

    with services_on(database) as held:
        today = policy_day(held.database)
        day = today if as_of is None else as_of.date()
        if day > today and not dry_run:
            raise click.UsageError(f"{day} is to come; look at it with --dry-run")
        before = day - timedelta(days)
        wanted, terms = Wanted(before=before), Terms(life_of(held))
        with held.database.read() as work:
            total = work.retention.count(wanted)
        said = Said(by, f"past its term of {counted(days, 'day')}")
        done = looked_at(held.database, wanted, terms) if dry_run else erase_wanted(held.database, wanted, said, terms)
        counts = _told(_shown(done, total), as_json, dry_run)
    would = "would be erased" if dry_run else "erased"
    kept = counts["kept"]
    if not as_json:
        click.echo(f"before {before}: {counted(counts['gone'], 'decision')} {would}, {kept} still needed")


def _told(done: Iterable[Any], as_json: bool, dry_run: bool) -> Counter[str]:
    """How many may go and how many are needed; each is told for machines, for people those that are needed."""
    counts: Counter[str] = Counter()
    for one in done:
        counts["kept" if one.kept else "gone"] += 1
        if as_json:
            erased = not one.kept and not dry_run
            click.echo(json.dumps({"decision_id": one.decision_id, "erased": erased, "needed": list(one.kept)}))
        elif one.kept:
            click.echo(f"{one.decision_id} is kept: {', '.join(one.kept)}")
    return counts


def _shown(done: Iterable[Any], total: int) -> Iterator[Any]:
    """The same, with a bar on the error stream where a person can see it."""
    from rich.console import Console
    from rich.progress import track

    console = Console(file=sys.stderr)
    yield from track(done, "erasing", total, console=console, disable=not console.is_terminal, transient=True)
