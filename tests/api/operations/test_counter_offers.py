"""Counter-offers in an answer: for whom, decided anew on the facts of the decision, and no cost for anybody else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.keys import KeyTerms, issue_key
from api.operations import counter_offers as offers_module
from api.operations import decide as decide_module
from tests.api.service import GOOD, PEPPER, Service, an_order, start_real_service

MAY = "offered"


def with_permission(service: Service, role: str = "order_system", name: str = MAY) -> Service:
    """The same service, with the key of a client that may have counter-offers."""
    terms = KeyTerms(permissions=frozenset({"counter_offers"}))
    service.keys[name], stored = issue_key(role, name, PEPPER, terms)
    with service.held.database.write() as work:
        work.keys.add(stored)
    return service


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The standard policy on the real engines; C-1 is prime with a limit of 500,000.00 and nothing owed."""
    return with_permission(start_real_service(tmp_path_factory.mktemp("offers")))


def decided(service: Service, body: dict[str, Any], key: str, role: str = MAY) -> dict[str, Any]:
    """The decision on an order."""
    answer = service.decide(body, key, role)
    assert answer.status_code in (200, 201), answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def by_change(decision: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The offers by what they change."""
    return {tuple(one["change"]): one for one in decision["counter_offers"]}


def test_an_order_over_the_limit_is_told_what_would_pass_with_the_arithmetic(real: Service) -> None:
    decision = decided(real, an_order("700000.00"), "k-over")
    assert decision["verdict"] == "refer"
    found = by_change(decision)
    less = found["amount",]
    assert (less["change"], less["verdict"]) == ({"amount": "500000.00"}, "approve")
    assert less["evidence"] == [{
        "check": "over_limit", "was": "refer", "status": "pass", "fact": "committed_after", "before": "700000.00",
        "value": "500000.00", "wanted": "<= 500000.00", "unit": "CNY",
    }]  # fmt: skip
    assert less["beyond"] == {"change": {"amount": "500000.01"}, "verdict": "refer"}
    assert less["exposure"] == {"limit": "500000.00", "before": "0.00", "after": "500000.00", "headroom": "0.00"}
    paid = found["prepaid",]
    assert paid["change"] == {"prepaid": "200000.00"} and paid["beyond"]["change"] == {"prepaid": "199999.99"}
    assert found["requested_terms", "prepaid"]["change"] == {"requested_terms": "prepaid", "prepaid": "700000.00"}
    assert found["security", "secured"]["change"]["secured"] == "200000.00"


@pytest.mark.parametrize(
    ("amount", "verdict"), [("499999.99", "approve"), ("500000.00", "approve"), ("500000.01", "refer")]
)
def test_what_is_offered_is_what_is_decided_when_it_is_sent(real: Service, amount: str, verdict: str) -> None:
    answer = real.send("POST", "/v1/decisions:preview", MAY, an_order(amount))
    decision = json.loads(answer.data)["decision"]
    assert decision["verdict"] == verdict
    assert bool(decision["counter_offers"]) is (verdict == "refer")


def test_conditions_are_offered_the_order_that_needs_none(tmp_path: Path) -> None:
    service = with_permission(start_real_service(tmp_path))
    service.put_customer(granted_limit="500000.00", country="CN", facts=GOOD | {"customer.score": 70})
    decision = decided(service, an_order("120000.00"), "k-1")
    assert decision["verdict"] == "approve_with_conditions"
    assert [one["change"] for one in decision["counter_offers"]] == [
        {"requested_terms": "prepaid", "prepaid": "120000.00"}]  # fmt: skip


def test_without_the_permission_the_answer_is_the_same_but_for_the_offers(real: Service) -> None:
    without = decided(real, an_order("700000.00"), "k-2", "order_system")
    offered = decided(real, an_order("700000.00"), "k-2b")
    assert without["counter_offers"] == [] and offered["counter_offers"]
    for own in ("decision_id", "decided_at", "counter_offers"):
        without.pop(own), offered.pop(own)
    assert without == offered


def test_a_retry_gives_the_same_bytes(real: Service) -> None:
    first, again = (real.decide(an_order("700000.00"), "k-3", MAY) for _ in range(2))
    assert (first.status_code, again.status_code, again.data) == (201, 200, first.data)


def test_an_approval_and_a_hard_stop_are_offered_nothing(real: Service) -> None:
    assert decided(real, an_order("0.01", prepaid="0.01"), "k-4")["counter_offers"] == []
    real.put_customer("C-9", granted_limit="500000.00", facts=GOOD | {"customer.insolvent": True})
    stopped = decided(real, an_order("1.00", "C-9"), "k-5")
    assert (stopped["hard_stop"], stopped["counter_offers"]) == (True, [])


def test_offers_come_only_so_often_in_a_minute(tmp_path: Path) -> None:
    service = with_permission(start_real_service(tmp_path))
    service.held.offers._clock = lambda: 0.0
    given = [bool(decided(service, an_order("700000.00"), f"k-{n}")["counter_offers"]) for n in range(31)]
    assert given == [True] * 30 + [False]
    approved = service.decide(an_order("1.00"), "fine", MAY)
    assert json.loads(approved.data)["decision"]["verdict"] == "approve"


def test_what_is_no_longer_approved_under_the_lock_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the search and the lock another order takes 300,000.00 of the limit."""
    service = with_permission(start_real_service(tmp_path))
    look = decide_module.look_for_offers

    def slowly(*args: Any) -> Any:
        found = look(*args)
        assert decided(service, an_order("300000.00", id="SO-2"), "other", "order_system")["verdict"] == "approve"
        return found

    monkeypatch.setattr(decide_module, "look_for_offers", slowly)
    decision = decided(service, an_order("700000.00"), "k-1")
    assert decision["exposure"]["before"] == "300000.00"
    assert set(by_change(decision)) == {("requested_terms", "prepaid")}


def test_an_offer_that_is_not_decided_anew_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same race with offers that are believed, which offers 500,000.00 where 200,000.00 are left."""
    service = with_permission(start_real_service(tmp_path))
    look, anew = decide_module.look_for_offers, offers_module._decided

    def slowly(*args: Any) -> Any:
        found = look(*args)
        decided(service, an_order("300000.00", id="SO-2"), "other", "order_system")
        return found

    def believed(held: Any, loaded: Any, known: Any, asking: Any, proposal: Any) -> Any:
        decision = anew(held, loaded, known, asking, proposal)
        return None if decision is None else replace(decision, verdict="approve", hard_stop=False)

    monkeypatch.setattr(decide_module, "look_for_offers", slowly)
    monkeypatch.setattr(offers_module, "_decided", believed)
    decision = decided(service, an_order("700000.00"), "k-1")
    offered = by_change(decision)["amount",]["change"]["amount"]
    assert offered == "500000.00"
    answer = service.send("POST", "/v1/decisions:preview", "order_system", an_order(offered))
    assert json.loads(answer.data)["decision"]["verdict"] == "refer"
