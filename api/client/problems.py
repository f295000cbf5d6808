"""What a call can end with beside an answer: one exception for each way in which the caller has to act differently."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field that the service could not use, and what is wrong with it."""

    field: str
    message: str


class NotAnswered(Exception):
    """No answer came, as often as was asked; `key` is what the request was sent under.

    Whether it was carried out is not known: ask again with the same key. It is not a denial.
    """

    def __init__(self, message: str, key: str | None) -> None:
        super().__init__(message)
        self.key = key


class Problem(Exception):
    """A refusal of the service: `name` is the last part of its type, `instance` the id of the request in its log."""

    def __init__(self, answer: httpx.Response) -> None:
        told = _told(answer)
        self.status = answer.status_code
        self.name = _text(told, "type").rpartition("/")[2]
        self.title, self.detail, self.instance = (_text(told, name) for name in ("title", "detail", "instance"))
        self.errors = _faults(told.get("errors"))
        self.retry_after = retry_after(answer)
        fields = "".join(f"; {one.field}: {one.message}" for one in self.errors)
        super().__init__(f"{self.status} {self.name}: {self.detail or self.title}{fields}")


class BadRequest(Problem):
    """The request could not be read: a fault of the program that sent it."""


class NotKnown(Problem):
    """The key or the session is not valid."""


class NotAllowed(Problem):
    """The caller may not do that."""


class NotFound(Problem):
    """There is nothing at this address for this caller."""


class Conflict(Problem):
    """Something happened before that stands against the request."""


class Erased(Problem):
    """The record was erased on request."""


class Unusable(Problem):
    """A field cannot be used as sent; `errors` names each. Also: this key was used for another request."""


class TooManyRequests(Problem):
    """Too many requests; `retry_after` says how many seconds to wait."""


class Unavailable(Problem):
    """The service could not do it now; nothing was decided or held, unless it is `InDoubt`."""


class Busy(Unavailable):
    """The ledger is busy or cannot be reached; nothing was decided or held."""


class InDoubt(Unavailable):
    """Nobody knows whether it was stored: ask again with the same key. It is not a denial."""


_BY_NAME: dict[str, type[Problem]] = {"in-doubt": InDoubt, "internal": InDoubt, "busy": Busy, "unavailable": Busy}
_BY_STATUS: dict[int, type[Problem]] = {
    401: NotKnown, 403: NotAllowed, 404: NotFound, 409: Conflict, 410: Erased, 412: Conflict, 422: Unusable,
    429: TooManyRequests,
}  # fmt: skip


def problem_of(answer: httpx.Response) -> Problem:
    """A refusal as the exception that it is; what does not come from the service itself leaves a 5xx in doubt."""
    kind = _BY_NAME.get(_text(_told(answer), "type").rpartition("/")[2]) or _BY_STATUS.get(answer.status_code)
    if kind is None and answer.status_code >= 500:
        kind = Unavailable if _told(answer) else InDoubt  # a gateway on the way knows nothing of what was stored
    return (kind or BadRequest)(answer)


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds that the service asks to wait, where it does so in whole seconds."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _told(answer: httpx.Response) -> dict[str, Any]:
    if answer.headers.get("Content-Type", "").partition(";")[0].strip() != "application/problem+json":
        return {}
    try:
        body = json.loads(answer.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _faults(listed: object) -> tuple[FieldFault, ...]:
    found = listed if isinstance(listed, list) else []
    return tuple(FieldFault(_text(one, "field"), _text(one, "message")) for one in found if isinstance(one, dict))


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""
