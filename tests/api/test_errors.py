"""Every failure leaves in one shape, keeps the headers that matter, and says nothing of our inside."""

from __future__ import annotations

import json
import logging
import uuid

import pytest
from werkzeug.test import TestResponse

from api.errors import MEDIA_TYPE, Refused
from api.problem_types import PROBLEM_TYPES
from storage.failures import Busy, InDoubt, OverLimit, Unavailable
from tests.api.service import Service, an_order


def problem_of(answer: TestResponse) -> str:
    """The name of the problem, after checking that it has the one shape."""
    assert answer.mimetype == MEDIA_TYPE
    body = json.loads(answer.data)
    kind = PROBLEM_TYPES[body["type"].removeprefix("/problems/")]
    assert (body["status"], body["title"]) == (kind.status, kind.title) == (answer.status_code, kind.title)
    assert body["detail"]
    instance = body["instance"].removeprefix("urn:uuid:")
    assert uuid.UUID(instance) and instance == answer.headers["X-Request-Id"]
    return kind.name


def break_storage(service: Service, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    """Let every write of the service fail in this way."""
    def write() -> None:
        raise fault
    monkeypatch.setattr(service.held.database, "write", write)


def test_an_address_that_is_none_is_a_problem(service: Service) -> None:
    assert problem_of(service.send("GET", "/v1/nothing", "admin")) == "not-found"


def test_a_method_that_is_not_taken_keeps_the_allow_header(service: Service) -> None:
    answer = service.send("DELETE", "/v1/customers/C-1", "admin")
    assert problem_of(answer) == "method-not-allowed"
    assert {"GET", "PUT"} <= set(answer.headers["Allow"].split(", "))


def test_a_body_of_ten_megabytes_is_too_large(service: Service) -> None:
    assert problem_of(service.decide(b'{"a": "' + b"x" * 10_000_000 + b'"}')) == "too-large"


def test_a_body_of_the_largest_size_is_read(service: Service) -> None:
    size = service.held.settings.largest_body
    assert problem_of(service.decide(b"{" + b" " * (size - 2) + b"}")) == "invalid-field"
    assert problem_of(service.decide(b"{" + b" " * (size - 1) + b"}")) == "too-large"


def test_another_media_type_is_a_problem(service: Service) -> None:
    answer = service.decide(json.dumps(an_order()).encode(), Content_Type="text/plain")
    assert problem_of(answer) == "unsupported-media-type"


@pytest.mark.parametrize(("fault", "problem"), [
    (Busy("x"), "busy"), (Unavailable("x"), "unavailable"), (InDoubt("x"), "in-doubt"),
    (OverLimit("x"), "engine-fault"),
])  # fmt: skip
def test_a_fault_of_the_database_is_told_as_what_it_means(
    service: Service, monkeypatch: pytest.MonkeyPatch, fault: Exception, problem: str
) -> None:
    break_storage(service, monkeypatch, fault)
    answer = service.decide(an_order())
    assert problem_of(answer) == problem
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_doubt_is_never_told_as_a_denial(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    break_storage(service, monkeypatch, InDoubt("x"))
    assert "same key" in json.loads(service.decide(an_order()).data)["detail"]


def test_a_fault_of_ours_says_nothing_of_our_inside(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_storage(service, monkeypatch, RuntimeError("secret figure 4711"))
    with caplog.at_level(logging.ERROR, "aval.api"):
        answer = service.decide(an_order())
    assert problem_of(answer) == "internal"
    assert b"4711" not in answer.data and b"Runtime" not in answer.data
    assert [record.message for record in caplog.records] == ["fault"]


def test_a_refusal_of_an_unknown_name_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Refused("no-such-problem")


@pytest.mark.parametrize("name", PROBLEM_TYPES)
def test_every_problem_has_a_page_for_people_and_for_programs(service: Service, name: str) -> None:
    page = service.send("GET", f"/problems/{name}", Accept="text/html")
    data = service.send("GET", f"/problems/{name}", Accept="application/json")
    assert page.mimetype == "text/html" and name in page.text
    assert data.json is not None and data.json["status"] == PROBLEM_TYPES[name].status


def test_titles_and_advice_read_as_ours() -> None:
    for kind in PROBLEM_TYPES.values():
        assert kind.title[0].islower() and not kind.title.endswith("."), kind.title
        assert kind.advice[0].isupper() or kind.advice[0] == "`", kind.advice
        assert 400 <= kind.status <= 503
