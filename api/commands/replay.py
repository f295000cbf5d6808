"""`aval replay`: decide stored decisions again, and say what a difference belongs to."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from time import monotonic
from typing import TYPE_CHECKING

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from storage.database import Database

if TYPE_CHECKING:
    from api.replaying import Replayed

DAY = click.DateTime(["%Y-%m-%d"])


@click.command(short_help="Decide stored decisions again, and say what a difference belongs to.")
@click.argument("decision_id", metavar="[DECISION]", required=False)
@click.option("--from", "first", type=DAY, metavar="DAY", help="All decisions since this day, instead of one.")
@click.option("--to", "last", type=DAY, metavar="DAY", help="Until this day  [default: the last one]")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each decision.")
@database_option
def replay(decision_id: str | None, first: datetime | None, last: datetime | None, as_json: bool,
           database: str) -> int:  # fmt: skip
    """Decide DECISION again, or all decisions of some days: by the policy of then, on the facts that were known then.

    Each is equal, or the difference belongs to the policy, to the facts, to an engine, or to an erasure. Nothing is
    changed. Exit code 0 where all are equal or erased, 1 where any is not.
    """
    if (decision_id is None) == (first is None):
        raise click.UsageError("name one decision, or the days with --from")
    with opened(database) as found:
        if decision_id is not None:
            return one_decision(found, decision_id, as_json)
        assert first is not None
        return many(found, first.date(), date.max if last is None else last.date(), as_json)


def one_decision(database: Database, decision_id: str, as_json: bool) -> int:
    """Replay one, and tell it whole."""
    from api.operations.replay_decision import replay_decision

    found = replay_decision(database, decision_id)
    if found is None:
        raise click.UsageError(f"there is no decision '{decision_id}'; list them over HTTP: GET /v1/decisions")
    tell(found, as_json)
    return 0 if found.result in ("equal", "erased") else 1


def many(database: Database, first: date, last: date, as_json: bool) -> int:
    """Replay all of some days: those that differ are told, the rest is counted."""
    from rich.console import Console
    from rich.progress import track

    from api.operations.replay_decision import how_many, replay_days

    progress, began, counts = Console(stderr=True), monotonic(), Counter[str]()
    shown = track(replay_days(database, first, last), "replaying", total=how_many(database, first, last),
                  console=progress, transient=True, disable=not progress.is_terminal)  # fmt: skip
    for one in shown:
        counts[one.result] += 1
        if as_json or one.result != "equal":
            tell(one, as_json)
    seconds = max(monotonic() - began, 0.001)
    told = ", ".join(f"{number} {result}" for result, number in sorted(counts.items())) or "nothing to replay"
    rate = f"{counts.total() / seconds:.0f} a second"
    click.echo(f"{counted(counts.total(), 'decision')}: {told} ({rate})", err=as_json)
    return 0 if set(counts) <= {"equal", "erased"} else 1


def tell(one: Replayed, as_json: bool) -> None:
    """One replay, for people or for programs."""
    from api.replaying import as_dict

    if as_json:
        click.echo(json.dumps(as_dict(one), ensure_ascii=False))
        return
    click.echo(f"{one.decision_id}: {one.result}: {one.told}")
    for part in one.differences:
        click.echo(f"  {part.where}: recorded {part.recorded!r}, now {part.replayed!r}")
