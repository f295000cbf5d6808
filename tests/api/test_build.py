"""The whole path with the real engines and the shipped policies: customer, invoices, order, decision, replay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.build import BrokenPolicy, build_policy, ceiling_of, disagreed_in
from policy.kinds import NO_LIMIT, UNLIMITED
from rules.agreement import Agreed, Agreement, differences
from rules.durable import EngineFault
from rules.outcome import Outcome
from storage.policies import PolicyVersion
from tests.api.service import GOOD, LIBRARY, Service, an_order, pay_on_time, publish, start_real_service
from tests.fakes import a_version


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service on the real engines with the standard policy, and a good customer with paid invoices."""
    return start_real_service(tmp_path)


def order(service: Service, amount: str, **fields: Any) -> dict[str, Any]:
    """An order placed today, without days that a test run in another year would find wrong."""
    with service.held.database.read() as work:
        today = work.now().date().isoformat()
    return an_order(amount, placed_on=today, deliver_by=today, **fields)


def decided(service: Service, amount: str, key: str, **fields: Any) -> dict[str, Any]:
    """The decision on an order."""
    answer = service.decide(order(service, amount, **fields), key)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def test_a_good_customer_is_approved_by_both_engines_and_the_money_is_held(service: Service) -> None:
    decision = decided(service, "120000.00", "k-1", requested_terms="net 60")
    assert (decision["verdict"], decision["engines"], decision["tier"]) == ("approve", "agreed", "prime")
    assert decision["terms"]["offer"] == "net 60" and decision["missing"] == []
    assert decision["exposure"] == {
        "limit": "500000.00", "before": "0.00", "after": "120000.00", "headroom": "380000.00",
    }  # fmt: skip
    assert decision["reservation"]["amount"] == "120000.00"


def test_exactly_the_limit_passes_and_a_cent_more_is_referred(service: Service) -> None:
    assert decided(service, "250000.00", "k-1", requested_terms="net 60")["verdict"] == "approve"
    assert decided(service, "250000.01", "k-2", requested_terms="net 60")["verdict"] == "refer"
    assert decided(service, "250000.00", "k-3", requested_terms="net 60")["verdict"] == "approve"
    assert decided(service, "0.01", "k-4", requested_terms="net 60")["exposure"]["before"] == "500000.00"


def test_a_missing_fact_refers_and_is_named(service: Service) -> None:
    service.put_customer(granted_limit="500000.00", facts={**GOOD, "customer.court_cases": None})
    decision = decided(service, "100.00", "k-1")
    assert (decision["verdict"], decision["missing"]) == ("refer", ["customer.court_cases"])
    assert service.counted()["reservation"] == 0


def test_an_insolvent_customer_is_a_hard_stop(service: Service) -> None:
    service.put_customer(granted_limit="500000.00", facts={**GOOD, "customer.insolvent": True})
    decision = decided(service, "100.00", "k-1", prepaid="100.00")
    assert (decision["verdict"], decision["hard_stop"], decision["reservation"]) == ("deny", True, None)


def test_conditions_hold_the_money_in_full(service: Service) -> None:
    service.put_customer(granted_limit="500000.00", facts={**GOOD, "customer.score": 60})
    decision = decided(service, "1000.00", "k-1")
    assert (decision["verdict"], decision["tier"]) == ("approve_with_conditions", "standard")
    assert decision["conditions"] and decision["reservation"]["amount"] == "1000.00"


def test_a_replay_gives_the_same_bytes_after_another_policy_took_over(service: Service) -> None:
    body = order(service, "100.00")
    first = service.decide(body)
    publish(service, "payment_record.yaml")
    again = service.decide(body)
    assert (first.status_code, again.status_code, again.data) == (201, 200, first.data)


def test_a_policy_in_another_currency_does_not_decide_this_account(service: Service) -> None:
    publish(service, "payment_record.yaml")
    answer = service.decide(order(service, "100.00"))
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/currency-mismatch")


def test_the_payment_record_alone_approves_who_pays_on_time(service: Service) -> None:
    digest = publish(service, "payment_record.yaml")
    service.put_customer("C-2", currency="USD", granted_limit="none")
    pay_on_time(service, "USD", "C-2")
    decision = decided(service, "100.00", "k-1", customer_id="C-2", currency="USD")
    assert (decision["verdict"], decision["tier"], decision["policy"]["digest"]) == ("approve", "prompt", digest)


def test_a_decision_under_the_shipped_policies_never_needs_the_last_guard(service: Service) -> None:
    decision = decided(service, "900000.00", "k-1")
    assert decision["verdict"] == "refer"
    assert "limit_guard" not in {check["check"] for check in decision["checks"]}


def test_a_stored_file_with_errors_is_not_built() -> None:
    with pytest.raises(BrokenPolicy):
        build_policy(a_version(), allow_single=False)


def test_bytes_that_are_not_those_of_the_digest_are_not_built() -> None:
    source = (LIBRARY / "standard.yaml").read_bytes()
    version = a_version()
    forged = PolicyVersion("standard", 1, "sha256:" + "0" * 64, version.program_digest, source, version.stored_at, "x")
    with pytest.raises(BrokenPolicy, match="not those that the digest names"):
        build_policy(forged, allow_single=False)


@pytest.mark.parametrize(("limit", "ceiling"), [(UNLIMITED, None), (NO_LIMIT, 0), (None, 0), (0, 0), (500, 500)])
def test_no_limit_and_a_missing_one_hold_nothing(limit: int | None, ceiling: int | None) -> None:
    outcome = Outcome("approve", False, None, {"effective": limit}, None, None, (), None, (), (), {})
    assert ceiling_of(outcome) == ceiling


def test_what_each_engine_said_stands_in_the_record_where_they_disagreed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = Agreement.decide

    def disagree(self: Agreement, facts: dict[str, Any]) -> Agreed:
        agreed = decide(self, facts)
        other = replace(agreed.outcome, verdict="refer", tier="standard")
        return Agreed(other, "disagreed", differences(agreed.outcome, other), agreed.outcome, other, "durable")

    monkeypatch.setattr(Agreement, "decide", disagree)
    decision = decided(service, "100.00", "k-1")
    with service.held.database.read() as work:
        stored = work.decisions.get(decision["decision_id"])
    assert stored is not None
    engines = stored.outcome["engines"]
    assert (engines["first"]["verdict"], engines["second"]["verdict"]) == ("approve", "refer")
    assert engines["difference"] == ["verdict", "tier"]


def test_an_engine_that_failed_is_told_by_its_fault_and_agreement_keeps_nothing() -> None:
    outcome = Outcome("refer", False, None, {}, None, None, (), None, (), (), {})
    failed = disagreed_in(Agreed(outcome, "second_faulted", (), outcome, EngineFault("broke"), "durable"))
    assert failed is not None
    assert (failed.first, failed.second) == (outcome, "EngineFault: broke")
    assert disagreed_in(Agreed(outcome, "agreed", (), outcome, outcome, "durable")) is None
