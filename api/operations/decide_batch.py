"""Decide many orders of one request, one after another: each has its own key, its own transaction and its own answer.

A batch is nothing but its items. Whatever one of them meets, a wrong field or a fault of ours, is its answer alone, and
the next is decided as if it had come alone. INVARIANT: an item that was answered with a decision was stored before the
next began, so a batch that is cut off is sent again whole and decides only what was not decided.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from api.auth import Caller
from api.errors import Refused, problem_body, storage_refusal
from api.idempotency import read_key
from api.operations.decide import decide
from api.requests import field_errors, refused_fields
from api.schemas.decisions import OrderToDecide
from api.services import Services
from credit.decision import canonical_json
from storage.failures import StorageFailure

BATCH_SECONDS = 20.0  # what a server that is told to stop waits for is longer
FIELDS = {"idempotency_key", "request"}

log = logging.getLogger("aval.decide")
_SCHEMA = OrderToDecide()


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What became of one item; `body` is the stored answer, or the problem where there is none."""

    key: str | None
    status: int
    body: bytes

    @property
    def decided(self) -> bool:
        """Say whether the body is a decision."""
        return self.status < 300


def decide_batch(held: Services, caller: Caller, items: Sequence[Any], clock: Callable[[], float]) -> bytes:
    """The answers to all items, in their order; those not begun in `BATCH_SECONDS` are told that nothing happened."""
    ends = clock() + BATCH_SECONDS
    return _written([_answered(held, caller, item, clock() >= ends) for item in items])


def _answered(held: Services, caller: Caller, item: Any, late: bool) -> ItemAnswer:
    """The answer to one item. Nothing is raised, whatever it meets."""
    key = item.get("idempotency_key") if isinstance(item, dict) else None
    shown = key if isinstance(key, str) else None
    try:
        if late:
            raise Refused("busy")
        answer = _decided(held, caller, item)
        return ItemAnswer(shown, answer[0], answer[1])
    except Refused as refused:
        found = refused
    except StorageFailure as failure:
        found = storage_refusal(failure)
    except Exception as fault:
        log.error("fault", exc_info=fault)
        found = Refused("internal")
    return ItemAnswer(shown, found.type.status, canonical_json(problem_body(found)))


def _decided(held: Services, caller: Caller, item: Any) -> tuple[int, bytes]:
    if not isinstance(item, dict):
        raise Refused("invalid-field", "the item is not an object; send idempotency_key and request in braces")
    if set(item) - FIELDS:
        raise Refused("unknown-field", "an item has idempotency_key and request, and nothing else")
    key = item.get("idempotency_key")
    if key is not None and not isinstance(key, str):
        raise Refused("idempotency-key-malformed", "the key is not text; write it in quotes")
    key, wish = read_key(key), _wish(item.get("request"))
    body = canonical_json(item["request"])
    if len(body) > held.settings.largest_body:
        raise Refused("too-large")
    answer = decide(held, caller, key, body, wish)
    return answer.status, answer.body


def _wish(sent: Any) -> Mapping[str, Any]:
    """The order that an item asks about. Raises: Refused with every wrong field."""
    try:
        loaded: Mapping[str, Any] = _SCHEMA.load(sent)
    except ValidationError as error:
        raise refused_fields(list(field_errors(error.normalized_messages()))[:50]) from None  # type: ignore[no-untyped-call]
    return loaded


def _written(answers: Sequence[ItemAnswer]) -> bytes:
    """All answers as one body, in which the bytes of each decision are those that were stored."""
    written = []
    for one in answers:
        head = canonical_json({"idempotency_key": one.key, "status": one.status})[:-1]
        name = b"answer" if one.decided else b"problem"
        written.append(head + b',"' + name + b'":' + one.body + b"}")
    return b'{"items":[' + b",".join(written) + b"]}"
