"""Who is asking: API keys, checked before anything of the request is read.

`api.keys` says what a key is. Every route declares its operation; a route without one is closed.

People come with a session (`api.sessions`). Views and operations ask `caller()`: whose request it is, the role in which
it is made, the permissions beyond the role; what only a person may do begins with `acting_person()`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from flask import Flask, Request, current_app, g, request

from api.errors import Refused
from api.keys import key_digest
from api.known_keys import NOT_GOOD
from api.roles import PERSON_OPERATIONS, PUBLIC_OPERATIONS, ROLES, may
from api.services import services
from storage.keys import ApiKey

COOKIE = "aval_session"
_KEY = re.compile(r"aval_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
ASKED_AGAIN = frozenset({"decide"})  # whether the key has ended is asked in the transaction that answers
_NOBODY = ApiKey("0" * 16, bytes(32), "", "")
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is behind a request: a client with a key, or a person with a session, and the role in which they ask.

    Idempotency keys and what is stored belong to `client`, which is `person:NAME` for a person; `person` is the name,
    None for a key. `permissions` are what a client may do beyond its role (`PERMISSIONS` in `api.roles`), `roles` all
    that the caller has.
    """

    client: str
    role: str
    key_id: str
    permissions: frozenset[str] = field(default_factory=frozenset)
    person: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset)

    @property
    def by(self) -> str:
        """The caller as the author of events: `client:NAME` or `person:NAME`."""
        return f"client:{self.client}" if self.person is None else self.client


def identify(header: str | None, pepper: bytes, find: Callable[[str], ApiKey | None],
             previous: bytes | None = None) -> Caller:  # fmt: skip
    """The caller that an Authorization header proves; `find` looks a key up by its prefix.

    While the pepper is being changed, keys made with the `previous` one are good as well.
    Raises: Refused (unauthorized), with the same words whatever is wrong with the key.
    """
    if header is None:
        raise Refused("unauthorized", "the Authorization header is missing; send Authorization: Bearer <key>")
    scheme, _, text = header.partition(" ")
    found = _KEY.fullmatch(text) if scheme.lower() == "bearer" else None
    if found is None:
        raise Refused("unauthorized", "the Authorization header holds no key of ours; send Bearer aval_..._...")
    stored = find(found[1]) or _NOBODY
    peppers = (pepper,) if previous is None else (pepper, previous)
    right = [hmac.compare_digest(stored.digest, key_digest(found[0], one)) for one in peppers]
    if not any(right) or stored.ended:
        raise Refused("unauthorized", NOT_GOOD)
    return Caller(stored.client, stored.role, stored.key_id, stored.permissions, None, frozenset({stored.role}))


def performs(operation: str) -> Callable[[View], View]:
    """Mark a view with the operation it performs, which is what a role may or may not call."""

    def mark(view: View) -> View:
        view.operation = operation  # type: ignore[attr-defined]
        return view

    return mark


def operation_of(app: Flask, endpoint: str, method: str) -> str | None:
    """The operation behind one route and method, None where none is declared."""
    view: Any = app.view_functions[endpoint]
    wanted = "GET" if method == "HEAD" else method
    handler = getattr(view.view_class, wanted.lower(), None) if hasattr(view, "view_class") else view
    return getattr(handler, "operation", None)


def declared_operations(app: Flask) -> Iterator[tuple[str, str, str | None]]:
    """Every route, method and its operation, for the table that the tests compare."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.rule, method, operation_of(app, rule.endpoint, method)


@dataclass(frozen=True, slots=True)
class Doors:
    """How the caller of a session is found by its request."""

    identify_person: Callable[[Request], Caller]


def register(app: Flask, doors: Doors) -> None:
    """Close every route but the public ones to callers without a key or session of the right role."""

    @app.before_request
    def admit() -> None:
        if request.endpoint is None or request.method == "OPTIONS":
            return  # Flask answers these by itself: nothing is here, or which methods are
        operation = operation_of(current_app, request.endpoint, request.method)
        g.operation = operation
        if operation in PUBLIC_OPERATIONS:
            return
        g.caller = found = _knocking(doors, operation)
        acting = next((role for role in ROLES if role in found.roles and may(role, operation or "")), None)
        if acting is None:
            told = f"the role '{found.role}' may not do this; ask for a key with another role"
            if found.person is not None:
                told = f"none of your roles ({', '.join(sorted(found.roles))}) may do this; ask an administrator"
            raise Refused("forbidden", told)
        if operation in PERSON_OPERATIONS:
            acting_person()
        if acting != found.role:
            g.caller = replace(found, role=acting)


def _knocking(doors: Doors, operation: str | None) -> Caller:
    """The caller of the present request: the key's client, or the session's person where no key is sent.

    Raises: Refused (unauthorized); (too-many-requests) for a client that asks, or an address that fails, too often.
    """
    held = services()
    header = request.headers.get("Authorization")
    try:
        if header is None and COOKIE in request.cookies:
            return doors.identify_person(request)
        find = held.keys.recall if operation in ASKED_AGAIN else held.keys.find
        found = identify(header, held.settings.pepper, find, held.settings.previous_pepper)
    except Refused as refused:
        if refused.type.name == "unauthorized":
            held.limits.failures.take(f"address:{request.remote_addr}")
        raise
    held.limits.requests.take(found.client)
    return found


def caller() -> Caller:
    """Who is asking, once `admit` let the request in."""
    found: Caller = g.caller
    return found


def acting_person() -> str:
    """The name of the person who is asking, for what only a person may do. Raises: Refused (person-only) for a key."""
    person = caller().person
    if person is None:
        raise Refused("person-only", "sign in: a key stands for a system, and this is decided by a person")
    return person
