"""Who is asking: API keys, checked before anything of the request is read.

A key is `aval_<prefix>_<secret>` with 256 random bits; we keep HMAC-SHA256 of it under a pepper that is not in the
database. Slow password hashes would protect nothing here and cost half a second per call. Every route declares its
operation; a route without one is closed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from api.errors import Refused
from api.roles import PUBLIC_OPERATIONS, ROLES, may
from storage.keys import ApiKey

_KEY = re.compile(r"aval_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_NOBODY = ApiKey("0" * 16, bytes(32), "", "")
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """The client behind a request and its role; idempotency keys belong to the client, not to the key."""

    client: str
    role: str
    key_id: str


def issue_key(role: str, client: str, pepper: bytes) -> tuple[str, ApiKey]:
    """A new key: the text to hand over, once, and the record to store.

    Raises: ValueError for an unknown role or a client's name that is no identifier.
    """
    if role not in ROLES:
        raise ValueError(f"no role '{role}'; choose one of {', '.join(ROLES)}")
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", client) is None:
        raise ValueError(f"'{client}' is no name of a client; use letters, digits, '.', '_' and '-', at most 64")
    prefix = secrets.token_hex(8)
    text = f"aval_{prefix}_{secrets.token_urlsafe(32)}"
    return text, ApiKey(prefix, key_digest(text, pepper), role, client)


def key_digest(text: str, pepper: bytes) -> bytes:
    """What is stored of a key."""
    return hmac.new(pepper, text.encode("ascii"), hashlib.sha256).digest()


def identify(header: str | None, pepper: bytes, find: Callable[[str], ApiKey | None]) -> Caller:
    """The caller that an Authorization header proves; `find` looks a key up by its prefix.

    Raises: Refused (unauthorized), with the same words whatever is wrong with the key.
    """
    if header is None:
        raise Refused("unauthorized", "the Authorization header is missing; send Authorization: Bearer <key>")
    scheme, _, text = header.partition(" ")
    found = _KEY.fullmatch(text) if scheme.lower() == "bearer" else None
    if found is None:
        raise Refused("unauthorized", "the Authorization header holds no key of ours; send Bearer aval_..._...")
    stored = find(found[1]) or _NOBODY
    right = hmac.compare_digest(stored.digest, key_digest(found[0], pepper))
    if not right or stored.revoked_at is not None:
        raise Refused("unauthorized", "the key is not known or no longer valid; ask for a new one")
    return Caller(stored.client, stored.role, stored.key_id)


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


def register(app: Flask, pepper: bytes, find: Callable[[str], ApiKey | None]) -> None:
    """Close every route but the public ones to callers without a key of the right role."""

    @app.before_request
    def admit() -> None:
        if request.endpoint is None or request.method == "OPTIONS":
            return  # Flask answers these by itself: nothing is here, or which methods are
        operation = operation_of(current_app, request.endpoint, request.method)
        g.operation = operation
        if operation in PUBLIC_OPERATIONS:
            return
        caller = identify(request.headers.get("Authorization"), pepper, find)
        g.caller = caller
        if operation is None or not may(caller.role, operation):
            raise Refused("forbidden", f"the role '{caller.role}' may not do this; ask for a key with another role")


def caller() -> Caller:
    """Who is asking, once `admit` let the request in."""
    found: Caller = g.caller
    return found
