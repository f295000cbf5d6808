"""`aval outbox`: deliver the letters that ladders wrote, and see what waits, for whom and why."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened, pepper_option, previous_pepper_option
from api.commands.operator import by_option
from api.commands.sending import peppers_of, read_sending, sending_options
from api.commands.stopping import until_told

if TYPE_CHECKING:
    from api.operations.deliver import Outcome, Sending

LOOK_SECONDS = 5.0
STATES = ("queued", "for_a_person", "no_address", "sent", "failed", "dead", "withdrawn")
TOLD = {"sent": "sent", "failed": "refused for good", "dead": "given up", "withdrawn": "not needed any more",
        "tried": "not taken, comes again", "no_address": "waits for an address", "not_written": "cannot be written",
        "lost": "taken over by another sender", "fault": "could not be handled"}  # fmt: skip


@click.group()
def outbox() -> None:
    """Deliver the letters that ladders wrote, and see what waits."""


@outbox.command(short_help="Deliver the letters that are due.")
@click.option("--once/--watch", default=True, show_default=True,
              help="Deliver what is due now and end, or go on until stopped.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be sent now, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="One line for machines for each message.")
@sending_options
@database_option
@pepper_option
@previous_pepper_option
def deliver(once: bool, dry_run: bool, as_json: bool, database: str, pepper: str | None,
            previous_pepper: bytes | None, **told: Any) -> None:  # fmt: skip
    """Send each letter by e-mail that is due: to the customer's mailbox, or to its web address, signed.

    One that is not taken comes again after a minute, then later and later; after so many attempts it is given up.
    Letters by other channels, tasks and proposals wait for people. Ends with 1 where somebody has to see to one.
    """
    context = click.get_current_context()
    with opened(database) as found:
        sending = read_sending(found, peppers_of(database, pepper, previous_pepper), told)
        if dry_run:
            from api.operations.show_outbox import planned

            context.exit(tell(planned(sending), as_json, "would be "))
        if once:
            context.exit(tell(shown(sending), as_json))
        watch(sending, as_json)


def shown(sending: Sending) -> Iterator[Outcome]:
    """Deliver what is due, with a bar on the error stream where a person can see it."""
    from rich.console import Console
    from rich.progress import track

    from api.operations.deliver import deliver_due

    with sending.database.read() as work:
        total = work.messages.count_due()
    console = Console(file=sys.stderr)
    yield from track(deliver_due(sending), "delivering", total, console=console, disable=not console.is_terminal,
                     transient=True)  # fmt: skip


def watch(sending: Sending, as_json: bool) -> None:
    """Deliver whatever becomes due, until told to stop; what is sent at that moment is recorded first."""
    from api import logs
    from api.operations.deliver import deliver_due
    from storage.failures import StorageFailure

    logs.configure()
    stopped = threading.Event()
    with until_told(stopped):
        while not stopped.is_set():
            try:
                for one in deliver_due(sending, stopped.is_set):
                    line(one, as_json)
            except StorageFailure as fault:
                click.echo(f"aval: {str(fault) or 'the database cannot be reached'}; tried again", err=True)
            stopped.wait(LOOK_SECONDS)


def tell(outcomes: Iterable[Outcome], as_json: bool, would: str = "") -> int:
    """A line for each message and the sums; 1 where somebody has to see to one."""
    total: Counter[str] = Counter()
    findings = 0
    for one in outcomes:
        total[one.outcome] += 1
        findings += one.is_finding
        line(one, as_json, would)
    if not as_json:
        parts = [f"{number} {told_of(outcome, would)}" for outcome, number in total.items()]
        click.echo(f"{counted(total.total(), 'message')}: {', '.join(parts)}" if parts else "nothing is due")
    return 1 if findings else 0


def line(one: Outcome, as_json: bool, would: str = "") -> None:
    """One message; a finding goes to the error stream."""
    message = one.message
    if as_json:
        click.echo(json.dumps({"message_id": message.message_id, "customer_id": message.customer_id,
                               "what": message.what, "outcome": one.outcome, "reason": one.reason},
                              ensure_ascii=False))  # fmt: skip
        return
    told = f"{message.customer_id}  {message.as_of} {message.what}: {told_of(one.outcome, would)}"
    why = f" ({one.reason})" if one.reason and (would or one.outcome != "sent") else ""
    click.echo(told + why, err=one.is_finding)


def told_of(outcome: str, would: str) -> str:
    """An outcome in words, or what would become of it."""
    return f"{would}{TOLD[outcome]}" if outcome == "sent" else TOLD[outcome]


@outbox.command("list", short_help="List messages, and how each stands.")
@click.option("--state", type=click.Choice(STATES), help="Only those that stand so.")
@click.option("--customer", metavar="ID", help="Only those of one customer.")
@click.option("--json", "as_json", is_flag=True, help="One line for machines for each message.")
@database_option
def list_messages(state: str | None, customer: str | None, as_json: bool, database: str) -> None:
    """List messages: what each waits for, or what became of it."""
    from api.operations.show_outbox import standing_dict
    from storage.messages import Wanted

    number, cursor = 0, None
    with opened(database) as found:
        while number == 0 or cursor is not None:
            with found.read() as work:
                page = work.messages.list(Wanted(state, customer_id=customer), cursor, 500)
            for one in page.items:
                message = one.message
                why = f" ({one.reason})" if one.reason else ""
                told = f"{message.message_id}  {message.customer_id}  {message.as_of} {message.kind} {message.what} " \
                       f"by {message.who}: {one.state}{why}"  # fmt: skip
                click.echo(json.dumps(standing_dict(one), ensure_ascii=False) if as_json else told)
            number, cursor = number + len(page.items), page.next_cursor
            if not page.items:
                break
    if not as_json:
        click.echo(counted(number, "message"))


@outbox.command(short_help="Let the sender try again now.")
@click.argument("messages", metavar="MESSAGE", nargs=-1, required=True)
@by_option
@database_option
def retry(messages: tuple[str, ...], by: str, database: str) -> None:
    """Let the sender try now what failed, was given up or waits for its next attempt: under its own name."""
    with opened(database) as found:
        for message_id in messages:
            with found.write() as work:
                queued = work.outbox.queue_again(message_id, by)
            if not queued:
                raise click.UsageError(f"'{message_id}' is no message that waits for another attempt; "
                                       "see: aval outbox list")  # fmt: skip
            click.echo(f"{message_id}: queued again")


@outbox.command(short_help="Print the secret that a customer's webhooks are signed with.")
@click.argument("customer")
@database_option
@pepper_option
def secret(customer: str, database: str, pepper: str | None) -> None:
    """Print the secret that a customer's webhooks are signed with, to be handed to that customer alone.

    It is made from the pepper and the customer's id, and changes with the pepper.
    """
    from api.letter_writing import webhook_secret

    with opened(database) as found, found.read() as work:
        if work.customers.get(customer) is None:
            raise click.UsageError(f"there is no customer '{customer}'; see GET /v1/customers")
    click.echo(webhook_secret(peppers_of(database, pepper, None)[0], customer))
