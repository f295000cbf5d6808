"""The OpenAPI document says what the service does, and its page asks no other host for anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.auth import declared_operations
from api.roles import ROLES_BY_OPERATION
from tests.api.service import Service, an_order


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    answer = service.send("GET", "/openapi.json")
    found: dict[str, Any] = json.loads(answer.data)
    return found


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema behind its reference."""
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def test_every_operation_is_in_the_document_under_its_own_name(service: Service, document: dict[str, Any]) -> None:
    shown = {
        (re.sub(r"{(\w+)}", r"<\1>", path), method.upper(), one["operationId"])
        for path, methods in document["paths"].items() for method, one in methods.items() if isinstance(one, dict)
    }  # fmt: skip
    shown_to_all = {*ROLES_BY_OPERATION, "sign_in", "begin_sign_on", "finish_sign_on"}
    wanted = {route for route in declared_operations(service.app) if route[2] in shown_to_all}
    assert document["openapi"] == "3.1.0"
    assert shown == wanted


def test_money_is_text_with_a_pattern(document: dict[str, Any]) -> None:
    amount = document["components"]["schemas"]["OrderSent"]["properties"]["amount"]
    assert (amount["type"], amount["format"]) == ("string", "decimal")
    assert re.fullmatch(amount["pattern"], "120000.00") and not re.search(amount["pattern"], "1e3")


def test_nothing_in_the_document_is_a_float(document: dict[str, Any]) -> None:
    assert "number" not in set(types_in(document))


def types_in(part: Any) -> Iterator[str]:
    """Every word that stands as the type of something in the document; a field may be called "number"."""
    if isinstance(part, dict):
        told = part.get("type", ())
        yield from (told,) if isinstance(told, str) else (one for one in told if isinstance(one, str))
    for below in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from types_in(below)


def test_a_float_in_the_document_would_be_found() -> None:
    for told in ("number", ["number", "null"]):
        assert "number" in set(types_in({"components": [{"properties": {"number": {"type": told}}}]}))
    assert "number" not in set(types_in({"properties": {"number": {"type": "string"}}, "required": ["number"]}))


def test_the_decision_shown_has_the_fields_that_are_answered(service: Service, document: dict[str, Any]) -> None:
    answer = service.decide(an_order())
    assert answer.json is not None
    schemas = document["components"]["schemas"]
    assert set(answer.json) == set(schemas["DecisionAnswer"]["properties"])
    sometimes = {"preview", "states", "subject", "documents", "may_be_required", "release", "conversion"}
    assert set(answer.json["decision"]) == set(schemas["DecisionShown"]["properties"]) - sometimes
    for part in ("terms", "exposure", "reservation", "policy"):
        shown = schemas["DecisionShown"]["properties"][part]
        reference = shown if "$ref" in shown else next(one for one in shown["anyOf"] if "$ref" in one)
        named = set(resolved(document, reference)["properties"]) - {"pay_by", "ship_when"}
        assert set(answer.json["decision"][part]) == named


def test_failures_are_shown_as_problems(document: dict[str, Any]) -> None:
    post = document["paths"]["/v1/decisions"]["post"]
    for status in ("400", "409", "422", "503"):
        content = post["responses"][status]["content"]
        assert list(content) == ["application/problem+json"]
        assert resolved(document, content["application/problem+json"]["schema"])["required"]


def test_every_shared_failure_is_shown_as_a_problem_too(document: dict[str, Any]) -> None:
    shared = document["components"]["responses"]
    assert shared["DEFAULT_ERROR"] and len(shared) > 1
    assert {media for response in shared.values() for media in response["content"]} == {"application/problem+json"}


def test_the_key_header_and_the_way_to_authenticate_are_shown(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/v1/decisions"]["post"]["parameters"]
    assert [one["name"] for one in parameters if one["in"] == "header" and one["required"]] == ["Idempotency-Key"]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert document["security"] == [{"key": []}, {"session": []}]
    assert document["paths"]["/v1/session"]["post"]["security"] == []


def test_the_page_loads_only_what_we_serve(service: Service) -> None:
    page = service.send("GET", "/docs")
    assert page.mimetype == "text/html"
    asked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(asked) >= 4 and all(address.startswith("/") and not address.startswith("//") for address in asked)
    for address in asked:
        assert service.send("GET", address).status_code == 200, address


def test_the_page_allows_scripts_of_ours_alone(service: Service) -> None:
    page = service.send("GET", "/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe-eval" not in policy and "http" not in policy
    assert "<script>" not in page.text and "onload" not in page.text
    assert "validatorUrl: null" in service.send("GET", "/docs/assets/docs.js").text


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fdocs.js", "index.css", "oauth2-redirect.html", "%00"])
def test_no_other_file_is_served(service: Service, name: str) -> None:
    assert service.send("GET", f"/docs/assets/{name}").status_code == 404


def test_a_problem_that_is_none_has_no_page(service: Service) -> None:
    assert service.send("GET", "/problems/nothing").status_code == 404
    listed = service.send("GET", "/problems").json
    assert isinstance(listed, list) and {"type", "status", "title", "advice"} == set(listed[0])
