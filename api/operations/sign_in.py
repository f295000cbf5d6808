"""Sign a person in and out: a wrong password and an unknown name take the same way and the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.errors import Refused
from api.passwords import TooManyAtOnce, proves
from api.services import Services
from api.sessions import new_token, token_digest
from storage.people import Person

FAILED = "the name or the password is wrong, or the person is disabled"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who says to be whom, from which address, and the token of a session that this one takes the place of."""

    name: str
    password: str
    address: str
    old_token: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: its token, to hand over once, whose it is, and when it ends at the latest."""

    token: str
    person: Person
    expires_at: datetime


def sign_in(held: Services, attempt: Attempt) -> SignedIn:
    """Begin a session with a new token for a person who proves to be one. Raises: Refused, as `prove_person`."""
    return _begin(held, prove_person(held, attempt), attempt.old_token)


def prove_person(held: Services, attempt: Attempt) -> Person:
    """The person that a name and a password prove.

    Raises: Refused (sign-in-failed) in the same words whatever is wrong, (too-many-requests) after many failures.
    """
    failures = held.limits.failures
    counted = (f"address:{attempt.address}", f"name:{attempt.name}")
    for who in counted:
        failures.refuse_used_up(who)
    with held.database.read() as work:
        found = work.people.find(attempt.name)
    known = found is not None and found.disabled_at is None
    try:
        right = proves(attempt.password, found.password if found is not None and known else None)
    except TooManyAtOnce:
        told = "many people are signing in; wait a moment and try again"
        raise Refused("too-many-requests", told, headers={"Retry-After": "5"}) from None
    if found is None or not right:
        for who in counted:
            failures.take(who)
        raise Refused("sign-in-failed", FAILED)
    return found


def _begin(held: Services, person: Person, old_token: str | None) -> SignedIn:
    token = new_token()
    with held.database.write() as work:
        if work.people.find(person.name) != person:  # disabled, or given another password, while we looked
            raise Refused("sign-in-failed", FAILED)
        if old_token is not None:
            work.people.end_session(token_digest(old_token))
        ends = work.people.begin_session(person.name, token_digest(token), held.settings.session_lifetime)
    return SignedIn(token, person, ends)


def sign_out(held: Services, token: str) -> None:
    """End the session of a token for good."""
    with held.database.write() as work:
        work.people.end_session(token_digest(token))
