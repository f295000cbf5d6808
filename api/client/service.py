"""One call to the service: asked again under the same key while nobody knows how it ended, and never for ever.

What is asked again is exactly the first request, its key and its bytes: a decision that was stored before the answer
got lost is then found and given again. A new key would hold the amount a second time.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

import httpx

from .patience import Patience
from .problems import NotAnswered, Problem, problem_of

KEY_HEADER = "Idempotency-Key"
# Sent with POST, but they store nothing, or each of their entries has a key of its own.
_REPEATABLE = frozenset({"/v1/decisions:batch", "/v1/decisions:preview", "/v1/recommendations"})
_NOTHING_DONE = frozenset({"busy", "unavailable", "in-progress", "too-many-requests"})
_IN_DOUBT = frozenset({"in-doubt", "internal"})
_NEVER_SENDABLE = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, *_NEVER_SENDABLE)
_GATEWAYS = frozenset({502, 503, 504})


class Service:
    """The service at an address, asked under one client's key; threads may share it."""

    def __init__(self, address: str, key: str, patience: Patience | None = None,
                 transport: httpx.BaseTransport | None = None) -> None:  # fmt: skip
        self._patience = patience or Patience()
        self._http = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
            timeout=httpx.Timeout(self._patience.answer, connect=self._patience.connect), transport=transport,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._http.close()

    def send(self, **asked: Any) -> httpx.Response:
        """The answer to one request, given as httpx takes it.

        Raises: a Problem for every refusal; NotAnswered where no answer came.
        """
        request = self._http.build_request(**asked)
        ends = time.monotonic() + self._patience.whole
        for tried in range(1, self._patience.tries + 1):
            ended = self._once(request)
            if isinstance(ended, httpx.Response):
                return ended
            wait = self._patience.wait(tried, ended.retry_after if isinstance(ended, Problem) else None)
            last = tried == self._patience.tries or time.monotonic() + wait > ends
            if last or not _may_ask_again(request, ended):
                raise _as_told(request, ended)
            time.sleep(wait)
        raise ValueError("a call has at least one try")

    def _once(self, request: httpx.Request) -> httpx.Response | Problem | httpx.TransportError:
        """How one try ended."""
        try:
            answer = self._http.send(request)
        except httpx.TransportError as fault:
            return fault
        return answer if answer.is_success else problem_of(answer)


def _may_ask_again(request: httpx.Request, ended: Problem | httpx.TransportError) -> bool:
    """Say whether the same request can do no harm a second time, and may do good."""
    if isinstance(ended, Problem):
        from_gateway = ended.status in _GATEWAYS and not ended.name
        if ended.name in _NOTHING_DONE:
            return True
        if not (ended.name in _IN_DOUBT or from_gateway):
            return False
    elif isinstance(ended, _NEVER_SENT):
        return not isinstance(ended, _NEVER_SENDABLE)
    return request.method != "POST" or KEY_HEADER in request.headers or request.url.path in _REPEATABLE


def _as_told(request: httpx.Request, ended: Problem | httpx.TransportError) -> Exception:
    """What the caller is told: the service's last refusal, or that no answer came."""
    if isinstance(ended, Problem):
        return ended
    told = NotAnswered(f"{request.method} {request.url.path}: {type(ended).__name__}: {ended}",
                       request.headers.get(KEY_HEADER))  # fmt: skip
    told.__cause__ = ended
    return told
