"""Same key, same answer: reading the key, and telling one request from another that carries the same key.

The stored answer itself is claimed inside the decision's transaction (`storage/decisions.py`); here is what can be said
before it: is the key usable, is its first request still in work in this process.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Response

from api.errors import Refused
from api.known_keys import NOT_GOOD
from storage.decisions import Claim

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PARAMETER = {
    "in": "header", "name": HEADER, "required": True,
    "description": "new for every order or change, the same when it is retried",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]{1,255}$"},
}  # fmt: skip
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes to send, and whether they were sent before."""

    status: int
    body: bytes
    replayed: bool


def stored_answer(claim: Claim) -> Answer:
    """The answer that a key has already. Raises: Refused where it was given to another request, or who asks may not."""
    if claim.state == "ended":
        raise Refused("unauthorized", NOT_GOOD)
    if claim.state == "conflict":
        raise Refused("idempotency-key-reused", "this key was sent with another body; send a new key")
    if not claim.response:  # an answer is never empty
        raise Refused("record-erased", "this key was answered, and the answer was erased since; nothing was done now")
    return Answer(200, claim.response, replayed=True)


def answer_response(answer: Answer) -> Response:
    """The answer as it leaves, marked where it was sent before."""
    response = Response(answer.body, answer.status, mimetype="application/json")
    if answer.replayed:
        response.headers[REPLAYED] = "true"
    return response


def read_key(value: str | None) -> str:
    """The client's key for this request: 1 to 255 visible ASCII characters.

    Raises: Refused when it is missing or not such text.
    """
    if value is None:
        raise Refused("idempotency-key-missing", f"send {HEADER} with a new value for every new order or change")
    if _VISIBLE.fullmatch(value) is None:
        raise Refused("idempotency-key-malformed", f"{HEADER} has 1 to 255 visible ASCII characters, without spaces")
    return value


def body_hash(operation: str, body: bytes) -> bytes:
    """What a key stands for: the operation and the exact bytes of the body."""
    return hashlib.sha256(operation.encode() + b"\x00" + body).digest()


class InWork:
    """The keys whose first request is being worked on in this process; a second one is told to wait."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self, client: str, key: str) -> Iterator[None]:
        """Hold a client's key until the block ends. Raises: Refused (in-progress) when another request holds it."""
        mine = (client, key)
        with self._lock:
            if mine in self._keys:
                raise Refused("in-progress", "the first request with this key is still in work; send it again shortly")
            self._keys.add(mine)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(mine)
