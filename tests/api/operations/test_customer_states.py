"""States that stay from one decision to the next, and the acts that end them, over HTTP on the real engines."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.operations.customer_states import recorded_of
from policy.load import load_policy
from rules.facts import trade_vocabulary
from rules.states import recorded_facts
from storage.policies import NewPolicy
from storage.receivables import Invoice
from storage.states import Act, History
from tests.api.service import Service, start_real_service
from tests.storage.records import let_decide

POLICY = b"""
aval: 1
policy: with-states
title: {en: With states}
currency: CNY
roles: {rising: [credit_analyst, credit_manager], also: [finance]}
let:
  times: count of entries of watched ever
  late_since: count of payments since books checked by finance where days_late > 0
states:
  watched:
    enter: order.amount > 1_000
    leave: [order.amount < 100, cleared by credit_analyst]
    while: {terms: [prepaid]}
terms:
  - {otherwise: true, offer: [net 30]}
checks:
  - {check: late_again, measure: late_since, at_most: 0, verdict: warn}
  - {check: often, measure: times, at_most: 1, verdict: warn}
  - check: agreed
    only_when: order.amount > 5_000
    when: {not: large order agreed by finance}
    verdict: deny
"""
ACT = {"act": "cleared", "role": "credit_analyst", "person": "A. Example", "reason": "all is paid"}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """The real service under the policy with states."""
    service = start_real_service(tmp_path)
    program = load_policy(POLICY, "f", trade_vocabulary()).program
    assert program is not None
    with service.held.database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, POLICY, "tests"))
        let_decide(work, program.source_digest)
    return service


def decided(service: Service, amount: str, key: str, path: str = "") -> dict[str, Any]:
    """The decision on an order of C-1."""
    body = {"customer_id": "C-1", "order": {"id": key, "amount": amount, "currency": "CNY"}}
    answer = service.send("POST", f"/v1/decisions{path}", "order_system", body, Idempotency_Key=key)
    assert answer.status_code in (200, 201), answer.data
    found: dict[str, Any] = answer.get_json()["decision"]
    return found


def recorded(service: Service) -> dict[str, Any]:
    """What is remembered of C-1."""
    found: dict[str, Any] = service.send("GET", "/v1/customers/C-1/states", "risk_officer").get_json()
    return found


def act(service: Service, customer: str = "C-1", **other: str) -> Any:
    """Record an act of a credit analyst."""
    key = str(uuid.uuid4())
    return service.send("POST", f"/v1/customers/{customer}/acts", "collector", ACT | other, Idempotency_Key=key)


def test_a_state_is_entered_stays_and_is_left_by_all_lines_together(service: Service) -> None:
    assert decided(service, "1000.00", "a")["states"] == []
    entered = decided(service, "1000.01", "b")
    [state] = entered["states"]
    assert state["entered"] and state["why"] == ["order.amount > 1_000"] and state["since"] == entered["as_of"]
    assert state["to_leave"] == ["order.amount < 100", "cleared by credit_analyst"]
    assert entered["terms"]["offer"] == "prepaid"
    stays = decided(service, "99.00", "c")
    assert [one["to_leave"] for one in stays["states"]] == [["cleared by credit_analyst"]]
    assert act(service).status_code == 201
    assert decided(service, "100.00", "d")["states"][0]["to_leave"] == ["order.amount < 100"]
    left = decided(service, "99.99", "e")
    assert left["states"] == [] and left["terms"]["offer"] == "net 30"
    found = recorded(service)
    assert found["active"] == [] and [one["change"] for one in found["changes"]] == ["entered", "left"]
    assert [one["decision_id"] for one in found["changes"]] == [entered["decision_id"], left["decision_id"]]
    assert found["changes"][1]["why"] == ["order.amount < 100", "cleared by credit_analyst"]


def test_an_act_of_before_counts_for_nothing_and_one_of_a_higher_role_counts(service: Service) -> None:
    assert act(service).status_code == 201
    decided(service, "2000.00", "a")
    assert decided(service, "50.00", "b")["states"] != []
    assert act(service, role="credit_manager").status_code == 201
    assert decided(service, "50.00", "c")["states"] == []
    decided(service, "2000.00", "d")
    assert decided(service, "50.00", "e")["states"] != []


def test_a_preview_and_a_replay_record_nothing(service: Service) -> None:
    assert decided(service, "2000.00", "p", ":preview")["states"][0]["entered"]
    assert recorded(service)["changes"] == []
    first, again = decided(service, "2000.00", "a"), decided(service, "2000.00", "a")
    assert first == again and len(recorded(service)["changes"]) == 1


def test_entries_before_this_decision_are_counted(service: Service) -> None:
    for number, (amount, status) in enumerate((("2000.00", "pass"), ("50.00", "pass"), ("2000.00", "pass"),
                                               ("50.00", "warn"))):  # fmt: skip
        act(service)
        checks = {one["check"]: one["status"] for one in decided(service, amount, f"k{number}")["checks"]}
        assert checks["often"] == status


def test_an_act_for_the_customer_counts_in_rows(service: Service) -> None:
    assert decided(service, "5000.01", "a")["verdict"] == "deny"
    assert act(service, act="large order agreed", role="finance").status_code == 201
    assert {one["check"]: one["status"] for one in decided(service, "5000.01", "b")["checks"]}["agreed"] == "pass"


def test_acts_that_nobody_asks_for_and_unknown_customers_are_refused(service: Service) -> None:
    for wrong in ({"act": "paid"}, {"role": "finance"}, {"role": "nobody"}):
        answer = act(service, **wrong)
        assert answer.status_code == 422 and "cleared by credit_analyst" in answer.get_data(as_text=True)
    assert act(service, act="Cleared").status_code == 422
    assert act(service, customer="C-9").status_code == 404
    assert service.send("GET", "/v1/customers/C-9/states", "risk_officer").status_code == 404
    assert recorded(service)["acts"] == []


def test_acts_show_who_recorded_them(service: Service) -> None:
    act(service)
    [shown] = recorded(service)["acts"]
    assert {name: shown[name] for name in ACT} == ACT and shown["client"] == "collector-1"


def test_a_window_begins_on_the_day_of_the_last_act(service: Service) -> None:
    def late_again(key: str) -> str:
        return {one["check"]: one["status"] for one in decided(service, "50.00", key)["checks"]}["late_again"]

    with service.held.database.write() as work:
        today = work.now().date()
        paid = Invoice("C-1", "I-late", 100, "CNY", today - timedelta(days=40), today - timedelta(days=9), today)
        work.invoices.add_many([paid], today)
    assert late_again("a") == "not_evaluated"
    assert act(service, act="books checked", role="credit_manager").status_code == 422, "finance stands beside"
    assert act(service, act="books checked", role="finance").status_code == 201
    assert late_again("b") == "warn", "the day itself is in"


@pytest.mark.parametrize(("zone", "days"), [("UTC", [24]), ("America/Los_Angeles", [23, 24])])
def test_acts_are_of_the_day_of_the_policys_zone(zone: str, days: list[int]) -> None:
    instants = (datetime(2026, 11, 24, 7, 59, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC))
    acts = tuple(Act("cleared", "finance", "A. Example", "tests", "paid", n, at) for n, at in enumerate(instants))
    whole = recorded_of(History((), acts), zone)
    assert sorted({one.day.day for one in whole.acts if one.day is not None}) == days
    program = load_policy(POLICY.replace(b"books checked", b"cleared"), "f", trade_vocabulary()).program
    assert program is not None
    facts, _ = recorded_facts(program, whole)
    assert facts["act.cleared_by_finance.on"] == date(2026, 11, 24).toordinal()
    assert recorded_facts(program, recorded_of(History(), zone))[0]["act.cleared_by_finance.on"] is None
    assert len(recorded_of(History((), acts), zone, date(2026, 11, 23)).acts) == len(days) - 1
