"""How a key is made: its text, handed over once, and what is stored of it.

A key is `aval_<prefix>_<secret>` with 256 random bits; we keep HMAC-SHA256 of it under a pepper that is not in the
database. Slow password hashes would protect nothing here and cost half a second per call. What a key opens is the
business of `api.auth`; this needs no server, so that `aval key` starts at once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from api.roles import PERMISSIONS, ROLES
from storage.keys import ApiKey


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
