"""Every refusal that the service has becomes the exception by which a caller knows what to do."""

from __future__ import annotations

import httpx
import pytest

from api.client.problems import (
    BadRequest,
    Busy,
    Conflict,
    Erased,
    InDoubt,
    NotAllowed,
    NotFound,
    NotKnown,
    Problem,
    TooManyRequests,
    Unavailable,
    Unusable,
    problem_of,
)
from api.problem_types import PROBLEM_TYPES, ProblemType

BY_STATUS = {400: BadRequest, 401: NotKnown, 403: NotAllowed, 404: NotFound, 405: BadRequest, 409: Conflict,
             410: Erased, 412: Conflict, 413: BadRequest, 415: BadRequest, 422: Unusable, 428: BadRequest,
             429: TooManyRequests, 503: Unavailable}  # fmt: skip
BY_NAME = {"busy": Busy, "unavailable": Busy, "in-doubt": InDoubt, "internal": InDoubt}


def refusal(status: int, name: str, **more: object) -> httpx.Response:
    """An answer as the service writes a refusal."""
    body = {"type": f"/problems/{name}", "title": "a title", "status": status, "instance": "urn:uuid:1"} | more
    return httpx.Response(status, headers={"Content-Type": "application/problem+json"}, json=body)


@pytest.mark.parametrize("kind", PROBLEM_TYPES.values(), ids=lambda kind: kind.name)
def test_every_problem_of_the_service_has_its_exception(kind: ProblemType) -> None:
    told = problem_of(refusal(kind.status, kind.name))
    assert type(told) is BY_NAME.get(kind.name, BY_STATUS.get(kind.status))
    assert (told.status, told.name, told.instance) == (kind.status, kind.name, "urn:uuid:1")


def test_the_fields_are_told() -> None:
    told = problem_of(refusal(422, "invalid-field", errors=[{"field": "order.amount", "message": "is no amount"}]))
    assert [(one.field, one.message) for one in told.errors] == [("order.amount", "is no amount")]
    assert str(told) == "422 invalid-field: a title; order.amount: is no amount"


@pytest.mark.parametrize("answer", [
    httpx.Response(502, html="<h1>Bad gateway</h1>"), httpx.Response(500),
    httpx.Response(503, headers={"Content-Type": "application/problem+json"}, text="[not json"),
    httpx.Response(503, headers={"Content-Type": "application/problem+json"}, json=["no object"]),
])  # fmt: skip
def test_a_5xx_that_the_service_did_not_write_leaves_it_in_doubt(answer: httpx.Response) -> None:
    assert type(problem_of(answer)) is InDoubt


@pytest.mark.parametrize("answer", [httpx.Response(302), httpx.Response(400, text="no"), httpx.Response(418)])
def test_what_is_not_ours_is_still_a_refusal_and_never_an_answer(answer: httpx.Response) -> None:
    assert type(problem_of(answer)) is BadRequest


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None),
                                                 ("-1", None), ("1.5", None)])  # fmt: skip
def test_the_wait_is_read_where_it_is_whole_seconds(header: str, seconds: float | None) -> None:
    answer = refusal(429, "too-many-requests")
    answer.headers["Retry-After"] = header
    told: Problem = problem_of(answer)
    assert told.retry_after == seconds
