"""The log is one JSON line per event and holds nothing that a customer would mind."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from api import logs
from tests.api.service import Service, an_order


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What the service logs, with the logger put back afterwards."""
    ours = logging.getLogger("aval")
    before = (ours.handlers[:], ours.level, ours.propagate)
    found = io.StringIO()
    logs.configure(found)
    yield found
    ours.handlers[:], ours.propagate = before[0], before[2]
    ours.setLevel(before[1])


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines as objects; a line that is none fails here."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_decision_is_told_without_names_amounts_or_bodies(stream: io.StringIO, service: Service) -> None:
    service.put_customer(name="Geheim GmbH")
    answer = service.decide(an_order("123.45", id="SO-77"))
    told = lines(stream)
    assert {line["event"] for line in told} == {"request", "decided"}
    decided = next(line for line in told if line["event"] == "decided")
    assert decided["decision_id"] == json.loads(answer.data)["decision"]["decision_id"]
    text = stream.getvalue()
    assert not [secret for secret in ("Geheim", "123.45", "SO-77", "aval_") if secret in text]


def test_a_request_is_told_with_its_route_and_not_its_address(stream: io.StringIO, service: Service) -> None:
    answer = service.send("GET", "/v1/customers/C-secret", "compliance")
    line = lines(stream)[-1]
    assert (line["route"], line["status"], line["problem"]) == ("/v1/customers/<customer_id>", 404, "not-found")
    assert (line["operation"], line["role"], line["client"]) == ("show_customer", "compliance", "compliance-1")
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["milliseconds"] >= 0 and "C-secret" not in stream.getvalue()


def test_an_exception_is_told_by_its_places_and_not_its_words() -> None:
    try:
        try:
            int("4711 secret")
        except ValueError as error:
            raise KeyError("secret") from error
    except KeyError as fault:
        record = logging.LogRecord("aval", logging.ERROR, __file__, 1, "fault", None, (KeyError, fault, None))
    told = json.loads(logs.JsonLines().format(record))
    assert [place.split(" < ")[0] for place in told["fault"]] == ["KeyError", "ValueError"]
    assert "test_an_exception_is_told" in told["fault"][0]
    assert "secret" not in json.dumps(told)


def test_fields_that_we_do_not_know_are_left_out() -> None:
    record = logging.makeLogRecord({"msg": "x", "levelname": "INFO", "customer_name": "Geheim", "status": 200})
    assert "Geheim" not in (line := logs.JsonLines().format(record)) and json.loads(line)["status"] == 200
