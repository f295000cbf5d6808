"""Who acts at the command line, where only a person may: proved by name and password, never by a word alone.

The password comes from a prompt, or from the next line of the standard input. What a person tries here and may not do
is an event, as over HTTP.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from api.commands.database import opened
from api.commands.people import typed_password

if TYPE_CHECKING:
    from api.auth import Caller
    from api.services import Services

CLIENT = "command-line"
ACTING: ContextVar[str | None] = ContextVar("acting", default=None)  # who proved to be there, in this command


def proven_person(held: Services, name: str, roles: frozenset[str]) -> Caller:
    """The person of this name, by their password and in one of these roles. Raises: Refused."""
    from api.auth import Caller
    from api.errors import Refused
    from api.operations.sign_in import Attempt, prove_person
    from api.roles import ROLES
    from storage.people import subject_of

    found = prove_person(held, Attempt(name, typed_password(name), CLIENT))
    ACTING.set(subject_of(name))
    acting = next((role for role in ROLES if role in found.roles & roles), None)
    if acting is None:
        own, wanted = (", ".join(sorted(one)) for one in (found.roles, roles))
        raise Refused("forbidden", f"'{name}' ({own}) may not do this; it takes the role {wanted}")
    return Caller(subject_of(name), acting, "", frozenset(), name, found.roles)


@contextmanager
def services_on(database: str, retention_days: int = 0) -> Iterator[Services]:
    """What the operations need, on this database. Raises: UsageError for what is refused."""
    from api.app import create_app
    from api.errors import Refused
    from api.settings import Settings
    from storage.failures import NotAllowed

    ACTING.set(None)
    with opened(database):
        settings = Settings(database, pepper=secrets.token_bytes(32), retention_days=retention_days)
        held: Services = create_app(settings).extensions["aval"]
        try:
            yield held
        except NotAllowed as refused:
            _keep(held, refused.name, "policy_refused")
            raise click.UsageError(f"{refused}; see /problems/{refused.name}") from None
        except Refused as refused:
            _keep(held, refused.type.name)
            told = refused.detail or refused.type.title
            raise click.UsageError(told if ";" in told else f"{told}; see /problems/{refused.type.name}") from None
        finally:
            held.policies.close()
            held.database.dispose()


def _keep(held: Services, problem: str, kind: str = "request_refused") -> None:
    """Write down what the person who is here tried, unless so many refusals were written within this minute already."""
    from api.refusals import MOST_EACH_MINUTE, POLICY, TOLD, Attempt, keep

    by = ACTING.get()
    if by is None or (kind != POLICY and problem not in TOLD):
        return
    with held.database.read() as work:
        last = work.events.list(kind=kind, limit=MOST_EACH_MINUTE).items
        since = work.now() - timedelta(minutes=1)
    if len(last) == MOST_EACH_MINUTE and all(one.at is not None and one.at > since for one in last):
        return
    command = click.get_current_context().command_path.partition(" ")[2]
    keep(held.database, held.refusals, Attempt(kind, f"command:{command}", by, command, problem))
