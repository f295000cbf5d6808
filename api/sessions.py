"""People who come in with a session: a random token in a cookie, of which only the digest is stored.

The cookie is HttpOnly, Secure and SameSite=Strict. A request that changes something must come from our own pages
besides: browsers say so in Sec-Fetch-Site, older ones in Origin. A token in the pages would say no more and could leak.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Request, Response

from api.auth import COOKIE, Caller
from api.errors import Refused
from storage.engine import Database
from storage.failures import StorageFailure
from storage.people import Lifetime, Session, subject_of

log = logging.getLogger("aval.api")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def new_token() -> str:
    """A token that nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def finder(database: Database, lifetime: Lifetime) -> Callable[[str], Session | None]:
    """How the session of a token is found: its use is noted, at most once a minute."""

    def find(token: str) -> Session | None:
        digest = token_digest(token)
        with database.read() as work:
            found = work.people.session(digest, lifetime.idle)
        if found is not None and found.stale:
            try:
                with database.write() as work:
                    work.people.note_use(digest)
            except StorageFailure as fault:  # the session is good all the same; the next request tries again
                log.warning("session use not noted", extra={"detail": type(fault).__name__})
        return found

    return find


def identify_person(request: Request, find: Callable[[str], Session | None]) -> Caller:
    """The person whose session the cookie names.

    Raises: Refused (unauthorized) without a living session, (cross-site) for a change that another site sent.
    """
    found = find(request.cookies.get(COOKIE, "")[:256])
    if found is None:
        raise Refused("unauthorized", "the session is over or was never there; sign in again")
    if request.method not in SAFE_METHODS:
        refuse_other_sites(request, silent=False)
    name = found.person.name
    return Caller(subject_of(name), "", "", frozenset(), name, found.person.roles)


def refuse_other_sites(request: Request, silent: bool) -> None:
    """Let a request pass that comes from our own pages; `silent` lets one pass that says nothing of its origin.

    Raises: Refused (cross-site).
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        own = site == "same-origin"
    elif origin is not None:
        own = _host(origin) == request.host
    else:
        own = silent
    if not own:
        raise Refused("cross-site", "with a session, send changes from the service's own pages, or use a key")


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def give_cookie(response: Response, token: str, seconds: int) -> None:
    """Have the browser keep a token, for itself and our pages only."""
    response.set_cookie(COOKIE, token, max_age=seconds, path="/", secure=True, httponly=True, samesite="Strict")


def take_cookie(response: Response) -> None:
    """Have the browser forget the token."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
