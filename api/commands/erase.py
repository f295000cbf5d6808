"""`aval erase`: what is known of a decision or a customer, erased by a person with a reason; every proof stays."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import click

from api.commands.database import database_option, retention_days_option

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def erase() -> None:
    """Erase the record of a decision or of a customer, for good."""


def said(command: Command) -> Command:
    """Who erases, why, and under which key."""
    options = (
        click.option("--by", metavar="PERSON", required=True, help="Who does it; the password is asked for."),
        click.option("--reason", metavar="TEXT", required=True,
                     help="Why, without naming whom the record tells of: it stays in the log."),
        click.option("--key", metavar="KEY", default=lambda: str(uuid.uuid4()),
                     help="The same key repeats nothing  [default: a new one]"),
        retention_days_option, database_option,
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@erase.command("decision", short_help="Erase the record of a decision.")
@click.argument("decision_id", metavar="DECISION")
@said
def erase_one(decision_id: str, **asked: Any) -> None:
    """Erase what DECISION was made from and answered with, for good.

    Its verdict, its policy and its place in the log stay, and every proof still verifies. Refused while anything needs
    the record: exposure that is held, an unpaid invoice of its days, a state that stands.
    """
    from api.operations.erase_records import erase_decision

    _erased("erase_decision", erase_decision, decision_id, asked)


@erase.command("customer", short_help="Erase a customer's record with all of its decisions.")
@click.argument("customer_id", metavar="CUSTOMER")
@said
def erase_whole(customer_id: str, **asked: Any) -> None:
    """Erase the name, country and facts of CUSTOMER and the records of all of its decisions, for good.

    Its id, its account and the amounts on it stay. Refused while anything of it is needed; then nothing is erased.
    """
    from api.operations.erase_records import erase_customer

    _erased("erase_customer", erase_customer, customer_id, asked)


def _erased(operation: str, erasing: Callable[..., Any], subject: str, asked: dict[str, Any]) -> None:
    from marshmallow import ValidationError

    from api.commands.proven import proven_person, services_on
    from api.errors import Refused
    from api.idempotency import read_key
    from api.keyed_request import KeyedRequest
    from api.roles import ROLES_BY_OPERATION
    from api.schemas.erasures import ErasureWish

    wish = {"reason": asked["reason"]}
    try:
        ErasureWish().load(wish)
    except ValidationError:
        raise click.UsageError("--reason takes one line of at most 240 characters") from None
    with services_on(asked["database"], asked["retention_days"]) as held:
        person = proven_person(held, asked["by"], ROLES_BY_OPERATION[operation])
        body = json.dumps(wish).encode()
        try:
            answer = erasing(held, KeyedRequest(person, read_key(asked["key"]), body, operation, subject), wish)
        except Refused as refused:
            for one in refused.errors:
                click.echo(f"{one.field}: {one.message}", err=True)
            raise
        click.echo(json.dumps(json.loads(answer.body), ensure_ascii=False, indent=2))
