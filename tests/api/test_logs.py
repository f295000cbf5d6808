"""The log is one JSON line per event and holds nothing that a customer would mind."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from api import logs
from storage.failures import Unavailable
from tests.api.running import serving, wait_for
from tests.api.service import Service, an_order, start_real_service, start_service
from tests.fakes import OnlyTheLimit


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


def test_a_request_keeps_the_id_that_its_sender_gave_it(stream: io.StringIO, service: Service) -> None:
    given = "1805F4C9-63de-4bd5-8dc0-def1fc7c462d"
    answer = service.decide(an_order(), X_Request_Id=given)
    assert answer.headers["X-Request-Id"] == given.lower()
    assert {line["event"] for line in lines(stream) if line["request_id"] == given.lower()} == {"decided", "request"}
    for other in ("Geheim GmbH", given + "0", "1805f4c963de4bd58dc0def1fc7c462d", ""):
        answer = service.decide(an_order(), f"k-{len(other)}", X_Request_Id=other)
        assert answer.headers["X-Request-Id"] not in (other, given.lower())
    assert "Geheim" not in stream.getvalue()


PLANTED = "Geheim4711"


def planted_requests() -> list[tuple[str, str, str, Any, dict[str, str]]]:
    """Requests that carry the planted text in one field each: method, path, role, body, headers."""
    order, customer = an_order(), {"name": "Example Ltd", "currency": "CNY", "granted_limit": "1000.00"}
    found: list[tuple[str, str, str, Any, dict[str, str]]] = []
    for field in (*order["order"], "unknown"):
        body = order | {"order": order["order"] | {field: PLANTED}}
        found.append(("POST", "/v1/decisions", "order_system", body, {}))
    for whole in ({"customer_id": PLANTED}, {"facts": {PLANTED: 1}}, {"facts": {"order.channel": PLANTED}},
                  {"facts": {"colour": PLANTED}}, {"facts": {"customer.score": PLANTED}}, {PLANTED: 1}):  # fmt: skip
        found.append(("POST", "/v1/decisions", "order_system", order | whole, {}))
        found.append(("POST", "/v1/decisions:preview", "risk_officer", order | whole, {}))
    for field in (*customer, "country", "group", "facts", "unknown", "confirmed_orders"):
        found.append(("PUT", "/v1/customers/C-1", "risk_officer", customer | {field: PLANTED}, {}))
    found += [("PUT", f"/v1/customers/{PLANTED}", "risk_officer", customer | {"facts": {"customer.score": 1}}, {}),
              ("GET", f"/v1/customers/{PLANTED}", "compliance", None, {}), ("GET", f"/{PLANTED}", "", None, {}),
              ("GET", f"/v1/decisions?customer_id={PLANTED}&cursor={PLANTED}", "compliance", None, {}),
              ("POST", "/v1/decisions", "order_system", b"{" + PLANTED.encode(), {}),
              ("POST", "/v1/customers/C-1/acts", "risk_officer", {"act": PLANTED}, {}),
              (PLANTED.upper(), "/v1/decisions", "order_system", order, {})]  # fmt: skip
    for header in ("Idempotency_Key", "X_Request_Id", "User_Agent", "Referer", "Content_Type", "Cookie"):
        found.append(("POST", "/v1/decisions", "order_system", order, {header: PLANTED}))
    return [*found, ("POST", "/v1/decisions", "", order, {"Authorization": f"Bearer {PLANTED}"})]


def test_nothing_that_a_client_sends_is_found_in_the_log(stream: io.StringIO, service: Service) -> None:
    for number, (method, path, role, body, headers) in enumerate(planted_requests()):
        service.send(method, path, role, body, **{"Idempotency_Key": f"k-{number}"} | headers)
    told = lines(stream)[1:]  # the first is that of the customer that was set before
    assert len([line for line in told if line["event"] == "request"]) == len(planted_requests()) > 40
    assert {line["status"] for line in told if "status" in line} >= {200, 201, 400, 401, 404, 422}
    assert PLANTED.lower() not in stream.getvalue().lower()


def test_a_fault_that_quotes_a_client_is_told_without_the_quote(stream: io.StringIO, tmp_path: Path) -> None:
    evaluator = OnlyTheLimit(fault=ValueError(f"cannot read {PLANTED}"))
    service = start_service(tmp_path, evaluator)
    service.put_customer()
    assert service.decide(an_order()).status_code == 503
    evaluator.fault = None
    service.held.database.write = Mock(side_effect=Unavailable(PLANTED))
    assert service.decide(an_order(), "k-2").status_code == 503
    service.held.database.write = Mock(side_effect=KeyError(PLANTED))
    assert service.decide(an_order(), "k-3").status_code == 500
    assert {"alarm", "storage", "fault"} <= {line["event"] for line in lines(stream)}
    assert PLANTED not in stream.getvalue()


def test_the_server_s_own_messages_are_told_without_what_they_quote() -> None:
    def told(message: str, *given: object) -> str:
        record = logging.LogRecord("gunicorn.error", logging.WARNING, __file__, 1, message, given, None)
        return str(json.loads(logs.JsonLines().format(record))["event"])

    assert told("Worker (pid:%s) was sent SIGKILL!", 4711) == "Worker (pid:4711) was sent SIGKILL!"
    assert told("Invalid request from ip=%s: %s", "1.2.3.4", PLANTED) == "Invalid request from ip"
    assert told(f"Invalid request from ip=1.2.3.4: Invalid HTTP Header: '{PLANTED}'") == "Invalid request from ip"
    assert told("Shutting down") == "Shutting down"


@pytest.mark.slow
def test_a_real_server_quotes_nothing_of_what_it_cannot_read(tmp_path: Path) -> None:
    service = start_real_service(tmp_path)
    service.held.database.dispose()
    with serving(service, tmp_path, "--workers", "1") as running:
        before = running.log.read_text()
        for raw in (f"GET /{PLANTED} HTTP/9.9\r\n\r\n", f"{PLANTED}\r\n\r\n",
                    f"GET / HTTP/1.1\r\n{PLANTED} : x\r\n\r\n",
                    f"POST / HTTP/1.1\r\nContent-Length: {PLANTED}\r\n\r\n",
                    f"GET / HTTP/1.1\r\nTransfer-Encoding: {PLANTED}\r\n\r\n"):  # fmt: skip
            with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
                client.sendall(raw.encode())
                client.recv(4096)
        running.decide(b"[" * 50, PLANTED)
        wait_for(lambda: running.log.read_text() != before)
    text = running.log.read_text()
    assert PLANTED not in text and "Invalid" in text
    assert all(line.startswith("{") for line in text.splitlines() if "listening on" not in line), text
