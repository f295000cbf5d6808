"""`aval collect`: the ladders each day at an hour, and their letters when they are due, in one process that goes on."""

from __future__ import annotations

import os
import socket
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened, pepper_option, previous_pepper_option
from api.commands.outbox import line
from api.commands.sending import peppers_of, read_sending, sending_options
from api.commands.stopping import until_told

if TYPE_CHECKING:
    from api.operations.plan_escalation import Done


def read_hour(context: click.Context, option: click.Parameter, value: str) -> time:
    """An hour of the day. Raises: UsageError for a text that is none."""
    try:
        return datetime.strptime(value, "%H:%M").time()
    except ValueError:
        raise click.UsageError(f"'{value}' is no hour of the day; give one like 06:00", context) from None


@click.command(short_help="Take the steps of each day at an hour, and deliver letters, until stopped.")
@click.option("--at", metavar="HH:MM", envvar="AVAL_COLLECT_AT", show_envvar=True, default="06:00", show_default=True,
              callback=read_hour,
              help="From which hour on the day's steps are taken, in the timezone of the policy.")  # fmt: skip
@click.option("--letters/--no-letters", default=True, show_default=True,
              help="Deliver letters as well, or leave them to 'aval outbox deliver'.")  # fmt: skip
@sending_options
@database_option
@pepper_option
@previous_pepper_option
def collect(at: time, letters: bool, database: str, pepper: str | None, previous_pepper: bytes | None,
            **told: Any) -> None:  # fmt: skip
    """Take the steps of each day once its hour has come, and deliver letters as they become due, until told to stop.

    The hour is that of the database's clock. Several may run: a day is led by one of them, a letter sent by one. A day
    on which none ran is made up for. A customer that could not be handled is tried again after ten minutes.
    """
    from api import logs
    from api.collecting import Collecting

    with opened(database) as found:
        sending = read_sending(found, peppers_of(database, pepper, previous_pepper), told) if letters else None
        logs.configure()
        holder = f"{socket.gethostname()}-{os.getpid()}"
        collecting = Collecting(found, at, holder, sending, tell_run, lambda one: line(one, as_json=False))
        with until_told(collecting.stopped):
            click.echo(f"aval: takes the steps of each day from {at:%H:%M} on", err=True)
            collecting.run()


def tell_run(done: Done) -> None:
    """What a run did for one customer, where it did anything."""
    customer_id, plan = done.plan.customer_id, done.plan
    if done.fault:
        click.echo(f"fault: {customer_id}: {done.fault}", err=True)
    elif plan.steps or done.ended:
        steps = ", ".join(f"{one.step.name} of {one.invoice_id}" for one in plan.steps)
        click.echo(f"{customer_id}  {counted(len(plan.steps), 'step')} taken: {steps}; {done.ended} holds ended")
