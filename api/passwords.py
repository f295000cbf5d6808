"""Passwords of people: hashed slowly, checked in the same time whether or not there is such a person.

Argon2id with 19 MiB, two passes and one lane: the least that OWASP advises, a tenth of a second here. No rules of
composition: a password is long, and is neither the name nor one that everybody tries first.
"""

from __future__ import annotations

import re
import threading
import unicodedata

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST, LONGEST = 12, 128
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
MOST_AT_ONCE = 2  # hashing takes memory and a core: nobody brings the service down by signing in
NAME = r"[a-z][a-z0-9._-]{1,31}"
_HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
_ROOM = threading.BoundedSemaphore(MOST_AT_ONCE)
_WAIT_SECONDS = 5.0
# The hash of a password that was thrown away: what is verified where there is nobody, so that it takes as long.
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$td38nVbnBPO4wtqs89KyoA$zoeEqQHJiFiq5oSurPiTjbj2PY7Nvo7eRzZyVVRUQQI"
NO_PASSWORD = "none"  # what is stored of a person who has none: no hash, so that nothing proves it
_TRIED_FIRST = ("password", "passwort", "123456789", "qwertyuiop", "letmein", "iloveyou", "administrator", "aval")


class TooManyAtOnce(Exception):
    """More people sign in at this moment than there is room for."""


def weakness(password: str, name: str) -> str | None:
    """What is wrong with a new password for a person of this name, None where nothing is."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    if not SHORTEST <= len(password) <= LONGEST:
        return f"the password has {len(password)} characters; write {SHORTEST} to {LONGEST}, such as four words"
    if not password.isprintable():
        return "the password holds a character that cannot be typed; write one line of text"
    if not re.sub("|".join(map(re.escape, (name.casefold(), *_TRIED_FIRST))), "", folded).strip("0123456789 .!_-"):
        return "the password is the name, or one that everybody tries first; write four words that are yours"
    if len(set(folded)) < 5:
        return "the password has fewer than five different characters; write four words that are yours"
    return None


def hashed(password: str) -> str:
    """What is stored of a password."""
    with _ROOM:
        return _HASHER.hash(unicodedata.normalize("NFKC", password))


def proves(password: str, stored: str | None) -> bool:
    """Whether a password is the one that was stored; where nothing was stored it takes as long to say no.

    Raises: TooManyAtOnce where there was no room for some seconds.
    """
    bounded = stored if stored is not None and _is_bounded(stored) else NOBODYS
    if not _ROOM.acquire(timeout=_WAIT_SECONDS):
        raise TooManyAtOnce
    try:
        _HASHER.verify(bounded, unicodedata.normalize("NFKC", password[:LONGEST]))
    except (Argon2Error, InvalidHashError):
        return False
    finally:
        _ROOM.release()
    return bounded is stored and len(password) <= LONGEST


def _is_bounded(stored: str) -> bool:
    """Whether a stored hash asks for no more than ours: one that somebody else put there must not take all memory."""
    try:
        asked = extract_parameters(stored)
    except InvalidHashError:
        return False
    return asked.memory_cost <= MEMORY_KIB and asked.time_cost <= PASSES and asked.parallelism <= LANES
