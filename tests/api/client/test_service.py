"""What is asked again is the same request under the same key, only where that is safe, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from api.client.patience import Patience
from api.client.problems import Conflict, InDoubt, NotAnswered, Problem, TooManyRequests, Unavailable, Unusable
from api.client.service import Service
from tests.api.client.test_problems import refusal

QUICK = Patience(tries=4, first_wait=0.0)
DECIDE = {"method": "POST", "url": "/v1/decisions", "headers": {"Idempotency-Key": "k-1"}, "json": {"a": 1}}
PLAIN = {"method": "POST", "url": "/v1/session", "json": {"a": 1}}
Ending = httpx.Response | type[httpx.TransportError]


class Network:
    """Ends each request in the next of the given ways, and remembers what was sent."""

    def __init__(self, *endings: Ending) -> None:
        self.endings, self.sent = list(endings), list[tuple[str | None, bytes]]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.headers.get("Idempotency-Key"), request.content))
        ending = self.endings.pop(0)
        if isinstance(ending, httpx.Response):
            return ending
        raise ending("planted")

    def service(self, patience: Patience = QUICK) -> Service:
        """A client on this network."""
        return Service("http://aval.test", "key", patience, httpx.MockTransport(self))


def ok() -> httpx.Response:
    """An answer."""
    return httpx.Response(201, json={"b": 2})


LOST = (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
PASSING: tuple[Callable[[], httpx.Response], ...] = (
    lambda: refusal(503, "busy"), lambda: refusal(503, "unavailable"), lambda: refusal(503, "in-doubt"),
    lambda: refusal(500, "internal"), lambda: refusal(409, "in-progress"), lambda: refusal(429, "too-many-requests"),
    lambda: httpx.Response(502), lambda: httpx.Response(504),
)  # fmt: skip
LASTING: tuple[Callable[[], httpx.Response], ...] = (
    lambda: refusal(503, "no-policy"), lambda: refusal(503, "engine-fault"), lambda: refusal(409, "order-held"),
    lambda: refusal(422, "idempotency-key-reused"), lambda: refusal(401, "unauthorized"), lambda: httpx.Response(302),
    lambda: httpx.Response(500),
)  # fmt: skip


@pytest.mark.parametrize("ending", [*LOST, *NEVER_SENT])
def test_a_lost_connection_is_asked_again_with_the_same_key_and_bytes(ending: type[httpx.TransportError]) -> None:
    network = Network(ending, ending, ok())
    assert network.service().send(**DECIDE).json() == {"b": 2}
    assert len(network.sent) == 3 and set(network.sent) == {("k-1", b'{"a":1}')}


@pytest.mark.parametrize("ending", PASSING)
def test_a_refusal_that_passes_is_asked_again_with_the_same_key_and_bytes(ending: Callable[[], httpx.Response]) -> None:
    network = Network(ending(), ending(), ok())
    assert network.service().send(**DECIDE).status_code == 201
    assert len(network.sent) == 3 and set(network.sent) == {("k-1", b'{"a":1}')}


@pytest.mark.parametrize("ending", LASTING)
def test_a_refusal_that_stays_is_told_at_once(ending: Callable[[], httpx.Response]) -> None:
    network = Network(ending(), ok())
    with pytest.raises(Problem):
        network.service().send(**DECIDE)
    assert len(network.sent) == 1


@pytest.mark.parametrize("ending", [*LOST, lambda: refusal(503, "in-doubt"), lambda: httpx.Response(502)])
def test_without_a_key_what_may_have_been_done_is_not_sent_again(ending: Callable[..., Ending]) -> None:
    network = Network(ending if ending in LOST else ending(), ok())
    with pytest.raises((NotAnswered, InDoubt)):
        network.service().send(**PLAIN)
    assert len(network.sent) == 1


@pytest.mark.parametrize("ending", [*NEVER_SENT, lambda: refusal(503, "busy"),
                                    lambda: refusal(429, "too-many-requests")])  # fmt: skip
def test_without_a_key_what_was_not_done_is_sent_again(ending: Callable[..., Ending]) -> None:
    network = Network(ending if ending in NEVER_SENT else ending(), ok())
    assert network.service().send(**PLAIN).status_code == 201


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/decisions"), ("PUT", "/v1/customers/C-1"),
                                              ("POST", "/v1/decisions:batch"),
                                              ("POST", "/v1/decisions:preview")])  # fmt: skip
def test_what_is_the_same_when_done_twice_needs_no_key(method: str, path: str) -> None:
    network = Network(httpx.ReadTimeout, ok())
    assert network.service().send(method=method, url=path).status_code == 201


def test_the_end_of_the_tries_names_the_key() -> None:
    network = Network(*[httpx.ReadTimeout] * 9)
    with pytest.raises(NotAnswered, match="POST /v1/decisions: ReadTimeout") as told:
        network.service().send(**DECIDE)
    assert told.value.key == "k-1" and len(network.sent) == QUICK.tries


@pytest.mark.parametrize(("name", "status", "kind"), [("in-doubt", 503, InDoubt), ("busy", 503, Unavailable),
                                                      ("in-progress", 409, Conflict)])  # fmt: skip
def test_the_last_refusal_is_told_when_the_tries_end(name: str, status: int, kind: type[Problem]) -> None:
    network = Network(*(refusal(status, name) for _ in range(9)))
    with pytest.raises(kind):
        network.service().send(**DECIDE)
    assert len(network.sent) == QUICK.tries


def test_a_wait_that_passes_the_bound_is_not_begun() -> None:
    late = refusal(429, "too-many-requests")
    late.headers["Retry-After"] = "3600"
    network, began = Network(late, ok()), time.monotonic()
    with pytest.raises(TooManyRequests) as told:
        network.service().send(**DECIDE)
    assert told.value.retry_after == 3600 and len(network.sent) == 1
    assert time.monotonic() - began < 1800


def test_what_the_service_asks_to_wait_is_waited() -> None:
    soon = refusal(429, "too-many-requests")
    soon.headers["Retry-After"] = "1"
    network, began = Network(soon, ok()), time.monotonic()
    assert network.service().send(**DECIDE).status_code == 201
    assert time.monotonic() - began >= 1


def test_a_request_that_cannot_be_sent_is_not_tried_again() -> None:
    with pytest.raises(NotAnswered, match="UnsupportedProtocol"):
        Service("ftp://aval.test", "key", QUICK).send(**DECIDE)


def test_a_refused_field_is_not_an_answer() -> None:
    with pytest.raises(Unusable):
        Network(refusal(422, "invalid-field")).service().send(**DECIDE)
