"""`aval escalate`: the steps of ladders that are due on a day, or a look at what is coming; meant to run once a day."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from api.commands.letters import templates_option

MOST_DAYS = 366


@click.command(short_help="Take the steps of ladders that are due on a day.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
              help="The day; left out: today in the timezone of the policy.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--calendar", "days", type=click.IntRange(1, MOST_DAYS), metavar="DAYS",
              help="Show what is coming on that many days, by day and step, and do nothing.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One line for machines for each customer, or for each day.")
@templates_option
@database_option
def escalate(as_of: datetime | None, dry_run: bool, days: int | None, as_json: bool, folder: Path | None,
             database: str) -> None:  # fmt: skip
    """Take the steps of ladders that are due on a day: letters, tasks and proposals into the outbox, holds on accounts.

    Each step of an invoice is taken once, however often this runs. A run that broke off is gone on with by running it
    again; one that is done does nothing. A day that was missed is made up for by the next run. Ends with 1 where a
    customer could not be handled: the others are, and the next run looks at it again. Letters that were written into
    the outbox and could not be sent are told.
    """
    from api.operations.escalate import planned
    from api.operations.tell_limit import policy_day

    faults, digests = 0, set[str]()
    if dry_run and days is not None:
        raise click.UsageError("--dry-run shows one day, --calendar several; give one of them")
    with opened(database) as found:
        today = policy_day(found)
        day = today if as_of is None else as_of.date()
        if days is not None:
            _calendar(found, day, days, as_json)
        elif dry_run:
            faults = _tell(_noted(_shown(planned(found, day), _count(found, day)), digests), day, as_json, "would be ")
        elif day > today:
            raise click.UsageError(f"{day} is to come; look at it with --dry-run or --calendar")
        else:
            faults = _tell(_noted(_run(found, day), digests), day, as_json)
        for finding in _letters(found, digests, folder):
            click.echo(f"warning: {finding}", err=True)
    click.get_current_context().exit(1 if faults else 0)


def _noted(done: Iterable[Any], digests: set[str]) -> Iterator[Any]:
    """The same, and by which policies letters were written."""
    for one in done:
        if any(message.kind == "letter" for message in one.plan.messages):
            digests.add(one.plan.policy_digest)
        yield one


def _letters(database: Any, digests: Iterable[str], folder: Path | None) -> Iterator[Any]:
    """What would keep letters of these policies from being sent."""
    from api.build import load_version
    from api.letter_files import read_letters
    from rules.letters import letter_findings

    for digest in sorted(digests):
        with database.read() as work:
            version = work.policies.get(digest)
        program = None if version is None else load_version(version).program
        if program is not None:
            yield from letter_findings(program, version.name, read_letters(folder))


def _run(database: Any, day: date) -> Iterator[Any]:
    """The run of a day, led by this process."""
    from api.operations.escalate import begin_run, run_escalation
    from storage.escalation import LeaseLost
    from storage.failures import Busy

    try:
        run = begin_run(database, day, f"{socket.gethostname()}-{os.getpid()}")
        if run.finished_at is not None:
            click.echo(f"the run of {day} is done already", err=True)
        elif run.after:
            behind = f"behind customer '{run.after}', {counted(run.customers, 'customer')} done"
            click.echo(f"the run of {day} broke off and goes on {behind}", err=True)
        yield from _shown(run_escalation(database, run), 0 if run.finished_at else _count(database, day, run.after))
    except Busy as busy:
        raise click.ClickException(str(busy)) from None
    except LeaseLost:
        raise click.ClickException(f"another process leads the run of {day} by now; what is done stays done") from None


def _tell(done: Iterable[Any], day: date, as_json: bool, would: str = "") -> int:
    """A line for each step, and the sums; what nobody can tell, and why, goes to the error stream; how many faults."""
    faults = 0
    total: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for one in done:
        plan = one.plan
        total.update(customers=1, steps=len(plan.steps), messages=len(plan.messages), placed=one.placed,
                     ended=one.ended)  # fmt: skip
        told.update([one.told] if one.told else [])
        told.update(f"{what.rpartition(': ')[2]} cannot be told" for what in plan.unknown)
        faults += bool(one.fault)
        if one.fault:
            click.echo(f"fault: {plan.customer_id}: {one.fault}; run it again", err=True)
        if as_json:
            click.echo(json.dumps(_record(one), ensure_ascii=False))
        elif plan.steps or one.ended:
            _lines(one)
    for reason, times in told.items():
        click.echo(f"warning: {reason} ({counted(times, 'customer')})", err=True)
    if not as_json:
        click.echo(f"{day}: {_sums(total, would)}")
    return faults


def _sums(total: Mapping[str, int], would: str) -> str:
    steps, customers = counted(total["steps"], "step"), counted(total["customers"], "customer")
    messages = counted(total["messages"], "message")
    if would:
        return f"{customers} looked at; {steps} {would}taken, {messages} {would}written"
    holds = f"{counted(total['placed'], 'hold')} placed, {total['ended']} ended"
    return f"{customers} looked at; {steps} taken, {messages} written, {holds}"


def _lines(one: Any) -> None:
    for step in one.plan.steps:
        does = ", ".join(str(action) for action in step.step.does)
        what = f"{step.ladder}: {step.step.name} of {step.planned_on}"
        click.echo(f"{one.plan.customer_id}  {step.invoice_id}  {what}: {does}")
    if one.ended:
        click.echo(f"{one.plan.customer_id}  {counted(one.ended, 'hold')} ended")


def _record(one: Any) -> dict[str, object]:
    """What was done for one customer, for machines."""
    steps = [{"invoice_id": step.invoice_id, "ladder": step.ladder, "step": step.step.name,
              "planned_on": step.planned_on.isoformat(), "does": [str(action) for action in step.step.does],
              "message_id": step.message_id} for step in one.plan.steps]  # fmt: skip
    return {"customer_id": one.plan.customer_id, "steps": steps, "holds_placed": one.placed, "holds_ended": one.ended,
            "unknown": list(one.plan.unknown), "told": one.told, "fault": one.fault}  # fmt: skip


def _calendar(database: Any, first: date, days: int, as_json: bool) -> None:
    """What each day brings if every run is on time and nothing is paid."""
    from api.operations.escalate import coming

    found = coming(database, first, first + timedelta(days - 1))
    for day in sorted(found):
        if as_json:
            click.echo(json.dumps({"day": day.isoformat(), "steps": dict(found[day])}))
        else:
            told = ", ".join(f"{name} {times}" for name, times in sorted(found[day].items()))
            click.echo(f"{day} {day:%a}  {told}")
    if not found and not as_json:
        click.echo(f"nothing is due from {first} on for {counted(days, 'day')}")


def _count(database: Any, day: date, after: str = "") -> int:
    with database.read() as work:
        return int(work.escalation.count(day, after))


def _shown(done: Iterable[Any], total: int) -> Iterator[Any]:
    """The same, with a bar on the error stream where a person can see it."""
    from rich.console import Console
    from rich.progress import track

    console = Console(file=sys.stderr)
    yield from track(done, "escalating", total, console=console, disable=not console.is_terminal, transient=True)
