"""The service keeps the contract that it publishes: asked what its own OpenAPI document allows, and what it forbids.

Schemathesis makes the requests from a fixed seed; each operation is asked with a key of a role that may, half of the
time with ids of what is stored, and the answers that were 2xx are counted. `EXPLAINED` and `ONLY_REFUSED` give the
reason for each exception. Of its checks, `positive_data_acceptance` is left out because which facts and terms are right
depends on what is stored, and `use_after_free` because nothing but a session is ever deleted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import METHODS
from api.auth import performs
from api.roles import PUBLIC_OPERATIONS, ROLES_BY_OPERATION
from tests.api.service import Service, an_order, start_service

SEED = 20261128
CHECKS = [not_a_server_error, content_type_conformance, ignored_auth, negative_data_rejection,
          response_headers_conformance, response_schema_conformance, status_code_conformance]  # fmt: skip
# What a check tells and is right all the same, with the reason.
EXPLAINED = {
    ("decide_batch", "negative_data_rejection"): "each entry is answered by itself: a wrong one is a problem in a 200",
}
# What no request here gets a 2xx from, with the reason: the contract of their refusals is asked all the same.
PERSON, NOTHING = "a person alone may, and a key asks", "nothing of the kind is stored"
ONLY_REFUSED = {
    **dict.fromkeys(("approve_referral", "approve_referral_with_terms", "reject_referral", "create_draft", "edit_draft",
                     "check_draft", "simulate_draft", "submit_draft", "submit_version", "approve_policy",
                     "withdraw_policy", "publish_policy", "comment_policy", "sign_in", "sign_out", "give_grant",
                     "withdraw_grant", "erase_decision", "erase_customer", "see_alert"), PERSON),
    **dict.fromkeys(("confirm_conditions", "show_rate", "show_version", "show_version_source", "export_policy",
                     "diff_policies", "show_draft", "show_submission", "show_checkpoint", "show_proof", "show_grant",
                     "tell_group_limit", "end_hold", "take_back_allocation", "reverse_credit_note", "write_off_invoice",
                     "reverse_write_off", "list_invoices", "withdraw_document", "show_message", "show_letter",
                     "show_proof_file", "finish_message", "add_proof", "retry_message", "write_letter", "tell_facts",
                     "file_document", "allocate_payment", "block_invoice", "end_block",
                     "show_legal_case", "collect_legal_bundle", "hand_over_legal_case", "close_legal_case",
                     "tell_invoice_day", "review_customer"), NOTHING),
    **dict.fromkeys(("begin_sign_on", "finish_sign_on"), "no provider of identities is set"),
    "record_act": "the fake policy asks for no acts",
}
# What the requests name in place of what was made up, wherever a body has such a field.
STORED = {
    "next_on": "2199-01-01",
    "customer_id": "C-1", "currency": "CNY", "facts": {}, "policy_digest": None, "as_of": "2026-11-23",
    "subject": "order", "name": "Example Ltd", "granted_limit": "1000.00", "source": "central bank",
    "day": "2026-11-23", "from": "USD", "to": "CNY", "per": 1, "value": "7.1", "parent": None, "group": None,
}  # fmt: skip
INVOICE = {"id": "INV-1", "invoiced_on": "2026-11-25", "due_on": "2126-12-25"}
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


@dataclass
class Asked:
    """What came of asking: each answer against the contract, and how many of each operation were 2xx."""

    ids: dict[str, str]
    faults: list[str] = field(default_factory=list)
    succeeded: Counter[str] = field(default_factory=Counter)


def ask_all(service: Service, examples: int, only: str = "") -> Asked:
    """Ask every operation, or only one."""
    schema, asked = schemathesis.openapi.from_wsgi("/openapi.json", service.app), Asked(ids=stored(service))
    for found in schema.get_all_operations():
        operation = found.ok()
        if not only or operation.definition.raw["operationId"] == only:
            asked.faults += sorted(ask_one(service, operation, examples, asked))
    return asked


def ask_one(service: Service, operation: Any, examples: int, asked: Asked) -> set[str]:
    """What one operation answers against the contract."""
    name, told = operation.definition.raw["operationId"], set()
    headers = {}
    if name not in PUBLIC_OPERATIONS:
        headers["Authorization"] = f"Bearer {service.keys[min(ROLES_BY_OPERATION[name])]}"
    checks = [check for check in CHECKS if (name, check.__name__) not in EXPLAINED]
    asked.succeeded[name] += 0

    @seed(SEED)
    @settings(max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)))
    def ask(case: Any) -> None:
        if case.meta.generation.mode.is_positive:
            name_what_is_stored(case, asked.ids)
        answer = case.call(headers=headers)
        asked.succeeded[name] += 200 <= answer.status_code < 300
        try:
            case.validate_response(answer, checks=checks, headers=headers)
        except schemathesis.errors.SchemathesisError as fault:
            told.add(f"{name}: {type(fault).__name__}: {fault}")
        except BaseExceptionGroup as several:
            told.update(f"{name}: {answer.status_code}: {type(one).__name__}: {one}" for one in several.exceptions)

    ask()
    return told


def name_what_is_stored(case: Any, ids: dict[str, str]) -> None:
    """Name what is stored, in an order that can be, so that more than refusals is answered."""
    for name in set(case.path_parameters or {}) & set(ids):
        case.path_parameters[name] = ids[name]
    if isinstance(case.body, dict):
        case.body.update({name: value for name, value in STORED.items() if name in case.body})
        for name in ("limit_request", "amends", "inputs", "limit_valid_from", "limit_valid_until"):
            case.body.pop(name, None)
        if "invoice" in case.body:
            case.body |= {"amount": "1.00", "invoice": INVOICE}
        if "allocations" in case.body:
            case.body["allocations"] = []
        if "day" in case.body and "id" in case.body:
            case.body["amount"] = "1.00"
        elif "customer_id" in case.body:
            case.body["order"] = an_order()["order"] | {"deliver_by": "2126-12-05"}


def stored(service: Service) -> dict[str, str]:
    """A service with a customer, a group, an approval, a referral and a rate: their ids by the names of parameters."""
    assert service.put_customer().status_code == 201
    assert service.send("PUT", "/v1/groups/G-1", "risk_officer", {"name": "G", "currency": "CNY"}).status_code == 201
    approved, referred = (service.decide(an_order(amount, id=f"SO-{amount}"), f"k-{amount}").get_json()["decision"]
                          for amount in ("100.00", "5000.00"))  # fmt: skip
    assert (approved["verdict"], referred["verdict"]) == ("approve", "refer")
    payment = {"id": "P-1", "customer_id": "C-1", "amount": "1.00", "currency": "CNY", "day": "2026-11-01"}
    assert service.send("POST", "/v1/payments", "collector", payment, Idempotency_Key="k-paid").status_code == 201
    return {"customer_id": "C-1", "group_id": "G-1", "decision_id": approved["decision_id"],
            "reservation_id": approved["reservation"]["id"], "referral_id": referred["decision_id"],
            "payment_id": "P-1"}  # fmt: skip


@pytest.fixture
def asked(location: str) -> Iterator[Service]:
    """The fake policy on each kind of database."""
    service = start_service(location)
    yield service
    service.held.database.dispose()


@pytest.mark.slow
def test_every_operation_keeps_the_contract(asked: Service) -> None:
    found = ask_all(asked, examples=8)
    assert found.faults == []
    refused = {name for name, count in found.succeeded.items() if not count}
    assert refused <= set(ONLY_REFUSED), f"2xx of each operation: {dict(found.succeeded)}"
    assert set(ONLY_REFUSED) <= set(found.succeeded), "an operation that is gone still has its reason"


@pytest.mark.parametrize(("status", "kind", "body", "fault"), [
    (200, "application/json", '{"items": 1, "next": null}', "JsonSchemaError"),
    (200, "text/plain", "x", "UndefinedContentType"),
    (500, "application/problem+json", "{}", "ServerError"),
    (200, "application/json", '{"items": [], "next": null}', "AcceptedNegativeData"),
])  # fmt: skip
def test_an_operation_that_breaks_the_contract_is_found(
    tmp_path: Path, status: int, kind: str, body: str, fault: str
) -> None:
    service = start_service(tmp_path)
    planted: Callable[..., Response] = performs("list_decisions")(lambda: Response(body, status, mimetype=kind))
    endpoint = "decisions.get_decisions"
    assert endpoint in service.app.view_functions
    service.app.view_functions[endpoint] = planted
    found = ask_all(service, 16, "list_decisions").faults
    assert any(fault in line for line in found), found


def test_an_operation_that_asks_for_no_key_is_found(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    body = '{"items": [], "next": null}'
    planted: Callable[..., Response] = performs("show_docs")(lambda: Response(body, 200, mimetype="application/json"))
    service.app.view_functions["decisions.get_decisions"] = planted
    found = ask_all(service, 4, "list_decisions").faults
    assert any("IgnoredAuth" in line for line in found), found


def test_an_operation_answers_the_methods_of_its_document_alone(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    ids, told = stored(service), service.send("GET", "/openapi.json").get_json()["paths"]
    asked = {path: found for path, found in told.items() if "}:" not in path}  # "R-1:approve" can be an id as well
    assert len(asked) > 20
    for path, operations in asked.items():
        place = re.sub(r"{(\w+)}", lambda found: ids.get(found[1], "x-1"), path)
        documented = METHODS & {one.upper() for one in operations}
        for method in sorted(METHODS - documented - {"HEAD", "OPTIONS"}):
            answer = service.send(method, place, "risk_officer")
            assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"
            assert documented <= set(answer.headers["Allow"].split(", ")), f"{method} {path}"
