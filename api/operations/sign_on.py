"""Sign a person on by a provider: an attempt is begun and sealed into the browser, and its answer makes a session.

The seal holds what only this browser and we may know of the attempt; it opens for ten minutes, and once. INVARIANT: an
answer that does not prove a person, or a provider that is down, never begins a session; a subject of the provider is
the person that it was linked with, and a name alone makes nobody somebody else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from api.errors import Refused
from api.operations.sign_in import SignedIn
from api.passwords import NAME, NO_PASSWORD
from api.services import Services
from api.sessions import new_token, token_digest
from api.sign_on import SignOn
from storage.people import Person
from storage.unit_of_work import Work

log = logging.getLogger("aval.sign_on")
LIFE = timedelta(minutes=10)
AGAIN = "it was begun elsewhere, more than ten minutes ago, or used before; begin again"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what it keeps until it comes back."""

    url: str
    seal: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a browser came back with: its seal, the state and code of the provider, or the provider's error.

    `issuer` is who the answer says to be from, where it says so.
    """

    seal: str
    state: str
    code: str
    error: str
    issuer: str | None
    address: str
    old_token: str | None = None


def begin_sign_on(held: Services) -> Begun:
    """Begin an attempt. Raises: Refused where there is no provider, or none that answers."""
    provider = _provider(held)
    from api.identity_provider import ProviderDown  # an extra, which is there where a provider is set

    attempt = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    try:
        url = provider.where_to_go(**attempt)
    except ProviderDown as fault:
        raise _unavailable(fault) from None
    return Begun(url, _sealing(held).encrypt(json.dumps(attempt).encode()).decode())


def finish_sign_on(held: Services, answered: Answered) -> SignedIn:
    """A session for the person that the provider proves. Raises: Refused, after which nobody is signed in."""
    provider, failures = _provider(held), held.limits.failures
    from api.identity_provider import NotProven, ProviderDown

    failures.refuse_used_up(f"address:{answered.address}")
    try:
        attempt = _opened(held, answered)
        with held.database.write() as work:
            fresh = work.identities.use_once(hashlib.sha256(attempt["state"].encode()).digest(), LIFE)
        if not fresh:
            raise Refused("sign-on-failed", AGAIN)
        if answered.issuer not in (None, provider.settings.issuer):
            raise NotProven("the answer is from another issuer")
        if answered.error or not answered.code:
            raise Refused("sign-on-failed", "the provider did not sign the person on")
        claims = provider.claims_of(answered.code, attempt["nonce"], attempt["verifier"])
        return _begin(held, provider.settings, claims, answered.old_token)
    except ProviderDown as fault:
        raise _unavailable(fault) from None
    except NotProven as fault:
        failures.take(f"address:{answered.address}")
        log.warning("sign-on not proven", extra={"detail": str(fault)})
        raise Refused("sign-on-failed", "the provider's answer does not prove who this is; begin again") from None
    except Refused:
        failures.take(f"address:{answered.address}")
        raise


def _begin(held: Services, ours: SignOn, claims: Any, old_token: str | None) -> SignedIn:
    """Begin a session of the person whom proven claims mean, in the roles that they give."""
    roles, token = ours.roles_of(claims), new_token()
    if not roles:
        raise Refused("sign-on-failed", f"nothing in the claim '{ours.claim}' of this account gives a role here")
    with held.database.write() as work:
        person = _person(work, ours, str(claims["sub"]), claims.get(ours.name_claim), roles)
        if person.disabled_at is not None:
            raise Refused("sign-on-failed", "the person is disabled")
        work.people.set_roles(person.name, roles, f"issuer:{ours.issuer}")
        if old_token is not None:
            work.people.end_session(token_digest(old_token))
        ends = work.people.begin_session(person.name, token_digest(token), held.settings.session_lifetime, ours.issuer)
        found = work.people.find(person.name)
        assert found is not None
    return SignedIn(token, found, ends)


def _person(work: Work, ours: SignOn, subject: str, name: object, roles: frozenset[str]) -> Person:
    """The person that a subject is: linked before, of the same name where that counts, or made. Raises: Refused."""
    linked = work.identities.find(ours.issuer, subject)
    if linked is not None:
        return linked
    if not isinstance(name, str) or re.fullmatch(NAME, name) is None:
        told = f"nobody is linked with this account, and its '{ours.name_claim}' is no name here"
        raise Refused("sign-on-failed", f"{told}; ask an administrator to link it")
    found = work.people.find(name)
    if found is None and not ours.make_people:
        raise Refused("sign-on-failed", "nobody is linked with this account; ask an administrator to link it")
    if found is not None and (not ours.same_names or work.identities.is_linked(ours.issuer, name)):
        told = f"there is a '{name}' already, who is not linked with this account; ask an administrator"
        raise Refused("sign-on-failed", told)
    by = f"issuer:{ours.issuer}"
    if found is None:
        found = Person(name, roles, NO_PASSWORD)
        work.people.add(found, by)
    work.identities.link(ours.issuer, subject, name, by)
    return found


def _opened(held: Services, answered: Answered) -> dict[str, str]:
    """The attempt that this browser began, where the provider's answer is to it. Raises: Refused."""
    try:
        opened = _sealing(held).decrypt(answered.seal.encode(), ttl=int(LIFE.total_seconds()))
    except InvalidToken:
        raise Refused("sign-on-failed", AGAIN) from None
    attempt: dict[str, str] = json.loads(opened)
    if not hmac.compare_digest(attempt["state"].encode(), answered.state.encode()):
        raise Refused("sign-on-failed", AGAIN)
    return attempt


def _sealing(held: Services) -> Fernet:
    """What seals attempts: a key of its own, made of the pepper."""
    key = hmac.new(held.settings.pepper, b"aval: attempts to sign on", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _provider(held: Services) -> Any:
    if held.provider is None:
        raise Refused("not-found", "people sign in here with a name and a password: POST /v1/session")
    return held.provider


def _unavailable(fault: Exception) -> Refused:
    log.error("provider down", extra={"detail": str(fault)})
    return Refused("sign-on-unavailable")
