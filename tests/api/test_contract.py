"""The service keeps the contract that it publishes: asked what its own OpenAPI document allows, and what it forbids.

Schemathesis makes the requests from a fixed seed; each operation is asked with a key of a role that may. Only the
checks in `CHECKS` are made: `positive_data_acceptance` is left out because which facts and customers are right depends
on what is stored; its checks of methods, refused data, required headers and authentication have not been tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Response
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.auth import performs
from api.roles import PUBLIC_OPERATIONS, ROLES_BY_OPERATION
from tests.api.service import Service, start_service

SEED = 20261128
CHECKS = [not_a_server_error, content_type_conformance, response_headers_conformance, response_schema_conformance,
          status_code_conformance]  # fmt: skip
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


def faults(service: Service, examples: int, only: str = "") -> Iterator[str]:
    """What does not keep the contract: the operation, and in which way."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", service.app)
    for found in schema.get_all_operations():
        operation = found.ok()
        if not only or operation.definition.raw["operationId"] == only:
            yield from sorted(faults_of(service, operation, examples))


def faults_of(service: Service, operation: Any, examples: int) -> set[str]:
    """What one operation answers against the contract."""
    name, told = operation.definition.raw["operationId"], set()
    headers = {}
    if name not in PUBLIC_OPERATIONS:
        headers["Authorization"] = f"Bearer {service.keys[min(ROLES_BY_OPERATION[name])]}"

    @seed(SEED)
    @settings(max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)))
    def ask(case: Any) -> None:
        answer = case.call(headers=headers)
        try:
            case.validate_response(answer, checks=CHECKS)
        except schemathesis.errors.SchemathesisError as fault:
            told.add(f"{name}: {type(fault).__name__}: {fault}")
        except BaseExceptionGroup as several:
            told.update(f"{name}: {answer.status_code}: {type(one).__name__}: {one}" for one in several.exceptions)

    ask()
    return told


@pytest.fixture
def asked(location: str) -> Iterator[Service]:
    """The fake policy, and the customer C-1, on each kind of database."""
    service = start_service(location)
    assert service.put_customer().status_code == 201
    yield service
    service.held.database.dispose()


@pytest.mark.slow
def test_every_operation_keeps_the_contract(asked: Service) -> None:
    assert list(faults(asked, examples=8)) == []


@pytest.mark.parametrize(("status", "kind", "body", "fault"), [
    (200, "application/json", '{"items": 1, "next": null}', "JsonSchemaError"),
    (200, "text/plain", "x", "UndefinedContentType"),
    (500, "application/problem+json", "{}", "ServerError"),
])  # fmt: skip
def test_an_operation_that_breaks_the_contract_is_found(
    tmp_path: Path, status: int, kind: str, body: str, fault: str
) -> None:
    service = start_service(tmp_path)
    planted: Callable[..., Response] = performs("list_decisions")(lambda: Response(body, status, mimetype=kind))
    endpoint = "decisions.get_decisions"
    assert endpoint in service.app.view_functions
    service.app.view_functions[endpoint] = planted
    found = list(faults(service, 2, "list_decisions"))
    assert any(fault in line for line in found), found
