"""One shape for every failure: a refusal is raised as `Refused` behind the doors and leaves as an RFC 9457 problem.

What goes wrong on our side is logged and answered without a detail, since a trace may hold a customer's figures.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Api, Blueprint
from werkzeug.exceptions import HTTPException

from api.problem_types import PROBLEM_TYPES
from api.schemas.fields import Problem
from storage.failures import Busy, InDoubt, StorageFailure

log = logging.getLogger("aval.api")

MEDIA_TYPE = "application/problem+json"
_DRAINED_BYTES = 16 * 1024 * 1024  # a client that is still sending cannot read our answer
_DRAINED_SECONDS = 5.0


_BY_STATUS = {400: "malformed-request", 401: "unauthorized", 403: "forbidden", 404: "not-found", 413: "too-large",
              405: "method-not-allowed", 415: "unsupported-media-type", 422: "invalid-field"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that cannot be used: its path with dots, and what is wrong in the sender's words."""

    field: str
    message: str


class Refused(Exception):
    """A request that is not served: `name` stands in `PROBLEM_TYPES`, `detail` is for the person who sent it."""

    def __init__(self, name: str, detail: str = "", errors: Sequence[FieldError] = (),
                 headers: Mapping[str, str] | None = None) -> None:  # fmt: skip
        super().__init__(name, detail)
        self.type, self.detail, self.errors = PROBLEM_TYPES[name], detail, tuple(errors)
        self.headers = dict(headers or {})


def problem_body(refused: Refused) -> dict[str, object]:
    """A refusal as RFC 9457 writes it; `instance` is the id of the request, as in our log."""
    kind = refused.type
    body: dict[str, object] = {"type": f"/problems/{kind.name}", "title": kind.title, "status": kind.status}
    body["detail"] = refused.detail if refused.detail and kind.status < 500 else kind.advice
    body["instance"] = f"urn:uuid:{g.get('request_id', '00000000-0000-0000-0000-000000000000')}"
    if refused.errors:
        body["errors"] = [{"field": error.field, "message": error.message} for error in refused.errors]
    return body


def problem_response(refused: Refused) -> Response:
    """A refusal as `application/problem+json`."""
    kind = refused.type
    headers = dict(refused.headers)
    if kind.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="aval"'
    if kind.status == 503 or kind.name == "in-progress":
        headers.setdefault("Retry-After", "1")
    g.problem = kind.name
    text = json.dumps(problem_body(refused), ensure_ascii=False)
    return Response(text, kind.status, headers, mimetype=MEDIA_TYPE)


def storage_refusal(error: StorageFailure) -> Refused:
    """A fault of the database as what it means to the client: nothing was stored, or nobody knows."""
    name = "in-doubt" if isinstance(error, InDoubt) else "busy" if isinstance(error, Busy) else "unavailable"
    log.error("storage", extra={"problem": name, "detail": type(error).__name__})
    return Refused(name)


def http_problem(error: HTTPException) -> Response:
    """What Flask refuses by itself, in the same shape; a 405 keeps its Allow header."""
    code = error.code or 500
    if code >= 500:
        return problem_response(Refused("internal"))
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return problem_response(Refused(_BY_STATUS.get(code, "refused"), headers=kept))


def _drain_body(response: Response) -> Response:
    """Read off what a refused client is still sending: closing on it would cost it our answer.

    Only where the server marks the end of a body, and only for so many bytes and seconds.
    """
    if response.status_code >= 400 and request.environ.get("wsgi.input_terminated"):
        left, deadline = _DRAINED_BYTES, time.monotonic() + _DRAINED_SECONDS
        while left > 0 and time.monotonic() < deadline:
            piece = request.environ["wsgi.input"].read(16_384)
            if not piece:
                break
            left -= len(piece)
    return response


class ProblemApi(Api):
    """The OpenAPI extension, answering every HTTP error as a problem.

    What it tells of the routes is put together when somebody first asks for it: most processes are never asked.
    """

    ERROR_SCHEMA = Problem

    def __init__(self, app: Flask, spec_kwargs: Mapping[str, object]) -> None:
        self._untold: list[Blueprint] = []
        self._telling = Lock()
        super().__init__(app, spec_kwargs=spec_kwargs)

    def register_blueprint(self, routes: Blueprint) -> None:
        """Open the routes at once, and keep them to be told."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][routes.name] = self
        self._app.register_blueprint(routes)
        self._untold.append(routes)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of all routes, as the extension writes it."""
        with self._telling:
            while self._untold:
                routes = self._untold.pop(0)
                routes.register_views_in_doc(self, self._app, self.spec, name=routes.name, parameters=None)
                self.spec.tag({"name": routes.name, "description": routes.description})
            found: dict[str, Any] = self.spec.to_dict()
            return found

    def handle_http_exception(self, error: HTTPException) -> Response:
        return http_problem(error)


def register(app: Flask) -> None:
    """Let every failure of the app leave as a problem; 5xx are logged as faults and say nothing of the inside."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.after_request(_drain_body)

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        if error.type.status >= 500:
            log.error("refused", extra={"problem": error.type.name, "detail": error.detail})
        return problem_response(error)

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return http_problem(error)
        log.error("fault", exc_info=error)
        return problem_response(Refused("internal"))
