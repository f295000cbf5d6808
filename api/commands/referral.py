"""`aval referral`: the orders that wait for a person, and the person's answer, on the database itself.

As over HTTP, a person decides: the command asks for their name and password.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.commands.counts import counted
from api.commands.database import database_option
from api.commands.proven import CLIENT, proven_person, services_on

if TYPE_CHECKING:
    from api.auth import Caller

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def referral() -> None:
    """See the orders that wait for a person, and decide them."""


@referral.command("list")
@click.option("--state", default="open", show_default=True,
              type=click.Choice(["open", "expired", "approved", "rejected", "decided_anew"]),
              help="Those in this state.")  # fmt: skip
@database_option
def list_waiting(state: str, database: str) -> None:
    """Tell the referrals, the longest waiting first: age, amount, and the role that each needs."""
    from rich.table import Table

    from api.commands.terminal import terminal
    from api.operations.referrals import life_of, list_referrals, referral_dict

    with services_on(database) as held:
        page, now = list_referrals(held, _caller(), {"state": state, "limit": 200})
        found = [referral_dict(one, now, life_of(held)) for one in page.items]
    table = Table("referral", "customer", "order", "amount", "hours", "needs", "checks", box=None)
    for one in found:
        checks: Any = one["checks"]
        table.add_row(str(one["id"]), str(one["customer_id"]), str(one["order_id"]),
                      f"{one['amount']} {one['currency']}", str(one["age_hours"]), str(one["authority"] or ""),
                      ", ".join(check["check"] for check in checks))  # fmt: skip
    if found:
        terminal().print(table)
    click.echo(counted(len(found), "referral"))


@referral.command(short_help="Show a referral and what became of it.")
@click.argument("referral_id", metavar="REFERRAL")
@database_option
def show(referral_id: str, database: str) -> None:
    """Show a referral and what became of it, as JSON; REFERRAL is its id."""
    from api.operations.referrals import show_referral

    with services_on(database) as held:
        _print(show_referral(held, _caller(), referral_id))


def said(command: Command) -> Command:
    """Who decides, why, and under which key."""
    options = (
        click.argument("referral_id", metavar="REFERRAL"),
        click.option("--person", metavar="NAME", required=True, help="Who decides; their password is asked for."),
        click.option("--reason", metavar="TEXT", required=True, help="Why."),
        click.option("--key", metavar="KEY", default=lambda: str(uuid.uuid4()),
                     help="The same key repeats nothing  [default: a new one]"),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@referral.command(short_help="Approve a referral: its order is decided anew.")
@said
@click.option("--terms", metavar="TERMS", help="On these payment terms, which the policy has to allow.")
@database_option
@click.pass_context
def approve(context: click.Context, referral_id: str, person: str, reason: str, key: str,
            terms: str | None, database: str) -> None:  # fmt: skip
    """Approve a referral: its order is decided anew under the lock, bound to its amount and to days.

    Ends with 1 where the new decision does not approve the order either.
    """
    from api.operations.decide_referral import approve_referral

    wish = {"reason": reason} | ({"requested_terms": terms} if terms else {})
    operation = "approve_referral_with_terms" if terms else "approve_referral"
    told = _decided(database, approve_referral, operation, referral_id, key, wish, person)
    if told["referral"]["state"] != "approved":
        context.exit(1)


@referral.command(short_help="Reject a referral, for good.")
@said
@database_option
def reject(referral_id: str, person: str, reason: str, key: str, database: str) -> None:
    """Reject a referral, for good."""
    from api.operations.decide_referral import reject_referral

    wish = {"reason": reason}
    _decided(database, reject_referral, "reject_referral", referral_id, key, wish, person)


def _decided(database: str, decide: Callable[..., Any], operation: str, referral_id: str, key: str,
             wish: dict[str, str], person: str) -> Any:  # fmt: skip
    from marshmallow import ValidationError

    from api.idempotency import read_key
    from api.operations.decide_referral import Deciding
    from api.roles import ROLES_BY_OPERATION
    from api.schemas.referrals import ReferralApproved, ReferralApprovedWithTerms

    try:
        (ReferralApprovedWithTerms if "requested_terms" in wish else ReferralApproved)().load(wish)
    except ValidationError as wrong:
        messages: Any = wrong.messages
        raise click.UsageError("; ".join(f"'{name}' {told[0]}" for name, told in messages.items())) from None
    body = json.dumps(wish, sort_keys=True).encode()
    with services_on(database) as held:
        asking = proven_person(held, person, ROLES_BY_OPERATION[operation])
        answer = decide(held, Deciding(asking, read_key(key), body, operation, referral_id, wish))
        _print(answer.body)
        return json.loads(answer.body)


def _print(body: bytes) -> None:
    click.echo(json.dumps(json.loads(body), ensure_ascii=False, indent=2))


def _caller() -> Caller:
    from api.auth import Caller

    return Caller(CLIENT, "approver", "")
