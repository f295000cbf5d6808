"""One order, one answer, one hold: what is stored with a decision and what a retry gets."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.keys import issue_key
from api.operations import guard
from api.policies import LoadedPolicy, PolicyCache
from storage.customers import Customer
from storage.policies import NewPolicy
from tests.api.service import DIGEST, PEPPER, PROGRAM_DIGEST, Service, an_order, start_service
from tests.fakes import OnlyTheLimit
from tests.storage.records import let_decide


def with_evaluator(folder: Path, evaluator: OnlyTheLimit) -> Service:
    """A service with this evaluator and the customer C-1 with a limit of 1,000.00."""
    service = start_service(folder, evaluator)
    assert service.put_customer().status_code == 201
    return service


def decided(answer: Any, status: int = 201) -> dict[str, Any]:
    """The decision in an answer."""
    assert answer.status_code == status, answer.data
    body = json.loads(answer.data)
    assert list(body) == ["decision", "receipt"] and body["receipt"] is None
    found: dict[str, Any] = body["decision"]
    return found


def test_an_approval_holds_what_is_not_prepaid(service: Service) -> None:
    decision = decided(service.decide(an_order("400.00", prepaid="150.00")))
    assert decision["verdict"] == "approve"
    assert decision["exposure"] == {"limit": "1000.00", "before": "0.00", "after": "250.00", "headroom": None}
    assert decision["reservation"]["amount"] == "250.00"
    shown = service.send("GET", "/v1/customers/C-1", "risk_officer").json
    assert shown is not None
    assert shown["exposure"] == {"balance": "250.00", "open_receivables": "0.00", "reserved": "250.00"}


def test_a_reservation_expires_by_the_clock_of_the_decision(service: Service) -> None:
    decision = decided(service.decide(an_order()))
    began, ends = decision["decided_at"], decision["reservation"]["expires_at"]
    hours = timedelta(hours=service.held.settings.reservation_hours)
    assert datetime.fromisoformat(ends) - datetime.fromisoformat(began) == hours


def test_the_next_order_sees_what_the_first_one_holds(service: Service) -> None:
    decided(service.decide(an_order("600.00"), "k-1"))
    second = decided(service.decide(an_order("400.00"), "k-2"))
    assert (second["verdict"], second["exposure"]["before"], second["exposure"]["after"]) == (
        "approve", "600.00", "1000.00")  # fmt: skip
    third = decided(service.decide(an_order("0.01"), "k-3"))
    assert (third["verdict"], third["reservation"]) == ("refer", None)
    counted = {name: count for name, count in service.counted().items()
               if name == "policy_effective" or not name.startswith("policy_")}  # fmt: skip
    assert counted | {"customer": 1} == {
        "customer": 1, "account": 1, "decision": 3, "movement": 3, "reservation": 2,
        "policy_effective": 1, "versions": 3,
    }  # fmt: skip


def test_an_order_that_no_account_can_hold_is_refused(service: Service) -> None:
    service.put_customer(granted_limit="unlimited")
    assert decided(service.decide(an_order("9999999999999.00"), "k-1"))["verdict"] == "approve"
    answer = service.decide(an_order("1.01"), "k-2")
    assert answer.json is not None
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "order.amount")
    assert decided(service.decide(an_order("1.00"), "k-3"))["exposure"]["after"] == "10000000000000.00"


def test_a_prepaid_order_holds_nothing(service: Service) -> None:
    decision = decided(service.decide(an_order("5000.00", prepaid="5000.00")))
    assert (decision["verdict"], decision["reservation"]) == ("approve", None)
    assert service.counted()["reservation"] == 0


def test_the_same_key_and_body_give_the_same_bytes(service: Service) -> None:
    first = service.decide(an_order())
    again = service.decide(an_order())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.data == first.data
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert service.counted()["decision"] == 1


def test_a_replay_does_not_ask_whether_the_order_would_still_pass(service: Service) -> None:
    first = service.decide(an_order("900.00"))
    assert service.put_customer(granted_limit="none").status_code == 200
    assert service.decide(an_order("900.00")).data == first.data


def test_the_same_key_with_another_body_is_refused(service: Service) -> None:
    service.decide(an_order("100.00"))
    answer = service.decide(an_order("100.01"))
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/idempotency-key-reused")
    assert service.counted()["decision"] == 1


def test_keys_of_two_clients_are_two_keys(service: Service) -> None:
    service.keys["other"], stored = issue_key("order_system", "other", PEPPER)
    with service.held.database.write() as work:
        work.keys.add(stored)
    first = service.decide(an_order())
    second = service.decide(an_order(), role="other")
    assert (first.status_code, second.status_code) == (201, 201)
    assert decided(first)["decision_id"] != decided(second)["decision_id"]


def test_the_day_is_that_of_the_policys_timezone(service: Service) -> None:
    decision = decided(service.decide(an_order()))
    at = datetime.fromisoformat(decision["decided_at"])
    assert decision["as_of"] == at.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)


def test_facts_of_the_request_and_of_the_master_record_reach_the_engines(tmp_path: Path) -> None:
    evaluator = OnlyTheLimit()
    service = with_evaluator(tmp_path, evaluator)
    service.put_customer(facts={"customer.score": 80, "customer.annual_revenue": "5.00"})
    decided(service.decide(an_order(facts={"urgent": True, "colour": "red"})))
    situation = evaluator.seen[-1]
    assert situation.stated == {"urgent": True, "colour": "red"}
    assert situation.master == {"customer.score": 80, "customer.annual_revenue": 500}


def test_the_record_holds_the_request_the_facts_and_the_outcome(service: Service) -> None:
    body = json.dumps(an_order(facts={"urgent": True})).encode()
    decision = decided(service.decide(body))
    with service.held.database.read() as work:
        stored = work.decisions.get(decision["decision_id"])
    assert stored is not None
    assert (stored.request, stored.facts) == (body, {"urgent": True})
    assert stored.outcome["verdict"] == "approve"
    assert (stored.policy_digest, stored.program_digest) == (DIGEST, "sha256:" + "p" * 64)


def test_without_a_policy_nothing_is_decided(tmp_path: Path) -> None:
    service = start_service(tmp_path, policy=False)
    service.put_customer()
    before = service.counted()
    answer = service.decide(an_order())
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/no-policy")
    assert service.counted() == before


@pytest.mark.parametrize("fault", [RuntimeError("x"), ZeroDivisionError(), KeyError("customer.score")])
def test_a_fault_of_the_engines_is_never_an_approval(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    service = with_evaluator(tmp_path, OnlyTheLimit(fault=fault))
    before = service.counted()
    with caplog.at_level(logging.ERROR, "aval.evaluate"):
        answer = service.decide(an_order())
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/engine-fault")
    assert service.counted() == before
    assert [record.message for record in caplog.records if record.name == "aval.evaluate"] == ["alarm"]


@pytest.mark.parametrize("engines", ["disagreed", "second_faulted", "single"])
def test_an_approval_without_agreement_does_not_leave_the_building(tmp_path: Path, engines: str) -> None:
    service = with_evaluator(tmp_path, OnlyTheLimit(engines=engines))
    before = service.counted()
    assert service.decide(an_order()).status_code == 503
    assert service.counted() == before


def test_a_referral_without_agreement_is_recorded_and_raises_the_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = with_evaluator(tmp_path, OnlyTheLimit(engines="disagreed"))
    with caplog.at_level(logging.ERROR, "aval.decide"):
        decision = decided(service.decide(an_order("5000.00")))
    assert (decision["verdict"], decision["engines"]) == ("refer", "disagreed")
    assert [record.message for record in caplog.records if record.name == "aval.decide"] == ["alarm"]


def test_a_policy_that_forgets_the_limit_refers_instead(tmp_path: Path) -> None:
    service = with_evaluator(tmp_path, OnlyTheLimit(forget_the_limit=True))
    decision = decided(service.decide(an_order("1000.01")))
    assert (decision["verdict"], decision["reservation"]) == ("refer", None)
    assert decision["checks"][-1]["evidence"] == [
        {"fact": "committed_after", "value": "1000.01", "wanted": "<= 1000.00", "unit": "CNY", "distance": "-0.01"}
    ]


def test_a_policy_published_between_the_load_and_the_lock_decides(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = "sha256:" + "c" * 64
    original = PolicyCache.use

    def publish_then_use(self: PolicyCache, digest: str) -> Any:
        if digest == DIGEST:
            with service.held.database.write() as work:
                work.policies.add(NewPolicy("fake", newer, PROGRAM_DIGEST, b"aval: 1 # newer", "tests"))
                let_decide(work, newer)
        return original(self, digest)

    monkeypatch.setattr(PolicyCache, "use", publish_then_use)
    assert decided(service.decide(an_order()))["policy"]["digest"] == newer


def test_a_stored_policy_that_cannot_be_built_decides_nothing(tmp_path: Path) -> None:
    def broken(version: object) -> LoadedPolicy:
        raise ValueError("the file has errors")

    service = start_service(tmp_path, build=broken)
    with service.held.database.write() as work:
        work.customers.put(Customer("C-1", "Example Ltd", "CNY"))
    assert service.decide(an_order()).status_code == 503
    assert service.put_customer().status_code == 503
    ready = service.send("GET", "/readyz")
    assert ready.status_code == 503 and b"cannot be built" in ready.data


def test_a_hold_that_the_ledger_refuses_is_a_fault_and_not_a_denial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "within_ceiling", lambda found, *rest: found)
    service = with_evaluator(tmp_path, OnlyTheLimit(forget_the_limit=True))
    before = service.counted()
    answer = service.decide(an_order("1000.01"))
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/engine-fault")
    assert service.counted() == before
