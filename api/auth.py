"""Who is asking: API keys, checked before anything of the request is read.

A key is `aval_<prefix>_<secret>` with 256 random bits; we keep HMAC-SHA256 of it under a pepper that is not in the
database. Slow password hashes would protect nothing here and cost half a second per call. Every route declares its
operation; a route without one is closed.

Views and operations ask `caller()`: whose request it is, its role, and the permissions beyond the role.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from api.errors import Refused
from api.roles import PERMISSIONS, PUBLIC_OPERATIONS, ROLES, may
from api.settings import Settings
from storage.keys import ApiKey

_KEY = re.compile(r"aval_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_NOBODY = ApiKey("0" * 16, bytes(32), "", "")
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """The client behind a request and its role; idempotency keys belong to the client, not to the key.

    `permissions` are what the client may do beyond its role (`PERMISSIONS` in `api.roles`).
    """

    client: str
    role: str
    key_id: str
    permissions: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a new key is given beyond its client and role: a label for people, permissions, and an end."""

    label: str | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    expires_at: datetime | None = None


def issue_key(role: str, client: str, pepper: bytes, terms: KeyTerms = KeyTerms()) -> tuple[str, ApiKey]:
    """A new key: the text to hand over, once, and the record to store.

    Raises: ValueError for an unknown role or permission, a client's name that is no identifier, or a long label.
    """
    if role not in ROLES:
        raise ValueError(f"no role '{role}'; choose one of {', '.join(ROLES)}")
    if unknown := sorted(terms.permissions - set(PERMISSIONS)):
        raise ValueError(f"no permission '{unknown[0]}'; choose one of {', '.join(PERMISSIONS)}")
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", client) is None:
        raise ValueError(f"'{client}' is no name of a client; use letters, digits, '.', '_' and '-', at most 64")
    if terms.label is not None and not (0 < len(terms.label) <= 80 and terms.label.isprintable()):
        raise ValueError("the label cannot be used; write one line of at most 80 characters")
    prefix = secrets.token_hex(8)
    text = f"aval_{prefix}_{secrets.token_urlsafe(32)}"
    return text, ApiKey(prefix, key_digest(text, pepper), role, client, terms.label, terms.permissions,
                        pepper_id(pepper), terms.expires_at)  # fmt: skip


def key_digest(text: str, pepper: bytes) -> bytes:
    """What is stored of a key."""
    return hmac.new(pepper, text.encode("ascii"), hashlib.sha256).digest()


def pepper_id(pepper: bytes) -> str:
    """A name for a pepper, stored beside each key made with it, so that people see which keys a new pepper ends."""
    return hashlib.sha256(b"the name of a pepper of aval\0" + pepper).hexdigest()[:8]


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
        raise Refused("unauthorized", "the key is not known or no longer valid; ask for a new one")
    return Caller(stored.client, stored.role, stored.key_id, stored.permissions)


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


def register(app: Flask, settings: Settings, find: Callable[[str], ApiKey | None]) -> None:
    """Close every route but the public ones to callers without a key of the right role."""

    @app.before_request
    def admit() -> None:
        if request.endpoint is None or request.method == "OPTIONS":
            return  # Flask answers these by itself: nothing is here, or which methods are
        operation = operation_of(current_app, request.endpoint, request.method)
        g.operation = operation
        if operation in PUBLIC_OPERATIONS:
            return
        caller = identify(request.headers.get("Authorization"), settings.pepper, find, settings.previous_pepper)
        g.caller = caller
        if operation is None or not may(caller.role, operation):
            raise Refused("forbidden", f"the role '{caller.role}' may not do this; ask for a key with another role")


def caller() -> Caller:
    """Who is asking, once `admit` let the request in."""
    found: Caller = g.caller
    return found
