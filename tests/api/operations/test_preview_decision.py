"""A preview answers as a decision does, on any day and under any stored policy, and leaves nothing behind."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from storage.policies import NewPolicy
from storage.receivables import Invoice
from tests.api.service import Service, an_order, start_service
from tests.fakes import OnlyTheLimit

OLDER = "sha256:" + "d" * 64


def previewed(service: Service, role: str = "order_system", **fields: Any) -> dict[str, Any]:
    """The decision that a preview shows."""
    answer = service.send("POST", "/v1/decisions:preview", role, an_order("100.00") | fields)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def test_a_preview_is_marked_and_holds_and_stores_nothing(service: Service) -> None:
    before = service.counted()
    decision = previewed(service)
    assert (decision["verdict"], decision["preview"], decision["reservation"]) == ("approve", True, None)
    assert service.counted() == before


def test_a_preview_needs_no_idempotency_key_and_is_no_answer_to_one(service: Service) -> None:
    service.send("POST", "/v1/decisions:preview", "order_system", an_order(), Idempotency_Key="k-1")
    assert service.decide(an_order(), "k-1").status_code == 201


def test_a_preview_sees_what_is_held(service: Service) -> None:
    service.decide(an_order("950.00"))
    assert (previewed(service)["verdict"], previewed(service)["exposure"]["before"]) == ("refer", "950.00")


def test_a_preview_of_a_past_day_counts_what_was_open_then(tmp_path: Path) -> None:
    evaluator = OnlyTheLimit()
    service = start_service(tmp_path, evaluator)
    service.put_customer()
    with service.held.database.write() as work:
        work.invoices.add_many([
            Invoice("C-1", "I-1", 20_000, "CNY", date(2013, 5, 1), date(2013, 5, 31), date(2013, 7, 1)),
            Invoice("C-1", "I-2", 7_000, "CNY", date(2014, 1, 1), date(2014, 1, 31)),
        ], date(2026, 1, 1))  # fmt: skip
    decision = previewed(service, as_of="2013-06-30")
    assert (decision["as_of"], decision["exposure"]["before"]) == ("2013-06-30", "200.00")
    assert evaluator.seen[-1].as_of == date(2013, 6, 30)
    assert previewed(service)["exposure"]["before"] == "70.00"


def test_a_preview_under_another_stored_policy_names_it(service: Service) -> None:
    with service.held.database.write() as work:
        work.policies.add(NewPolicy("fake", OLDER, "sha256:" + "e" * 64, b"aval: 1 # older", "tests"))
    assert previewed(service, policy_digest=OLDER)["policy"]["digest"] == OLDER


def test_a_policy_that_is_not_stored_is_a_problem(service: Service) -> None:
    refused = ((OLDER, "unknown-policy"), ("sha256:xyz", "invalid-field"), (OLDER + "\n", "invalid-field"))
    for digest, problem in refused:
        answer = service.send("POST", "/v1/decisions:preview", "order_system", an_order() | {"policy_digest": digest})
        assert answer.json is not None
        assert (answer.status_code, answer.json["type"]) == (422, f"/problems/{problem}")


def test_previews_work_before_any_policy_is_in_effect(tmp_path: Path) -> None:
    service = start_service(tmp_path, policy=False)
    service.put_customer()
    with service.held.database.write() as work:
        work.policies.add(NewPolicy("fake", OLDER, "sha256:" + "e" * 64, b"aval: 1 # older", "tests"))
    assert previewed(service, "risk_officer", policy_digest=OLDER)["verdict"] == "approve"
    answer = service.send("POST", "/v1/decisions:preview", "risk_officer", an_order())
    assert answer.status_code == 503
