"""Every role on every route: the table below is what a person expects, and the service must agree cell by cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.auth import declared_operations
from api.roles import PUBLIC_OPERATIONS, ROLES, ROLES_BY_OPERATION, may
from tests.api.service import Service, start_service

PUBLIC = "public"
READERS = {"risk_officer", "approver", "order_system", "compliance", "collector"}
DECISION_READERS = {"risk_officer", "approver", "order_system", "compliance"}
EXPECTED: dict[tuple[str, str], set[str] | str] = {
    ("/v1/decisions", "POST"): {"order_system"},
    ("/v1/decisions:preview", "POST"): DECISION_READERS,
    ("/v1/decisions", "GET"): DECISION_READERS,
    ("/v1/decisions/<decision_id>", "GET"): DECISION_READERS,
    ("/v1/reservations/<reservation_id>", "GET"): DECISION_READERS,
    ("/v1/reservations/<reservation_id>/convert", "POST"): {"order_system"},
    ("/v1/reservations/<reservation_id>/void", "POST"): {"order_system", "risk_officer", "approver"},
    ("/v1/reservations/<reservation_id>/confirm", "POST"): {"risk_officer", "approver"},
    ("/v1/customers", "GET"): READERS,
    ("/v1/customers/<customer_id>", "GET"): READERS,
    ("/v1/customers/<customer_id>", "PUT"): {"risk_officer", "admin"},
    ("/v1/customers/<customer_id>/acts", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/customers/<customer_id>/states", "GET"): READERS,
    ("/v1/events", "GET"): {"compliance", "admin"},
    ("/healthz", "GET"): PUBLIC,
    ("/readyz", "GET"): PUBLIC,
    ("/openapi.json", "GET"): PUBLIC,
    ("/docs", "GET"): PUBLIC,
    ("/docs/assets/<name>", "GET"): PUBLIC,
    ("/problems", "GET"): PUBLIC,
    ("/problems/<name>", "GET"): PUBLIC,
}
CELLS = [(path, method, role) for (path, method), roles in EXPECTED.items() if roles != PUBLIC for role in ROLES]


def test_every_route_is_in_the_table_and_declares_an_operation(service: Service) -> None:
    routes = list(declared_operations(service.app))
    assert {(path, method) for path, method, _ in routes} == set(EXPECTED)
    assert [route for route in routes if route[2] is None] == []


def test_every_operation_has_a_route(service: Service) -> None:
    declared = {operation for _, _, operation in declared_operations(service.app)}
    assert declared == set(ROLES_BY_OPERATION) | PUBLIC_OPERATIONS


@pytest.mark.parametrize(("path", "method", "role"), CELLS)
def test_a_role_may_do_what_the_table_says_and_no_more(service: Service, path: str, method: str, role: str) -> None:
    expected = EXPECTED[path, method]
    answer = service.send(method, path.replace("<", "").replace(">", ""), role, body={} if method != "GET" else None)
    assert (answer.status_code != 403) == (role in expected)
    assert answer.status_code != 401 and answer.status_code < 500


@pytest.mark.parametrize(("path", "method"), [cell for cell, roles in EXPECTED.items() if roles != PUBLIC])
def test_nothing_but_the_public_routes_answers_without_a_key(service: Service, path: str, method: str) -> None:
    answer = service.send(method, path.replace("<", "").replace(">", ""), body={} if method != "GET" else None)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", [path for (path, _), roles in EXPECTED.items() if roles == PUBLIC])
def test_the_public_routes_need_no_key(service: Service, path: str) -> None:
    assert service.send("GET", path.replace("<name>", "nothing")).status_code in (200, 404)


def test_a_route_without_an_operation_is_closed_to_everyone(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert service.send("GET", "/forgotten", "admin").status_code == 403
    assert service.send("GET", "/forgotten").status_code == 401


def test_words_that_are_in_no_table_may_nothing() -> None:
    assert not may("king", "decide") and not may("admin", "abdicate")
