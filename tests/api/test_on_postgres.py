"""The service on PostgreSQL, from the tables to the answer: the same promises as on a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.service import Service, an_order, start_real_service, start_service
from tests.api.test_commands import aval
from tests.api.test_concurrency import LIMIT, ask_all, held_in_all
from tests.postgres import Server

pytestmark = pytest.mark.postgres


@pytest.fixture
def location(server: Server) -> Iterator[str]:
    """A new database of the server."""
    found = server.migrated()
    yield found
    server.drop(found)


def test_an_order_is_decided_stored_and_answered_again(location: str) -> None:
    service = start_real_service(location)
    first = service.decide(an_order("100.00"))
    assert first.status_code == 201, first.data
    told = json.loads(first.data)["decision"]
    assert (told["verdict"], told["engines"]) == ("approve", "agreed")
    again = service.decide(an_order("100.00"))
    assert (again.status_code, again.data) == (200, first.data)
    assert service.decide(an_order("100.01")).status_code == 422
    stored = service.send("GET", f"/v1/decisions/{told['decision_id']}", "risk_officer")
    assert stored.status_code == 200
    assert json.loads(stored.data)["decision"] == told
    ready = json.loads(service.send("GET", "/readyz").data)
    assert ready["ready"], ready
    service.held.database.dispose()


def test_sixteen_clients_never_take_a_customer_above_the_limit(location: str) -> None:
    service = start_service(location)
    service.put_customer(granted_limit="1000.00")
    told = ask_all(service)
    assert held_in_all(service) == LIMIT
    assert told["approve"] == 20
    assert set(told) <= {"approve", "refer", "503 SERVICE UNAVAILABLE"}, told
    service.held.database.dispose()


@pytest.mark.parametrize("path", [
    "/v1/customers/%00", "/v1/decisions/%00", "/v1/decisions?customer_id=%00", "/v1/decisions?cursor=%00",
    "/v1/decisions?verdict=%00", "/v1/customers/%ED%A0%80", "/v1/customers/%00/states",
])  # fmt: skip
def test_what_no_text_can_hold_is_refused_at_the_door(service_on_server: Service, path: str) -> None:
    for role in ("risk_officer", "compliance"):
        assert 400 <= service_on_server.send("GET", path, role).status_code < 500


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800"])
def test_a_body_that_no_text_can_hold_is_refused_at_the_door(service_on_server: Service, text: str) -> None:
    body = json.dumps(an_order()).replace("SO-1", text).encode()
    assert service_on_server.decide(body).status_code == 400
    named = b'{"name": "' + text.encode() + b'", "currency": "CNY", "granted_limit": "1.00"}'
    assert service_on_server.send("PUT", "/v1/customers/C-2", "risk_officer", named).status_code == 400


def test_commands_work_and_the_password_stays_unsaid(server: Server, tmp_path: Path) -> None:
    location = server.fresh()  # nothing is there yet
    on = ("--database", location.replace("aval@", "aval:secret@"))
    due = aval("key", "list", *on)
    assert (due.exit_code, "aval db upgrade" in due.stderr, "secret" in due.stderr) == (2, True, False)
    for state in ("tables are up to date now", "was up to date"):
        found = aval("db", "upgrade", *on)
        assert (found.exit_code, found.output) == (0, f"{location}: {state}\n")
    made = aval("key", "create", "--role", "admin", "--client", "tests", *on, "--pepper", str(tmp_path / "pepper"))
    assert made.exit_code == 0, made.output
    assert "tests" in aval("key", "list", *on).stdout


@pytest.fixture
def service_on_server(location: str) -> Iterator[Service]:
    """A service with the fake policy and the customer C-1."""
    found = start_service(location)
    assert found.put_customer().status_code == 201
    yield found
    found.held.database.dispose()
